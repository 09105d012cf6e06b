"""Finding what killed processes have left behind: it is given to this process rather than to the system."""

import contextlib
import ctypes
import os
import time
from collections.abc import Collection
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PATIENCE_SECONDS = 10.0


def adopt() -> None:
    """From now on orphans below this process become its children."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot adopt orphans")


def orphans(own: Collection[int] = ()) -> list[str]:
    """Return the command lines of adopted processes that still live after some patience; `own` are no orphans."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (alive := _living(own)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _living(own: Collection[int]) -> list[str]:
    alive = []
    for pid in set(children()).difference(own):
        with contextlib.suppress(ChildProcessError, FileNotFoundError, ProcessLookupError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                alive.append(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode())
    return alive


def children() -> list[int]:
    found = []
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return how much of a processor a process, and what it has waited for, has used; of one that is gone nothing is known."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return float("nan")
