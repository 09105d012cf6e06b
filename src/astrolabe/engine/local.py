"""The local driver: one process, one event loop, any number of runs it owns."""

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import replace

from pydantic import JsonValue

from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Measure, Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import Outcome, TaskStatus
from astrolabe.engine.asking import answered_event, asked_event, escalated_event, expired_event
from astrolabe.engine.attempt import first_of
from astrolabe.engine.budgets import Planned
from astrolabe.engine.decisions import Ask, Decision, Escalate, Expire, Finish, Heal, Pause, Skip, Start
from astrolabe.engine.door import Door
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.finishing import finished_event, hand_over, skipped_event
from astrolabe.engine.floor import Floor
from astrolabe.engine.healing import heal
from astrolabe.engine.judging import is_being_cancelled
from astrolabe.engine.log import RunLog
from astrolabe.engine.meter import run_time
from astrolabe.engine.post import Box, Post
from astrolabe.engine.results import join_results
from astrolabe.engine.scheduler import Scheduler
from astrolabe.engine.tape import Tape
from astrolabe.engine.trying import try_task
from astrolabe.engine.workshop import Watcher, Workshop, floor_of
from astrolabe.errors import OverBudgetError
from astrolabe.ports.model import Models
from astrolabe.ports.store import Lease, Message
from astrolabe.ports.workspace import Workspace


