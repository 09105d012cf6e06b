"""Names that say which process made something, so that whoever finds it can tell whether that process still lives."""

import os
from pathlib import Path


def prefix() -> str:
    """Begin the name of what this process makes: process namespace, pid, start time."""
    return f"{_ours()}{os.getpid()}-{_started(os.getpid())}-"


def left_in(folder: Path) -> list[Path]:
    """List what dead processes of this process namespace left in a folder."""
    start = _ours()
    return [path for path in folder.glob(start + "*") if _is_dead(path.name.removeprefix(start))]


def _is_dead(name: str) -> bool:
    pid, started, *_ = [*name.split("-"), ""]
    return pid.isdecimal() and _started(int(pid)) != started


def _ours() -> str:
    return f"astrolabe-{Path('/proc/self/ns/pid').stat().st_ino}-"


def _started(pid: int) -> str:
    """When a process started, in ticks since boot, or nothing when there is none (proc_pid_stat(5), field 22)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return ""
