"""Looking at the host while, and after, something ran in a sandbox."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path


def processes(marker: str) -> list[int]:
    """The processes of this machine that have the marker among their arguments."""
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if marker in _text(path)]


async def has_process(marker: str) -> bool:
    return bool(await asyncio.to_thread(processes, marker))


def children() -> list[int]:
    """Of all threads of this process; one that ends meanwhile has none."""
    return [
        int(pid) for task in Path("/proc/self/task").iterdir() for pid in _text(task / "children").split()
    ]


def holders() -> list[int]:
    """Of this process's sandboxes; other children of it are servers that tests share."""
    begin = ["-I", "-S", "-c"]
    return [pid for pid in children() if _text(Path(f"/proc/{pid}/cmdline")).split("\0")[1:4] == begin]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def mounts() -> int:
    return len(Path("/proc/self/mounts").read_text().splitlines())


def groups() -> set[str]:
    """The control groups of this process's sandboxes; other processes of the test run have their own."""
    mine = f"astrolabe-*-{os.getpid()}-*"
    return {str(path) for path in Path("/sys/fs/cgroup").rglob(mine) if path.is_dir()}


async def within(holds: Callable[[], Awaitable[object]], seconds: float = 20) -> None:
    """Wait until something holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