class LocalDriver:
    """Carries runs from where their logs stand to their ends."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop
        self._post = Post(workshop.store, workshop.owner, workshop.woken)
        self._drives: set[_Drive] = set()
        self._leaving = False

    def playing(self, models: Models, tape: Tape) -> "LocalDriver":
        """Return a driver like this one whose runs take their steps from a tape, and know of these models."""
        return LocalDriver(replace(self._shop, models=models, tape=tape))

    async def drive(self, lease: Lease, plan: Plan, workspace: Workspace, watcher: Watcher) -> RunState:
        """Return the run's state when it has ended, with its result published, was paused, or is to be left.

        Cancelling the calling task leaves the run unfinished, to be taken up again; no process of it is left.

        Raises:
            LeaseLostError: another process has taken the run over; nothing more was written.
            StorageError: the state could not be written; the run can be taken up again once that is mended.
            SandboxUnavailableError: nothing here can isolate foreign code; likewise.
        """
        state = RunState(lease.run)
        past = await self._shop.store.events(lease.run)
        state.apply(past)
        watcher.events(past)
        log = RunLog(self._shop.store, lease, state, self._shop.determinism, self._shop.reach)
        log.watch(watcher.events)
        log.watch(self._notice)
        try:
            async with self._shop.admission.watching(), self._post.box(lease.run, state.message) as box:
                floor = floor_of(self._shop, plan, log, workspace, watcher)
                await floor.spending.recover()
                drive = _Drive(self._shop, floor, box, watcher)
                log.follow(drive.observe)
                await self._carry(drive)
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            self._shop.reach(CrashPoint.BEFORE_RELEASE)
            await asyncio.shield(self._shop.store.release(lease))
        return state

    def _notice(self, events: Sequence[Event]) -> None:
        if any(event.type == EventType.TASK_FAILED and event.data.get("by") for event in events):
            self._shop.admission.failed()

    async def _carry(self, drive: "_Drive") -> None:
        self._drives.add(drive)
        if self._leaving:
            drive.leave()
        try:
            await drive.to_the_end()
        finally:
            self._drives.discard(drive)

    async def tell_all(self) -> None:
        """Have every process look anew what may start."""
        await self._shop.admission.tell_all()

    @property
    def busy(self) -> bool:
        """Whether any run is being driven."""
        return bool(self._drives)

    @property
    def leaving(self) -> bool:
        """Whether runs are being left."""
        return self._leaving

    def leave(self, within_seconds: float) -> None:
        """Start nothing more; what goes on may end within that time, and is cut off then, to be taken up again."""
        self._leaving = True
        for drive in self._drives:
            drive.leave()
        asyncio.get_running_loop().call_later(within_seconds, self._cut_off)

    def _cut_off(self) -> None:
        for drive in self._drives:
            drive.stop()


class _Drive:
    """One run being driven by this process."""

    def __init__(self, shop: Workshop, floor: Floor, box: Box, watcher: Watcher) -> None:
        self._shop = shop
        self._watcher = watcher
        self._floor = floor
        self._box = box
        self._log = floor.log
        self._attempts: dict[str, asyncio.Task[None]] = {}
        self._measures: dict[str, asyncio.Task[None]] = {}
        self._joining: asyncio.Task[tuple[str | None, str]] | None = None
        self._changed = asyncio.Event()
        self._leaving = False
        self._door = Door(shop.admission, floor.run, shop.agents, self._changed.set)
        self._began = shop.determinism.now() - shop.determinism.monotonic()
        self._follow_plan(floor.plan)

    def _follow_plan(self, plan: Plan) -> None:
        self._floor.plan = plan
        self._floor.spending.follow(Planned.of(plan))
        self._tasks = {task.id: task for task in plan.tasks}
        parallel = min(self._shop.limits.tasks, plan.parallel or self._shop.limits.tasks)
        self._scheduler = Scheduler(plan, self._log.state, parallel)
        self._door.follow(plan)

    def observe(self, events: Sequence[Event]) -> None:
        """Take in what the state has taken in."""
        self._scheduler.observe(events)

    async def to_the_end(self) -> None:
        """Carry out decisions until the run has finished, is paused, or is to be left and nothing of it goes on."""
        try:
            await self._carry_on()
        finally:
            await asyncio.shield(self._door.close())

    async def _carry_on(self) -> None:
        async with (
            run_time(self._floor.spending, self._log.state.id, self._exceeded),
            asyncio.TaskGroup() as group,
        ):
            beside = [group.create_task(self._listen()), group.create_task(self._log.broken())]
            for task in sorted(self._scheduler.running):
                self._take_up(group, task, self._log.state.tasks[task].attempt)
            while self._log.state.status is RunStatus.RUNNING and (self._attempts or not self._leaving):
                self._changed.clear()
                decisions = () if self._leaving else self._scheduler.decide(self._now(), self._door.full())
                if not await self._carry_out_all(group, decisions):
                    await self._wait()
            for task in (*beside, *self._measures.values()):
                task.cancel()
        await self._log.durable()

    def leave(self) -> None:
        """Decide nothing more."""
        self._leaving = True
        self._changed.set()

    def stop(self) -> None:
        """Cut off what goes on."""
        for work in (*self._attempts.values(), *self._measures.values(), self._joining):
            if work is not None:
                work.cancel()
        self._changed.set()

    def _now(self) -> float:
        """Return the time, which here only goes on: a clock that is set back must not make a retry wait for it."""
        return self._began + self._shop.determinism.monotonic()

    async def _carry_out_all(self, group: asyncio.TaskGroup, decisions: Sequence[Decision]) -> bool:
        """Tell whether anything came of the decisions."""
        new = list(self._not_begun(self._door.admit(decisions, self._scheduler.free)))
        for decision in new:
            await self._carry_out(group, decision)
        return bool(new)

    def _not_begun(self, decisions: Sequence[Decision]) -> Iterator[Decision]:
        """Yield what is not being carried out already; one measure at a time, for each changes the plan that the next finds."""
        may_heal = not self._measures
        for decision in decisions:
            if isinstance(decision, Heal):
                if not may_heal:
                    continue
                may_heal = False
            yield decision

    async def _carry_out(self, group: asyncio.TaskGroup, decision: Decision) -> None:
        match decision:
            case Start(task, attempt, agent):
                meant = self._log.state.tasks[task].agent or self._tasks[task].agent
                diverted: dict[str, JsonValue] = {} if agent == meant else {"instead_of": meant}
                begun = self._append(EventType.TASK_STARTED, task, attempt, agent=agent, **diverted)
                self._begin(group, task, begun)
            case Heal(task, measure):
                self._measures[task] = group.create_task(self._heal(self._tasks[task], measure))
            case Skip():
                self._log.append(skipped_event(decision))
            case Pause():
                await self._append(EventType.RUN_PAUSED)
            case Finish(status, reason):
                await self._finish(status, reason)
            case _:
                self._ask(decision)

    def _ask(self, decision: Ask | Escalate | Expire) -> None:
        state = self._log.state.tasks[decision.task]
        match decision:
            case Ask():
                self._log.append(asked_event(decision, state))
            case Escalate(task):
                self._log.append(escalated_event(task, state))
            case Expire():
                self._log.append(expired_event(decision, state))

    async def _wait(self) -> None:
        due = None if self._leaving else self._scheduler.next_due()
        seconds = None if due is None else max(0.0, due - self._now())
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def _append(
        self, kind: EventType, task: str | None = None, attempt: int | None = None, **data: JsonValue
    ) -> Awaitable[None]:
        return self._log.append(NewEvent(type=kind, task=task, attempt=attempt, data=data))

    def _take_up(self, group: asyncio.TaskGroup, task: str, attempt: int) -> None:
        """Go on with an attempt that was cut off, unless the process it was cut off with was to end it."""
        if self._ending():
            self._cancelled(task, attempt)
        else:
            self._begin(group, task, self._append(EventType.TASK_RESUMED, task, attempt))

    def _ending(self) -> str:
        """Return why attempts are to be ended, if they are."""
        state = self._log.state
        if state.cancel_requested:
            return "the run was cancelled"
        return f"the run was stopped: {state.over_budget}" if state.over_budget else ""

    def _exceeded(self, over: OverBudgetError) -> None:
        """End all that goes on: what the run, or all runs together, may spend is spent."""
        if not self._ending():
            reason = f"{over} ({over.hint})"
            self._append(EventType.RUN_BUDGET_EXCEEDED, reason=reason, scope=over.scope)
            self.stop()

    def _cancelled(self, task: str, attempt: int) -> None:
        reason = self._ending()
        self._append(EventType.TASK_SKIPPED, task, attempt, status=TaskStatus.CANCELLED, reason=reason)

    def _begin(self, group: asyncio.TaskGroup, task: str, durable: Awaitable[None]) -> None:
        """Let an attempt go on; it does nothing before the event that tells of it is durable."""
        self._attempts[task] = group.create_task(self._attempt(self._tasks[task], durable))

    async def _attempt(self, task: Task, durable: Awaitable[None]) -> None:
        number = self._log.state.tasks[task.id].attempt
        try:
            await durable
            await self._door.enter(task.id, number, self._log.state.tasks[task.id].attempts[-1].agent)
            await try_task(self._floor, task, number, self._now)
        except OverBudgetError as over:
            self._exceeded(over)
            self._cancelled(task.id, number)
        except asyncio.CancelledError:
            if not self._ending():
                raise
            self._cancelled(task.id, number)
        finally:
            self._attempts.pop(task.id, None)
            self._door.left(task.id)
            self._changed.set()

    async def _heal(self, task: Task, measure: Measure) -> None:
        try:
            plan = await heal(self._shop, self._floor, task, measure)
            if plan is not None:
                self._follow_plan(plan)
                self._watcher.planned(plan)
        except OverBudgetError as over:
            self._exceeded(over)
        finally:
            self._measures.pop(task.id, None)
            self._changed.set()

    async def _finish(self, status: RunStatus, reason: str) -> None:
        final = None
        if status is RunStatus.PASSED:
            joined = await self._join()
            if joined is None:
                return
            final, fault = joined
            status, reason = (RunStatus.FAILED, fault) if fault else (status, reason)
        published = await hand_over(self._floor, final)
        await self._log.append(finished_event(status, reason, final, published))

    async def _join(self) -> tuple[str | None, str] | None:
        """Return what `join_results` does; None when that was stopped meanwhile."""
        self._joining = asyncio.create_task(join_results(self._floor))
        try:
            return await self._joining
        except asyncio.CancelledError:
            if is_being_cancelled():
                raise
            return None
        finally:
            self._joining = None

    async def _listen(self) -> None:
        """Take up what other processes ask of this run."""
        while True:
            message = await self._box.take()
            taken_in = self._taken_in(message)
            if taken_in is not None:
                self._changed.set()
                await taken_in
            await self._shop.store.taken(message)

    def _taken_in(self, message: Message) -> Awaitable[None] | None:
        """Make an event of a message; one that asks for what is so already makes none."""
        state = self._log.state
        match message.verb:
            case "cancel" if not state.cancel_requested:
                asked = self._append(EventType.RUN_CANCEL_REQUESTED, message=message.id)
                self.stop()
                return asked
            case "pause" if not state.pause_requested:
                return self._append(EventType.RUN_PAUSE_REQUESTED, message=message.id)
            case "answer":
                return self._answer(message)
            case _:
                return None

    def _answer(self, message: Message) -> Awaitable[None] | None:
        data = message.data
        state = self._log.state.tasks.get(data["task"])
        if state is None or state.question is None or state.question.number != data["number"]:
            return None
        outcome = Outcome(data["outcome"])
        return self._log.append(
            answered_event(
                data["task"],
                state,
                outcome,
                by=data["by"],
                comment=data["comment"],
                message=message.id,
            )
        )
