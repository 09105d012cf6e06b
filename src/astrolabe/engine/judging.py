"""What an attempt's end means: which kind of failure it was, and when to try again."""

import asyncio
import hashlib

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Task
from astrolabe.domain.task import FailureKind
from astrolabe.engine.attempt import ChecksFailedError
from astrolabe.errors import AstrolabeError, DeadlineError, OverBudgetError, UnavailableError

_FINAL = frozenset({FailureKind.PERMANENT, FailureKind.BUDGET, FailureKind.DENIED})
"""What another attempt would not mend."""


def failure_event(run: str, task: Task, number: int, error: Exception, now: float) -> NewEvent:
    """Return the event that says how an attempt failed at `now`, and when the next one is due if there is to be one."""
    failure, reason = judged(error)
    retry_at = None
    if failure not in _FINAL and number <= task.retries:
        retry_at = now + task.backoff.seconds(number, _fraction(run, task.id, number))
    data: dict[str, JsonValue] = {"failure": failure, "reason": reason, "retry_at": retry_at}
    return NewEvent(type=EventType.TASK_FAILED, task=task.id, attempt=number, data=data)


def judged(error: Exception) -> tuple[FailureKind, str]:
    """Return what kind of failure an error is, by its type and never by its message, and the reason to be shown."""
    if isinstance(error, ChecksFailedError):
        return FailureKind.CHECKS, str(error)
    if not isinstance(error, AstrolabeError):
        kind = FailureKind.TIMEOUT if isinstance(error, TimeoutError) else FailureKind.PERMANENT
        return kind, f"{type(error).__name__}: {error}"
    reason = f"{error} ({error.hint})" if error.hint else str(error)
    if isinstance(error, OverBudgetError):
        return FailureKind.BUDGET, reason
    if isinstance(error, DeadlineError):
        return FailureKind.TIMEOUT, reason
    return FailureKind.TRANSIENT if isinstance(error, UnavailableError) else FailureKind.PERMANENT, reason


def late(task: Task, error: Exception) -> DeadlineError:
    """Return what an attempt failed of whose time was up, whatever it made of being stopped then."""
    late = f"it took longer than {task.timeout_seconds:g} s"
    return DeadlineError(
        late if isinstance(error, TimeoutError) else f"{late}; stopped then, it said: {error}"
    )


def is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _fraction(run: str, task: str, attempt: int) -> float:
    """Return a number in [0, 1) that is the same whenever this run is replayed."""
    digest = hashlib.sha256(f"{run}/{task}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
