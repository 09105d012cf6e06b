"""What the agents of a run asked models, and what those answered, as the log has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from astrolabe.agents.exchanges import question_kept
from astrolabe.domain.conversation import Question, Reply
from astrolabe.domain.event import Event, EventType
from astrolabe.ports.store import RunRecord
from astrolabe.services.installation import Installation


@dataclass(frozen=True)
class ExchangeView:
    """One try at a question. `question` is its digest; without a `reply` there is an `error`. `used` as the budget counts it."""

    task: str
    attempt: int
    model: str
    question: str
    began_at: float
    seconds: float
    used: dict[str, Any]
    reply: Reply | None
    error: str


async def exchanges_of(
    installation: Installation, run: RunRecord, task: str | None = None
) -> tuple[ExchangeView, ...]:
    """Return every exchange of a run, or of one of its tasks, in the order in which they ended."""
    return _exchanges(await installation.store.events(run.id), task)


def _exchanges(events: Sequence[Event], task: str | None) -> tuple[ExchangeView, ...]:
    began: dict[str, float] = {}
    found: list[ExchangeView] = []
    for event in events:
        if task not in {None, event.task}:
            continue
        if event.type == EventType.STEP_INTENDED:
            began[event.data["key"]] = event.at
        elif event.type == EventType.STEP_DONE and event.data["key"].endswith("/model"):
            found.append(_exchange(event, began.get(event.data["key"], event.at)))
    return tuple(found)


def _exchange(event: Event, began: float) -> ExchangeView:
    told: Any = event.data["reply"]
    error = told.get("error")
    return ExchangeView(
        task=event.task or "",
        attempt=event.attempt or 0,
        model=told["model"],
        question=told["question"],
        began_at=began,
        seconds=event.at - began,
        used=event.data.get("used", {}),
        reply=Reply.model_validate(told["reply"]) if "reply" in told else None,
        error=error["message"] if error else "",
    )


async def question_of(installation: Installation, exchange: ExchangeView) -> Question:
    """Return what was asked; MissingError if it is kept no longer."""
    return await question_kept(exchange.question, installation.store.blob)
