"""What changed from one version of a plan to another."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from astrolabe.domain.plan import Plan, Task
from astrolabe.planning.mermaid import flowchart, labels_of
from astrolabe.planning.visible import visible

_VALUE_LENGTH = 160
_STYLES = {
    "added": "fill:#d7f5dd,stroke:#1a7f37,color:#0b3d1a",
    "removed": "fill:#ffe1e0,stroke:#cf222e,color:#5c0a10,stroke-dasharray:4 3",
    "changed": "fill:#fff3c4,stroke:#9a6700,color:#3d2a00",
}
_CONTEXT = 20
_NOTHING = object()

ABSENT = "nothing"
"""Stands in a change for a value that is not there; no JSON is written like that."""


@dataclass(frozen=True)
class FieldChange:
    """`field` is a path like `checks.types.run`; values are JSON, or ABSENT. An item of a list is a change of its own."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class TaskChange:
    """A task that is in both versions. `old_id` differs from `id` when only the name it goes by has changed."""

    id: str
    old_id: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True)
class PlanDifference:
    """Task ids in the order of their plan; `plan` is what changed beside the tasks."""

    old: Plan
    new: Plan
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[TaskChange, ...]
    plan: tuple[FieldChange, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.plan)


def difference(old: Plan, new: Plan) -> PlanDifference:
    """Compare two plans. Their order of tasks does not count, and what follows from a renamed task is no change."""
    before, after = {task.id: task for task in old.tasks}, {task.id: task for task in new.tasks}
    removed = {name: task for name, task in before.items() if name not in after}
    added = {name: task for name, task in after.items() if name not in before}
    renamed = _renamed(removed, added)
    changed: list[TaskChange] = []
    sources = {new_id: old_id for old_id, new_id in renamed.items()}
    for name, task in after.items():
        source = sources.get(name, name)
        if source in before and (fields := tuple(_task_changes(before[source], task, renamed))):
            changed.append(TaskChange(name, source, fields))
        elif source != name:
            changed.append(TaskChange(name, source))
    return PlanDifference(
        old=old,
        new=new,
        added=tuple(name for name in added if name not in sources),
        removed=tuple(name for name in removed if name not in renamed),
        changed=tuple(changed),
        plan=tuple(_changes((), _without_tasks(old), _without_tasks(new))),
    )


def _without_tasks(plan: Plan) -> Any:
    return plan.model_dump(mode="json", exclude={"tasks"})


def _renamed(removed: Mapping[str, Task], added: Mapping[str, Task]) -> dict[str, str]:
    """Pair tasks that are equal but for their id; only where there is no doubt which belongs to which.

    Their dependencies may have been renamed too: a pair whose dependencies do not agree falls, and those that relied
    on it with it, until all agree.
    """
    old, new = _unique(removed), _unique(added)
    pairs = {old[print_]: new[print_] for print_ in old if print_ in new}
    while True:
        kept = {
            before: after
            for before, after in pairs.items()
            if _needs(removed[before], pairs) == list(added[after].depends_on)
        }
        if len(kept) == len(pairs):
            return kept
        pairs = kept


def _needs(task: Task, renamed: Mapping[str, str]) -> list[str]:
    return [renamed.get(name, name) for name in task.depends_on]


def _unique(tasks: Mapping[str, Task]) -> dict[str, str]:
    """Return task ids by what the tasks are, their dependencies aside, for those that are the only ones of their kind."""
    out: dict[str, str | None] = {}
    for name, task in tasks.items():
        print_ = json.dumps(
            [
                task.name == name or task.name,
                task.model_dump(mode="json", exclude={"id", "name", "depends_on"}),
            ]
        )
        out[print_] = None if print_ in out else name
    return {print_: name for print_, name in out.items() if name is not None}


def _task_changes(old: Task, new: Task, renamed: Mapping[str, str]) -> Iterator[FieldChange]:
    if old.model_dump_json() == new.model_dump_json():
        return
    before, after = _fields(old, new), _fields(new, old)
    before["depends_on"] = _needs(old, renamed)
    if old.id != new.id and old.name == old.id:
        before["name"] = new.name
    yield from _changes((), before, after)
    one, other = ([check.name for check in task.checks] for task in (old, new))
    if one != other and sorted(one) == sorted(other):
        yield FieldChange("checks", _json(one), _json(other))


def _fields(task: Task, other: Task) -> dict[str, Any]:
    """Return a task with its checks by name, so that one check more is one change; that one without its defaults."""
    raw = task.model_dump(mode="json", by_alias=True, exclude={"id"})
    names, others = ([check.name for check in one.checks] for one in (task, other))
    if len(set(names)) < len(names) or len(set(others)) < len(others):
        return raw
    raw["checks"] = {
        check.name: check.model_dump(
            mode="json", by_alias=True, exclude={"name"}, exclude_defaults=check.name not in others
        )
        for check in task.checks
    }
    return raw


def _changes(path: tuple[str, ...], old: Any, new: Any) -> Iterator[FieldChange]:
    """Yield what differs between two JSON values, mappings key by key, lists item by item."""
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, Any]", old), cast("dict[str, Any]", new)
        for key in dict.fromkeys([*before, *after]):
            yield from _changes((*path, key), before.get(key, _NOTHING), after.get(key, _NOTHING))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(".".join(path), cast("list[Any]", old), cast("list[Any]", new))
    elif (one := _json(old)) != (other := _json(new)):
        yield FieldChange(".".join(path), one, other)


