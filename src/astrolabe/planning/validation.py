"""Whether a plan can run: every reason why not, all at once, each with its place."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, cast

from astrolabe.domain.paths import path_fault
from astrolabe.domain.plan import MOST_SECONDS, Budget, Check, Plan, Task, line_fault, ref_name
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.graph import beyond, cycles
from astrolabe.planning.guess import Names
from astrolabe.planning.outline import Outline, Said, outlines_of
from astrolabe.planning.places.node import path_text
from astrolabe.planning.places.validation import MOST_PROBLEMS
from astrolabe.planning.uses import uses
from astrolabe.planning.visible import visible

Finding = tuple[tuple[str | int, ...], str, str]
"""Path within the plan, what is wrong there, and a hint."""

_SHOWN_OF_A_CYCLE = 12
_MOST_UNITS = 10**12
"""Of dollars, tokens and calls: what is beyond could not be added up in 64 bits."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def problems_in(plan: Plan, agents: Collection[str] | None = None) -> tuple[Problem, ...]:
    """Return everything that keeps a plan from running, in the plan's order; `agents` None means any agent will do."""
    return tuple(
        Problem(path_text(path) or "plan", text, hint) for path, text, hint in findings(plan, agents)
    )


def validated(plan: Plan, agents: Collection[str] | None = None) -> Plan:
    """Return the plan as it is.

    Raises:
        PlanValidationError: it must not run; names every problem.
    """
    problems = problems_in(plan, agents)
    if problems:
        raise PlanValidationError(f"the plan has {_counted(len(problems))}", problems)
    return plan


def mended(plan: Plan, agents: Collection[str] | None = None) -> Plan:
    """Return a model's plan without its harmless faults, each recorded in `warnings`.

    Harmless are: a dependency on a task there is not, the same dependency twice, and two checks of a task with the
    same name.

    Raises:
        PlanValidationError: what is left must not run; names every problem.
    """
    known = {task.id for task in plan.tasks}
    warnings: list[str] = []
    tasks = tuple(_mended_task(task, known, warnings) for task in plan.tasks)
    if warnings:
        plan = plan.model_copy(update={"tasks": tasks, "warnings": (*plan.warnings, *warnings)})
    return validated(plan, agents)


def _counted(count: int) -> str:
    return "a problem" if count == 1 else f"{count:,} problems"


def _mended_task(task: Task, known: Collection[str], warnings: list[str]) -> Task:
    shown = visible(task.id, 80)
    kept = tuple(dict.fromkeys(name for name in task.depends_on if name in known))
    checks = tuple(_with_own_names(task.checks))
    for name, count in Counter(task.depends_on).items():
        if name not in known:
            warnings.append(f"task `{shown}`: dropped its dependency on `{visible(name, 80)}`: no such task")
        elif count > 1:
            warnings.append(
                f"task `{shown}`: its dependency on `{visible(name, 80)}` stood there {count} times"
            )
    for old, new in zip(task.checks, checks, strict=True):
        if old.name != new.name:
            warnings.append(
                f"task `{shown}`: renamed a second check `{visible(old.name, 80)}` to `{visible(new.name, 80)}`"
            )
    if kept == task.depends_on and checks == task.checks:
        return task
    return task.model_copy(update={"depends_on": kept, "checks": checks})


def _with_own_names(checks: Sequence[Check]) -> Iterator[Check]:
    taken = {check.name for check in checks}
    seen: set[str] = set()
    for check in checks:
        name, number = check.name, 2
        while name in seen or (name != check.name and name in taken):
            name, number = f"{check.name[:110]} ({number})", number + 1
        seen.add(name)
        yield check if name == check.name else check.model_copy(update={"name": name})


def findings(plan: Plan, agents: Collection[str] | None) -> list[Finding]:
    """Return what `problems_in` returns, with paths that a document can place."""
    found = findings_in(plan.goal, outlines_of(plan), agents)
    found.extend(_endless_budget(("budget",), plan.budget))
    for index, task in enumerate(plan.tasks):
        found.extend(_endless(("tasks", index), task))
    return sorted(found, key=lambda finding: [(isinstance(step, str), step) for step in finding[0]])


