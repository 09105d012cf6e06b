"""Steering a run that is not finished: pausing and cancelling it, answering what it asks.

A run has one owner. When another process owns it, that one is asked; a run nobody works on is steered here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from astrolabe.domain.budget import amounts_of
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import Outcome, TaskState, TaskStatus
from astrolabe.engine.asking import answered_event
from astrolabe.engine.log import RunLog
from astrolabe.errors import ConflictError, DeadlineError, InputError, UndrivenError
from astrolabe.ports.store import ApprovalRecord, RunRecord
from astrolabe.services.cluster import ask_cluster, end_undriven
from astrolabe.services.installation import Installation

CANCEL_SECONDS = 60.0
LOOK_SECONDS = 0.1
_SHOWN = 5


async def cancel_run(installation: Installation, record: RunRecord) -> RunStatus:
    """Ask a run's process to cancel it; where there is none any more, cancel it here.

    Returns the final status the run has then: it may have come to another end before it was asked.

    Raises:
        ConflictError: the run is already finished.
        DeadlineError: its process has not ended it within `CANCEL_SECONDS`.
    """
    _must_go_on(record)

    async def over() -> bool:
        return (await installation.store.run(record.id)).status.final

    try:
        return await _steered(installation, record, "cancel", _ends, over)
    except UndrivenError:
        await end_undriven(installation, record.id, _ends)
        return (await installation.store.run(record.id)).status


async def pause_run(installation: Installation, record: RunRecord) -> RunStatus:
    """Let a run start nothing more; returns when nothing of it goes on any more.

    Returns the status the run has then: it may have ended meanwhile.

    Raises:
        ConflictError: the run is finished, or paused already.
        DeadlineError: what it was doing has not ended within `CANCEL_SECONDS`; it will pause then.
    """
    _must_go_on(record)
    if record.status is RunStatus.PAUSED:
        raise ConflictError(f"run {record.id} is paused already", hint=f"Type: astrolabe resume {record.id}")

    async def still() -> bool:
        return (await installation.store.run(record.id)).status is not RunStatus.RUNNING

    return await _steered(installation, record, "pause", _pauses, still)


async def _steered(
    installation: Installation,
    record: RunRecord,
    verb: str,
    events: Callable[[RunState], list[NewEvent]],
    done: Callable[[], Awaitable[bool]],
) -> RunStatus:
    here = await _appended(installation, record.id, events)
    if not here and not await _asked(installation, record.id, verb, done):
        await _append(installation, record.id, events)
    return (await installation.store.run(record.id)).status


async def _appended(
    installation: Installation, run: str, events: Callable[[RunState], list[NewEvent]]
) -> bool:
    """Continue the log of a run; False when somebody works on it: that may be this very process, which could claim it."""
    if await installation.store.is_owned(await installation.store.run(run)):
        return False
    try:
        await _append(installation, run, events)
    except ConflictError:  # taken up meanwhile
        return False
    return True


async def answer(
    installation: Installation, asked: ApprovalRecord, outcome: Outcome, *, by: str, comment: str
) -> ApprovalRecord:
    """Answer what a run asks about a task; returns the approval as it is then.

    Raises:
        ConflictError: it has been answered otherwise, its deadline has passed, or nobody waits for an answer any more.
        DeadlineError: the run's process has not taken it in within `CANCEL_SECONDS`.
    """
    if asked.outcome is not None:
        raise ConflictError(f"the question about {asked.task!r} is {asked.outcome} already")

    async def now() -> ApprovalRecord:
        return next(one for one in await installation.store.approvals(run=asked.run) if one.key == asked.key)

    async def answered() -> bool:
        return (await now()).outcome is not None

    def answers(state: RunState) -> list[NewEvent]:
        task = _asking(state, asked)
        return [answered_event(asked.task, task, outcome, by=by, comment=comment)]

    data = {"task": asked.task, "number": asked.number, "outcome": outcome, "by": by, "comment": comment}
    here = await _answered_here(installation, asked, answers)
    if (
        not here
        and not await answered()
        and not await _asked(installation, asked.run, "answer", answered, data)
    ):
        await _append(installation, asked.run, answers)
    told = await now()
    if told.outcome is not outcome:  # somebody else was faster
        raise ConflictError(f"the question about {asked.task!r} is {told.outcome} already")
    return told


async def _answered_here(
    installation: Installation, asked: ApprovalRecord, answers: Callable[[RunState], list[NewEvent]]
) -> bool:
    """Answer what a run asks that nobody works on; False when somebody does, be it to answer it as well."""
    if await installation.store.is_owned(await installation.store.run(asked.run)):
        return False
    if asked.deadline_at is not None and asked.deadline_at <= installation.determinism.now():
        raise ConflictError(
            f"the question about {asked.task!r} was to be answered earlier, and counts as unanswered",
            hint=f"See what follows from that: astrolabe resume {asked.run}",
        )
    try:
        await _append(installation, asked.run, answers)
    except ConflictError:
        return False
    return True


async def find_approval(installation: Installation, run: str, task: str | None) -> ApprovalRecord:
    """Return what a run asks: about a task, or the one thing it asks at all.

    Raises:
        ConflictError: it asks nothing.
        InputError: it asks more than one thing, and no task was named.
    """
    asked = await installation.store.approvals(run=run, waiting=True)
    found = [one for one in asked if task in {None, one.task}]
    if not found:
        raise await _asks_nothing(installation, run, task)
    if len(found) > 1:
        tasks = ", ".join(repr(one.task) for one in found[:_SHOWN])
        raise InputError(f"run {run} asks about {len(found)} tasks: {tasks}", hint="Name one of them.")
    return found[0]


async def _asks_nothing(installation: Installation, run: str, task: str | None) -> ConflictError:
    """Return the error that says what was answered last, if anything was."""
    asked = await installation.store.approvals(run=run)
    done = [one for one in asked if task in {None, one.task} and one.outcome and one.answered_at]
    hint = "See: astrolabe approvals list --all"
    if not done:
        about = "" if task is None else f" about {task!r}"
        return ConflictError(f"run {run} asks nothing{about}", hint=hint)
    last = max(done, key=lambda one: one.answered_at or 0.0)
    by = f" by {last.by}" if last.by else ""
    at = f"{datetime.fromtimestamp(last.answered_at or 0.0, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return ConflictError(
        f"run {run} asks nothing more: {last.task!r} was {last.outcome}{by}, {at}", hint=hint
    )


def _must_go_on(record: RunRecord) -> None:
    if record.status.final:
        raise ConflictError(f"run {record.id} is already {record.status}")


async def _append(installation: Installation, run: str, events: Callable[[RunState], list[NewEvent]]) -> None:
    """Continue the log of a run that nobody works on; ConflictError when somebody does."""
    lease = await installation.store.claim(run, installation.owner)
    try:
        state = RunState(run).apply(await installation.store.events(run))
        used = {key: amounts_of(usage) for key, usage in state.used.items()}
        await installation.store.budgets.give_up(run, used)  # what its process held when it died
        log = RunLog(installation.store, lease, state, installation.determinism)
        await log.append(*events(state))
    finally:
        await installation.store.release(lease)


async def _asked(
    installation: Installation,
    run: str,
    verb: str,
    done: Callable[[], Awaitable[bool]],
    data: dict[str, Any] | None = None,
) -> bool:
    """Ask a run's process, and wait until it is done; False when that process has gone without doing it.

    There is no wake-up in this direction, so the state is read.
    """
    if (await installation.store.run(run)).elsewhere:
        await ask_cluster(installation, run, verb, data or {})
    else:
        await installation.store.ask(run, verb, data)
    deadline = installation.determinism.monotonic() + CANCEL_SECONDS
    while not await done():
        if not await installation.store.is_owned(await installation.store.run(run)):
            return await done()
        if installation.determinism.monotonic() >= deadline:
            raise DeadlineError(
                f"run {run} was asked to {verb}, and has not after {CANCEL_SECONDS:g} s",
                hint="It does when its process hears that. If the process hangs, end it, and ask again.",
            )
        await asyncio.sleep(LOOK_SECONDS)
    return True


def _ends(state: RunState) -> list[NewEvent]:
    data: dict[str, JsonValue] = {
        "status": RunStatus.CANCELLED,
        "reason": "cancelled",
        "commit": None,
        "published": None,
    }
    return [
        NewEvent(type=EventType.RUN_CANCEL_REQUESTED),
        *(_cancelled(name, task) for name, task in state.tasks.items() if not task.status.final),
        NewEvent(type=EventType.RUN_FINISHED, data=data),
    ]


def _cancelled(name: str, task: TaskState) -> NewEvent:
    begun = task.status is TaskStatus.RUNNING
    data: dict[str, JsonValue] = {"status": TaskStatus.CANCELLED, "reason": "the run was cancelled"}
    return NewEvent(
        type=EventType.TASK_SKIPPED, task=name, attempt=task.attempt if begun else None, data=data
    )


def _pauses(state: RunState) -> list[NewEvent]:
    asked = [] if state.pause_requested else [NewEvent(type=EventType.RUN_PAUSE_REQUESTED)]
    return [*asked, NewEvent(type=EventType.RUN_PAUSED)]


def _asking(state: RunState, asked: ApprovalRecord) -> TaskState:
    task = state.tasks.get(asked.task)
    if task is None or task.question is None or task.question.number != asked.number:
        raise ConflictError(f"the question about {asked.task!r} is no longer open")
    return task
