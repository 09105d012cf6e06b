"""Planning anew in the midst of a run: smaller tasks in the place of one that no agent could do, or another rest."""

from astrolabe.roles.planner.agent import REVIEWER, TESTER
from astrolabe.roles.planner.asking import TRIES, Tries, Wish, asked
from astrolabe.roles.planner.forms import form_for
from astrolabe.roles.planner.proof import proofs_of
from astrolabe.sdk import (
    AgentFailedError,
    Check,
    Environment,
    Extracted,
    Measure,
    NoModelError,
    Plan,
    Task,
    Terms,
    Trouble,
    Workbench,
    changed_plan,
    told_task,
)

_GOAL = 2000
_OLD = "some of the project's own tests failed before any change"
_TOLD_TASKS = 60


class ModelReplanner:
    """Asks a model; without one it leaves the measure to others."""

    name = "planner"

    async def replan(self, trouble: Trouble, bench: Workbench) -> Plan | None:
        """Return the plan as it is to go on.

        Raises:
            AgentFailedError: no answer was a plan that can run, with every fault of the last one.
            ModelError: no model answered.
        """
        if not trouble.hands or not _has_model(bench):
            return None
        split = trouble.measure is Measure.SPLIT
        proofs, environment = await proofs_of(bench)
        terms = _parts(trouble) if split else _rest(trouble, proofs, environment)
        form = (
            form_for(bench.models(), terms, (), "splitter")
            if split
            else form_for(bench.models(), terms, _of_each(trouble, terms), "replanner")
        )
        end = "Answer with the smaller tasks now." if split else "Answer with the new rest of the plan now."

        def make(extracted: Extracted, terms: Terms) -> Plan:
            return changed_plan(extracted, terms, trouble)

        bench.say("asking for smaller tasks" if split else "asking for another rest of the plan")
        tries = Tries()
        plan = await asked(trouble.task, bench, Wish(form, terms, _told(trouble), (end,), make), tries)
        if plan is None:
            raise AgentFailedError(f"{TRIES} answers were no plan that can run; the last: {tries.last}")
        return plan


def _has_model(bench: Workbench) -> bool:
    try:
        return bool(bench.models())
    except NoModelError:
        return False


def _parts(trouble: Trouble) -> Terms:
    """Return what smaller tasks are held against: what proved the whole is to prove it still."""
    task = trouble.task
    return Terms(
        goal=trouble.plan.goal,
        hands=trouble.hands,
        agent=task.agent,
        proofs=task.checks,
        environment=task.environment,
        retries=task.retries,
        healing=trouble.measures_left,
        writes=task.writes,
    )


def _rest(trouble: Trouble, proofs: tuple[Check, ...], environment: Environment) -> Terms:
    """Return what a new rest is held against: the repository's own tests, and what a person wanted proved."""
    tasks = trouble.plan.tasks
    known = {check.run for task in tasks for check in task.checks}
    proofs = tuple(proof for proof in proofs if proof.run in known)  # others failed before any change
    if trouble.plan.source != "model":
        proofs = (*trouble.task.checks, *proofs)
    return Terms(
        goal=trouble.plan.goal,
        hands=trouble.hands,
        agent=trouble.task.agent,
        proofs=proofs,
        environment=environment,
        retries=trouble.task.retries,
        healing=trouble.measures_left,
        reviewer=REVIEWER,
        tester=TESTER,
        old=(_OLD,) if any(task.agent == TESTER for task in tasks) else (),
    )


def _of_each(trouble: Trouble, terms: Terms) -> tuple[Check, ...]:
    """Return what proves each part: what a person wanted proved may hold only when all of it is done."""
    return terms.proofs if trouble.plan.source == "model" else ()


def _told(trouble: Trouble) -> tuple[str, ...]:
    """Return what a model is told of the goal, of what has been done, and of what has failed."""
    return (
        f"The goal of the whole: {trouble.plan.goal.strip()[:_GOAL]}",
        *_tasks("Done already, and in the files below", trouble, done=True),
        f"What no agent could do:\nid: {trouble.task.id}\n{told_task(trouble.task)}",
        trouble.evidence,
        *_tasks("Planned besides, and not begun", trouble, done=False),
    )


def _tasks(heading: str, trouble: Trouble, *, done: bool) -> tuple[str, ...]:
    told = [
        f"- {task.id}: {_line(task)}"
        for task in trouble.plan.tasks
        if (task.id in trouble.done) is done and task.id != trouble.task.id
    ]
    more = [f"- and {len(told) - _TOLD_TASKS} more"] if len(told) > _TOLD_TASKS else []
    return ("\n".join([f"{heading}:", *told[:_TOLD_TASKS], *more]),) if told else ()


def _line(task: Task) -> str:
    needs = f" (needs {', '.join(task.depends_on)})" if task.depends_on else ""
    return f"{task.name}{needs}"
