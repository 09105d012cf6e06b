"""Making an attempt within its time, and writing down how it failed; shared by both drivers."""

import asyncio
from collections.abc import Callable

from pydantic import JsonValue

from astrolabe.agents.agent import told_apart
from astrolabe.domain.budget import Scope
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.health import Kind
from astrolabe.domain.plan import Task
from astrolabe.domain.task import FailureKind
from astrolabe.engine.attempt import attempt_task
from astrolabe.engine.floor import Floor
from astrolabe.engine.judging import failure_event, is_being_cancelled, late
from astrolabe.errors import (
    FetchError,
    InputError,
    LeaseLostError,
    MergeConflictError,
    OfflineError,
    OverBudgetError,
    SandboxLostError,
    SandboxUnavailableError,
    StorageError,
)


async def try_task(floor: Floor, task: Task, number: int, now: Callable[[], float]) -> None:
    """Make one attempt, to the event that ends it; `now` in seconds since the epoch.

    Raises:
        LeaseLostError: another process has taken it over.
        StorageError: the state could not be written.
        SandboxUnavailableError: nothing here can isolate foreign code.
        OverBudgetError: what the run, or all runs together, may spend is spent.
    """
    deadline = asyncio.timeout(task.timeout_seconds)
    try:
        async with deadline:
            await _persist(floor, task, number)
    except (LeaseLostError, StorageError, SandboxUnavailableError):
        raise
    except Exception as error:  # an agent is foreign code: whatever it raises is its attempt's failure
        if is_being_cancelled():
            # What breaks while all is being stopped says nothing of the attempt, which is to be taken up again.
            raise asyncio.CancelledError from error
        if isinstance(error, OverBudgetError) and error.scope != Scope.TASK:
            raise
        if deadline.expired() and not isinstance(error, OverBudgetError):
            error = late(task, error)
        state = floor.log.state
        failed = failure_event(state.id, task, state.tasks[task.id], number, error, now())
        failed.data["reason"] = floor.redactor.redacted(str(failed.data["reason"]))
        failed.data.update(_blame(floor, task, failed, error))
        floor.log.append(failed)


def _blame(floor: Floor, task: Task, failed: NewEvent, error: Exception) -> dict[str, JsonValue]:
    """Return who an attempt failed of, for the event that says so; nobody, when it was not the agent's doing.

    Checks that fail say that the work was bad, and everything after the work is none of the agent's; nor are a plan with
    wrong inputs, a registry that is away, a sandbox killed from outside, and work of others that does not fit together.
    """
    state = floor.log.state.tasks[task.id]
    agent = floor.agents.get(state.agent or task.agent)
    if agent is None or state.worked_tree is not None or failed.data["failure"] not in _ILLNESS:
        return {}
    if isinstance(error, _OTHERS):
        return {}
    by: dict[str, JsonValue] = {**told_apart(agent)}
    if failed.data["failure"] == FailureKind.PERMANENT:
        by.pop(Kind.PROVIDER, None)  # what it lets an agent down by passes
    return {"by": by}


_ILLNESS = frozenset({FailureKind.TIMEOUT, FailureKind.TRANSIENT, FailureKind.PERMANENT})
_OTHERS = (InputError, FetchError, OfflineError, SandboxLostError, MergeConflictError)


async def _persist(floor: Floor, task: Task, number: int) -> None:
    """Attempt a task; a sandbox that was killed from outside is followed by another, once, as after a crash."""
    try:
        await attempt_task(floor, task, number)
    except SandboxLostError:
        if is_being_cancelled():
            raise
        await floor.log.append(NewEvent(type=EventType.TASK_RESUMED, task=task.id, attempt=number))
        await attempt_task(floor, task, number)
