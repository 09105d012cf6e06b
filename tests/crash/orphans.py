"""Finding the processes a killed process has left behind: they become children of this one."""

import contextlib
import ctypes
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_SECONDS = 5.0
_before: set[int] = set()


@contextlib.contextmanager
def adopt() -> Generator[None]:
    """While open, orphans below this process are given to it rather than to the system."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    _before.update(_children())  # servers that other tests use
    try:
        yield
    finally:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        _before.clear()


def orphans_of(_folder: Path) -> list[str]:
    """Return the command lines of adopted children that are still alive after some patience."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (alive := _living()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _living() -> list[str]:
    alive = []
    for pid in set(_children()) - _before:
        with contextlib.suppress(FileNotFoundError, ChildProcessError, ProcessLookupError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if "execnet" not in line:
                    alive.append(line)
    return alive


def _children() -> Iterator[int]:
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield from map(int, (task / "children").read_text().split())
