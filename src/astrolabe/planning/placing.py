"""Where a model's new tasks stand among those of a plan that goes on: instead of one of them, or after all that is done."""

from collections.abc import Sequence
from typing import Any

from astrolabe.domain.budget import Resource
from astrolabe.domain.paths import covers
from astrolabe.domain.plan import Approval, Budget, Task
from astrolabe.errors import Problem


def after(standing: Sequence[Task], new: Sequence[Task]) -> tuple[Task, ...]:
    """Return all of them; what depends on nothing begins where everything that stands has led to."""
    ends = _ends(standing)
    placed = (one if one.depends_on else one.model_copy(update={"depends_on": ends}) for one in new)
    return (*standing, *placed)


def instead_of(split: Task, tasks: Sequence[Task], parts: Sequence[Task]) -> tuple[Task, ...]:
    """Return the tasks with the parts in the place of one of them; what needed that needs the last part.

    The last part comes after all others, for what proved the whole is to prove it still. Each part keeps what the whole was
    given: its environment, what it may reach, who else may do it, and an equal share of what it may spend.
    """
    ids = {one.id for one in parts}
    kept: dict[str, Any] = {
        "environment": split.environment,
        "network": split.network,
        "timeout_seconds": split.timeout_seconds,
        "backoff": split.backoff,
        "priority": split.priority,
        "budget": _share(split.budget, len(parts)),
    }
    placed: list[Task] = []
    for one in parts:
        own = {"fallback": tuple(agent for agent in split.fallback if agent != one.agent)}
        if not ids & set(one.depends_on):
            own |= {
                "depends_on": tuple(dict.fromkeys((*split.depends_on, *one.depends_on))),
                "approval": one.approval or split.approval,
            }
        placed.append(one.model_copy(update=kept | own))
    last = parts[-1].id
    return tuple(
        new
        for one in tasks
        for new in (
            placed
            if one.id == split.id
            else (one.model_copy(update={"depends_on": _instead(one.depends_on, split.id, last)}),)
        )
    )


def with_approval(new: Sequence[Task], asked: Approval | None) -> tuple[Task, ...]:
    """Return tasks of which none begins before a person was asked what a task they replace would have asked."""
    if asked is None:
        return tuple(new)
    ids = {one.id for one in new}
    return tuple(
        one if ids & set(one.depends_on) else one.model_copy(update={"approval": asked}) for one in new
    )


def beyond(part: Task, whole: Task) -> list[Problem]:
    """Return what a part would change that the whole may not."""
    return [
        Problem(
            f"task `{part.id}`",
            f"would change `{pattern}`, which the task it is a part of may not",
            f"that may change: {', '.join(whole.writes) or 'nothing'}",
        )
        for pattern in part.writes
        if not any(_within(pattern, allowed) for allowed in whole.writes)
    ]


def _within(pattern: str, allowed: str) -> bool:
    """Tell whether everything a pattern selects is surely selected by another."""
    if allowed in {pattern, "**"}:
        return True
    wild = any(char in pattern for char in "*?[")
    return covers(allowed, pattern) and not (wild and any(char in allowed for char in "*?["))


def with_one_end(parts: Sequence[Task]) -> tuple[Task, ...]:
    """Return tasks of which the last comes after all others."""
    *first, last = parts
    ends = [name for name in _ends(parts) if name != last.id]
    if last.id not in _ends(parts):
        last = next(one for one in reversed(parts) if one.id in ends)
        first = [one for one in parts if one.id != last.id]
        ends.remove(last.id)
    depends = tuple(dict.fromkeys((*last.depends_on, *ends)))
    return (*first, last.model_copy(update={"depends_on": depends}))


def _ends(tasks: Sequence[Task]) -> tuple[str, ...]:
    needed = {name for one in tasks for name in one.depends_on}
    return tuple(one.id for one in tasks if one.id not in needed)


def _instead(depends_on: Sequence[str], gone: str, now: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(now if name == gone else name for name in depends_on))


def _share(budget: Budget, parts: int) -> Budget:
    shares = {
        name: most / parts if isinstance(most, float) else most // parts
        for name in Resource
        if (most := getattr(budget, name)) is not None
    }
    return Budget.model_validate(shares)
