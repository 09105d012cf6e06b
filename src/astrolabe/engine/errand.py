"""Parts of a run that a worker does for whoever drives it from elsewhere: one attempt at a task, and the end.

Each takes what it tells of from whoever had it before, so it may be started twice: the later one goes on from the log, and
the earlier one can write no more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue

from astrolabe.agents.agent import provider_of
from astrolabe.domain.budget import amounts_of
from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Measure, Plan, Task
from astrolabe.domain.run import Ground, RunState, RunStatus
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.engine.budgets import Planned
from astrolabe.engine.finishing import finished_event, hand_over
from astrolabe.engine.floor import Floor
from astrolabe.engine.healing import heal
from astrolabe.engine.results import join_results
from astrolabe.engine.tasklog import TaskLog
from astrolabe.engine.trying import try_task
from astrolabe.engine.turns import Turns
from astrolabe.engine.workshop import Watcher, Workshop, floor_of
from astrolabe.errors import (
    ConflictError,
    OverBudgetError,
)
from astrolabe.ports.leases import TaskLease
from astrolabe.ports.slots import Request
from astrolabe.ports.store import RunRecord
from astrolabe.ports.tasks import TaskJournal
from astrolabe.ports.workspace import SharedWorkspace

_ENDS = frozenset({EventType.TASK_PASSED, EventType.TASK_FAILED, EventType.TASK_SKIPPED})
_KNOWN_RUNS = 64
"""Runs whose plan and workspace a worker keeps at hand."""


@dataclass(frozen=True)
class Order:
    """An attempt (counted from 1) at a task, by an agent, as a version of the run's plan has it.

    `raised` are limits of what may be spent that were given since it was planned; see `RunState`.
    """

    run: str
    plan_version: int
    task: str
    attempt: int
    agent: str
    raised: Mapping[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])


@dataclass(frozen=True)
class Ending:
    """What a run ended with, and whether it was handed over: only a process on the target's host can do that."""

    status: RunStatus
    handed_over: bool


@dataclass(frozen=True)
class _Room:
    """What all errands of one run have in common."""

    record: RunRecord
    plan: Plan
    tasks: dict[str, Task]
    opening: Event
    workspace: SharedWorkspace
    planned: Planned