def findings_in(goal: Any, tasks: Sequence[Outline], agents: Collection[str] | None) -> list[Finding]:
    """Return what is wrong with tasks and with how they fit together, wrong as they may be one by one; at most 10,000."""
    every = chain(_goal(goal), _each(tasks, agents), _ids(tasks), _Dependencies(tasks).findings())
    return list(islice(every, MOST_PROBLEMS))


def _goal(goal: Any) -> Iterator[Finding]:
    if isinstance(goal, str) and goal and not goal.strip():
        yield ("goal",), "is blank", "say what the tasks are to reach"


def _each(tasks: Sequence[Outline], agents: Collection[str] | None) -> Iterator[Finding]:
    for index, task in enumerate(tasks):
        here = chain(
            _agents(task, agents),
            _texts(task),
            _paths(task),
            _check_names(task),
            _waits(task),
            _patience(task),
            uses(task),
        )
        for path, text, hint in here:
            yield ("tasks", index, *path), text, hint


def _agents(task: Outline, agents: Collection[str] | None) -> Iterator[Finding]:
    named = [*([Said(("agent",), task.agent)] if task.agent is not None else []), *task.fallbacks]
    seen: set[str] = set()
    for said in named:
        if said.text in seen:
            shown = visible(said.text, 60)
            yield said.place, f"the agent `{shown}` a second time", "name agents that have not been tried"
        elif agents is not None and said.text not in agents:
            known = ", ".join(visible(agent, 40) for agent in sorted(agents)) or "none"
            hint = Names(agents).hint(said.text)
            yield said.place, f"unknown agent `{visible(said.text, 60)}`", f"{hint} known: {known}".strip()
        seen.add(said.text)


def _patience(task: Outline) -> Iterator[Finding]:
    passed_on, over = task.patience
    if passed_on is not None and over is not None and passed_on >= over:
        text = f"is passed on after {passed_on:g} s, but counts as unanswered after {over:g} s"
        yield ("approval",), text, "`escalate_after` must be below `deadline`"


def _texts(task: Outline) -> Iterator[Finding]:
    for key, text in (("id", task.id), ("name", task.name)):
        if text is not None and not text.strip():
            yield (key,), "is blank", ""
    if task.id and _CONTROL.search(task.id):
        yield ("id",), "has a control character", ""
    for said in task.commands:
        if not said.text.strip():
            yield said.place, "is an empty command", "a check needs a command that passes or fails"
        elif fault := line_fault(said.text):
            yield said.place, fault, ""


def _paths(task: Outline) -> Iterator[Finding]:
    for said in task.paths:
        if fault := path_fault(said.text):
            yield said.place, f"the path `{visible(said.text, 80)}` {fault}", ""


def _waits(task: Outline) -> Iterator[Finding]:
    base, most = task.waits
    if most < base:
        text = f"waits {base:g} s at first, but at most {most:g} s"
        yield ("backoff",), text, "`max` must not be below `base`"


def _check_names(task: Outline) -> Iterator[Finding]:
    first: dict[str, Said] = {}
    for said in task.check_names:
        other = first.setdefault(said.text, said)
        if other is not said:
            yield said.place, f"a second check named `{visible(said.text, 80)}`", "give it a name of its own"


def _ids(tasks: Sequence[Outline]) -> Iterator[Finding]:
    """Find ids that are the same, or would be as a file name or a git ref."""
    exact: dict[str, int] = {}
    folded: dict[str, int] = {}
    for index, task in enumerate(tasks):
        if task.id is None:
            continue
        first = exact.setdefault(task.id, index)
        keys = {unicodedata.normalize("NFKC", task.id).casefold(), ref_name(task.id).casefold()}
        alike = min(folded.setdefault(key, index) for key in keys)
        shown = visible(task.id, 80)
        if first != index:
            yield ("tasks", index, "id"), f"the id `{shown}` is taken by tasks[{first}]", "ids are unique"
        elif alike != index:
            other = visible(tasks[alike].id or "", 80)
            yield (
                ("tasks", index, "id"),
                f"the id `{shown}` is too like `{other}` of tasks[{alike}]",
                "ids become file names, in which case does not count",
            )


