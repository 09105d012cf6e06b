"""The end of a run: what passed is handed over, and the last event says so."""

from dataclasses import asdict
from typing import Any

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, ref_name
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.decisions import Finish, Skip
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.floor import Floor
from astrolabe.engine.scheduler import Scheduler
from astrolabe.ports.workspace import Published


async def hand_over(floor: Floor, final: str | None) -> Published | None:
    """Hand over what passed; a run that failed (`final` is None) makes no new repository for its parts."""
    if floor.ground.aside:
        return None
    commits = _commits(floor.log.state)
    if final is None and (floor.ground.base is None or not commits):
        return None
    await floor.log.durable()
    floor.reach(CrashPoint.BEFORE_PUBLISH)
    published = await floor.workspace.publish(floor.run, commits, final)
    floor.reach(CrashPoint.AFTER_PUBLISH)
    return published


def finished_event(
    status: RunStatus, reason: str, final: str | None, published: Published | None
) -> NewEvent:
    """Return the last event of a run's log."""
    told: dict[str, Any] | None = None
    if published is not None:
        told = asdict(published) | {"commands": list(published.commands)}
    return NewEvent(
        type=EventType.RUN_FINISHED,
        data={"status": status, "reason": reason, "commit": final, "published": told},
    )


def is_over(plan: Plan, state: RunState, now: float) -> bool:
    """Tell whether nothing is left of a run but to say of each task that it is not done, and how the run ended.

    `state` is taken there, and is of no use afterwards.
    """
    scheduler = Scheduler(plan, state, parallel=1)
    while decisions := scheduler.decide(now):
        skips = [decision for decision in decisions if isinstance(decision, Skip)]
        if len(skips) < len(decisions):
            return all(isinstance(one, Finish) and one.status is not RunStatus.PASSED for one in decisions)
        events = [skipped_event(skip).placed(state.id, 0, at=now, actor="") for skip in skips]
        state.apply(events)
        scheduler.observe(events)
    return False


def skipped_event(skip: Skip) -> NewEvent:
    """Return the event that a task is not done."""
    data: dict[str, JsonValue] = {"status": skip.status, "reason": skip.reason}
    return NewEvent(type=EventType.TASK_SKIPPED, task=skip.task, data=data)


def _commits(state: RunState) -> dict[str, str]:
    """Return the commits a run has made, by the name of their ref."""
    commits = {
        ref_name(task): known.commit for task, known in state.tasks.items() if known.commit is not None
    }
    if state.merged is not None and state.merged["commit"] is not None:
        commits["conflicts"] = state.merged["commit"]
    return commits
