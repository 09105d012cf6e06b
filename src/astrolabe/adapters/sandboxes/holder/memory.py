"""Notice that a command ran out of memory: from its control group, or by looking where there is none."""

import os
import select
from collections.abc import Iterable

_PAGE = os.sysconf("SC_PAGE_SIZE")


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


def resident_bytes(roots: Iterable[int]) -> int:
    """Memory of the process trees below these, counting shared pages once a process."""
    total, waiting = 0, list(roots)
    while waiting:
        pid = waiting.pop()
        try:
            with open(f"/proc/{pid}/statm", "rb") as file:
                total += int(file.read().split()[1]) * _PAGE
            waiting += _children(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def proportional_bytes(roots: Iterable[int]) -> int:
    """The same with shared pages divided among those who share them; costs more to ask."""
    total, waiting = 0, list(roots)
    while waiting:
        pid = waiting.pop()
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith(b"Pss:"))
            waiting += _children(pid)
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return total


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
            found += [int(child) for child in file.read().split()]
    return found