class Errands:
    """What one worker can be sent to do. `host` names the machine whose folders this process sees."""

    def __init__(
        self,
        shop: Workshop,
        journal: TaskJournal,
        workspace: Callable[[RunRecord], Awaitable[SharedWorkspace]],
        host: str,
    ) -> None:
        self._shop = shop
        self._journal = journal
        self._workspace = workspace
        self._host = host
        self._commands = Turns(shop.limits.commands)
        self._rooms: dict[tuple[str, int], asyncio.Task[_Room]] = {}

    async def attempt(self, order: Order) -> NewEvent:
        """Make an attempt, or the rest of it; return the event it ended with, which is in the log by then.

        Or that the run must end, for what it may cost is spent: then neither that is in the log yet, nor the attempt's end.
        Cancelling the calling task only cuts the attempt off; nothing of it is left here then.

        Raises:
            LeaseLostError: another process makes this attempt now; nothing more was written.
            StorageError: the state could not be written; the attempt can be taken up again.
            SandboxUnavailableError: nothing here can isolate foreign code; likewise.
        """
        room = await self._room(order.run, order.plan_version)
        async with self._shop.admission.slot(self._request(room, order)):
            return await self._admitted(room, order)

    def _request(self, room: _Room, order: Order) -> Request:
        return Request(
            run=order.run,
            task=order.task,
            attempt=order.attempt,
            agent=order.agent,
            provider=provider_of(self._shop.agents.get(order.agent)),
            weight=room.plan.weight,
            priority=room.tasks[order.task].priority,
        )

    async def _admitted(self, room: _Room, order: Order) -> NewEvent:
        task = room.tasks[order.task]
        taken = await self._journal.take(order.run, task.id, order.attempt, order.agent, task.depends_on)
        if taken.lease is None:
            return _ending(taken.events, order.attempt)
        state = _state_of(room, task, order.raised)
        state.tasks |= {name: TaskState(commit=w.commit, tree=w.tree) for name, w in taken.work.items()}
        state.apply(taken.events)
        log = self._log(room, taken.lease, state)
        floor = self._floor(room, log)
        if floor.spending.limited and taken.resumed:
            used = {key: amounts_of(usage) for key, usage in state.used.items()}
            await self._shop.store.budgets.give_up(order.run, used, task.id, order.attempt)
        return await _Trial(floor, log, task, order.attempt, self._shop.determinism.now).made()

    async def call_off(self, order: Order, reason: str) -> NewEvent:
        """Write down that an attempt has ended with its run, whoever was at it; return the event it ended with."""
        taken = await self._journal.take(order.run, order.task, order.attempt, order.agent, ())
        if taken.lease is None:
            return _ending(taken.events, order.attempt)
        data: dict[str, JsonValue] = {"status": TaskStatus.CANCELLED, "reason": reason}
        event = NewEvent(type=EventType.TASK_SKIPPED, task=order.task, attempt=order.attempt, data=data)
        await self._journal.append(taken.lease, [event])
        return event

    async def heal(
        self, run: str, plan_version: int, task: str, measure: Measure, healed: int
    ) -> tuple[NewEvent, Plan | None]:
        """Try a measure on a task that no agent could do, and on which `healed` have been tried.

        Returns the event that says what came of it, and the plan that is followed now, unless that is the same as before; or
        that the run must end, for what it may cost is spent, which is not in the log yet.
        """
        room, log = await self._whole(run, plan_version)
        plan = None
        if log.state.plan_version == plan_version and log.state.tasks[task].healed == healed:
            try:
                plan = await heal(self._shop, self._floor(room, log), room.tasks[task], measure)
            except OverBudgetError as over:
                await log.durable()
                return _exceeded(over), None
            await log.durable()
            return log.last, plan
        if log.state.plan_version != plan_version:
            plan = (await self._room(run, log.state.plan_version)).plan
        return _healing(await self._shop.store.events(run)), plan

    async def finish(self, run: str, plan_version: int, status: RunStatus, reason: str) -> Ending:
        """Bring a run whose tasks are done to its end, and hand it over if this is the target's host.

        Raises:
            LeaseLostError: another process does so, or has.
        """
        record = await self._shop.store.run(run)
        if record.status.final:
            return Ending(record.status, handed_over=True)
        room, log = await self._whole(run, plan_version)
        joined = log.state.joined or await self._joined(self._floor(room, log), status, reason)
        if room.record.host == self._host:
            return await self._handed_over(room, log, joined)
        if log.state.joined is None:
            await log.append(NewEvent(type=EventType.RUN_JOINED, data=joined))
        return Ending(RunStatus(joined["status"]), handed_over=False)

    async def hand_over(self, run: str, plan_version: int) -> Ending:
        """Hand over, on the target's host, what a run is known to end with.

        Raises:
            LeaseLostError: another process does so, or has.
            ConflictError: what it ends with is not known yet, or this is not the target's host.
        """
        room, log = await self._whole(run, plan_version)
        if log.state.joined is None or room.record.host != self._host:
            raise ConflictError(f"run {run} cannot be handed over here now")
        return await self._handed_over(room, log, log.state.joined)

    async def _joined(self, floor: Floor, status: RunStatus, reason: str) -> dict[str, Any]:
        if status is not RunStatus.PASSED:
            return {"status": status, "reason": reason, "commit": None}
        final, fault = await join_results(floor)
        return {"status": RunStatus.FAILED if fault else status, "reason": fault, "commit": final}

    async def _handed_over(self, room: _Room, log: TaskLog, joined: dict[str, Any]) -> Ending:
        status = RunStatus(joined["status"])
        published = await hand_over(self._floor(room, log), joined["commit"])
        await log.append(finished_event(status, joined["reason"], joined["commit"], published))
        await room.workspace.tidy(_lasting(log.state))
        return Ending(status, handed_over=True)

    async def _whole(self, run: str, plan_version: int) -> tuple[_Room, TaskLog]:
        """Take a whole run."""
        room = await self._room(run, plan_version)
        lease = await self._journal.take_run(run)
        state = RunState(run).apply(await self._shop.store.events(run))
        return room, self._log(room, lease, state)

    def _log(self, room: _Room, lease: TaskLease, state: RunState) -> TaskLog:
        shop = self._shop
        return TaskLog(self._journal, lease, state, shop.determinism, room.workspace.share, shop.reach)

    def _floor(self, room: _Room, log: TaskLog) -> Floor:
        floor = floor_of(self._shop, room.plan, log, room.workspace, Watcher(), room.planned)
        return replace(floor, commands=self._commands)

    async def _room(self, run: str, plan_version: int) -> _Room:
        """Return what a run's errands have in common: found out once, whoever asks at the same time."""
        known = self._rooms.pop((run, plan_version), None)
        if known is None or (known.done() and (known.cancelled() or known.exception() is not None)):
            known = asyncio.create_task(self._made_room(run, plan_version))
        self._rooms[run, plan_version] = known
        while len(self._rooms) > _KNOWN_RUNS:
            del self._rooms[next(iter(self._rooms))]
        return await asyncio.shield(known)

    async def _made_room(self, run: str, plan_version: int) -> _Room:
        record = await self._shop.store.run(run)
        versions = await self._shop.store.plan_versions(record.plan_id)
        plan = versions[plan_version - 1].plan
        opening = await self._journal.opening(run)
        workspace = await self._workspace(record)
        tasks = {task.id: task for task in plan.tasks}
        return _Room(record, plan, tasks, opening, workspace, Planned.of(plan))