class _Dependencies:
    """How tasks wait for each other; a dependency on an id used twice is one on the first that has it."""

    def __init__(self, tasks: Sequence[Outline]) -> None:
        self._tasks = tasks
        self._known: dict[str, int] = {}
        for index, task in enumerate(tasks):
            if task.id is not None:
                self._known.setdefault(task.id, index)
        self._needs: list[list[int]] = [[] for _ in tasks]
        self._written: dict[tuple[int, int], tuple[str | int, ...]] = {}
        self._broken: dict[int, str] = {}
        self._names = Names(self._known, {task.name: task.id for task in tasks if task.name and task.id})

    def findings(self) -> Iterator[Finding]:
        for index, task in enumerate(self._tasks):
            yield from self._of_task(index, task)
        loops = cycles(self._needs)
        for loop in loops:
            yield self._cycle(loop)
        yield from self._unreachable(loops)

    def _of_task(self, index: int, task: Outline) -> Iterator[Finding]:
        seen: set[str] = set()
        for said in task.depends_on:
            place = ("tasks", index, *said.place)
            shown = visible(said.text, 80)
            needed = self._known.get(said.text)
            if said.text in seen:
                yield place, f"depends on `{shown}` twice", "remove one"
            elif said.text == task.id:
                self._broken[index] = "which needs itself"
                yield place, "depends on itself", "remove it"
            elif needed is None:
                self._broken[index] = "which needs a task there is not"
                yield place, f"unknown task `{shown}`", self._names.hint(said.text)
            else:
                self._needs[index].append(needed)
                self._written[index, needed] = place
            seen.add(said.text)

    def _cycle(self, loop: Sequence[int]) -> Finding:
        ids = [visible(self._tasks[node].id or "", 80) for node in loop]
        if len(ids) > _SHOWN_OF_A_CYCLE:
            left_out = len(ids) - _SHOWN_OF_A_CYCLE
            ids[_SHOWN_OF_A_CYCLE // 2 : -_SHOWN_OF_A_CYCLE // 2] = [f"… {left_out} more …"]
        path = " → ".join([*ids, ids[0]])
        place = self._written[loop[0], loop[1]]
        return place, f"cycle: {path}", "each waits for the next; remove one of these dependencies"

    def _unreachable(self, loops: Iterable[Sequence[int]]) -> Iterator[Finding]:
        reasons: dict[int, str] = {node: "which is part of a cycle" for loop in loops for node in loop}
        reasons.update(self._broken)
        for node, through in beyond(self._needs, reasons).items():
            needed = visible(self._tasks[through].id or "", 80)
            reason = reasons.get(through, "which can never start either")
            yield self._written[node, through], f"can never start: it needs `{needed}`, {reason}", ""


def _endless(here: tuple[str | int, ...], task: Task) -> Iterator[Finding]:
    """Find what is not finite: it could be neither kept as JSON nor waited for."""
    numbers: Mapping[tuple[str | int, ...], float] = {
        ("timeout",): task.timeout_seconds,
        ("backoff", "base"): task.backoff.base,
        ("backoff", "max"): task.backoff.max,
        **{("checks", number, "timeout"): check.timeout_seconds for number, check in enumerate(task.checks)},
    }
    for path, value in numbers.items():
        yield from _beyond((*here, *path), value, MOST_SECONDS)
    yield from _endless_budget((*here, "budget"), task.budget)
    if task.inputs and _has_endless(task.inputs):
        yield (*here, "inputs"), "holds a number that is not finite", ""


def _endless_budget(here: tuple[str | int, ...], budget: Budget) -> Iterator[Finding]:
    for key in Budget.model_fields:
        most = MOST_SECONDS if key == "wall_seconds" else _MOST_UNITS
        yield from _beyond((*here, key), getattr(budget, key) or 0, most)


def _beyond(place: tuple[str | int, ...], value: float, most: float) -> Iterator[Finding]:
    if isinstance(value, float) and not math.isfinite(value):
        yield place, "is not a finite number", ""
    elif value > most:
        yield place, f"is more than {most:,.0f}, which nobody can mean", "write a smaller number"


def _has_endless(value: Any) -> bool:
    left: list[Any] = [value]
    while left:
        item = left.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return True
        if isinstance(item, dict):
            left.extend(cast("dict[str, Any]", item).values())
        elif isinstance(item, list):
            left.extend(cast("list[Any]", item))
    return False
