"""Runs recorded with the code of each version of the rules: what was written is read and decided as it was then."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from astrolabe.domain.budget import Scope
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState
from astrolabe.domain.task import FailureKind, Outcome
from astrolabe.engine.attempt import ChecksFailedError
from astrolabe.engine.decisions import Ask, Decision, Escalate, Expire, Finish, Heal, Pause, Skip, Start
from astrolabe.engine.judging import failure_event, not_healed_event
from astrolabe.engine.scheduler import RULES_VERSION, Scheduler
from astrolabe.errors import DeadlineError, MissingError, OverBudgetError, UnavailableError

FOLDER = Path(__file__).resolve().parents[2] / "data" / "histories"
FILES = sorted(FOLDER.glob("rules-*/*.json"))
STATE = TypeAdapter(RunState)
_BEGUN_ANEW = {EventType.TASK_ADOPTED, EventType.PLAN_CHANGED, EventType.RUN_REOPENED}
"""After these a driver begins with a new scheduler."""


class History:
    """A recorded log, and what its run had become in the end."""

    def __init__(self, file: Path) -> None:
        told = json.loads(file.read_text())
        self.plans = [Plan.model_validate(plan) for plan in told["plans"]]
        self.events = [Event(**event) for event in told["events"]]
        self.state: dict[str, Any] = told["state"]
        self.parallel: int = told["parallel"]

    def until(self, length: int) -> RunState:
        return RunState(self.events[0].run).apply(self.events[:length])

    def walk(self) -> Iterator[tuple[int, Event, Scheduler]]:
        """Give each event with its place, and a scheduler that has seen all before it."""
        state = self.until(1)
        lasting = self.scheduler(state)
        for place, event in enumerate(self.events[1:], 1):
            yield place, event, lasting
            state.apply([event])
            lasting.observe([event])
            if event.type in _BEGUN_ANEW:
                lasting = self.scheduler(state)

    def scheduler(self, state: RunState) -> Scheduler:
        plan = self.plans[state.plan_version - 1]
        return Scheduler(plan, state, min(self.parallel, plan.parallel or self.parallel))


@pytest.fixture(params=FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def history(request: pytest.FixtureRequest) -> History:
    return History(request.param)


def test_there_are_histories_of_each_version_of_the_rules() -> None:
    recorded = {int(file.parent.name.removeprefix("rules-")) for file in FILES}
    assert recorded == set(range(1, RULES_VERSION + 1))


def test_the_histories_of_the_present_rules_tell_of_all_that_follows_from_a_rule() -> None:
    files = [file for file in FILES if file.parent.name == f"rules-{RULES_VERSION}"]
    assert {event.type for file in files for event in History(file).events} >= {*_OF_DECISIONS, *_FOLLOWING}


def test_a_history_folds_to_the_state_it_led_to(history: History) -> None:
    folded = STATE.dump_python(history.until(len(history.events)), mode="json")
    folded["intended"].sort()
    assert as_recorded(folded, history.state) == history.state


def as_recorded(now: Any, then: Any) -> Any:
    """Leave out what is known of a run today and was not when it was recorded."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {key: as_recorded(value, then[key]) for key, value in now.items() if key in then}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [as_recorded(*pair) for pair in zip(now, then, strict=True)]
    return now


def test_what_was_decided_is_decided_again(history: History) -> None:
    """In the same order; by a scheduler that has seen all of it, and by one that begins there, as after a death."""
    decided = expected = 0
    for place, event, lasting in history.walk():
        decisions = told(lasting, event.at)
        assert told(history.scheduler(history.until(place)), event.at) == decisions
        if place >= decided and is_of_a_decision(event):
            following = history.events[place : place + len(decisions)]
            assert [matter_of(event) for event in following] == decisions
            decided = place + len(decisions)
            expected += 1
    assert expected