class _Trial:
    """One attempt that this process has taken."""

    def __init__(self, floor: Floor, log: TaskLog, task: Task, number: int, now: Callable[[], float]) -> None:
        self._floor = floor
        self._log = log
        self._task = task
        self._number = number
        self._now = now

    async def made(self) -> NewEvent:
        """Make it; stop at once when another process has taken it."""
        work = asyncio.create_task(self._ended())
        broken = asyncio.create_task(self._log.broken())
        try:
            await asyncio.wait({work, broken}, return_when=asyncio.FIRST_COMPLETED)
            if broken.done():
                await _stopped(work)
                broken.result()
            return work.result()
        except asyncio.CancelledError:
            await _stopped(work)
            raise
        finally:
            broken.cancel()

    async def _ended(self) -> NewEvent:
        try:
            await try_task(self._floor, self._task, self._number, self._now)
        except OverBudgetError as over:
            await self._log.durable()
            return _exceeded(over)
        await self._log.durable()
        return self._log.last


async def _stopped(work: "asyncio.Task[NewEvent]") -> None:
    """Stop an attempt, and wait until nothing of it is left."""
    work.cancel()
    await asyncio.wait([work])


def _exceeded(over: OverBudgetError) -> NewEvent:
    data: dict[str, JsonValue] = {"reason": f"{over} ({over.hint})", "scope": over.scope}
    return NewEvent(type=EventType.RUN_BUDGET_EXCEEDED, data=data)


def _healing(events: Sequence[Event]) -> NewEvent:
    """Return the event a measure has ended with last."""
    kinds = {EventType.PLAN_CHANGED, EventType.TASK_NOT_HEALED}
    last = next(event for event in reversed(events) if event.type in kinds)
    return NewEvent(type=last.type, task=last.task, data=last.data)


def _ending(events: Sequence[Event], attempt: int) -> NewEvent:
    """Return the event an attempt has ended with."""
    last = next(event for event in reversed(events) if event.attempt == attempt and event.type in _ENDS)
    return NewEvent(type=last.type, task=last.task, attempt=last.attempt, data=last.data)


def _state_of(room: _Room, task: Task, raised: Mapping[str, dict[str, float]]) -> RunState:
    """Return the state of a run of which only one task is known."""
    opening: dict[str, Any] = room.opening.data
    return RunState(
        room.record.id,
        tasks={task.id: TaskState()},
        ground=Ground(**opening.get("ground", {})),
        raised={**raised},
        created_at=room.opening.at,
        rules_version=opening.get("rules_version", 1),
    )


def _lasting(state: RunState) -> frozenset[str]:
    """Return what of a run is of use after its end: to go on from, to fork, to look at."""
    ground = (state.ground.base, state.ground.onto, state.ground.previous)
    done = (oid for task in state.tasks.values() for oid in (task.commit, task.worked_tree))
    return frozenset(oid for oid in (*ground, state.commit, *done) if oid)
