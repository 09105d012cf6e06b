"""Slots: what attempts of all runs and processes hold while they go on, where a limit spans runs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from astrolabe.domain.limits import SlotLimits
from astrolabe.ports.store import Owner


@dataclass(frozen=True)
class Request:
    """An attempt that wants to start. `weight` is its run's share; of one run's requests the highest priority goes first."""

    run: str
    task: str
    attempt: int
    agent: str
    provider: str | None = None
    weight: int = 1
    priority: int = 0


class Slots(Protocol):
    """Each method is one atomic step: it frees what dead processes held, grants what can be granted, and wakes whom it grants.

    Each returns the tickets of `owner` that hold a slot then. Between two runs the one that has had less by its weight goes
    first: a run of weight v that waits is passed over at most ⌈w/v⌉ + 1 times for each run of weight w.
    """

    async def ask(self, ticket: str, request: Request, owner: Owner, limits: SlotLimits) -> Collection[str]:
        """Queue a request; `ticket` names it from now on."""
        ...

    async def give_back(self, tickets: Collection[str], owner: Owner, limits: SlotLimits) -> Collection[str]:
        """Give slots back, and requests that wait; unknown tickets are passed over."""
        ...

    async def look(self, owner: Owner, limits: SlotLimits) -> Collection[str]:
        """Look what has been granted meanwhile."""
        ...
