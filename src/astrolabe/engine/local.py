"""The local driver: one process, one event loop, any number of runs it owns."""

import asyncio
from collections.abc import Awaitable

from pydantic import JsonValue

from astrolabe.domain.budget import Scope
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskStatus
from astrolabe.engine.attempt import attempt_task, first_of
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.finishing import finished_event, hand_over
from astrolabe.engine.floor import Floor
from astrolabe.engine.judging import failure_event, is_being_cancelled, late
from astrolabe.engine.log import RunLog
from astrolabe.engine.meter import run_time
from astrolabe.engine.results import join_results
from astrolabe.engine.scheduler import Decision, Finish, Scheduler, Skip, Start
from astrolabe.engine.workshop import Watcher, Workshop, floor_of
from astrolabe.errors import (
    LeaseLostError,
    OverBudgetError,
    SandboxLostError,
    SandboxUnavailableError,
    StorageError,
)
from astrolabe.ports.store import Lease
from astrolabe.ports.workspace import Workspace

INBOX_SECONDS = 5.0
"""A run's inbox is read again after this long even when no wake-up came."""


class LocalDriver:
    """Carries a run from where its log stands to its end."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    async def drive(self, lease: Lease, plan: Plan, workspace: Workspace, watcher: Watcher) -> RunState:
        """Return the run's final state; its result has been published then.

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
        scheduler = Scheduler(plan, state, self._shop.limits.tasks)
        log.follow(scheduler.observe)
        log.watch(watcher.events)
        floor = floor_of(self._shop, plan, log, workspace, watcher)
        await floor.spending.recover()
        try:
            await _Drive(self._shop, floor, scheduler).to_the_end()
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            self._shop.reach(CrashPoint.BEFORE_RELEASE)
            await asyncio.shield(self._shop.store.release(lease))
        return state


class _Drive:
    """One run being driven by this process."""

    def __init__(self, shop: Workshop, floor: Floor, scheduler: Scheduler) -> None:
        self._shop = shop
        self._floor = floor
        self._log = floor.log
        self._tasks = {task.id: task for task in floor.plan.tasks}
        self._scheduler = scheduler
        self._attempts: dict[str, asyncio.Task[None]] = {}
        self._joining: asyncio.Task[tuple[str | None, str]] | None = None
        self._changed = asyncio.Event()
        self._began = shop.determinism.now() - shop.determinism.monotonic()

    async def to_the_end(self) -> None:
        """Carry out decisions until the run has finished."""
        async with (
            run_time(self._floor.spending, self._log.state.id, self._exceeded),
            asyncio.TaskGroup() as group,
        ):
            beside = [group.create_task(self._listen()), group.create_task(self._log.broken())]
            for task in sorted(self._scheduler.running):
                self._take_up(group, task, self._log.state.tasks[task].attempt)
            while not self._log.state.status.final:
                self._changed.clear()
                decisions = self._scheduler.decide(self._now())
                for decision in decisions:
                    await self._carry_out(group, decision)
                if not decisions:
                    await self._wait()
            for task in beside:
                task.cancel()

    def _now(self) -> float:
        """Return the time, which here only goes on: a clock that is set back must not make a retry wait for it."""
        return self._began + self._shop.determinism.monotonic()

    async def _carry_out(self, group: asyncio.TaskGroup, decision: Decision) -> None:
        match decision:
            case Start(task, attempt):
                started = self._append(EventType.TASK_STARTED, task, attempt, agent=self._tasks[task].agent)
                self._begin(group, task, started)
            case Skip(task, status, reason):
                self._append(EventType.TASK_SKIPPED, task, status=status, reason=reason)
            case Finish(status, reason):
                await self._finish(status, reason)

    async def _wait(self) -> None:
        due = self._scheduler.next_retry()
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
        if self._ending:
            self._cancelled(task, attempt)
        else:
            self._begin(group, task, self._append(EventType.TASK_RESUMED, task, attempt))

    def _cancelled(self, task: str, attempt: int) -> None:
        over = self._log.state.over_budget
        reason = f"the run was stopped: {over}" if over else "the run was cancelled"
        self._append(EventType.TASK_SKIPPED, task, attempt, status=TaskStatus.CANCELLED, reason=reason)

    def _begin(self, group: asyncio.TaskGroup, task: str, durable: Awaitable[None]) -> None:
        """Let an attempt go on; it does nothing before the event that tells of it is durable."""
        self._attempts[task] = group.create_task(self._attempt(self._tasks[task], durable))

    async def _attempt(self, task: Task, durable: Awaitable[None]) -> None:
        number = self._log.state.tasks[task.id].attempt
        try:
            await durable
            await self._try(task, number)
        except asyncio.CancelledError:
            if not self._ending:
                raise
            self._cancelled(task.id, number)
        finally:
            self._attempts.pop(task.id, None)
            self._changed.set()

    async def _try(self, task: Task, number: int) -> None:
        """Make one attempt and write down how it failed; what stops the whole run is raised."""
        deadline = asyncio.timeout(task.timeout_seconds)
        try:
            async with deadline:
                await self._persist(task, number)
        except OverBudgetError as over:
            if over.scope == Scope.TASK:
                self._log.append(failure_event(self._log.state.id, task, number, over, self._now()))
                return
            self._exceeded(over)
            raise asyncio.CancelledError from over
        except (LeaseLostError, StorageError, SandboxUnavailableError):
            raise
        except Exception as error:  # an agent is foreign code: whatever it raises is its attempt's failure
            if is_being_cancelled():
                # What breaks while all is being stopped says nothing of the attempt, which is to be taken up again.
                raise asyncio.CancelledError from error
            if deadline.expired():
                error = late(task, error)
            self._log.append(failure_event(self._log.state.id, task, number, error, self._now()))

    async def _persist(self, task: Task, number: int) -> None:
        """Attempt a task; a sandbox that was killed from outside is followed by another, once, as after a crash."""
        try:
            await attempt_task(self._floor, task, number)
        except SandboxLostError:
            if is_being_cancelled():
                raise
            await self._append(EventType.TASK_RESUMED, task.id, number)
            await attempt_task(self._floor, task, number)

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
        """Return what `join_results` does; None when the run was cancelled meanwhile."""
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
        run = self._log.state.id
        while True:
            for message in await self._shop.store.inbox(run):
                if message.verb == "cancel" and not self._log.state.cancel_requested:
                    self._append(EventType.RUN_CANCEL_REQUESTED)
                    self._stop()
            await self._shop.woken(run, INBOX_SECONDS)

    @property
    def _ending(self) -> bool:
        """Whether attempts are ended rather than left to be taken up again."""
        return self._log.state.cancel_requested or bool(self._log.state.over_budget)

    def _exceeded(self, over: OverBudgetError) -> None:
        """End all that goes on: what the run, or all runs together, may spend is spent."""
        if not self._ending:
            reason = f"{over} ({over.hint})"
            self._append(EventType.RUN_BUDGET_EXCEEDED, reason=reason, scope=over.scope)
            self._stop()

    def _stop(self) -> None:
        for work in (*self._attempts.values(), self._joining):
            if work is not None:
                work.cancel()
        self._changed.set()
