"""What workers do for a run's workflow: its tasks' attempts, notes in its log, its end."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from astrolabe.adapters.temporal import words
from astrolabe.adapters.temporal.skeleton import packed_plan
from astrolabe.adapters.temporal.words import (
    AttemptOrder,
    Ended,
    FinishOrder,
    Healed,
    HealOrder,
    NoteOrder,
    Told,
)
from astrolabe.domain.event import NewEvent
from astrolabe.domain.plan import Measure
from astrolabe.domain.run import RunStatus
from astrolabe.engine.errand import Errands, Order
from astrolabe.errors import AstrolabeError, LeaseLostError, StorageError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.tasks import TaskJournal

_TOLD = ("failure", "reason", "retry_at", "agent", "heal", "status", "scope")
"""What of an attempt's last event the scheduler decides by."""
_REASON_CHARACTERS = 500


Reached = Callable[[], Awaitable[Any]]
"""Returns when the store has answered; raises StorageError when it does not."""


class Activities:
    """Of one worker process."""

    def __init__(
        self, errands: Errands, journal: TaskJournal, determinism: Determinism, reached: Reached
    ) -> None:
        self._errands = errands
        self._journal = journal
        self._determinism = determinism
        self._pulse = Pulse(reached, determinism.monotonic)

    def of_agents(self) -> Sequence[Callable[..., Any]]:
        """Those on the queues of agents."""
        return [self.attempt]

    def of_runs(self) -> Sequence[Callable[..., Any]]:
        """Those on the queue of the workflows themselves."""
        return [self.call_off, self.note, self.heal, self.finish]

    @activity.defn(name=words.ATTEMPT)
    async def attempt(self, order: AttemptOrder) -> Told:
        """Make an attempt at a task; return the event it ended with."""
        async with self._beating():
            ended = await self._errands.attempt(_order(order))
        return self._told(ended)

    @activity.defn(name=words.CALL_OFF)
    async def call_off(self, order: AttemptOrder) -> Told:
        """Write that an attempt ended with its run."""
        async with self._beating():
            return self._told(await self._errands.call_off(_order(order), order.reason))

    @activity.defn(name=words.NOTE)
    async def note(self, order: NoteOrder) -> None:
        """Write what the workflow has decided into the run's log."""
        news = [
            NewEvent(type=told.type, task=told.task, attempt=told.attempt, data=told.data)
            for told in order.events
        ]
        async with self._beating():
            await self._journal.note(order.run, order.number, news)

    @activity.defn(name=words.HEAL)
    async def heal(self, order: HealOrder) -> Healed:
        """Try a measure on a task that no agent could do."""
        async with self._beating():
            new, plan = await self._errands.heal(
                order.run, order.plan_version, order.task, Measure(order.measure), order.healed
            )
        skeleton = "" if plan is None else b64encode(packed_plan(plan)).decode()
        return Healed(Told(new.type, new.task, new.attempt, {**new.data}), skeleton)

    @activity.defn(name=words.FINISH)
    async def finish(self, order: FinishOrder) -> Ended:
        """Bring a run to its end."""
        async with self._beating():
            ending = await self._errands.finish(
                order.run, order.plan_version, RunStatus(order.status), order.reason
            )
        return Ended(ending.status, ending.handed_over)

    def _told(self, ended: NewEvent) -> Told:
        data = {name: ended.data[name] for name in _TOLD if name in ended.data} | {
            "commit": None,
            "tree": None,
        }
        if isinstance(reason := data.get("reason"), str):
            data["reason"] = reason[:_REASON_CHARACTERS]
        retry_at = data.get("retry_at")
        retry_in = retry_at - self._determinism.now() if isinstance(retry_at, float) else None
        return Told(ended.type, ended.task, ended.attempt, {**data}, retry_in)

    @asynccontextmanager
    async def _beating(self) -> AsyncGenerator[None]:
        """Tell the server that this activity lives, as long as it does; our errors become Temporal's."""
        timeout = activity.info().heartbeat_timeout
        beat = asyncio.create_task(_beat(self._pulse, timeout.total_seconds() / 3)) if timeout else None
        try:
            yield
        except asyncio.CancelledError as error:
            if _was_called_off():
                raise
            # Temporal would take this for the end of the attempt, which only goes on elsewhere.
            raise ApplicationError("cut off: the worker ends, or the attempt is made elsewhere") from error
        except LeaseLostError as error:
            raise ApplicationError(str(error), type=error.code, non_retryable=True) from error
        except AstrolabeError as error:
            raise ApplicationError(f"{error} ({error.hint})", type=error.code) from error
        finally:
            if beat is not None:
                beat.cancel()


def _order(order: AttemptOrder) -> Order:
    return Order(order.run, order.plan_version, order.task, order.attempt, order.agent, order.raised)


def _was_called_off() -> bool:
    """Tell whether this activity is being cancelled because its run is: else it was only cut off here."""
    details = activity.cancellation_details()
    return details is not None and details.cancel_requested


class Pulse:
    """Whether this process lives for others: one that has lost the store can finish nothing, and is not to be waited for."""

    def __init__(self, reached: Reached, monotonic: Callable[[], float]) -> None:
        self._reached = reached
        self._monotonic = monotonic
        self._asking: asyncio.Task[Any] | None = None
        self._last = float("-inf")

    async def felt(self, within_seconds: float) -> bool:
        """Tell whether the store has answered within that time, or does so now; all who ask at once ask once."""
        if self._monotonic() - self._last < within_seconds:
            return True
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait([self._asking], timeout=within_seconds)
        return self._monotonic() - self._last < within_seconds

    async def _ask(self) -> None:
        with suppress(StorageError):  # then there is no beat, and others take over
            await self._reached()
            self._last = self._monotonic()


async def _beat(pulse: Pulse, seconds: float) -> None:
    """Its start counts as its first sign of life, so that one which is done soon costs the server no more than that."""
    while True:
        await asyncio.sleep(seconds)
        if await pulse.felt(seconds):
            activity.heartbeat()
