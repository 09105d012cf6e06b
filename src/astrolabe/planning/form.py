"""The form in which a model is asked for a plan: small, and within what every provider's strict mode and grammar takes."""

from collections.abc import Sequence
from typing import Any

from astrolabe.domain.conversation import Shape


def plan_shape(agents: Sequence[str], *, inputs: bool = False) -> Shape:
    """Return the shape of a plan whose tasks are for these agents.

    Every object lists all its properties as required and allows no others, nothing refers to itself, no keyword bounds a
    value: the subset that OpenAI's strict mode and llama.cpp's grammars share. `inputs` asks for pairs of name and value.
    """
    task: dict[str, Any] = {
        "id": {"type": "string", "description": "short, like add-tests"},
        "name": {"type": "string"},
        "agent": {"type": "string", "enum": list(agents)},
        "goal": {"type": "string", "description": "all that the agent is told"},
        "depends_on": _texts("ids of the tasks that must be done before"),
        "writes": _texts("paths or globs it may change"),
        "checks": _texts("shell lines that pass only when it is done"),
    }
    if inputs:
        task["inputs"] = _list(_object({"name": {"type": "string"}, "value": {"type": "string"}}))
    plan = _object({"reasoning": {"type": "string"}, "tasks": _list(_object(task))})
    return Shape(name="plan", json_schema=plan)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _texts(description: str) -> dict[str, Any]:
    return {**_list({"type": "string"}), "description": description}
