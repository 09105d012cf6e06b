"""The state of a run, folded from its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.evidence import Evidence


class RunStatus(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self is not RunStatus.RUNNING


class TaskStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        return self in {TaskStatus.PASSED, TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED}


class FailureKind(StrEnum):
    """Sorted by type of error, never by message. Only the first two are worth another attempt by themselves."""

    TIMEOUT = "timeout"
    TRANSIENT = "transient"
    CHECKS = "checks"
    PERMANENT = "permanent"


@dataclass(frozen=True)
class Attempt:
    """One try at a task. Times are seconds since the epoch."""

    number: int
    started_at: float
    ended_at: float | None = None
    failure: FailureKind | None = None
    reason: str = ""


@dataclass(frozen=True)
class TaskState:
    """What is known of one task. `commit` and `tree` are git ids, present once it passed."""

    status: TaskStatus = TaskStatus.WAITING
    attempts: tuple[Attempt, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    worked_tree: str | None = None
    commit: str | None = None
    tree: str | None = None
    retry_at: float | None = None
    reason: str = ""

    @property
    def attempt(self) -> int:
        return len(self.attempts)


@dataclass(frozen=True)
class Ground:
    """What a run stands on; git ids.

    Tasks without dependencies grow from the commit `base` (None: from nothing). When `onto` is given, the result is merged
    onto that commit, which has grown from the tree `previous` by a person's hand.
    """

    base: str | None = None
    onto: str | None = None
    previous: str | None = None


@dataclass
class RunState:
    """A run as its log tells it; changed only by `apply`, whose cost does not grow with the log.

    `merged` tells how a person's edits and a new generation went together, in lists of paths: `conflicts`, `kept` (edited,
    no longer generated), `edited` (generated, and theirs now), `added`, `changed`, `removed`; and the `commit` with marks.
    `steps` maps a step key to its recorded reply, `intended` holds the keys whose reply is not recorded yet.
    """

    id: str
    status: RunStatus = RunStatus.RUNNING
    tasks: dict[str, TaskState] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    intended: set[str] = field(default_factory=set)
    ground: Ground = Ground()
    merged: dict[str, Any] | None = None
    cancel_requested: bool = False
    seq: int = 0
    created_at: float = 0.0
    finished_at: float | None = None
    commit: str | None = None
    published: dict[str, Any] | None = None
    reason: str = ""

    def apply(self, events: Iterable[Event]) -> Self:
        """Take in the next events of this run's log; types it does not know change only `seq`."""
        for event in events:
            if event.task is None:
                self._apply_to_run(event)
            else:
                self._apply_to_task(event, event.task)
            self.seq = event.seq
        return self

    def _apply_to_run(self, event: Event) -> None:
        match event.type:
            case EventType.RUN_CREATED:
                self.tasks = {task: TaskState() for task in event.data["tasks"]}
                self.created_at = event.at
                self.ground = Ground(**event.data.get("ground", {}))
            case EventType.RUN_CANCEL_REQUESTED:
                self.cancel_requested = True
            case EventType.RUN_FINISHED:
                self.status = RunStatus(event.data["status"])
                self.finished_at = event.at
                self.commit = event.data.get("commit")
                self.published = event.data.get("published")
                self.reason = event.data.get("reason", "")
            case _:
                pass

    def _apply_to_task(self, event: Event, task: str) -> None:
        match event.type:
            case EventType.STEP_INTENDED:
                self.intended.add(event.data["key"])
            case EventType.STEP_DONE:
                self.intended.discard(event.data["key"])
                self.steps[event.data["key"]] = event.data["reply"]
            case EventType.EDITS_MERGED:
                self.merged = event.data
            case _:
                self.tasks[task] = _task_after(self.tasks[task], event)


def _task_after(task: TaskState, event: Event) -> TaskState:
    data = event.data
    match event.type:
        case EventType.TASK_STARTED:
            attempt = Attempt(number=event.attempt or 1, started_at=event.at)
            return replace(
                task,
                status=TaskStatus.RUNNING,
                attempts=(*task.attempts, attempt),
                evidence=(),
                worked_tree=None,
                retry_at=None,
            )
        case EventType.TASK_WORKED:
            return replace(task, worked_tree=data["tree"])
        case EventType.CHECK_FINISHED:
            return replace(task, evidence=(*task.evidence, Evidence.model_validate(data)))
        case EventType.TASK_PASSED:
            return replace(
                _ended(task, event),
                status=TaskStatus.PASSED,
                commit=data["commit"],
                tree=data["tree"],
                reason="",
            )
        case EventType.TASK_FAILED:
            retry_at = data.get("retry_at")
            status = TaskStatus.FAILED if retry_at is None else TaskStatus.RETRYING
            return replace(_ended(task, event), status=status, retry_at=retry_at, reason=data["reason"])
        case EventType.TASK_SKIPPED:
            begun = bool(task.attempts) and task.attempts[-1].ended_at is None
            ended = _ended(task, event) if begun else task
            return replace(ended, status=TaskStatus(data["status"]), reason=data["reason"], retry_at=None)
        case _:
            return task


def _ended(task: TaskState, event: Event) -> TaskState:
    failure = event.data.get("failure")
    last = replace(
        task.attempts[-1],
        ended_at=event.at,
        failure=FailureKind(failure) if failure else None,
        reason=event.data.get("reason", ""),
    )
    return replace(task, attempts=(*task.attempts[:-1], last))
