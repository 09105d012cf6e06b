"""What an attempt's end means: which kind of failure it was, and when to try again."""

import asyncio
import hashlib

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Task
from astrolabe.domain.task import FailureKind, TaskState
from astrolabe.engine.attempt import ChecksFailedError
from astrolabe.errors import (
    AstrolabeError,
    DeadlineError,
    OverBudgetError,
    ProofLostError,
    SecretFoundError,
    UnavailableError,
)

_HOPELESS = frozenset({FailureKind.PERMANENT, FailureKind.BUDGET, FailureKind.DENIED})
"""Another attempt by the same agent would end alike."""


def failure_event(
    run: str, task: Task, state: TaskState, number: int, error: Exception, now: float
) -> NewEvent:
    """Return the event that says how an attempt failed at `now`, and what follows.

    `retry_at` is when the next attempt is due, `agent` who makes it when another steps in, `heal` what is tried when no
    agent is left; when all three are absent the task has failed for good.
    """
    failure, reason = judged(error)
    data: dict[str, JsonValue] = {"failure": failure, "reason": reason, "retry_at": None}
    failures = state.failures + 1
    if failure not in _HOPELESS and failures <= task.retries:
        data["retry_at"] = now + task.backoff.seconds(failures, _fraction(run, task.id, number))
    elif failure is not FailureKind.BUDGET and (agent := _substitute(task, state)) is not None:
        data |= {"retry_at": now, "agent": agent}
    elif failure is not FailureKind.BUDGET:
        data |= _next_measure(task, state.healed)
    return NewEvent(type=EventType.TASK_FAILED, task=task.id, attempt=number, data=data)


def not_healed_event(task: Task, state: TaskState, reason: str) -> NewEvent:
    """Return the event that says that a measure did not help, and which is tried next."""
    data: dict[str, JsonValue] = {"reason": reason, **_next_measure(task, state.healed + 1)}
    return NewEvent(type=EventType.TASK_NOT_HEALED, task=task.id, data=data)


def _substitute(task: Task, state: TaskState) -> str | None:
    """Return the agent to be tried after the present one."""
    agents = (task.agent, *task.fallback)
    place = agents.index(state.agent or task.agent) + 1
    return agents[place] if place < len(agents) else None


def _next_measure(task: Task, tried: int) -> dict[str, JsonValue]:
    return {"heal": task.healing[tried]} if tried < len(task.healing) else {}


def judged(error: Exception) -> tuple[FailureKind, str]:
    """Return what kind of failure an error is, by its type and never by its message, and the reason to be shown."""
    if isinstance(error, ChecksFailedError):
        return FailureKind.CHECKS, str(error)
    if not isinstance(error, AstrolabeError):
        kind = FailureKind.TIMEOUT if isinstance(error, TimeoutError) else FailureKind.PERMANENT
        return kind, f"{type(error).__name__}: {error}"
    reason = f"{error} ({error.hint})" if error.hint else str(error)
    if isinstance(error, SecretFoundError | ProofLostError):
        return FailureKind.CHECKS, reason
    if isinstance(error, OverBudgetError):
        return FailureKind.BUDGET, reason
    if isinstance(error, DeadlineError):
        return FailureKind.TIMEOUT, reason
    return FailureKind.TRANSIENT if isinstance(error, UnavailableError) else FailureKind.PERMANENT, reason


def late(task: Task, error: Exception) -> DeadlineError:
    """Return what an attempt failed of whose time was up, whatever it made of being stopped then."""
    late = f"it took longer than {task.timeout_seconds:g} s"
    told = late if isinstance(error, TimeoutError) else f"{late}; stopped then, it said: {error}"
    return DeadlineError(told, hint="If it needs longer, give the task a longer `timeout`.")


def is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _fraction(run: str, task: str, attempt: int) -> float:
    """Return a number in [0, 1) that is the same whenever this run is replayed."""
    digest = hashlib.sha256(f"{run}/{task}/{attempt}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48
