"""Reading and steering runs."""

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue

from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus, TaskState
from astrolabe.engine.log import RunLog
from astrolabe.errors import ConflictError, MissingError
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation

CANCEL_SECONDS = 60.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class RunView:
    """A run with its plan and its state as the log tells it."""

    record: RunRecord
    plan: Plan
    state: RunState


async def list_runs(installation: Installation, limit: int = 100) -> tuple[RunRecord, ...]:
    """Return runs, newest first."""
    return await installation.store.runs(limit=limit)


async def find_run(installation: Installation, name: str) -> RunRecord:
    """Return the run of that id, or the one whose id begins or ends with `name`; `last` is the newest.

    Raises:
        MissingError: there is none, or more than one.
    """
    runs = await installation.store.runs(limit=1000)
    if name == "last" and runs:
        return runs[0]
    found = [run for run in runs if run.id == name.upper()] or [
        run for run in runs if run.id.startswith(name.upper()) or run.id.endswith(name.upper())
    ]
    if len(found) != 1:
        what = "no run is called" if not found else f"{len(found)} runs are called"
        raise MissingError(f"{what} {name!r}", hint="List them with: astrolabe runs list")
    return found[0]


async def view_run(installation: Installation, record: RunRecord) -> RunView:
    """Return a run with all that is known of its tasks."""
    versions = await installation.store.plan_versions(record.plan_id)
    plan = versions[record.plan_version - 1].plan
    state = RunState(record.id).apply(await installation.store.events(record.id))
    return RunView(await installation.store.run(record.id), plan, state)


async def events_of(installation: Installation, record: RunRecord, after: int = 0) -> tuple[Event, ...]:
    """Return a run's log after a sequence number."""
    return await installation.store.events(record.id, after)


async def resumable_runs(installation: Installation) -> tuple[RunRecord, ...]:
    """Return the unfinished runs no living process works on, oldest first."""
    unfinished = await installation.store.runs(unfinished=True, limit=1000)
    idle = [run for run in unfinished if not await installation.store.is_owned(run)]
    return tuple(reversed(idle))


async def check_output(installation: Installation, record: RunRecord, check: str) -> str:
    """Return all that a check printed when it last ran in a run; MissingError if it has not."""
    view = await view_run(installation, record)
    found = [item for state in view.state.tasks.values() for item in state.evidence if item.check == check]
    if not found or found[-1].output_digest is None:
        names = sorted({item.check for state in view.state.tasks.values() for item in state.evidence})
        raise MissingError(
            f"check {check!r} has not run in run {record.id}", hint=f"There are: {', '.join(names)}."
        )
    return (await installation.store.blob(found[-1].output_digest)).decode(errors="replace")


async def cancel_run(installation: Installation, record: RunRecord) -> RunStatus:
    """Ask a run's process to cancel it; where there is none any more, cancel it here.

    Returns the status the run has then; RUNNING means that its process has not ended it within `CANCEL_SECONDS`.

    Raises:
        ConflictError: the run is already finished.
    """
    if record.status.final:
        raise ConflictError(f"run {record.id} is already {record.status}")
    try:
        lease = await installation.store.claim(record.id, installation.owner)
    except ConflictError:
        await installation.store.ask(record.id, "cancel")
        return await _ended(installation, record)
    state = RunState(record.id).apply(await installation.store.events(record.id))
    log = RunLog(installation.store, lease, state, installation.determinism)
    await log.append(*_ends(state), _finished())
    await installation.store.release(lease)
    return RunStatus.CANCELLED


async def _ended(installation: Installation, record: RunRecord) -> RunStatus:
    """Wait for another process to end a run; there is no wake-up in this direction, so its row is looked at."""
    deadline = installation.determinism.monotonic() + CANCEL_SECONDS
    status = record.status
    while not status.final and installation.determinism.monotonic() < deadline:
        await asyncio.sleep(LOOK_SECONDS)
        status = (await installation.store.run(record.id)).status
    return status


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
