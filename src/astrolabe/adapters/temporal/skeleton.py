"""What the scheduler needs of a plan and of a run's state, small enough to travel: both compressed JSON.

A plan of 10,000 whole tasks is larger than what Temporal takes in one piece (2 MB).
"""

import zlib
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from astrolabe.domain.plan import Environment, Plan
from astrolabe.domain.run import RunState
from astrolabe.domain.task import Attempt, TaskState, TaskStatus

_LEFT_OUT: dict[str, Any] = {
    "goal": "",
    "inputs": {},
    "writes": (),
    "checks": (),
    "environment": Environment(),
}
_LEVEL = 6


def packed_plan(plan: Plan) -> bytes:
    """Return a plan without what only those who work on its tasks need."""
    tasks = tuple(task.model_copy(update={**_LEFT_OUT, "name": task.id}) for task in plan.tasks)
    bare = plan.model_copy(update={"goal": "-", "tasks": tasks, "reasoning": "", "warnings": ()})
    return zlib.compress(bare.model_dump_json(by_alias=True, exclude_defaults=True).encode(), _LEVEL)


def unpacked_plan(packed: bytes) -> Plan:
    return Plan.model_validate_json(zlib.decompress(packed))


def packed_state(state: RunState) -> bytes:
    """Return a state without what was made and proved: only what decisions follow from."""
    tasks = {name: _bare(task) for name, task in state.tasks.items() if task != TaskState()}
    changed = [{"version": change["version"]} for change in state.changed]
    bare = replace(state, tasks=tasks, changed=changed, steps={}, intended=set(), merged=None, published=None)
    return zlib.compress(_states().dump_json(bare, exclude_defaults=True), _LEVEL)


def unpacked_state(packed: bytes, plan: Plan) -> RunState:
    state = _states().validate_json(zlib.decompress(packed))
    state.tasks = {task.id: state.tasks.get(task.id, TaskState()) for task in plan.tasks}
    if not state.failed:  # packed when the order was not kept
        state.failed = [name for name, task in state.tasks.items() if task.status is TaskStatus.FAILED]
    return state


@cache
def _states() -> TypeAdapter[RunState]:
    return TypeAdapter(RunState)


def _bare(task: TaskState) -> TaskState:
    attempts = tuple(Attempt(attempt.number, 0.0) for attempt in task.attempts)
    if task.status is TaskStatus.PASSED:
        return TaskState(status=task.status, attempts=attempts)
    return replace(
        task,
        attempts=attempts,
        evidence=(),
        worked_tree=None,
        commit=None,
        tree=None,
        reason=task.reason[:200],
    )