def _list_changes(field: str, old: list[Any], new: list[Any]) -> Iterator[FieldChange]:
    before, after = [_json(item) for item in old], [_json(item) for item in new]
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    yield from (FieldChange(field, item, ABSENT) for item in gone.elements())
    yield from (FieldChange(field, ABSENT, item) for item in come.elements())
    if not gone and not come and before != after:
        yield FieldChange(field, f"[{', '.join(before)}]", f"[{', '.join(after)}]")


def _json(value: Any) -> str:
    return ABSENT if value is _NOTHING else json.dumps(value, ensure_ascii=False)


def as_text(found: PlanDifference) -> tuple[str, ...]:
    """Return lines for a person: `+` added, `-` removed, `~` changed, each changed field below its task."""
    if not found:
        return ("no difference",)
    old, new = _by_id(found.old), _by_id(found.new)
    lines = [_field_line("~ ", change) for change in found.plan]
    lines += [f"- {_titled(old[name])}" for name in found.removed]
    lines += [f"+ {_titled(new[name])}" for name in found.added]
    for change in found.changed:
        was = f", was {visible(change.old_id, 80)}" if change.old_id != change.id else ""
        lines.append(f"~ {_titled(new[change.id])}{was}")
        lines += [_field_line("    ", field) for field in change.fields]
    return tuple(lines)


@dataclass(frozen=True)
class Side:
    """A line of two plans beside each other: `what` differs, how it was, and how it is; empty where it is not there."""

    what: str
    old: str
    new: str


def side_by_side(found: PlanDifference) -> tuple[Side, ...]:
    """Return what differs as lines with both sides; tasks only one plan has are told whole, in few words."""
    sides = [_side("", change) for change in found.plan]
    sides += [Side(f"task {name}", _in_words(found.old.task(name)), "") for name in found.removed]
    sides += [Side(f"task {name}", "", _in_words(found.new.task(name))) for name in found.added]
    for task in found.changed:
        if task.id != task.old_id:
            sides.append(Side(f"task {task.id}", task.old_id, task.id))
        sides += [_side(f"{task.id}.", change) for change in task.fields]
    return tuple(sides)


def _side(prefix: str, change: FieldChange) -> Side:
    old, new = ("" if value == ABSENT else value for value in (change.old, change.new))
    return Side(f"{prefix}{change.field}", old, new)


def _in_words(task: Task) -> str:
    after = f", after {', '.join(task.depends_on)}" if task.depends_on else ""
    return f"{task.name} ({task.agent}{after})"


def _by_id(plan: Plan) -> dict[str, Task]:
    return {task.id: task for task in plan.tasks}


def _titled(task: Task) -> str:
    return f"{visible(task.id, 80)} ({visible(task.agent, 40)})"


def _field_line(indent: str, change: FieldChange) -> str:
    field = visible(change.field, 120)
    if change.old == ABSENT:
        return f"{indent}{field}: + {visible(change.new, _VALUE_LENGTH)}"
    if change.new == ABSENT:
        return f"{indent}{field}: - {visible(change.old, _VALUE_LENGTH)}"
    old, new = _windows(change.old, change.new)
    return f"{indent}{field}: {old} → {new}"


def _windows(old: str, new: str) -> tuple[str, str]:
    """Cut two long values to where they begin to differ."""
    start = 0
    if max(len(old), len(new)) > _VALUE_LENGTH:
        start = max(0, _agreement(old, new) - _CONTEXT)
    before = "…" if start else ""
    return before + visible(old[start:], _VALUE_LENGTH), before + visible(new[start:], _VALUE_LENGTH)


def _agreement(old: str, new: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(old), len(new)))


def diff_as_mermaid(found: PlanDifference) -> str:
    """Return a flowchart of both versions in one: tasks coloured by what became of them, dependencies now gone dotted."""
    new_ids = {change.old_id: change.id for change in found.changed}
    removed = set(found.removed)
    gone = [task for task in found.old.tasks if task.id in removed]
    tasks = [*found.new.tasks, *gone]
    numbers = {task.id: index for index, task in enumerate(tasks)}
    arrows = _arrows(found.new.tasks, numbers, {})
    kept = set(arrows)
    dotted = [arrow for arrow in _arrows(found.old.tasks, numbers, new_ids) if arrow not in kept]
    classes = {
        **{numbers[name]: "added" for name in found.added},
        **{numbers[name]: "removed" for name in found.removed},
        **{numbers[change.id]: "changed" for change in found.changed},
    }
    return flowchart([labels_of(task) for task in tasks], arrows, classes, _STYLES, dotted)


def _arrows(
    tasks: Sequence[Task], numbers: Mapping[str, int], new_ids: Mapping[str, str]
) -> list[tuple[int, int]]:
    """Return an arrow a dependency, from the task that is needed; ids of the old version are translated."""
    return [
        (numbers[start], numbers[new_ids.get(task.id, task.id)])
        for task in tasks
        for needed in task.depends_on
        if (start := new_ids.get(needed, needed)) in numbers
    ]
