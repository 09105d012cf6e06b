"""The events of a question to a person: asked, passed on, answered."""

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.task import FailureKind, Occasion, Outcome, TaskState
from astrolabe.engine.decisions import Ask, Expire


def asked_event(ask: Ask, state: TaskState) -> NewEvent:
    """Return the event that puts a question."""
    data: dict[str, JsonValue] = {
        "number": len(state.questions) + 1,
        "occasion": ask.occasion,
        "question": ask.question,
        "deadline_at": ask.deadline_at,
        "escalate_at": ask.escalate_at,
        "escalate_to": ask.escalate_to,
    }
    return NewEvent(type=EventType.APPROVAL_REQUESTED, task=ask.task, data=data)


def escalated_event(task: str, state: TaskState) -> NewEvent:
    """Return the event that passes an open question on."""
    data: dict[str, JsonValue] = {
        "number": len(state.questions),
        "escalate_to": state.questions[-1].escalate_to,
    }
    return NewEvent(type=EventType.APPROVAL_ESCALATED, task=task, data=data)


def expired_event(expire: Expire, state: TaskState) -> NewEvent:
    """Return the event that ends an open question which nobody has answered."""
    return answered_event(expire.task, state, Outcome.UNANSWERED, granted=expire.granted)


def answered_event(
    task: str,
    state: TaskState,
    outcome: Outcome,
    *,
    granted: bool | None = None,
    by: str = "",
    comment: str = "",
    message: int = 0,
) -> NewEvent:
    """Return the event that ends an open question; `message` is the one of the inbox that answered it, if one did."""
    data: dict[str, JsonValue] = {
        "number": len(state.questions),
        "outcome": outcome,
        "granted": outcome is Outcome.APPROVED if granted is None else granted,
        "by": by,
        "comment": comment,
        "failure": FailureKind.DENIED,
        "reason": _reason(state, outcome, by, comment),
    }
    if message:
        data["message"] = message
    return NewEvent(type=EventType.APPROVAL_ANSWERED, task=task, data=data)


def _reason(state: TaskState, outcome: Outcome, by: str, comment: str) -> str:
    if outcome is Outcome.APPROVED:
        return ""
    said = f"{by or 'a person'} did not approve" if outcome is Outcome.DENIED else "nobody answered in time"
    said += f": {comment}" if comment else ""
    return said if state.questions[-1].occasion is Occasion.START else f"{state.reason}; {said}"
