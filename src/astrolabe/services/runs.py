"""Reading runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from astrolabe.domain.event import Event
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskStatus
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation

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
        going_on = self.record.status is RunStatus.RUNNING
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
    state = RunState(record.id).apply(await installation.store.events(record.id))
    newest = await installation.store.run(record.id)
    owned = await installation.store.is_owned(newest)
    return RunView(newest, owned, await plan_of(installation, record, state), state)


async def plan_of(installation: Installation, record: RunRecord, state: RunState) -> Plan:
    """Return the plan that a run follows in a state: it may have been changed on the way."""
    versions = await installation.store.plan_versions(record.plan_id)
    return versions[state.plan_version - 1].plan


async def begun_plan(installation: Installation, record: RunRecord, events: Sequence[Event]) -> Plan:
    """Return the plan that a run was begun with, whatever has been made of it since; `events` are its log's first."""
    return await plan_of(installation, record, RunState(record.id).apply(events[:1]))


async def events_of(installation: Installation, record: RunRecord, after: int = 0) -> tuple[Event, ...]:
    """Return a run's log after a sequence number."""
    events = await installation.store.events(record.id, after)
    return tuple(replace(event, data=installation.redactor.redacted_json(event.data)) for event in events)


async def resumable_runs(installation: Installation) -> tuple[RunRecord, ...]:
    """Return the runs that were cut off, oldest first; one that a person has paused is not among them."""
    unfinished = await installation.store.runs(unfinished=True, limit=1000)
    cut_off = [run for run in unfinished if run.status is RunStatus.RUNNING]
    idle = [run for run in cut_off if not await installation.store.is_owned(run)]
    return tuple(reversed(idle))
