"""A run as a workflow: it asks the scheduler what is to be done, and has workers do it."""

import asyncio
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError, is_cancelled_exception

from astrolabe.adapters.temporal import words
from astrolabe.adapters.temporal.course import Course
from astrolabe.adapters.temporal.words import (
    Asked,
    AttemptOrder,
    Ended,
    FinishOrder,
    Healed,
    HealOrder,
    NoteOrder,
    RunOrder,
    Told,
)
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.engine.decisions import Decision, Finish, Heal, Start

_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=10)
_SPARE_SECONDS = 7 * 86_400.0
"""What an attempt may take beyond its own limit, which it keeps by itself: it may wait for a slot, and for tools it needs."""
_SHORT_SECONDS = 60.0
_LONGEST = timedelta(days=30)
_FULL = 2.5
"""So many times the length at which Temporal proposes a new history, nothing is started any more until it has begun."""


@workflow.defn(name=words.RUN_WORKFLOW, versioning_behavior=VersioningBehavior.PINNED)
class RunWorkflow:
    """One run. Its id is the workflow's; it ends as the run does."""

    @workflow.init
    def __init__(self, order: RunOrder, skeleton: bytes, state: bytes) -> None:
        self._order = order
        self._again = _again(order.heartbeat_seconds)
        self._skeleton = skeleton
        self._course = Course(skeleton, state)
        self._notes = order.notes
        self._attempts: dict[str, asyncio.Task[None]] = {}
        self._work: dict[str, workflow.ActivityHandle[Told]] = {}
        self._finishing: workflow.ActivityHandle[Ended] | None = None
        self._fault: ActivityError | None = None
        self._asked: list[Asked] = []
        self._changed = False
        self._proposed: tuple[int, int] | None = None

    @workflow.run
    async def run(self, order: RunOrder, skeleton: bytes, state: bytes) -> str:
        """Carry the run to its end; return its status, or `joined` when its end waits for the host of its target."""
        del order, skeleton, state
        for task in self._course.running:
            self._take_up(task)
        while True:
            self._changed = False
            await self._hear()
            if self._fault is not None:
                raise self._fault
            decisions = self._course.decide(workflow.time())
            if [decision for decision in decisions if isinstance(decision, Finish)]:
                ended = await self._finish(decisions)
                if ended is not None:
                    return ended
            elif not (self._attempts or self._asked) and workflow.info().is_continue_as_new_suggested():
                self._go_on_anew()
            elif heals := [decision for decision in decisions if isinstance(decision, Heal)]:
                await self._wait() if self._attempts else await self._heal(heals[0])
            elif decisions and not self._is_full():
                await self._carry_out(decisions)
            else:
                await self._wait()

    @workflow.signal(name=words.ASK)
    def ask(self, asked: Asked) -> None:
        """Take in what a person asks of the run."""
        self._asked.append(asked)
        self._changed = True

    # what is asked

    async def _hear(self) -> None:
        asked, self._asked = self._asked, []
        for one in asked:
            news = self._course.taken_in(one)
            if one.verb == "cancel":
                await self._end(news)
            elif news:
                await self._note(news)

    async def _end(self, news: list[NewEvent]) -> None:
        """End all that goes on, for the reason given, unless that has been done."""
        if self._course.ending or not news:
            return
        await self._note(news)
        for work in (*self._work.values(), self._finishing):
            if work is not None:
                work.cancel()

    # what is done

    async def _carry_out(self, decisions: list[Decision]) -> None:
        told = [event for decision in decisions for event in self._course.told_of(decision)]
        if told:
            await self._note(told)
        for decision in decisions:
            if isinstance(decision, Start):
                self._start(decision)

    def _start(self, start: Start) -> None:
        event = NewEvent(
            type=EventType.TASK_STARTED,
            task=start.task,
            attempt=start.attempt,
            data={"agent": start.agent},
        )
        self._course.fold([event], workflow.time())
        self._begin(start.task, start.attempt, start.agent)

    async def _heal(self, heal: Heal) -> None:
        """Try a measure while nothing goes on: a plan that is made anew must not cross what is being done."""
        healed = await workflow.execute_activity(
            words.HEAL,
            HealOrder(
                self._order.run,
                self._order.plan_version,
                heal.task,
                heal.measure,
                self._course.state.tasks[heal.task].healed,
            ),
            result_type=Healed,
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=timedelta(seconds=self._order.heartbeat_seconds),
            retry_policy=self._again,
        )
        event = _event(healed.told)
        if event.type == EventType.RUN_BUDGET_EXCEEDED:
            await self._end([event])
            return
        if not healed.skeleton:
            self._course.fold([event], workflow.time())
            return
        self._skeleton = b64decode(healed.skeleton)
        self._course.follow(self._skeleton, event, workflow.time())
        self._order = replace(self._order, plan_version=self._course.state.plan_version)

    def _take_up(self, task: str) -> None:
        self._begin(task, self._course.state.tasks[task].attempt, self._agent_of(task))

    def _agent_of(self, task: str) -> str:
        return self._course.state.tasks[task].agent or self._course.tasks[task].agent

    def _begin(self, task: str, attempt: int, agent: str) -> None:
        order = AttemptOrder(
            self._order.run,
            self._order.plan_version,
            task,
            attempt,
            agent,
            raised={**self._course.state.raised},
        )
        self._attempts[task] = asyncio.create_task(self._attempt(order))

    async def _attempt(self, order: AttemptOrder) -> None:
        seconds = self._course.tasks[order.task].timeout_seconds + _SPARE_SECONDS
        work = workflow.start_activity(
            words.ATTEMPT,
            order,
            result_type=Told,
            task_queue=words.agent_queue(order.agent),
            start_to_close_timeout=timedelta(seconds=seconds),
            heartbeat_timeout=timedelta(seconds=self._order.heartbeat_seconds),
            retry_policy=self._again,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
            priority=self._course.priority(order.task),
        )
        self._work[order.task] = work
        if self._course.ending:
            work.cancel()
        try:
            told = await work
        except ActivityError as error:
            if not self._course.ending:
                self._fault, self._changed = error, True
                return
            told = await self._call_off(order)
        if told.type == EventType.RUN_BUDGET_EXCEEDED:
            await self._end([_event(told)])
            told = await self._call_off(order)
        self._course.fold([_event(told)], workflow.time())
        del self._attempts[order.task], self._work[order.task]
        self._changed = True

    async def _call_off(self, order: AttemptOrder) -> Told:
        """Have it written that an attempt ended with the run when its worker cannot: it was not begun, or is gone."""
        return await workflow.execute_activity(
            words.CALL_OFF,
            replace(order, reason=self._course.why_ending),
            result_type=Told,
            start_to_close_timeout=timedelta(seconds=_SHORT_SECONDS),
            retry_policy=self._again,
        )

    async def _note(self, news: list[NewEvent]) -> None:
        """Fold what the workflow itself has decided, and have it written."""
        self._course.fold(news, workflow.time())
        self._notes += 1
        await workflow.execute_activity(
            words.NOTE,
            NoteOrder(self._order.run, self._notes, [_told(new) for new in news]),
            start_to_close_timeout=timedelta(seconds=_SHORT_SECONDS),
            retry_policy=self._again,
        )

    async def _finish(self, decisions: list[Decision]) -> str | None:
        """End the run; None when it was cancelled while its results were being joined."""
        finish = next(decision for decision in decisions if isinstance(decision, Finish))
        order = FinishOrder(self._order.run, self._order.plan_version, finish.status, finish.reason)
        self._finishing = workflow.start_activity(
            words.FINISH,
            order,
            result_type=Ended,
            start_to_close_timeout=_LONGEST,
            heartbeat_timeout=timedelta(seconds=self._order.heartbeat_seconds),
            retry_policy=self._again,
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
        finishing = self._finishing
        try:
            await workflow.wait_condition(lambda: finishing.done() or bool(self._asked))
            await self._hear()
            ended = await finishing
        except ActivityError as error:
            if not is_cancelled_exception(error):
                raise
            return None
        finally:
            self._finishing = None
        return ended.status if ended.handed_over else "joined"

    # waiting

    def _is_full(self) -> bool:
        """Tell whether nothing may be started any more under this history: a new one begins when nothing goes on."""
        info = workflow.info()
        if not info.is_continue_as_new_suggested():
            return False
        told = info.get_current_history_length(), info.get_current_history_size()
        if self._proposed is None:
            self._proposed = told
        return any(now > _FULL * then for now, then in zip(told, self._proposed, strict=True))

    async def _wait(self) -> None:
        due = self._course.next_due()
        seconds = None if due is None else max(0.0, due - workflow.time())
        timeout = None if seconds is None else timedelta(seconds=seconds)
        try:
            await workflow.wait_condition(lambda: self._changed, timeout=timeout)
        except TimeoutError:
            return

    def _go_on_anew(self) -> None:
        order = RunOrder(
            self._order.run, self._order.plan_version, self._order.heartbeat_seconds, self._notes
        )
        workflow.continue_as_new(args=[order, self._skeleton, self._course.packed()])


def _again(heartbeat_seconds: float) -> RetryPolicy:
    """Say how an activity is repeated whose worker died or whose database was away; what a task fails of is no error of its.

    However many workers have died at it: the next begins within another limit of silence.
    """
    longest = min(_LONGEST_PAUSE, timedelta(seconds=heartbeat_seconds))
    return RetryPolicy(
        initial_interval=min(_FIRST_PAUSE, longest), backoff_coefficient=2.0, maximum_interval=longest
    )


def _told(new: NewEvent) -> Told:
    return Told(new.type, new.task, new.attempt, dict(new.data))


def _event(told: Told) -> NewEvent:
    data = dict(told.data)
    if told.retry_in is not None:
        data["retry_at"] = workflow.time() + told.retry_in
    return NewEvent(type=told.type, task=told.task, attempt=told.attempt, data=data)
