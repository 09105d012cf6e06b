"""Planning the rest of a run anew while it goes on: what has been done stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from astrolabe.domain.plan import Approval, Measure, Plan, Task
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.extraction import Extracted
from astrolabe.planning.placing import with_approval
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.validation import validated

MOST_WARNINGS = 200
"""Of a plan that is changed again and again."""


@dataclass(frozen=True)
class Trouble:
    """A task that no agent could do, in the midst of its run. `tasks` tells how far each task of the plan is by now.

    `hands` are the agents that new tasks can be given to. `evidence` says in words what was tried and what came of it: others
    have written much of it, so it is data to whoever reads it. `done` are the tasks that could not be changed any more when
    that was written down.
    """

    plan: Plan
    task: Task
    measure: Measure
    tasks: Mapping[str, TaskState]
    hands: tuple[Hand, ...] = ()
    evidence: str = ""
    done: tuple[str, ...] = ()

    @property
    def state(self) -> TaskState:
        """How far the troubled task is."""
        return self.tasks[self.task.id]

    @property
    def reason(self) -> str:
        """What the last attempt failed of."""
        return self.state.reason

    @property
    def settled(self) -> tuple[Task, ...]:
        """The tasks that may no longer be changed."""
        return tuple(task for task in self.plan.tasks if self.tasks[task.id].status in _SETTLED)

    @property
    def measures_left(self) -> tuple[Measure, ...]:
        """What may be tried after this measure: new tasks in the place of this one may try that, and no more."""
        return self.task.healing[self.state.healed + 1 :]


def changed_plan(extracted: Extracted, terms: Terms, trouble: Trouble) -> Plan:
    """Return the plan that a model's answer makes of the one in trouble; what is done is as it was, whatever the answer says.

    Raises:
        PlanValidationError: it cannot run, or changes what may not be changed; names every problem.
    """
    task, splits = trouble.task, trouble.measure is Measure.SPLIT
    if splits and len(extracted.tasks) == 1:
        fault = Problem("tasks", "is one task in the place of one", "plan two or more smaller ones")
        raise PlanValidationError("the plan cannot run", [fault])
    standing = trouble.plan.tasks if splits else trouble.settled
    asked = None if trouble.state.approved else task.approval
    if splits:
        standing = tuple(
            one.model_copy(update={"approval": asked}) if one.id == task.id else one for one in standing
        )
    found = proposed_plan(extracted, replace(terms, standing=standing, split=task.id if splits else ""))
    tasks = (
        found.tasks if splits else (*standing, *with_approval(found.tasks[len(standing) :], _asks(trouble)))
    )
    plan = trouble.plan.model_copy(
        update={
            "tasks": tasks,
            "reasoning": found.reasoning,
            "warnings": (*trouble.plan.warnings, *found.warnings)[-MOST_WARNINGS:],
        }
    )
    change_to(plan, trouble, {*terms.names, *(one.agent for one in trouble.plan.tasks), *_stand_ins(trouble)})
    return plan


def _asks(trouble: Trouble) -> Approval | None:
    """Return what a person was to be asked before something began that is planned anew now."""
    settled = {one.id for one in trouble.settled}
    gone = (one for one in trouble.plan.tasks if one.id not in settled and not trouble.tasks[one.id].approved)
    return next((one.approval for one in gone if one.approval is not None), None)


def _stand_ins(trouble: Trouble) -> set[str]:
    return {agent for task in trouble.plan.tasks for agent in task.fallback}


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
