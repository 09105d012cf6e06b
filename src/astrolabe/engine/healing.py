"""When no agent could do a task: the rest of the plan is made anew, and what has been done stays."""

from typing import Any

from pydantic import JsonValue

from astrolabe.agents.bench import TreeBench
from astrolabe.agents.marking import marked
from astrolabe.domain.budget import Scope, Usage
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.evidence import Verdict
from astrolabe.domain.plan import Measure, Plan, Task
from astrolabe.domain.task import TaskState
from astrolabe.engine.benches import bench_of, discretion
from astrolabe.engine.floor import Floor
from astrolabe.engine.judging import is_being_cancelled, not_healed_event
from astrolabe.engine.replanner import Replanner
from astrolabe.engine.starting import start_of
from astrolabe.engine.steps import Steps
from astrolabe.engine.workshop import Workshop
from astrolabe.errors import MergeConflictError, OverBudgetError
from astrolabe.planning.replanning import Trouble, change_to
from astrolabe.ports.store import PlanVersion

MOST_CHANGES = 6
"""Of one run's plan, until a person takes the run up again: who plans anew for ever gets nowhere, and pays for it."""
_OUTPUT = 3000
_REASON = 2000
_PATCH_BYTES = 8000
_ATTEMPTS = 3
_REASONING = 4000


async def heal(shop: Workshop, floor: Floor, task: Task, measure: Measure) -> Plan | None:
    """Try a measure on a task that no agent could do; return the plan that is to be followed now.

    None: nobody could plan it anew, which has been written down. Whatever is asked on the way is recorded, so that a measure
    that was cut off goes on where it was.

    Raises:
        OverBudgetError: what the run, or all runs together, may spend is spent.
    """
    state = floor.log.state
    faults: list[str] = []
    if len(state.changed) >= MOST_CHANGES:
        faults.append(f"the plan has been changed {len(state.changed)} times already")
    elif shop.replanners:
        trouble, steps = await _trouble(shop, floor, task, measure)
        for replanner in shop.replanners:
            plan, fault = await _asked(shop, floor, steps, replanner, trouble)
            if plan is not None:
                return plan
            faults += [fault] if fault else []
    known = state.tasks[task.id]
    told = "; ".join([known.reason, _nobody(measure), *faults])
    await floor.log.append(not_healed_event(task, known, floor.redactor.redacted(told)))
    return None


async def _asked(
    shop: Workshop, floor: Floor, steps: Steps, replanner: Replanner, trouble: Trouble
) -> tuple[Plan | None, str]:
    """Return the plan that a replanner made and the run follows now, or what was wrong."""
    try:
        async with await _bench(floor, steps, replanner, trouble) as bench:
            plan = await replanner.replan(trouble, bench)
        if plan is not None:
            plan = await _adopt(shop, floor, plan, trouble, replanner)
    except Exception as error:  # foreign code: what it raises is told, and the next one is asked
        if is_being_cancelled():
            raise
        if isinstance(over := steps.over or error, OverBudgetError) and over.scope != Scope.TASK:
            raise over from error
        return None, f"{replanner.name}: {error}"
    return plan, ""


async def _trouble(shop: Workshop, floor: Floor, task: Task, measure: Measure) -> tuple[Trouble, Steps]:
    state = floor.log.state.tasks[task.id]
    part = f"-{measure}-{state.healed}"
    steps = Steps(floor.log, floor.spending, task.id, state.attempt, floor.reach, floor.tape, part)
    bare = Trouble(floor.plan, task, measure, floor.log.state.tasks, tuple(shop.offered))

    async def written_down() -> tuple[dict[str, Any], Usage]:
        done = [one.id for one in bare.settled]
        return {"evidence": await _evidence(floor, task, state), "done": done}, Usage()

    told, _ = await steps.recorded("trouble", written_down)
    trouble = Trouble(bare.plan, task, measure, bare.tasks, bare.hands, told["evidence"], tuple(told["done"]))
    return trouble, steps


async def _evidence(floor: Floor, task: Task, state: TaskState) -> str:
    """Return what was tried and what came of it; what others have written in it stands between marks."""
    told = [
        f"Attempt {one.number} by `{one.agent}` failed:\n{marked(one.reason[:_REASON], task.id)}"
        for one in state.attempts[-_ATTEMPTS:]
        if one.reason
    ]
    told += [
        f"The check `{item.check}` ({item.command}) of the last one printed:\n"
        f"{marked(item.output_tail[-_OUTPUT:], task.id)}"
        for item in state.evidence
        if item.verdict is Verdict.FAILED
    ]
    if state.worked_tree and state.worked_from:
        patch = await floor.workspace.patch(state.worked_from, state.worked_tree, _PATCH_BYTES)
        told.append(f"What it had changed, which is thrown away:\n{marked(patch, task.id)}")
    return floor.redactor.redacted("\n\n".join(told))


async def _bench(floor: Floor, steps: Steps, replanner: Replanner, trouble: Trouble) -> TreeBench:
    """Return a bench at which nothing can be changed, with the files that the troubled task began with."""
    looking = trouble.task.model_copy(update={"writes": (), "network": ()})
    tree = await _tree(floor, trouble.task)
    redactor = await discretion(floor, looking, tree)
    return bench_of(floor, steps, looking, trouble.state.attempt, tree, replanner.name, redactor)


async def _tree(floor: Floor, task: Task) -> str:
    if floor.ground.onto is None:
        try:
            return (await start_of(floor, task)).tree
        except MergeConflictError:  # that is what it failed of
            pass
    return await floor.workspace.tree_of(floor.ground.base)


def _nobody(measure: Measure) -> str:
    return f"nobody could {'split it' if measure is Measure.SPLIT else 'plan the rest anew'}"


async def _adopt(shop: Workshop, floor: Floor, plan: Plan, trouble: Trouble, replanner: Replanner) -> Plan:
    """Keep the plan as the next version, and have the run follow it from the next event on."""
    change_to(plan, trouble, shop.agents.keys())
    version = await _kept(shop, floor, plan)
    again = change_to(plan, trouble, shop.agents.keys()).again  # other tasks have gone on meanwhile
    data: dict[str, JsonValue] = {
        "plan": {"id": version.id, "version": version.version, "digest": plan.digest()},
        "tasks": [task.id for task in plan.tasks],
        "again": list(again),
        "added": [task.id for task in plan.tasks if task.id not in trouble.tasks],
        "dropped": [task for task in trouble.tasks if task not in {new.id for new in plan.tasks}],
        "task": trouble.task.id,
        "measure": trouble.measure,
        "by": replanner.name,
        "reasoning": plan.reasoning[:_REASONING] if plan.reasoning != trouble.plan.reasoning else "",
    }
    floor.log.append(NewEvent(type=EventType.PLAN_CHANGED, data=data))
    return plan


async def _kept(shop: Workshop, floor: Floor, plan: Plan) -> PlanVersion:
    """Return the plan's version; one that a process wrote which was killed before the run followed it is taken up."""
    record = await shop.store.run(floor.run)
    last = (await shop.store.plan_versions(record.plan_id))[-1]
    if last.version > floor.log.state.plan_version and last.plan == plan:
        return last
    return await shop.store.add_plan(plan, record.plan_id)
