"""When no agent could do a task: the rest of the plan is made anew, and what has been done stays."""

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Measure, Plan, Task
from astrolabe.engine.floor import Floor
from astrolabe.engine.judging import not_healed_event
from astrolabe.engine.workshop import Workshop
from astrolabe.planning.replanning import Replanner, Trouble, change_to


async def heal(shop: Workshop, floor: Floor, task: Task, measure: Measure) -> Plan | None:
    """Try a measure on a task that no agent could do; return the plan that is to be followed now.

    None: nobody could plan it anew, which has been written down.
    """
    trouble = Trouble(floor.plan, task, measure, floor.log.state.tasks)
    faults: list[str] = []
    for replanner in shop.replanners:
        try:
            plan = await replanner.replan(trouble)
            if plan is not None:
                return await _adopt(shop, floor, plan, trouble)
        except Exception as error:  # noqa: BLE001 - foreign code: what it raises is told, and the next one is asked
            faults.append(f"{_name(replanner)}: {error}")
    state = floor.log.state.tasks[task.id]
    told = "; ".join([state.reason, _nobody(measure), *faults])
    await floor.log.append(not_healed_event(task, state, told))
    return None


def _nobody(measure: Measure) -> str:
    return f"nobody could {'split it' if measure is Measure.SPLIT else 'plan the rest anew'}"


def _name(replanner: Replanner) -> str:
    return type(replanner).__name__


async def _adopt(shop: Workshop, floor: Floor, plan: Plan, trouble: Trouble) -> Plan:
    """Keep the plan as the next version, and have the run follow it from the next event on."""
    change_to(plan, trouble, shop.agents.keys())
    record = await shop.store.run(floor.run)
    version = await shop.store.add_plan(plan, record.plan_id)
    again = change_to(plan, trouble, shop.agents.keys()).again  # other tasks have gone on meanwhile
    data: dict[str, JsonValue] = {
        "plan": {"id": version.id, "version": version.version, "digest": plan.digest()},
        "tasks": [task.id for task in plan.tasks],
        "again": list(again),
        "added": [task.id for task in plan.tasks if task.id not in trouble.tasks],
        "dropped": [task for task in trouble.tasks if task not in {new.id for new in plan.tasks}],
        "task": trouble.task.id,
        "measure": trouble.measure,
    }
    floor.log.append(NewEvent(type=EventType.PLAN_CHANGED, data=data))
    return plan
