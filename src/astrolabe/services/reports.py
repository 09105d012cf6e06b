"""A run as one document: what programs read with `--json` and what the tables are drawn from."""

import re
from collections import Counter
from dataclasses import asdict
from typing import Any, cast

from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunStatus
from astrolabe.domain.secrets.redaction import BY_SHAPE, Redactor
from astrolabe.domain.task import Attempt, TaskState
from astrolabe.services.advice import next_steps
from astrolabe.services.builds import PLANNED_BY
from astrolabe.services.runs import RunView

SHAPE = "astrolabe.run/1"
"""The value of `shape` in the document; it changes when a field changes its meaning or goes."""
_SKILLS = re.compile(r"(.+)/\d+/(?:skills:chosen|\d+/skill)")
"""The steps by which an attempt at a task got skills: those that were put before its model, and one it asked for."""


def report(
    view: RunView,
    start_commands: tuple[str, ...] = (),
    spending: dict[str, Any] | None = None,
    redactor: Redactor = BY_SHAPE,
) -> dict[str, Any]:
    """Return `run`, `tasks`, `checks`, `checkpoints`, `totals`, `spending`, `used`, `start` and `next`; times as of the epoch.

    `used` is what calls came to, limited or not: `money` in US dollars, `tokens`, `model_calls`, `tool_calls`.

    A secret in it - people write them into goals - is replaced.
    """
    checks = [_check(task.id, item) for task in view.plan.tasks for item in _state(view, task).evidence]
    skills = _skills(view)
    told: dict[str, Any] = {
        "shape": SHAPE,
        "run": _run(view),
        "tasks": [_task(view, task, skills.get(task.id, [])) for task in view.plan.tasks],
        "checks": checks,
        "checkpoints": _checkpoints(view.plan, view),
        "totals": {verdict.value: count for verdict, count in _totals(view).items()},
        "spending": spending,
        "used": _used(view),
        "start": list(start_commands) if view.state.status is RunStatus.PASSED else [],
        "next": [asdict(step) for step in next_steps(view)],
    }
    return cast("dict[str, Any]", redactor.redacted_json(told))


def _state(view: RunView, task: Task) -> TaskState:
    return view.state.tasks[task.id]


def _used(view: RunView) -> dict[str, float]:
    used = list(view.state.used.values())
    return {
        "money": round(sum(call.get("money", 0.0) for call in used), 6),
        **{name: sum(call.get(name, 0) for call in used) for name in ("tokens", "model_calls", "tool_calls")},
    }


def _totals(view: RunView) -> Counter[Verdict]:
    counted = Counter(item.verdict for state in view.state.tasks.values() for item in state.evidence)
    return Counter({verdict: counted[verdict] for verdict in Verdict})


def _run(view: RunView) -> dict[str, Any]:
    state, record = view.state, view.record
    return {
        "id": record.id,
        "goal": record.goal,
        "status": view.status,
        "reason": state.reason,
        "target": record.target,
        "onto": state.ground.onto,
        "commit": state.commit,
        "published": state.published,
        "edits": state.merged,
        "plan": {
            "id": record.plan_id,
            "version": record.plan_version,
            "digest": view.plan.digest(),
            "changes": state.changed,
        },
        "planned_by": record.options.get(PLANNED_BY),
        "created_at": state.created_at,
        "finished_at": state.finished_at,
        "events": state.seq,
    }


def _skills(view: RunView) -> dict[str, list[str]]:
    """Return the skills that were used for each task that got any."""
    found: dict[str, dict[str, None]] = {}
    for key, reply in view.state.steps.items():
        if step := _SKILLS.fullmatch(key):
            names = reply.get("names", [reply["name"]] if "name" in reply else [])
            found.setdefault(step[1], {}).update(dict.fromkeys(names))
    return {task: list(names) for task, names in found.items() if names}


def _task(view: RunView, task: Task, skills: list[str]) -> dict[str, Any]:
    state = _state(view, task)
    return {
        "id": task.id,
        "name": task.name,
        "agent": task.agent,
        "depends_on": list(task.depends_on),
        "status": view.status_of(task.id),
        "reason": state.reason,
        "attempts": [_attempt(attempt) for attempt in state.attempts],
        "commit": state.commit,
        "tree": state.tree,
        "lost_tests": list(state.lost_tests),
        "skills": skills,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "ended_at": attempt.ended_at,
        "failure": attempt.failure,
        "reason": attempt.reason,
    }


def _check(task: str, item: Evidence) -> dict[str, Any]:
    return {"task": task, **item.model_dump(mode="json")}


def _checkpoints(plan: Plan, view: RunView) -> list[dict[str, Any]]:
    """Return the commits tasks made; one a task only handed on is listed with the task that made it."""
    seen: dict[str, dict[str, Any]] = {}
    for task in plan.tasks:
        state = _state(view, task)
        if state.commit is not None and state.tree is not None:
            seen.setdefault(state.commit, {"task": task.id, "commit": state.commit, "tree": state.tree})
    return list(seen.values())
