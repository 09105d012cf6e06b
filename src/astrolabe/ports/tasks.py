"""The log of a run that many processes write: each the events of the task it has taken, nobody those of another's."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from astrolabe.domain.event import Event, NewEvent
from astrolabe.ports.leases import Owner, TaskLease


@dataclass(frozen=True)
class Work:
    """What a task's earlier work left: git ids, both None while it has not passed."""

    commit: str | None
    tree: str | None


@dataclass(frozen=True)
class Taken:
    """A task that was taken for an attempt.

    `events` are all that the log tells of it, `work` what the tasks it needs have left. `resumed`: somebody had begun the
    attempt. Without a lease it has ended already: its last event says how.
    """

    lease: TaskLease | None
    events: tuple[Event, ...]
    resumed: bool = False
    work: Mapping[str, Work] = field(default_factory=dict[str, Work])


class TaskJournal(Protocol):
    """Beside the store, over the same logs and projections. Every method returns when what it wrote is durable."""

    async def opening(self, run: str) -> Event:
        """Return the first event of a run; raises MissingError."""
        ...

    async def take(self, run: str, task: str, attempt: int, agent: str, needs: Sequence[str]) -> Taken:
        """Take a task for an attempt, from whoever had it, and write that it has started or is resumed.

        What this costs does not grow with the length of the log.

        Raises:
            LeaseLostError: the run is finished, or the task is at a later attempt.
        """
        ...

    async def follow(self, run: str, follower: Owner) -> None:
        """Have a process woken by whatever is written about a run from now on, in the place of who followed it before."""
        ...

    async def take_run(self, run: str) -> TaskLease:
        """Take what concerns the run itself, from whoever had it; raises LeaseLostError when the run is finished."""
        ...

    def append(
        self, lease: TaskLease, news: Sequence[NewEvent], *, patient: bool = False
    ) -> "asyncio.Future[None]":
        """Continue the run's log where it ends by then, with the projections that follow, in one transaction.

        Raises (in the future):
            LeaseLostError: another process has taken the task, or the run is finished; nothing was written.
            StorageError: they could not be written.
        """
        ...

    async def note(self, run: str, number: int, news: Sequence[NewEvent]) -> None:
        """Write a note about a run, unless it, or one of a higher number, has been written already."""
        ...
