"""Notice that a command ran out of memory: from its control group, or by looking where there is none."""

import os
import select
from collections.abc import Callable, Iterable, Iterator, Sequence

_KIB = 1024
_SOCKET_BYTES = 2 * 212_992
"""What the buffers of one socket may hold: the kernel's default of each direction, which the filter keeps it at."""
_DESCRIPTOR_BYTES = 8 * _KIB
"""What a pipe holds for each of its ends once a user has many; a file or an event costs less."""
_THREAD_BYTES = 32 * _KIB
"""A thread's stack in the kernel, and what is written down about it."""
_ROOM = 8
"""The part of the limit, as a divisor, that a command has beside files left in the workspace."""


class GroupMemory:
    """Counts the kills of a control group, and is woken by them."""

    def __init__(self, path: str) -> None:
        path = _own_file() if path == "own" else path
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._seen = self._count()
        self.wakes, self.wakes_on = self._file, select.EPOLLPRI
        if path.endswith("memory.oom_control"):
            self.wakes, self.wakes_on = _subscribe(path, self._file), select.EPOLLIN

    def _count(self) -> int:
        for line in os.pread(self._file, 4096, 0).splitlines():
            name, _, value = line.partition(b" ")
            if name == b"oom_kill":
                return int(value)
        return 0

    def killed(self) -> bool:
        """Tell whether the kernel killed for memory since this was asked last."""
        before, self._seen = self._seen, self._count()
        return self._seen > before

    def drain(self) -> None:
        if self.wakes != self._file:
            os.read(self.wakes, 8)


def _own_file() -> str:
    """Where the group counts in which this process was started by systemd."""
    with open("/proc/self/cgroup") as file:
        path = next(line[3:].strip() for line in file if line.startswith("0::"))
    return f"/sys/fs/cgroup{path}/memory.events"


def _subscribe(path: str, control: int) -> int:
    """Version 1 of control groups tells through an event descriptor (cgroup-v1/memory.rst, section 10)."""
    event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
    with open(os.path.join(os.path.dirname(path), "cgroup.event_control"), "w") as file:
        file.write(f"{event} {control}")
    return event


class WatchedMemory:
    """Counts what commands have taken, where no control group does.

    Counted are the pages, page tables and threads of all processes, files in memory, and for each socket and
    descriptor the most it can hold. What else could hold memory is refused by the filter (`seccomp`). Should the
    machine still run short, foreign code is what ends: `reserve_bytes` of its memory are to stay available.

    A command that outran a look may leave more files than the limit. Those after it get a little beyond them, and may
    not add to them, so that what is too much can be looked at and removed.
    """

    def __init__(
        self,
        limit_bytes: int,
        reserve_bytes: int,
        workspace: str,
        scratch: str,
        available: Callable[[], int] | None = None,
    ) -> None:
        self._available = available or available_bytes
        self._limit = limit_bytes
        self._reserve = min(reserve_bytes, self._available() // 2)
        self._workspace = workspace
        self._scratch = scratch
        self._left = 0

    def begin(self) -> None:
        """Take the files that lie in the workspace as what earlier commands left."""
        self._left = _used(self._workspace)

    def exceeded(self, roots: Sequence[int]) -> bool:
        """Tell whether the commands whose outer processes these are have more than they may."""
        if self._available() < self._reserve:
            return True
        workspace = _used(self._workspace)
        if workspace > max(self._limit, self._left):
            return True
        limit = max(self._limit, min(self._left, workspace) + self._limit // _ROOM)
        pids = list(_trees(roots))
        files = workspace + sum(_used(f"/proc/{root}/root{self._scratch}") for root in roots)
        held = files + sum(_sockets(root) for root in roots) * _SOCKET_BYTES + sum(map(_bound, pids))
        most = held + sum(map(_resident, pids))
        return most > limit and held + sum(map(_proportional, pids)) > limit


def available_bytes() -> int:
    """What the machine could still give without swapping (proc_meminfo(5))."""
    return _fields("/proc/meminfo").get(b"MemAvailable", 0)


def _trees(roots: Iterable[int]) -> Iterator[int]:
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children(pid)


def children(pid: int) -> list[int]:
    """List the processes a process has started or adopted, those of all its threads."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return found
    return found


def _resident(pid: int) -> int:
    """Pages of a process, shared ones counted once for each; pages of files in memory are counted there."""
    fields = _fields(f"/proc/{pid}/status")
    return fields.get(b"RssAnon", 0) + fields.get(b"RssFile", 0)


def _proportional(pid: int) -> int:
    """The same with shared pages divided among those who share them; costs more to ask."""
    fields = _fields(f"/proc/{pid}/smaps_rollup")
    return fields[b"Pss"] - fields.get(b"Pss_Shmem", 0) if b"Pss" in fields else _resident(pid)


def _bound(pid: int) -> int:
    """What the kernel keeps for a process: page tables, swapped pages, threads, descriptors."""
    fields = _fields(f"/proc/{pid}/status")
    threads = fields.get(b"Threads", 0) // _KIB
    return (
        fields.get(b"VmPTE", 0)
        + fields.get(b"VmSwap", 0)
        + threads * _THREAD_BYTES
        + _descriptors(pid) * _DESCRIPTOR_BYTES
    )


def _fields(path: str) -> dict[bytes, int]:
    """Lines of `name: number kB`, in bytes; empty for a process that is gone."""
    try:
        with open(path, "rb") as file:
            lines = [line.split() for line in file]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
    return {line[0][:-1]: int(line[1]) * _KIB for line in lines if len(line) > 1 and line[1].isdigit()}


def _descriptors(pid: int) -> int:
    """How many are open; kernels before 6.2 do not tell it as the folder's size."""
    folder = f"/proc/{pid}/fd"
    try:
        return os.stat(folder).st_size or len(os.listdir(folder))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0


def _sockets(pid: int) -> int:
    """All sockets of a process's network, those no descriptor leads to any more among them."""
    try:
        with open(f"/proc/{pid}/net/sockstat", "rb") as file:
            return int(file.readline().split()[2])
    except (FileNotFoundError, ProcessLookupError, PermissionError, IndexError, OSError):
        return 0


def _used(folder: str) -> int:
    """Bytes that files take in a file system in memory."""
    try:
        found = os.statvfs(folder)
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return (found.f_blocks - found.f_bfree) * found.f_frsize
