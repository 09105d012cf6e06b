"""The forms in which a model is asked for a plan: small, and within what every provider's strict mode and grammar takes.

Every object lists all its properties as required and allows no others, nothing refers to itself. How long texts and lists
may be is said as well: whoever asks leaves that out for providers that refuse it.
"""

from collections.abc import Sequence
from typing import Any

from astrolabe.domain.conversation import Shape

_LINE, _SAYING, _PATH = 120, 1_000, 300
_MOST_TASKS, _MOST_LISTED = 40, 30
_STEPS, _STEP_PATHS, _STEP_CHECKS = 3, 6, 2
_STEP_GOAL, _STEP_REASON = 500, 300


def plan_shape(agents: Sequence[str], *, inputs: bool = False) -> Shape:
    """Return the shape of a plan whose tasks are for these agents; `inputs` asks for pairs of name and value."""
    task: dict[str, Any] = {
        "id": {**_text(64), "description": "short, like add-tests"},
        "name": _text(_LINE),
        "agent": {"type": "string", "enum": list(agents)},
        "goal": {**_text(_SAYING), "description": "all that the agent is told"},
        "depends_on": _texts("ids of the tasks that must be done before", 64),
        "writes": _texts("paths or globs it may change", _PATH),
        "checks": _texts("shell lines that pass only when it is done", _PATH),
    }
    if inputs:
        task["inputs"] = _list(_object({"name": _text(64), "value": _text(_SAYING)}), _MOST_LISTED)
    plan = _object({"reasoning": _text(_SAYING), "tasks": _list(_object(task), _MOST_TASKS)})
    return Shape(name="plan", json_schema=plan)


def steps_shape(*, checks: bool) -> Shape:
    """Return the shape of a plan for a small model: a few steps, one after the other.

    `checks` asks for lines that prove each; a repository with tests of its own proves them better than such a model.
    """
    step = {
        "name": _text(_LINE),
        "goal": _text(_STEP_GOAL),
        "writes": {**_list(_text(_LINE), _STEP_PATHS), "minItems": 1},
    }
    if checks:
        step["checks"] = _list(_text(_LINE), _STEP_CHECKS)
    steps = {**_list(_object(step), _STEPS), "minItems": 1}
    return Shape(name="plan", json_schema=_object({"reasoning": _text(_STEP_REASON), "tasks": steps}))


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _list(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


def _texts(description: str, most: int) -> dict[str, Any]:
    return {**_list(_text(most), _MOST_LISTED), "description": description}
