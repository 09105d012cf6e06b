"""What workers do for a run's workflow: its tasks' attempts, notes in its log, its end."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from astrolabe.adapters.temporal import words
from astrolabe.adapters.temporal.words import AttemptOrder, Ended, FinishOrder, NoteOrder, Told
from astrolabe.domain.event import NewEvent
from astrolabe.domain.run import RunStatus
from astrolabe.engine.errand import Errands, Order
from astrolabe.errors import AstrolabeError, LeaseLostError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.tasks import TaskJournal

_TOLD = ("failure", "reason", "retry_at", "agent", "heal", "status", "scope")
"""What of an attempt's last event the scheduler decides by."""
_REASON_CHARACTERS = 500


class Activities:
    """Of one worker process."""

    def __init__(self, errands: Errands, journal: TaskJournal, determinism: Determinism) -> None:
        self._errands = errands
        self._journal = journal
        self._determinism = determinism

    def of_agents(self) -> Sequence[Callable[..., Any]]:
        """Those on the queues of agents."""
        return [self.attempt]

    def of_runs(self) -> Sequence[Callable[..., Any]]:
        """Those on the queue of the workflows themselves."""
        return [self.call_off, self.note, self.finish]

    @activity.defn(name=words.ATTEMPT)
    async def attempt(self, order: AttemptOrder) -> Told:
        """Make an attempt at a task; return the event it ended with."""
        async with _beating():
            ended = await self._errands.attempt(_order(order))
        return self._told(ended)

    @activity.defn(name=words.CALL_OFF)
    async def call_off(self, order: AttemptOrder) -> Told:
        """Write that an attempt ended with its run."""
        async with _beating():
            return self._told(await self._errands.call_off(_order(order), order.reason))

    @activity.defn(name=words.NOTE)
    async def note(self, order: NoteOrder) -> None:
        """Write what the workflow has decided into the run's log."""
        news = [
            NewEvent(type=told.type, task=told.task, attempt=told.attempt, data=told.data)
            for told in order.events
        ]
        async with _beating():
            await self._journal.note(order.run, order.number, news)

    @activity.defn(name=words.FINISH)
    async def finish(self, order: FinishOrder) -> Ended:
        """Bring a run to its end."""
        async with _beating():
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


def _order(order: AttemptOrder) -> Order:
    return Order(order.run, order.plan_version, order.task, order.attempt, order.agent)


def _was_called_off() -> bool:
    """Tell whether this activity is being cancelled because its run is: else it was only cut off here."""
    details = activity.cancellation_details()
    return details is not None and details.cancel_requested


@asynccontextmanager
async def _beating() -> AsyncGenerator[None]:
    """Tell the server that this activity lives, as long as it does; our errors become Temporal's."""
    timeout = activity.info().heartbeat_timeout
    beat = asyncio.create_task(_beat(timeout.total_seconds() / 3)) if timeout else None
    try:
        yield
    except asyncio.CancelledError as error:
        if _was_called_off():
            raise
        # Temporal would take this for the end of the attempt, which only goes on elsewhere.
        raise ApplicationError("cut off: the worker is stopping, or the attempt is made elsewhere") from error
    except LeaseLostError as error:
        raise ApplicationError(str(error), type=error.code, non_retryable=True) from error
    except AstrolabeError as error:
        raise ApplicationError(f"{error} ({error.hint})", type=error.code) from error
    finally:
        if beat is not None:
            beat.cancel()


async def _beat(seconds: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(seconds)
