"""The state of one task of a run, folded from its events."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.evidence import Evidence

T = TypeVar("T")


class TaskStatus(StrEnum):
    """ASKING waits for a person's answer; HEALING could not be done by any agent, and what else there is, is tried."""

    WAITING = "waiting"
    ASKING = "asking"
    RUNNING = "running"
    RETRYING = "retrying"
    HEALING = "healing"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({TaskStatus.PASSED, TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED})


class FailureKind(StrEnum):
    """Sorted by type of error, never by message. Only the first three are worth another attempt by themselves.

    BUDGET: what the task may cost is spent. DENIED: a person was asked, and did not approve.
    """

    TIMEOUT = "timeout"
    TRANSIENT = "transient"
    CHECKS = "checks"
    PERMANENT = "permanent"
    BUDGET = "budget"
    DENIED = "denied"


class Outcome(StrEnum):
    """The three ways in which a question to a person ends."""

    APPROVED = "approved"
    DENIED = "denied"
    UNANSWERED = "unanswered"


class Occasion(StrEnum):
    """Why a person is asked: before a task starts, or whether it is to be tried again."""

    START = "start"
    AGAIN = "again"


@dataclass(frozen=True)
class Attempt:
    """One try at a task. Times are seconds since the epoch."""

    number: int
    started_at: float
    agent: str = ""
    ended_at: float | None = None
    failure: FailureKind | None = None
    reason: str = ""


@dataclass(frozen=True)
class Question:
    """What a person was asked about a task; `number` counts its questions from 1. Times are seconds since the epoch.

    `outcome` is None while it waits. `granted` tells whether the task goes on: also one that nobody answered may.
    """

    number: int
    occasion: Occasion
    text: str
    asked_at: float
    deadline_at: float | None = None
    escalate_at: float | None = None
    escalate_to: str = ""
    escalated_at: float | None = None
    outcome: Outcome | None = None
    granted: bool = False
    answered_at: float | None = None
    by: str = ""
    comment: str = ""


