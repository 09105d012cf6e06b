"""The log of one task that this process has taken, or of what concerns a whole run: others write to the same log."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from typing import Any

from pydantic import JsonValue

from astrolabe.domain.event import NewEvent
from astrolabe.domain.run import RunState
from astrolabe.engine.faults import CrashPoint, Reach, unharmed
from astrolabe.engine.log import Durable
from astrolabe.errors import AstrolabeError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.leases import TaskLease
from astrolabe.ports.tasks import TaskJournal

PATIENCE_SECONDS = 0.02
"""How long a patient append waits for others to be written with it."""

_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")

Share = Callable[[Sequence[str]], Awaitable[None]]
"""Makes what git ids name reachable for whoever reads the log; ids it does not know are none of its business."""


class TaskLog:
    """Appends under a task's lease, in the order of the calls. `state` knows this task, and what it needs, alone.

    What an event names is shared before the event is written: whoever reads it can go on from there. The place of an event
    in the log is the store's to give; those in `state` count only what this process knows.
    """

    def __init__(
        self,
        journal: TaskJournal,
        lease: TaskLease,
        state: RunState,
        determinism: Determinism,
        share: Share,
        reach: Reach = unharmed,
    ) -> None:
        self.state = state
        self._journal = journal
        self._lease = lease
        self._determinism = determinism
        self._share = share
        self._reach = reach
        self._waiting: list[NewEvent] = []
        self._told: tuple[NewEvent, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._last: asyncio.Task[None] | None = None
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def lease(self) -> TaskLease:
        """The right to append."""
        return self._lease

    @property
    def last(self) -> NewEvent:
        """What was appended last; IndexError when nothing was."""
        return self._told[-1]

    def append(self, *news: NewEvent, patient: bool = False) -> Awaitable[None]:
        """Continue the log; see `RunLog.append`. A patient one is written with what follows soon."""
        self._reach(CrashPoint.BEFORE_APPEND)
        at, actor = self._determinism.now(), self._lease.actor
        self.state.apply(
            new.placed(self.state.id, seq, at=at, actor=actor)
            for seq, new in enumerate(news, start=self.state.seq + 1)
        )
        self._waiting += news
        self._told = (*self._told, *news)[-1:]
        if not patient:
            return Durable(self._send())
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._send)
        return _Later(self)

    async def durable(self) -> None:
        """Wait until all that has been appended is durable; raises as `append` does."""
        await Durable(self._send())

    async def broken(self) -> None:
        """Wait for the first append that fails, and raise its error."""
        await self._fault

    def _send(self) -> asyncio.Task[None]:
        """Write what waits, after what is being written; whatever follows an append that failed fails as well."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        news, self._waiting = self._waiting, []
        if news or self._last is None:
            self._last = asyncio.create_task(self._write(news, self._last))
            self._last.add_done_callback(self._written)
        return self._last

    async def _write(self, news: Sequence[NewEvent], before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await before
        if not news:
            return
        await self._share(sorted({name for new in news for name in _names(new.data.values())}))
        await self._journal.append(self._lease, news)
        self._reach(CrashPoint.AFTER_APPEND)

    def _written(self, write: asyncio.Task[None]) -> None:
        error = None if write.cancelled() else write.exception()
        if isinstance(error, AstrolabeError) and not self._fault.done():
            self._fault.set_exception(error)
            self._fault.exception()  # asked for once here, so that asyncio does not report it as never asked for


class _Later:
    """Awaited, has what a log holds back written now."""

    def __init__(self, log: TaskLog) -> None:
        self._log = log

    def __await__(self) -> Generator[Any, None, None]:
        return self._log.durable().__await__()


def _names(values: Iterable[JsonValue]) -> Iterable[str]:
    """Yield every text in JSON that can be a git id."""
    for value in values:
        if isinstance(value, str):
            if _NAME.match(value):
                yield value
        elif isinstance(value, dict):
            yield from _names(value.values())
        elif isinstance(value, list):
            yield from _names(value)
