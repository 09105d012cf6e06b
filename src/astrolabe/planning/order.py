"""In which order the tasks of a valid plan can run."""

from collections.abc import Mapping, Sequence

from astrolabe.domain.plan import Plan, Task
from astrolabe.errors import PlanValidationError
from astrolabe.planning.graph import ordered


def needs_of(plan: Plan) -> list[list[int]]:
    """Return for each task the positions of those it depends on; unknown and repeated ones are passed over."""
    known: dict[str, int] = {}
    for index, task in enumerate(plan.tasks):
        known.setdefault(task.id, index)
    return [
        list(dict.fromkeys(known[name] for name in task.depends_on if name in known)) for task in plan.tasks
    ]


def in_order(plan: Plan) -> tuple[Task, ...]:
    """Return the tasks, each after all it depends on, level by level; within a level in the order of the plan.

    Raises:
        PlanValidationError: the plan has a cycle.
    """
    return tuple(task for level in levels(plan) for task in level)


def levels(plan: Plan) -> tuple[tuple[Task, ...], ...]:
    """Return the tasks by how many others must pass one after the other before them; each level can run side by side.

    Raises:
        PlanValidationError: the plan has a cycle.
    """
    depths = depths_of(plan)
    out: list[list[Task]] = [[] for _ in range(max(depths) + 1)]
    for task, depth in zip(plan.tasks, depths, strict=True):
        out[depth].append(task)
    return tuple(tuple(level) for level in out)


def depths_of(plan: Plan) -> list[int]:
    """Return each task's level, counted from 0.

    Raises:
        PlanValidationError: the plan has a cycle.
    """
    needs = needs_of(plan)
    depths = [0] * len(needs)
    for node in _ordered(needs):
        depths[node] = max((depths[other] + 1 for other in needs[node]), default=0)
    return depths


def critical_path(plan: Plan, seconds: Mapping[str, float]) -> tuple[Task, ...]:
    """Return the chain of tasks that takes longest: no run is faster. `seconds` by task id; missing ones count as 1.

    Raises:
        PlanValidationError: the plan has a cycle.
    """
    needs = needs_of(plan)
    order = _ordered(needs)
    until = [0.0] * len(needs)
    slowest: list[int | None] = [None] * len(needs)
    for node in order:
        slowest[node] = max(needs[node], key=lambda other: until[other], default=None)
        before = 0.0 if (last := slowest[node]) is None else until[last]
        until[node] = before + seconds.get(plan.tasks[node].id, 1.0)
    path: list[Task] = []
    at: int | None = max(order, key=lambda node: until[node])
    while at is not None:
        path.append(plan.tasks[at])
        at = slowest[at]
    return tuple(reversed(path))


def _ordered(needs: Sequence[Sequence[int]]) -> list[int]:
    order = ordered(needs)
    if len(order) < len(needs):
        raise PlanValidationError("a plan with a cycle has no order", hint="validate the plan first")
    return order
