"""Slots: what attempts of all runs and processes hold while they go on, where a limit spans runs."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from astrolabe.domain.health import Breaker, Record
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


@dataclass(frozen=True)
class Terms:
    """What is granted under; every process that shares a state is given the same."""

    limits: SlotLimits
    breaker: Breaker


@dataclass(frozen=True)
class Standing:
    """Which tickets hold a slot, and in how many seconds a breaker lets one more through, if one is open."""

    held: Collection[str]
    due_seconds: float | None = None


class Slots(Protocol):
    """Each method is one atomic step: it frees what dead processes held, grants what can be granted, and wakes whom it grants.

    Each returns how `owner` stands then. Between two runs the one that has had less by its weight goes first: a run of
    weight v that waits is passed over at most ⌈w/v⌉ + 1 times for each run of weight w. While the breaker of an agent or a
    provider is open, nothing is granted to it, and when it is half-open, one attempt at a time.
    """

    async def ask(self, ticket: str, request: Request, owner: Owner, terms: Terms) -> Standing:
        """Queue a request; `ticket` names it from now on."""
        ...

    async def give_back(self, tickets: Collection[str], owner: Owner, terms: Terms) -> Standing:
        """Give slots back, and requests that wait; unknown tickets are passed over."""
        ...

    async def look(self, owner: Owner, terms: Terms) -> Standing:
        """Look what has been granted meanwhile."""
        ...

    async def ill(self, breaker: Breaker) -> Collection[Record]:
        """Return those whose breaker is not closed."""
        ...

    async def wake_all(self) -> None:
        """Have every process look."""
        ...
