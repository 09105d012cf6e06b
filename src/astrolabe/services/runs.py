"""Reading and steering runs."""

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue

from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.engine.log import RunLog
from astrolabe.errors import ConflictError, DeadlineError
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation

CANCEL_SECONDS = 60.0
LOOK_SECONDS = 0.1


INTERRUPTED = "interrupted"
"""What an unfinished run is called that no living process works on."""


@dataclass(frozen=True)
class ListedRun:
    """A run as it is listed. `owned` tells whether a living process works on it."""

    record: RunRecord
    owned: bool

    @property
    def status(self) -> str:
        """The value of its `RunStatus`, or INTERRUPTED."""
        going_on = not self.record.status.final
        return INTERRUPTED if going_on and not self.owned else self.record.status.value


@dataclass(frozen=True)
class RunView(ListedRun):
    """A run with its plan and its state as the log tells it."""

    plan: Plan
    state: RunState

    def status_of(self, task: str) -> str:
        """Return the value of a task's `TaskStatus`, or INTERRUPTED when it was being worked on then."""
        status = self.state.tasks[task].status
        cut_off = self.status == INTERRUPTED and status is TaskStatus.RUNNING
        return INTERRUPTED if cut_off else status.value


async def list_runs(installation: Installation, limit: int = 100) -> tuple[ListedRun, ...]:
    """Return runs, newest first."""
    records = await installation.store.runs(limit=limit)
    return tuple([ListedRun(record, await installation.store.is_owned(record)) for record in records])


async def view_run(installation: Installation, record: RunRecord) -> RunView:
    """Return a run with all that is known of its tasks."""
    versions = await installation.store.plan_versions(record.plan_id)
    plan = versions[record.plan_version - 1].plan
    events = await installation.store.events(record.id)
    newest = await installation.store.run(record.id)
    owned = await installation.store.is_owned(newest)
    return RunView(newest, owned, plan, RunState(record.id).apply(events))


async def events_of(installation: Installation, record: RunRecord, after: int = 0) -> tuple[Event, ...]:
    """Return a run's log after a sequence number."""
    return await installation.store.events(record.id, after)


async def resumable_runs(installation: Installation) -> tuple[RunRecord, ...]:
    """Return the unfinished runs no living process works on, oldest first."""
    unfinished = await installation.store.runs(unfinished=True, limit=1000)
    idle = [run for run in unfinished if not await installation.store.is_owned(run)]
    return tuple(reversed(idle))


async def cancel_run(installation: Installation, record: RunRecord) -> RunStatus:
    """Ask a run's process to cancel it; where there is none any more, cancel it here.

    Returns the final status the run has then: it may have come to another end before it was asked.

    Raises:
        ConflictError: the run is already finished.
        DeadlineError: its process has not ended it within `CANCEL_SECONDS`.
    """
    if record.status.final:
        raise ConflictError(f"run {record.id} is already {record.status}")
    try:
        lease = await installation.store.claim(record.id, installation.owner)
    except ConflictError:
        await installation.store.ask(record.id, "cancel")
        status = await _left(installation, record.id)
        if status.final:
            return status
        lease = await installation.store.claim(record.id, installation.owner)
    state = RunState(record.id).apply(await installation.store.events(record.id))
    log = RunLog(installation.store, lease, state, installation.determinism)
    await log.append(*_ends(state), _finished())
    await installation.store.release(lease)
    return RunStatus.CANCELLED


async def _left(installation: Installation, run: str) -> RunStatus:
    """Wait until another process has ended a run, or itself; there is no wake-up in this direction, so its row is read."""
    deadline = installation.determinism.monotonic() + CANCEL_SECONDS
    while True:
        record = await installation.store.run(run)
        if record.status.final or not await installation.store.is_owned(record):
            return record.status
        if installation.determinism.monotonic() >= deadline:
            raise DeadlineError(
                f"run {run} was asked to end, and has not after {CANCEL_SECONDS:g} s",
                hint="It ends when its process hears that. If the process hangs, end it, and cancel the run again.",
            )
        await asyncio.sleep(LOOK_SECONDS)


def _ends(state: RunState) -> list[NewEvent]:
    return [
        NewEvent(type=EventType.RUN_CANCEL_REQUESTED),
        *(_cancelled(name, task) for name, task in state.tasks.items() if not task.status.final),
    ]


def _cancelled(name: str, task: TaskState) -> NewEvent:
    begun = task.attempts and task.attempts[-1].ended_at is None
    data: dict[str, JsonValue] = {"status": "cancelled", "reason": "the run was cancelled"}
    return NewEvent(
        type=EventType.TASK_SKIPPED, task=name, attempt=task.attempt if begun else None, data=data
    )


def _finished() -> NewEvent:
    data: dict[str, JsonValue] = {
        "status": RunStatus.CANCELLED,
        "reason": "cancelled",
        "commit": None,
        "published": None,
    }
    return NewEvent(type=EventType.RUN_FINISHED, data=data)
