"""The course of one run inside its workflow: the state folded from what workers tell, and the rules over it.

Without a clock and without effects, as everything in a workflow: replayed, it decides the same.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import JsonValue
from temporalio.common import Priority

from astrolabe.adapters.temporal.skeleton import packed_state, unpacked_plan, unpacked_state
from astrolabe.adapters.temporal.words import Asked
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState
from astrolabe.domain.task import Outcome
from astrolabe.engine.asking import answered_event, asked_event, escalated_event, expired_event
from astrolabe.engine.decisions import Ask, Decision, Escalate, Expire, Pause, Skip
from astrolabe.engine.scheduler import Scheduler

MOST_PENDING = 500
"""Attempts that go on at once in one run: Temporal takes 2,000 pending activities a workflow, and looks at each often."""


_HIGH = 100
"""Temporal knows five priorities: ours are 0, those above and below it, and those from here on."""


class Course:
    """`plan` is a skeleton."""

    def __init__(self, skeleton: bytes, state: bytes) -> None:
        plan = unpacked_plan(skeleton)
        self.state: RunState = unpacked_state(state, plan)
        self._follow(plan)

    @property
    def running(self) -> list[str]:
        """Tasks whose attempt goes on, in the plan's order."""
        running = self._scheduler.running
        return [task.id for task in self.plan.tasks if task.id in running]

    @property
    def ending(self) -> bool:
        """Whether what goes on is ended rather than left to come to its own end."""
        return bool(self.why_ending)

    @property
    def why_ending(self) -> str:
        """Why what goes on is ended; empty when it is not."""
        if self.state.over_budget:
            return f"the run was stopped: {self.state.over_budget}"
        return "the run was cancelled" if self.state.cancel_requested else ""

    def fold(self, news: Iterable[NewEvent], at: float) -> None:
        """Take in what has happened, at a time in seconds since the epoch."""
        for new in news:  # one by one: the rules look at what each makes of its task
            event = new.placed(self.state.id, self.state.seq + 1, at=at, actor="workflow")
            self.state.apply([event])
            self._scheduler.observe([event])

    def follow(self, skeleton: bytes, new: NewEvent, at: float) -> None:
        """Follow another plan from the event on that says so."""
        self.state.apply([new.placed(self.state.id, self.state.seq + 1, at=at, actor="workflow")])
        self._follow(unpacked_plan(skeleton))

    def _follow(self, plan: Plan) -> None:
        self.plan = plan
        self.tasks = {task.id: task for task in plan.tasks}
        parallel = min(plan.parallel or MOST_PENDING, MOST_PENDING)
        self._scheduler = Scheduler(plan, self.state, parallel)

    def priority(self, task: str) -> Priority:
        """Return when a task comes among all that wait for workers: by its own priority, and by its run's weight."""
        own = self.tasks[task].priority
        key = 3 - (own > 0) - (own >= _HIGH) + (own < 0) + (own <= -_HIGH)
        return Priority(priority_key=key, fairness_key=self.state.id, fairness_weight=self.plan.weight)

    def told_of(self, decision: Decision) -> list[NewEvent]:
        """Return the events that carry a decision out by themselves; none for one that workers carry out."""
        match decision:
            case Skip(task, status, reason):
                data: dict[str, JsonValue] = {"status": status, "reason": reason}
                return [NewEvent(type=EventType.TASK_SKIPPED, task=task, data=data)]
            case Ask(task):
                return [asked_event(decision, self.state.tasks[task])]
            case Escalate(task):
                return [escalated_event(task, self.state.tasks[task])]
            case Expire(task):
                return [expired_event(decision, self.state.tasks[task])]
            case Pause():
                return [NewEvent(type=EventType.RUN_PAUSED)]
            case _:
                return []

    def taken_in(self, asked: Asked) -> list[NewEvent]:
        """Return the events that follow from what a person asks; none for what is so already."""
        match asked.verb:
            case "cancel" if not self.state.cancel_requested:
                return [NewEvent(type=EventType.RUN_CANCEL_REQUESTED)]
            case "pause" if not self.state.pause_requested:
                return [NewEvent(type=EventType.RUN_PAUSE_REQUESTED)]
            case "resume" if self.state.pause_requested:
                return [NewEvent(type=EventType.RUN_RESUMED)]
            case "answer":
                return self._answered(asked.data)
            case _:
                return []

    def _answered(self, data: dict[str, Any]) -> list[NewEvent]:
        task = self.state.tasks.get(data["task"])
        if task is None or task.question is None or task.question.number != data["number"]:
            return []
        outcome = Outcome(data["outcome"])
        return [answered_event(data["task"], task, outcome, by=data["by"], comment=data["comment"])]

    def decide(self, now: float) -> list[Decision]:
        return self._scheduler.decide(now)

    def next_due(self) -> float | None:
        """Return when time alone will change what is to be done."""
        return self._scheduler.next_due()

    def packed(self) -> bytes:
        """Return the state for a workflow that goes on from here."""
        return packed_state(self.state)
