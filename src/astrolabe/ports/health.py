"""How agents and providers have fared, as the events of their attempts tell."""

from dataclasses import dataclass
from typing import Protocol

from astrolabe.domain.health import Record


@dataclass(frozen=True)
class Underway:
    """An attempt that has begun and not ended; `since` in seconds since the epoch."""

    run: str
    task: str
    attempt: int
    agent: str
    since: float


class HealthRecords(Protocol):
    """Of those that have failed at least once; of who is not among them nothing bad is known."""

    async def records(self) -> tuple[Record, ...]: ...

    async def underway(self) -> tuple[Underway, ...]:
        """Return the attempts of unfinished runs that have not ended, those of runs that were cut off too; oldest first."""
        ...

    async def reset(self, name: str) -> bool:
        """Count an agent's or provider's failures anew, which closes its breaker; tell whether it has any record."""
        ...
