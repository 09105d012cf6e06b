"""The attempts of a run: who made them, when, how they ended, and what was printed meanwhile."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from astrolabe.domain.task import Attempt, TaskStatus
from astrolabe.services.artifacts import checks_of
from astrolabe.services.runs import INTERRUPTED, RunView


@dataclass(frozen=True)
class AttemptView:
    """One attempt at a task. `output` is what its commands printed, in order; `status` is how it ended, or goes on."""

    task: str
    attempt: Attempt
    agent: str
    status: str
    output: str


def attempts_of(view: RunView, task: str | None = None) -> tuple[AttemptView, ...]:
    """Return every attempt of a run, or of one of its tasks, in the order in which they began.

    Raises:
        MissingError: the run has no such task.
    """
    checks_of(view, task)  # names the tasks there are when it is none of them
    printed = _outputs(view)
    known = [one for one in view.plan.tasks if task in {None, one.id}]
    found = [
        AttemptView(
            one.id,
            attempt,
            attempt.agent or one.agent,
            _status(view, one.id, attempt),
            printed.get((one.id, str(attempt.number)), ""),
        )
        for one in known
        for attempt in view.state.tasks[one.id].attempts
    ]
    return tuple(sorted(found, key=lambda item: (item.attempt.started_at, item.task)))


def _status(view: RunView, task: str, attempt: Attempt) -> str:
    state = view.state.tasks[task]
    if attempt.failure is not None:
        return TaskStatus.FAILED.value
    if attempt.ended_at is None:
        return INTERRUPTED if view.status == INTERRUPTED else TaskStatus.RUNNING.value
    last = attempt.number == state.attempts[-1].number
    return state.status.value if last and state.status.final else TaskStatus.CANCELLED.value


def _outputs(view: RunView) -> dict[tuple[str, str], str]:
    """Return what the commands of each attempt printed, joined, by task and number; their steps are kept in order."""
    printed: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    replies: dict[str, Any] = view.state.steps
    for key, reply in replies.items():
        task, number, *_ = key.rsplit("/", 3)
        printed[task, number].append(_said(reply))
    return {attempt: "".join(pieces) for attempt, pieces in printed.items()}


def _said(reply: Any) -> str:
    """Return what a command printed; a step of another kind printed nothing."""
    try:
        return f"{reply['result']['stdout']}{reply['result']['stderr']}"
    except (TypeError, KeyError):
        return ""
