"""A command of Astrolabe's in a process forked from this one, which has imported all that it needs.

What a kill costs is mostly the start of the process that goes on, and most of a start is imports, in which nothing can be
lost. A process made here is killed, reaped and told apart as any other; what it does from `main` on is the same.
"""

import contextlib
import importlib
import os
import random
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

_FIRST_OTHER_DESCRIPTOR, _LAST_DESCRIPTOR = 3, 1024


class Forked:
    """A child of this process; has what the battery uses of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._look(os.WNOHANG)

    def wait(self) -> int:
        self._look(0)
        assert self.returncode is not None
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _look(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def import_all(names: Path) -> None:
    """Import the modules a file names, one a line, so that no child has to."""
    for name in names.read_text().split():
        with contextlib.suppress(ImportError):  # a name only its own package can give
            importlib.import_module(name)


def fork(
    words: list[str], folder: Path, settings: Mapping[str, str], output: Path, imported: Path | None = None
) -> Forked:
    """Run the command line with `words` in a child, which prints to `output` and names in `imported` what it imported."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _become(words, folder, settings, output, imported)
    return Forked(pid)


def _become(
    words: list[str], folder: Path, settings: Mapping[str, str], output: Path, imported: Path | None
) -> None:
    code = 70
    try:
        _leave_all_behind(output)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(settings)
        sys.argv = words
        sys.path[:0] = settings["PYTHONPATH"].split(os.pathsep)
        random.seed()
        from astrolabe.cli.main import main  # noqa: PLC0415 - the settings are what it starts with

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - nothing of this child may go on as its parent
        traceback.print_exc()
    finally:
        if imported is not None:
            imported.write_text("\n".join(sys.modules))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _leave_all_behind(output: Path) -> None:
    """Close what the parent has open, and put a file where it prints."""
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, wanted in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(source, wanted)
    os.closerange(_FIRST_OTHER_DESCRIPTOR, _LAST_DESCRIPTOR)
