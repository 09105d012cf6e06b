"""A home of Astrolabe's own, in which processes are started, and killed."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from killing.forked import Forked, fork

SCRIPTS = Path(__file__).resolve().parent.parent
ASTROLABE = Path(sys.executable).parent / "astrolabe"
_DISTRIBUTION = "plugin/astrolabe_scripts-1.dist-info"
_METADATA = "Metadata-Version: 2.1\nName: astrolabe-scripts\nVersion: 1\n"
LOOK_SECONDS = 0.05

Process = subprocess.Popen[bytes] | Forked


class Home:
    """`url` is that of its database, a file of its own when there is none; the agents of `plugin` write to `ledger`."""

    def __init__(self, folder: Path, url: str | None, plugin: str = "killing.agents:plugin") -> None:
        self.folder = folder
        self.state = folder / "home" / "state"
        self.ledger = folder / "ledger"
        self._numbers = count()
        self._outputs: dict[int, Path] = {}
        for place in ("output", "plans", "targets", _DISTRIBUTION):
            (folder / place).mkdir(parents=True)
        (folder / _DISTRIBUTION / "METADATA").write_text(_METADATA)
        (folder / _DISTRIBUTION / "entry_points.txt").write_text(f"[astrolabe.plugins]\nscripts = {plugin}\n")
        self.settings = os.environ | {
            "ASTROLABE_HOME": str(folder / "home"),
            "ASTROLABE_ENGINE__REUSE_EVIDENCE": "false",
            "PYTHONPATH": os.pathsep.join((str(folder / "plugin"), str(SCRIPTS))),
            "CHAOS_LEDGER": str(self.ledger),
        }
        # a person's shell has no such settings; without compiled modules each start compiles them all anew
        for unusual in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"):
            self.settings.pop(unusual, None)
        if url is not None:
            self.settings["ASTROLABE_DATABASE_URL"] = url

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of Astrolabe's."""
        output = self._output()
        with output.open("wb") as file:
            process = subprocess.Popen(
                [ASTROLABE, *words, "--json"],
                cwd=self.folder,
                env=self.settings,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        self._outputs[process.pid] = output
        return process

    def fork(self, *words: str, imported: Path | None = None) -> Forked:
        """Do a command of Astrolabe's in a process that need not import it; `imported` is to hold what it did import."""
        output = self._output()
        output.touch()  # it may be killed before it has done anything
        process = fork([str(ASTROLABE), *words, "--json"], self.folder, self.settings, output, imported)
        self._outputs[process.pid] = output
        return process

    def _output(self) -> Path:
        return self.folder / "output" / str(next(self._numbers))

    def said(self, process: Process) -> str:
        """Return all that an ended process printed, once."""
        output = self._outputs.pop(process.pid)
        said = output.read_text(errors="replace")
        output.unlink()
        return said


def kill(processes: Iterable[Process]) -> None:
    """Kill processes as nearly at once as can be."""
    chosen = list(processes)
    for process in chosen:
        process.kill()
    for process in chosen:
        process.wait()


def end(process: Process, within_seconds: float) -> None:
    """Let a process end; kill it when it does not."""
    deadline = time.monotonic() + within_seconds
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    kill([process])
