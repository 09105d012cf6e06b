"""Control groups for sessions: found, limited, removed; version 1 and 2. What a crash left is removed by the next start."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from astrolabe.adapters.sandboxes import owners
from astrolabe.domain.policy import Policy
from astrolabe.errors import SandboxUnavailableError

_NEEDED = ("memory", "pids")
OWN_PROCESSES = 8
"""The holder and the two processes of the backend that surround a command."""
_MAY_LACK = ("sw", "tcp")
_REMOVAL_TRIES = 200
_PAUSE_SECONDS = 0.01
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """A folder in which groups can be made, and the controllers that hold there."""

    folder: Path
    version: int
    controllers: frozenset[str]


@dataclass(frozen=True)
class Group:
    """The groups of one session, one for each hierarchy."""

    folders: tuple[Path, ...]
    oom: Path

    @property
    def procs(self) -> tuple[str, ...]:
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    def remove(self) -> None:
        """Remove the groups once the kernel has let go of their last process; a stuck one is left to the next start."""
        for folder in self.folders:
            _remove(folder)


def _remove(folder: Path) -> None:
    for _ in range(_REMOVAL_TRIES):
        if _removed(folder):
            return
        _end(folder)
        time.sleep(_PAUSE_SECONDS)


def places(mounts: str, own: str) -> tuple[Place, ...]:
    """Find where memory and processes can be limited; empty when that is nowhere.

    `mounts` is the text of /proc/self/mountinfo, `own` that of /proc/self/cgroup.
    """
    found = {place.version: place for place in _unified(mounts, own)}
    if 2 in found:  # noqa: PLR2004 - the version
        return (found[2],)
    old = [place for name in _NEEDED for place in _separate(name, mounts, own)]
    return tuple(dict.fromkeys(old)) if len(old) == len(_NEEDED) else ()


def here() -> tuple[Place, ...]:
    """Find the places of this process, and remove what dead processes left there."""
    found = places(Path("/proc/self/mountinfo").read_text(), Path("/proc/self/cgroup").read_text())
    for place in found:
        _sweep(place.folder)
    return found


def make(where: Iterable[Place], policy: Policy) -> Group:
    """Make the groups of one session with the policy's limits.

    Raises:
        SandboxUnavailableError: they cannot be made, or refuse a limit.
    """
    name = f"{owners.prefix()}{next(_numbers)}"
    folders: list[Path] = []
    try:
        for place in where:
            folder = place.folder / name
            folder.mkdir()
            folders.append(folder)
            _limit(folder, _limits(place, policy))
    except OSError as error:
        for folder in folders:
            _removed(folder)
        raise SandboxUnavailableError(
            f"no control group could be made: {error}", hint="Run `astrolabe sandbox selftest`."
        ) from error
    return Group(tuple(folders), _oom_file(folders))


def _limit(folder: Path, limits: Mapping[str, int]) -> None:
    for name, value in limits.items():
        # Kernels may account neither swap nor TCP; the self-test shows by effect whether that matters.
        if (folder / name).exists() or not any(part in name for part in _MAY_LACK):
            (folder / name).write_text(str(value))


def _limits(place: Place, policy: Policy) -> dict[str, int]:
    limits: dict[str, int] = {}
    if "pids" in place.controllers:
        limits["pids.max"] = policy.processes + OWN_PROCESSES
    if "memory" in place.controllers and place.version == 1:
        limits |= {
            "memory.limit_in_bytes": policy.memory_bytes,
            "memory.memsw.limit_in_bytes": policy.memory_bytes,
            # Version 1 counts what TCP holds apart from all other memory.
            "memory.kmem.tcp.limit_in_bytes": policy.memory_bytes // 4,
        }
    elif "memory" in place.controllers:
        limits |= {"memory.max": policy.memory_bytes, "memory.swap.max": 0}
    return limits


def _oom_file(folders: Iterable[Path]) -> Path:
    files = [folder / name for folder in folders for name in ("memory.events", "memory.oom_control")]
    return next(file for file in files if file.exists())


def _unified(mounts: str, own: str) -> Iterator[Place]:
    """The nearest folder above this process whose children have the controllers, and that may be written."""
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), None)
    for root, folder, kind, _ in _mounted(mounts):
        if kind != "cgroup2" or path is None:
            continue
        for nearest in _upwards(folder, _below(path, root)):
            if _delegates(nearest) and _writable(nearest):
                yield Place(nearest, 2, frozenset(_NEEDED))
                return


def _delegates(folder: Path) -> bool:
    control = folder / "cgroup.subtree_control"
    try:
        return set(_NEEDED) <= set(control.read_text().split())
    except OSError:
        return False


def _separate(controller: str, mounts: str, own: str) -> Iterator[Place]:
    paths = {
        name: line.split(":", 2)[2] for line in own.splitlines() for name in line.split(":", 2)[1].split(",")
    }
    for root, folder, kind, options in _mounted(mounts):
        if kind == "cgroup" and controller in options and controller in paths:
            place = folder / _below(paths[controller], root)
            if _writable(place):
                yield Place(place, 1, frozenset(options) & frozenset(_NEEDED))
                return


def _mounted(mounts: str) -> Iterator[tuple[str, Path, str, list[str]]]:
    """Yield root, mount point, type and super options of each line (proc_pid_mountinfo(5))."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(), after.split()
        yield fields[3], Path(fields[4]), kinds[0], kinds[2].split(",")


def _below(path: str, root: str) -> str:
    return path.removeprefix(root.rstrip("/")).strip("/")


def _upwards(top: Path, below: str) -> Iterator[Path]:
    here = top / below
    while here != top:
        yield here
        here = here.parent
    yield top


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)


def _sweep(place: Path) -> None:
    for folder in owners.left_in(place):
        _end(folder)
        _removed(folder)


def _end(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for pid in (folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