def test_what_followed_a_failure_follows_again(history: History) -> None:
    """The same agent after the same time, another one, the same measure, or nothing."""
    for place, event, scheduler in history.walk():
        if event.type not in {EventType.TASK_FAILED, EventType.TASK_NOT_HEALED}:
            continue
        state = history.until(place)
        task = history.plans[state.plan_version - 1].task(event.task or "")
        before = state.tasks[task.id]
        if event.type == EventType.TASK_NOT_HEALED:
            assert [one.measure for one in scheduler.decide(event.at) if isinstance(one, Heal)]
            again = not_healed_event(task, before, "")
        else:
            error = _ERRORS[FailureKind(event.data["failure"])]
            again = failure_event(state.id, task, before, event.attempt or 0, error, event.at)
            assert again.data["retry_at"] == pytest.approx(event.data["retry_at"], abs=0.5)
            assert again.data["failure"] == event.data["failure"]
        assert {name: again.data.get(name) for name in _FOLLOWS} == {
            name: event.data.get(name) for name in _FOLLOWS
        }


def test_a_measure_that_changed_the_plan_is_decided_again(history: History) -> None:
    for _, event, scheduler in history.walk():
        if event.type == EventType.PLAN_CHANGED:
            heals = [one for one in scheduler.decide(event.at) if isinstance(one, Heal)]
            assert Heal(event.data["task"], event.data["measure"]) in heals


def told(scheduler: Scheduler, now: float) -> list[tuple[str, ...]]:
    """Return what is decided, without what takes its time before an event tells of it."""
    return [_words(decision) for decision in scheduler.decide(now) if not isinstance(decision, Heal)]


def _words(decision: Decision) -> tuple[str, ...]:
    """Return a decision as the event tells of it that comes of it; reasons are words for people, not rules."""
    match decision:
        case Start(task, attempt, agent):
            return EventType.TASK_STARTED, task, str(attempt), agent
        case Skip(task, status, _):
            return EventType.TASK_SKIPPED, task, status
        case Ask(task, occasion):
            return EventType.APPROVAL_REQUESTED, task, occasion
        case Escalate(task):
            return EventType.APPROVAL_ESCALATED, task
        case Expire(task, granted):
            return EventType.APPROVAL_ANSWERED, task, str(granted)
        case Pause():
            return (EventType.RUN_PAUSED,)
        case Finish(status, _):
            return EventType.RUN_FINISHED, status
        case Heal(task, measure):
            return "heal", task, measure


def matter_of(event: Event) -> tuple[str, ...]:
    data, task = event.data, event.task or ""
    match event.type:
        case EventType.TASK_STARTED:
            return event.type, task, str(event.attempt), data["agent"]
        case EventType.TASK_SKIPPED | EventType.RUN_FINISHED:
            return tuple(filter(None, (event.type, task, data["status"])))
        case EventType.APPROVAL_REQUESTED:
            return event.type, task, data["occasion"]
        case EventType.APPROVAL_ESCALATED:
            return event.type, task
        case EventType.APPROVAL_ANSWERED:
            return event.type, task, str(data["granted"])
        case _:
            return (event.type,)


def is_of_a_decision(event: Event) -> bool:
    """Tell whether an event comes of a decision of the scheduler, and not of an attempt, a person or a measure."""
    match event.type:
        case EventType.TASK_SKIPPED:
            return event.attempt is None
        case EventType.APPROVAL_ANSWERED:
            return event.data["outcome"] == Outcome.UNANSWERED
        case _:
            return event.type in _OF_DECISIONS


_OF_DECISIONS = {
    EventType.TASK_STARTED,
    EventType.APPROVAL_REQUESTED,
    EventType.APPROVAL_ESCALATED,
    EventType.RUN_PAUSED,
    EventType.RUN_FINISHED,
}

_FOLLOWING = {
    EventType.APPROVAL_ESCALATED,
    EventType.APPROVAL_ANSWERED,
    EventType.TASK_FAILED,
    EventType.TASK_NOT_HEALED,
    EventType.TASK_SKIPPED,
    EventType.PLAN_CHANGED,
    EventType.RUN_REOPENED,
    EventType.RUN_BUDGET_EXCEEDED,
}
_FOLLOWS = ("agent", "heal")
_ERRORS: dict[FailureKind, Exception] = {
    FailureKind.TIMEOUT: DeadlineError(""),
    FailureKind.TRANSIENT: UnavailableError(""),
    FailureKind.CHECKS: ChecksFailedError([]),
    FailureKind.PERMANENT: MissingError(""),
    FailureKind.BUDGET: OverBudgetError("", Scope.TASK),
}
"""One error of each kind: what follows is decided by the kind."""
