"""What the commands and checks of a run asked the network for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from astrolabe.domain.egress import Request
from astrolabe.services.runs import RunView


@dataclass(frozen=True)
class Asked:
    """One request, and who made it: a check, or (`check` empty) a command of an attempt at a task."""

    task: str
    attempt: int | None
    check: str
    request: Request


def requests_of(view: RunView) -> tuple[Asked, ...]:
    """Return all of them in the order in which they began, refused ones too."""
    found = [*_of_commands(view), *_of_checks(view)]
    return tuple(sorted(found, key=lambda asked: asked.request.at))


def _of_commands(view: RunView) -> Iterator[Asked]:
    replies: dict[str, Any] = view.state.steps
    for key, reply in replies.items():
        task, number, *_ = key.rsplit("/", 3)
        for request in _asked(reply):
            yield Asked(task, int(number), "", Request.model_validate(request))


def _asked(reply: Any) -> list[Any]:
    """Return what a command asked for; a step of another kind asked for nothing."""
    try:
        return reply["network"]
    except (TypeError, KeyError):
        return []


def _of_checks(view: RunView) -> Iterator[Asked]:
    for task, state in view.state.tasks.items():
        for evidence in state.evidence:
            for request in evidence.network:
                yield Asked(task, None, evidence.check, request)
