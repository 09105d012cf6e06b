"""What a holder is told once, when it starts; written as JSON by the adapter, read by the holder."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self, cast

WORKSPACE = "/ws"
OUTPUT = "/out"
BOX = "/box"
SCRATCH = "/scratch"
TEMPORARY = "/scratch/tmp"
SHARED_MEMORY = "/scratch/shm"
TERMINALS = "/scratch/pts"
SOURCES = "/src"
OVERLAYS = "/ov"


class Spec(NamedTuple):
    """Paths in `binds`, `links`, `files` and `folders` are of the holder's own root; sources are of the host.

    `box` below that root becomes the root of every command. `cgroups` are `cgroup.procs` files that all but the holder
    itself joins; `oom` is a control file that counts kills, `memory.oom_control` (version 1) or `memory.events`
    (version 2), `own` for that of the group the holder was started in. `watch_memory` has the holder look at what
    commands take, and at what the machine has left (`reserve_bytes`). `resources` maps names of the `resource` module
    to limits. Sizes are bytes. `lends` has each command come with a socket over which its proxy is lent (see `network`).
    """

    backend: tuple[str, ...]
    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    overlays: tuple[str, ...]
    seccomp: str
    workspace_bytes: int
    workspace_inodes: int
    temporary_bytes: int
    temporary_inodes: int
    memory_bytes: int
    resources: dict[str, int]
    cgroups: tuple[str, ...] = ()
    oom: str | None = None
    watch_memory: bool = False
    reserve_bytes: int = 0
    output: str | None = None
    mount_points: tuple[str, ...] = ()
    uid: int | None = None
    lends: bool = False

    def to_json(self) -> dict[str, Any]:
        return self._asdict()

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        values = {name: _tuples(value) for name, value in raw.items()}
        return cls(**values)


def _tuples(value: Any) -> Any:
    """JSON has lists where the specification has tuples."""
    if not isinstance(value, list):
        return value
    return tuple(_tuples(item) for item in cast("list[Any]", value))
