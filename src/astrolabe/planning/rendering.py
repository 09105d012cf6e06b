"""A plan as JSON, YAML, and the rows of a table; nothing in any of them can command a terminal."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import yaml

from astrolabe.domain.plan import Check, Plan, Task
from astrolabe.planning.order import depths_of
from astrolabe.planning.places.scalars import meaning
from astrolabe.planning.visible import shows, visible

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Row:
    """A task as a line of a table, every text safe to show; `level` counts from 0 the tasks that must come before.

    `runs` are the shell lines it says itself: what it is given to run, and its checks.
    """

    id: str
    name: str
    goal: str
    agent: str
    level: int
    depends_on: tuple[str, ...]
    writes: tuple[str, ...]
    checks: tuple[str, ...]
    runs: tuple[str, ...]
    priority: int
    retries: int
    timeout_seconds: float


def rows(plan: Plan) -> tuple[Row, ...]:
    """Return a row a task, by level and then in the plan's order.

    Raises:
        PlanValidationError: the plan has a cycle.
    """
    depths = depths_of(plan)
    out = [_row(task, depth) for task, depth in zip(plan.tasks, depths, strict=True)]
    return tuple(sorted(out, key=lambda row: row.level))


def _row(task: Task, level: int) -> Row:
    return Row(
        id=visible(task.id),
        name=visible(task.name),
        goal=visible(" ".join(task.goal.split())),
        agent=visible(task.agent),
        level=level,
        depends_on=tuple(map(visible, task.depends_on)),
        writes=tuple(map(visible, task.writes)),
        checks=tuple(_check(check) for check in task.checks),
        runs=tuple(map(visible, (*_given(task), *(check.run for check in task.checks)))),
        priority=task.priority,
        retries=task.retries,
        timeout_seconds=task.timeout_seconds,
    )


def _given(task: Task) -> tuple[str, ...]:
    run = task.inputs.get("run")
    return (run,) if isinstance(run, str) else ()


def _check(check: Check) -> str:
    return visible(check.name if check.required else f"{check.name} (optional)")


def as_json(plan: Plan) -> str:
    """Return the whole plan, defaults included but what is None left out, as JSON that `read_plan` reads back to an equal plan."""
    written = _tidied(plan.model_dump(mode="json", by_alias=True, exclude_none=True))
    return _unhidden(json.dumps(written, indent=2, ensure_ascii=False), lambda char: json.dumps(char)[1:-1])


def as_yaml(plan: Plan) -> str:
    """Return the plan without what is default, as YAML that `read_plan` reads back to an equal plan."""
    written = _tidied(plan.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    for task in written["tasks"]:
        if task["name"] == task["id"]:
            del task["name"]
    text = yaml.dump(written, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return _unhidden(text, lambda char: ascii(char)[1:-1])


class _Dumper(_DUMPER):
    """Writes every value out, no aliases, so that a person can edit one without changing another."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text_node(dumper: Any, text: str) -> Any:
    """Quote what YAML 1.2 takes for something else than text (PyYAML quotes by 1.1), and what has to be escaped."""
    style = None
    if not all(shows(char) or char == "\n" for char in text) or not isinstance(meaning(text)[0], str):
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


def _tidied(plan: dict[str, Any]) -> dict[str, Any]:
    """Write seconds as `90` where they are whole; what a task is given as `inputs` stays as it is."""
    for task in plan["tasks"]:
        for key in task.keys() - {"inputs"}:
            task[key] = _whole(task[key])
    return plan


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unhidden(text: str, escaped: Callable[[str], str]) -> str:
    """Escape the invisible characters that are left: they stand inside texts in double quotes, nowhere else."""
    if text.isascii():
        return text
    return "".join(char if char == "\n" or shows(char) else escaped(char) for char in text)
