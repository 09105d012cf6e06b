"""What stands for a process, and telling by its id whether it still lives, where it has no lock (`processes.py`)."""

import os
from pathlib import Path

from astrolabe.ports.store import Owner

_STARTED_FIELD = 19
"""Index of `starttime` in /proc/PID/stat after the command's closing parenthesis (proc(5), field 22)."""


def this_process(token: str) -> Owner:
    """Return the owner that stands for the calling process."""
    pid = os.getpid()
    return Owner(token=token, pid=pid, boot_id=boot_id(), started_ticks=_started_ticks(pid) or 0)


def lives(owner: Owner) -> bool:
    """Tell whether exactly that process still runs: a pid that was given anew, or a reboot, does not deceive."""
    return owner.boot_id == boot_id() and _started_ticks(owner.pid) == owner.started_ticks


def boot_id() -> str:
    """Return what is another whenever the kernel was started anew."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _started_ticks(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[_STARTED_FIELD])
