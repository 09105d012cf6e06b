"""The append-only log of a run: what happened, in order."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import JsonValue


class EventType(StrEnum):
    """Every type this version writes. Readers keep types they do not know."""

    RUN_CREATED = "run.created"
    RUN_CLAIMED = "run.claimed"
    RUN_CANCEL_REQUESTED = "run.cancel-requested"
    RUN_PAUSE_REQUESTED = "run.pause-requested"
    RUN_PAUSED = "run.paused"
    RUN_RESUMED = "run.resumed"
    RUN_BUDGET_EXCEEDED = "run.budget-exceeded"
    RUN_BUDGET_RAISED = "run.budget-raised"
    RUN_REOPENED = "run.reopened"
    RUN_JOINED = "run.joined"
    RUN_FINISHED = "run.finished"
    PLAN_CHANGED = "plan.changed"
    TASK_STARTED = "task.started"
    TASK_RESUMED = "task.resumed"
    EDITS_MERGED = "edits.merged"
    TASK_WORKED = "task.worked"
    CHECK_FINISHED = "check.finished"
    TASK_PASSED = "task.passed"
    TASK_ADOPTED = "task.adopted"
    TASK_FAILED = "task.failed"
    TASK_NOT_HEALED = "task.not-healed"
    TASK_SKIPPED = "task.skipped"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_ESCALATED = "approval.escalated"
    APPROVAL_ANSWERED = "approval.answered"
    STEP_INTENDED = "step.intended"
    STEP_DONE = "step.done"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it has a place in the log. Several are made for every task: hence nothing is validated here."""

    type: str
    task: str | None = None
    attempt: int | None = None
    data: dict[str, JsonValue] = field(default_factory=dict)
    v: int = 1

    def placed(self, run: str, seq: int, *, at: float, actor: str) -> "Event":
        """Return it as the event it becomes in a log."""
        return Event(
            run=run,
            seq=seq,
            type=str(self.type),
            v=self.v,
            at=at,
            task=self.task,
            attempt=self.attempt,
            actor=actor,
            data=self.data,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`seq` counts from 1 without gaps within a run; `at` is seconds since the epoch; `v` versions `data`."""

    run: str
    seq: int
    type: str
    v: int
    at: float
    task: str | None = None
    attempt: int | None = None
    actor: str
    data: dict[str, Any] = field(default_factory=dict)
