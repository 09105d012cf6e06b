"""What is kept about skills: which of projects' a person has vouched for, and which were put before a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SkillUse:
    """How often a skill's instructions were put before a model: once an attempt, of the runs that are kept."""

    name: str
    count: int
    last_at: float


@dataclass(frozen=True)
class Trusted:
    """A project's skill as a person vouched for it; `digest` names its content, `place` is where it lay then."""

    digest: str
    name: str
    place: str
    at: float


class SkillRecords(Protocol):
    """Of one tenant, for all its hosts."""

    async def trust(self, skills: Sequence[Trusted]) -> None:
        """Keep that a person has vouched for these; doing it again changes nothing."""
        ...

    async def trusted(self) -> frozenset[str]:
        """Return the digests of all that were vouched for."""
        ...

    async def used(self, names: Sequence[str], *, run: str, task: str, attempt: int) -> None:
        """Count that an attempt was given these skills; telling it again counts nothing."""
        ...

    async def uses(self) -> tuple[SkillUse, ...]:
        """Return those that were ever used, by name."""
        ...
