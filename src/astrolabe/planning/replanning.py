"""Planning the rest of a run anew while it goes on: what has been done stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from astrolabe.domain.plan import Measure, Plan, Task
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.validation import validated


@dataclass(frozen=True)
class Trouble:
    """A task that no agent could do, in the midst of its run. `tasks` tells how far each task of the plan is."""

    plan: Plan
    task: Task
    measure: Measure
    tasks: Mapping[str, TaskState]

    @property
    def reason(self) -> str:
        """What the last attempt failed of."""
        return self.tasks[self.task.id].reason


class Replanner(Protocol):
    """Somebody who can plan the rest of a run anew."""

    async def replan(self, trouble: Trouble) -> Plan | None:
        """Return the whole plan as it is to go on, or None to leave that to others.

        Tasks that have passed or are being worked on must be in it unchanged. For SPLIT all others must be, too, but for
        what they depend on, and the troubled one, which smaller ones replace.
        """
        ...


@dataclass(frozen=True)
class Change:
    """A plan that may take the place of the one a run follows; of the tasks it had, those in `again` begin anew."""

    plan: Plan
    again: tuple[str, ...]


def change_to(plan: Plan, trouble: Trouble, agents: Collection[str]) -> Change:
    """Hold a new plan against what has been done.

    Raises:
        PlanValidationError: it cannot run, or it changes what may not be changed any more.
    """
    validated(plan, agents)
    now = {task.id: task for task in plan.tasks}
    faults = [fault for task in trouble.plan.tasks if (fault := _fault(task, now.get(task.id), trouble))]
    if now.get(trouble.task.id) == trouble.task:
        faults.append(Problem(trouble.task.id, "is planned as before, and would fail as before"))
    if faults:
        raise PlanValidationError("the plan cannot be changed like this while it runs", faults)
    before = {task.id: task for task in trouble.plan.tasks}
    again = tuple(
        task.id
        for task in plan.tasks
        if task.id in before and (task != before[task.id] or trouble.tasks[task.id].status in _BEGINS_ANEW)
    )
    return Change(plan, again)


def _fault(before: Task, after: Task | None, trouble: Trouble) -> Problem | None:
    status = trouble.tasks[before.id].status
    if status in _SETTLED and before != after:
        return Problem(before.id, f"is {status}, and may no longer be changed or left out")
    split = trouble.measure is Measure.SPLIT and before.id != trouble.task.id
    if split and (after is None or after.model_copy(update={"depends_on": before.depends_on}) != before):
        return Problem(before.id, f"is no part of {trouble.task.id!r}, which alone is to be split")
    return None


_SETTLED = frozenset({TaskStatus.PASSED, TaskStatus.RUNNING})
_BEGINS_ANEW = frozenset({TaskStatus.FAILED, TaskStatus.SKIPPED, TaskStatus.CANCELLED, TaskStatus.HEALING})
