"""Where memory is kept: sources, their pieces, and what finds the pieces, each project's apart from all others'."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from astrolabe.domain.memory import Chunk, Origin, Source


@dataclass(frozen=True)
class NewSource:
    """Something to be kept: `digest` names its text, `directions` are those of all chunks, by `model` ("" without any)."""

    origin: Origin
    name: str
    title: str
    digest: str
    model: str
    chunks: tuple[Chunk, ...]
    directions: bytes
    words: bytes


@dataclass(frozen=True)
class Findable:
    """What finds the pieces of a source, as it was given when it was kept."""

    id: str
    model: str
    pieces: int
    directions: bytes
    words: bytes


@dataclass(frozen=True)
class Remembering:
    """A project that something is remembered of."""

    project: str
    sources: int
    chunks: int


class MemoryRecords(Protocol):
    """Of one tenant, for all its hosts. A `project` is named by the folder its work goes to, as runs name it."""

    async def revision(self, project: str) -> int:
        """Return a number that grows with each change of what is remembered of a project; 0 when nothing ever was."""
        ...

    async def sources(self, project: str) -> tuple[Source, ...]:
        """Return what is remembered of a project, by origin and name."""
        ...

    async def findable(
        self, project: str, without: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[Findable, ...]]:
        """Return the ids of all a project's sources, and of those not in `without` what finds their pieces."""
        ...

    async def pieces(
        self, project: str, wanted: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], tuple[Source, Chunk]]:
        """Return pieces by source and number (from 0); those that have been forgotten meanwhile are not among them."""
        ...

    async def keep(self, project: str, sources: Sequence[NewSource]) -> None:
        """Keep sources, each in place of one of its origin and name: all of them, whole, or none."""
        ...

    async def forget(self, project: str, ids: Sequence[str]) -> int:
        """Forget sources; return how many there were."""
        ...

    async def projects(self) -> tuple[Remembering, ...]:
        """Return every project that something is remembered of, by name."""
        ...
