"""Schedules and what became of their times."""

from collections.abc import Sequence
from typing import Protocol

from astrolabe.domain.schedule import Firing, FiringState, Schedule


class Schedules(Protocol):
    """Every method returns when what it wrote is durable."""

    async def add(self, schedule: Schedule) -> None:
        """Keep a schedule; raises ConflictError when there is one of that name."""
        ...

    async def remove(self, name: str) -> None:
        """Forget a schedule and its times; runs stay. Raises MissingError."""
        ...

    async def one(self, name: str) -> Schedule:
        """Raises MissingError."""
        ...

    async def every(self) -> tuple[Schedule, ...]:
        """Return all of them by name."""
        ...

    async def set_paused(self, name: str, *, paused: bool, at: float) -> None:
        """Pause a schedule, or let it go on from `at`. Raises MissingError."""
        ...

    async def fire(self, schedule: Schedule, looked_at: float, firings: Sequence[Firing]) -> bool:
        """Settle the times up to `looked_at`; of several processes that do, only one has its firings kept. Tell whether."""
        ...

    async def due(self) -> tuple[Firing, ...]:
        """Return the firings that are to be begun, the earliest first."""
        ...

    async def firings(self, name: str, limit: int = 20) -> tuple[Firing, ...]:
        """Return a schedule's firings, newest first."""
        ...

    async def settle(self, firing: Firing, state: FiringState, reason: str = "") -> None:
        """Say what became of a firing that was due; one that is settled stays as it is."""
        ...