@dataclass(frozen=True)
class TaskState:
    """What is known of one task. `commit` and `tree` are git ids, present once it passed.

    `merged` are commits of the person's that its agent has merged. `agent` is the one that stands in for the plan's own (None: the plan's own), `failures` counts the attempts that agent
    has failed, `healed` the measures that have been tried since. `adopted_from` names the run a passed task was taken over
    from. `lost_tests` are those that were there before it, and are gone or would be skipped now. `subject` is the line that
    its agent gave the change, `models` those that answered it.
    """

    status: TaskStatus = TaskStatus.WAITING
    attempts: tuple[Attempt, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    worked_tree: str | None = None
    worked_from: str | None = None
    merged: tuple[str, ...] = ()
    commit: str | None = None
    tree: str | None = None
    retry_at: float | None = None
    reason: str = ""
    agent: str | None = None
    failures: int = 0
    healed: int = 0
    questions: tuple[Question, ...] = ()
    approved: bool = False
    adopted_from: str | None = None
    lost_tests: tuple[str, ...] = ()
    subject: str = ""
    models: tuple[str, ...] = ()

    @property
    def attempt(self) -> int:
        return len(self.attempts)

    @property
    def question(self) -> Question | None:
        """The question that waits for an answer."""
        return self.questions[-1] if self.status is TaskStatus.ASKING else None


def task_after(task: TaskState, event: Event) -> TaskState:
    """Return what an event makes of a task; types it does not know change nothing."""
    follow = _FOLDS.get(event.type)
    return task if follow is None else follow(task, event)


def begun_anew(task: TaskState) -> TaskState:
    """Return a task that waits as at first; only its history stays."""
    questions = task.questions
    if task.question is not None:
        questions = _with_question(task, outcome=Outcome.UNANSWERED).questions
    return TaskState(attempts=task.attempts, questions=questions)


def _started(task: TaskState, event: Event) -> TaskState:
    attempt = Attempt(event.attempt or 1, started_at=event.at, agent=event.data.get("agent", ""))
    return _with(
        task,
        status=TaskStatus.RUNNING,
        attempts=(*task.attempts, attempt),
        evidence=(),
        worked_tree=None,
        worked_from=None,
        merged=(),
        subject="",
        models=(),
        retry_at=None,
        **(_stands_in(event.data["agent"]) if event.data.get("instead_of") else {}),
    )


def _stands_in(agent: str) -> dict[str, Any]:
    return {"agent": agent, "failures": 0}


def _worked(task: TaskState, event: Event) -> TaskState:
    data = event.data
    return _with(
        task,
        worked_tree=data["tree"],
        worked_from=data.get("from"),
        subject=data.get("subject", ""),
        models=tuple(data.get("models", ())),
        merged=tuple(data.get("merged", ())),
    )


def _checked(task: TaskState, event: Event) -> TaskState:
    return _with(task, evidence=(*task.evidence, Evidence.model_validate(event.data)))


def _passed(task: TaskState, event: Event) -> TaskState:
    data = event.data
    return _with(
        _ended(task, event),
        status=TaskStatus.PASSED,
        commit=data["commit"],
        tree=data["tree"],
        reason="",
        lost_tests=tuple(data.get("lost_tests", ())),
    )


def _adopted(task: TaskState, event: Event) -> TaskState:
    data = event.data
    evidence = tuple(Evidence.model_validate(item) for item in data["evidence"])
    return _with(
        task,
        status=TaskStatus.PASSED,
        commit=data["commit"],
        tree=data["tree"],
        evidence=evidence,
        adopted_from=data["run"],
    )


def _failed(task: TaskState, event: Event) -> TaskState:
    data = event.data
    retry_at, agent = data.get("retry_at"), data.get("agent")
    return _with(
        _ended(task, event),
        status=status_after_failure(data),
        retry_at=retry_at,
        reason=data["reason"],
        agent=agent or task.agent,
        failures=0 if agent else task.failures + 1,
    )


def status_after_failure(data: dict[str, Any]) -> TaskStatus:
    """Return where a task stands after an attempt, or a measure, that failed; `data` is its event's."""
    if data.get("retry_at") is not None:
        return TaskStatus.RETRYING
    return TaskStatus.HEALING if data.get("heal") else TaskStatus.FAILED


def _not_healed(task: TaskState, event: Event) -> TaskState:
    status = status_after_failure(event.data)
    reason = event.data.get("reason")
    return _with(task, status=status, healed=task.healed + 1, reason=reason or task.reason)


def _skipped(task: TaskState, event: Event) -> TaskState:
    begun = bool(task.attempts) and task.attempts[-1].ended_at is None
    ended = _ended(task, event) if begun else task
    status = TaskStatus(event.data["status"])
    if task.question is not None:
        ended = _with_question(ended, outcome=Outcome.UNANSWERED, answered_at=event.at)
    return _with(ended, status=status, reason=event.data["reason"], retry_at=None)


def _asked(task: TaskState, event: Event) -> TaskState:
    data = event.data
    question = Question(
        number=len(task.questions) + 1,
        occasion=Occasion(data["occasion"]),
        text=data["question"],
        asked_at=event.at,
        deadline_at=data.get("deadline_at"),
        escalate_at=data.get("escalate_at"),
        escalate_to=data.get("escalate_to", ""),
    )
    return _with(task, status=TaskStatus.ASKING, questions=(*task.questions, question))


def _escalated(task: TaskState, event: Event) -> TaskState:
    return _with_question(task, escalated_at=event.at)


def _answered(task: TaskState, event: Event) -> TaskState:
    data, asked = event.data, task.questions[-1]
    told = _with_question(
        task,
        outcome=Outcome(data["outcome"]),
        granted=data["granted"],
        answered_at=event.at,
        by=data.get("by", ""),
        comment=data.get("comment", ""),
    )
    if not data["granted"]:
        return _with(told, status=TaskStatus.FAILED, reason=data["reason"])
    if asked.occasion is Occasion.START:
        return _with(told, status=TaskStatus.WAITING, approved=True)
    return _with(told, status=TaskStatus.WAITING, failures=0, agent=None, healed=0, reason="")


def _with(value: T, **values: Any) -> T:
    """Return a copy with some fields set anew: `dataclasses.replace` for values of this module, at a tenth of its cost."""
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__, **values)
    return copy


def _with_question(task: TaskState, **values: Any) -> TaskState:
    return _with(task, questions=(*task.questions[:-1], _with(task.questions[-1], **values)))


def _ended(task: TaskState, event: Event) -> TaskState:
    failure = event.data.get("failure")
    last = _with(
        task.attempts[-1],
        ended_at=event.at,
        failure=FailureKind(failure) if failure else None,
        reason=event.data.get("reason", ""),
    )
    return _with(task, attempts=(*task.attempts[:-1], last))


_FOLDS: dict[str, Callable[[TaskState, Event], TaskState]] = {
    EventType.TASK_STARTED: _started,
    EventType.TASK_WORKED: _worked,
    EventType.CHECK_FINISHED: _checked,
    EventType.TASK_PASSED: _passed,
    EventType.TASK_ADOPTED: _adopted,
    EventType.TASK_FAILED: _failed,
    EventType.TASK_NOT_HEALED: _not_healed,
    EventType.TASK_SKIPPED: _skipped,
    EventType.APPROVAL_REQUESTED: _asked,
    EventType.APPROVAL_ESCALATED: _escalated,
    EventType.APPROVAL_ANSWERED: _answered,
}
