"""A model's plan as it wrote it, made a plan that can run: harmless faults are mended and told, the rest is listed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import JsonValue, ValidationError

from astrolabe.domain.plan import Check, Environment, Measure, Plan, Task
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.extraction import Extracted
from astrolabe.planning.guess import Names
from astrolabe.planning.names import Renaming
from astrolabe.planning.placing import after, beyond, instead_of, with_one_end
from astrolabe.planning.validation import mended
from astrolabe.planning.visible import visible

_ALSO = {
    "dependson": "depends_on",
    "dependencies": "depends_on",
    "deps": "depends_on",
    "requires": "depends_on",
    "after": "depends_on",
    "title": "name",
    "description": "goal",
    "instructions": "goal",
    "objective": "goal",
    "task": "goal",
    "prompt": "goal",
    "files": "writes",
    "paths": "writes",
    "outputs": "writes",
    "commands": "checks",
    "tests": "checks",
    "verify": "checks",
    "verification": "checks",
    "role": "agent",
    "assignee": "agent",
    "worker": "agent",
    "timeoutseconds": "timeout",
}
_TEXTS = ("id", "name", "agent", "goal")
_LISTS = ("depends_on", "writes", "checks")
_CHOSEN = ("retries", "timeout", "backoff", "priority", "budget", "approval")
"""What a model may choose besides; `environment`, `policy` and what an agent may do are not a model's to choose."""
_IDLE = re.compile(r"(?:true|:|exit 0|echo\b[^|&;]*|ls\b[^|&;]*|pwd)\Z")
_EXCUSED = re.compile(r"\|\| ?(?:true|:|exit 0)\Z")
MOST_TASKS = 200
"""Of a model's plan: more are a loop it got into, and nobody would look through them."""


@dataclass(frozen=True)
class Hand:
    """An agent that tasks can be given to: whether it changes files, what inputs it knows, and which it needs.

    `purpose` and `told` (what an input is for, by its name) are for whoever chooses among them.
    """

    name: str
    writes: bool = True
    inputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    purpose: str = ""
    told: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Terms:
    """What a plan for a repository is held against.

    `proofs` are the repository's own checks, for the last tasks. `agent` gets tasks whose agent nobody knows. `reviewer` is
    the agent that looks at all of it in the end; there is no such task when it is empty, or the plan has one already.
    `old` tells of the repository's own checks that fail before any change: they are no proofs, and `tester` is the agent
    that holds what was made against them instead. `doubts` are what else a person is to know before the plan runs.

    `standing` are tasks of a plan that goes on: the new ones come after them, or as parts in the place of the one named
    `split`. What names nothing that it writes may write `writes`.
    """

    goal: str
    hands: tuple[Hand, ...]
    agent: str
    proofs: tuple[Check, ...] = ()
    environment: Environment = field(default_factory=Environment)
    retries: int = 1
    healing: tuple[Measure, ...] = ()
    reviewer: str = ""
    tester: str = ""
    old: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    standing: tuple[Task, ...] = ()
    split: str = ""
    writes: tuple[str, ...] = ("**",)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(hand.name for hand in self.hands)

    def hand(self, name: str) -> Hand:
        return next((hand for hand in self.hands if hand.name == name), Hand(name))


def proposed_plan(extracted: Extracted, terms: Terms) -> Plan:
    """Return the plan for `terms.goal`, its `warnings` saying what was mended.

    Raises:
        PlanValidationError: it cannot run; names every problem.
    """
    return _Mender(terms).plan(extracted)


class _Mender:
    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._agents = Names(terms.names)
        self._standing = {task.id for task in terms.standing}
        self._warnings: list[str] = []
        self._problems: list[Problem] = []

    def plan(self, extracted: Extracted) -> Plan:
        raws = [cast("dict[str, Any]", task) for task in extracted.tasks if isinstance(task, dict)]
        if not 0 < len(raws) <= MOST_TASKS:
            fault = Problem("tasks", f"are {len(raws)}", f"plan 1 to {MOST_TASKS}")
            raise PlanValidationError("the plan cannot run", [fault])
        self._told_first(extracted, len(raws))
        tasks = [
            self._task(index, raw) for index, raw in enumerate(self._named(list(map(self._fields, raws))))
        ]
        if self._problems:
            raise PlanValidationError("the plan cannot run", self._problems)
        reasoning = extracted.plan.get("reasoning")
        plan = Plan(
            goal=self._terms.goal,
            tasks=tuple(task for task in tasks if task is not None),
            source="model",
            reasoning=reasoning if isinstance(reasoning, str) else "",
            warnings=(*self._terms.old, *self._terms.doubts, *self._warnings),
        )
        return _placed(plan, self._terms)

    def _told_first(self, extracted: Extracted, count: int) -> None:
        if count < len(extracted.tasks):
            self._warnings.append(f"left out {len(extracted.tasks) - count} tasks that are no objects")
        if extracted.mended:
            self._warnings.append("the plan's JSON was broken, and was mended")
        if extracted.cut:
            self._warnings.append("the reply was cut off: tasks may be missing at the end")

    def _named(self, raws: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each task an id of its own, and let dependencies mean those."""
        written = [(_text(raw.get("id")), _text(raw.get("name"))) for raw in raws]
        renaming = Renaming(written, self._standing)
        for index, raw in enumerate(raws):
            written = _text(raw.get("id"))
            raw["id"] = renaming.ids[index]
            if written != raw["id"]:
                old = f"`{visible(written, 60)}`" if written else "no id"
                self._warnings.append(f"task `{raw['id']}`: had {old}")
            raw["depends_on"] = [
                name for said in raw["depends_on"] if (name := self._needed(renaming, index, _text(said)))
            ]
        return raws

    def _needed(self, renaming: Renaming, index: int, said: str) -> str:
        own, found = renaming.ids[index], renaming.meant(said, index)
        if not found and said in self._standing:
            return said
        if found == own:
            self._warnings.append(f"task `{own}`: dropped its dependency on itself")
            return ""
        if not found and said.strip().lower() not in {"", "none", "null"}:
            self._warnings.append(
                f"task `{own}`: dropped its dependency on `{visible(said, 60)}`: no such task"
            )
        return found

    def _fields(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Return what is written of a task by the names a plan has for it."""
        found: dict[str, Any] = {}
        left_out: list[str] = []
        for key, value in raw.items():
            bare = re.sub(r"[^a-z]", "", key.lower())
            name = next((known for known in _KNOWN if known.replace("_", "") == bare), _ALSO.get(bare, ""))
            if name:
                found.setdefault(name, value)
            elif value not in (None, "", [], {}):
                left_out.append(visible(key, 40))
        if left_out:
            shown = visible(_text(raw.get("id")) or _text(raw.get("name")) or "?", 60)
            self._warnings.append(
                f"task `{shown}`: left out what is not a model's to say: {', '.join(left_out[:8])}"
            )
        return {**found, **{name: _listed(found.get(name)) for name in _LISTS}}

    def _task(self, index: int, raw: Mapping[str, Any]) -> Task | None:
        name, hand = raw["id"], self._hand(raw)
        fields: dict[str, Any] = {
            "id": name,
            "name": _text(raw.get("name"))[:200].strip() or name,
            "agent": hand.name,
            "goal": _text(raw.get("goal")),
            "inputs": self._inputs(index, hand, raw.get("inputs")),
            "depends_on": raw["depends_on"],
            "writes": self._writes(name, hand, raw["writes"]),
            "checks": self._checks(name, raw["checks"]),
            "environment": self._terms.environment,
            "retries": self._terms.retries,
            "healing": [one for one in self._terms.healing if hand.writes or one is not Measure.SPLIT],
        }
        for key in _CHOSEN:
            if raw.get(key) is not None:
                self._choose(fields, key, raw[key])
        if not fields["goal"].strip() and not hand.needs and fields["name"] == name:
            self._problems.append(
                Problem(f"tasks[{index}].goal", f"`{name}` does not say what is to be done")
            )
        try:
            return Task.model_validate(fields)
        except ValidationError as invalid:
            self._problems += [
                Problem(".".join(map(str, (f"tasks[{index}]", *fault["loc"]))), fault["msg"])
                for fault in invalid.errors()
            ]
            return None

    def _choose(self, fields: dict[str, Any], key: str, value: object) -> None:
        try:
            Task.model_validate({"id": "a", "agent": "a", key: value})
        except ValidationError as invalid:
            fault = invalid.errors()[0]["msg"]
            self._warnings.append(f"task `{fields['id']}`: left out its {key}: {fault}")
        else:
            fields[key] = value

    def _hand(self, raw: Mapping[str, Any]) -> Hand:
        said = _text(raw.get("agent")).strip()
        if said in self._terms.names:
            return self._terms.hand(said)
        name = self._agents.closest(said) if said else None
        chosen = name or self._terms.agent
        told = f"there is no agent `{visible(said, 60)}`" if said else "it names no agent"
        self._warnings.append(f"task `{raw['id']}`: {told}; `{chosen}` gets it")
        return self._terms.hand(chosen)

    def _inputs(self, index: int, hand: Hand, value: JsonValue) -> dict[str, JsonValue]:
        given = _pairs(value)
        known = {name: given[name] for name in hand.inputs if given.get(name) not in (None, "")}
        self._problems += [
            Problem(f"tasks[{index}].inputs", f"`{name}` is missing", f"`{hand.name}` needs it")
            for name in hand.needs
            if name not in known
        ]
        return known

    def _writes(self, task: str, hand: Hand, written: Sequence[object]) -> list[str]:
        paths = list(dict.fromkeys(filter(None, (_relative(_text(path)) for path in written))))
        if paths != [_text(path) for path in written]:
            self._warnings.append(
                f"task `{task}`: its paths were made relative: {visible(', '.join(paths), 120)}"
            )
        if not hand.writes:
            return []
        if not paths:
            self._warnings.append(
                f"task `{task}`: names nothing that it changes, so it may change {_all(self._terms.writes)}"
            )
            return list(self._terms.writes)
        return paths

    def _checks(self, task: str, written: Sequence[object]) -> list[JsonValue]:
        checks: list[JsonValue] = []
        for one in written:
            line, name = _line(one)
            if not line.strip():
                continue
            if _cannot_fail(line):
                self._warnings.append(
                    f"task `{task}`: dropped the check `{visible(line, 60)}`, which cannot fail"
                )
                continue
            checks.append({"name": (name or line.strip())[:120], "run": line})
        return checks


_KNOWN = (*_TEXTS, *_LISTS, *_CHOSEN, "inputs")


def _placed(plan: Plan, terms: Terms) -> Plan:
    """Return a plan of new tasks with the proofs they need, placed among those that stand."""
    if terms.split:
        split = next(task for task in terms.standing if task.id == terms.split)
        parts = _proved(plan.model_copy(update={"tasks": with_one_end(plan.tasks)}), terms).tasks
        faults = [fault for part in parts for fault in beyond(part, split)]
        if faults:
            raise PlanValidationError("the plan cannot run", faults)
        whole = plan.model_copy(update={"tasks": instead_of(split, terms.standing, parts)})
        return mended(whole, {*terms.names, *(task.agent for task in terms.standing)})
    proved = _proved(plan, terms)
    whole = plan.model_copy(update={"tasks": after(terms.standing, proved.tasks)})
    sound = mended(whole, {*terms.names, *(task.agent for task in terms.standing)})
    _must_prove_something(proved)
    return _reviewed(_tested(sound, terms), terms)


def _proved(plan: Plan, terms: Terms) -> Plan:
    """Add the repository's own checks to the last tasks."""
    last = {task.id for task in plan.sinks()}
    tasks = tuple(
        task.model_copy(update={"checks": _with(task.checks, terms.proofs)}) if task.id in last else task
        for task in plan.tasks
    )
    return plan.model_copy(update={"tasks": tasks})


def _with(checks: Sequence[Check], proofs: Sequence[Check]) -> tuple[Check, ...]:
    lines = {proof.run for proof in proofs}
    return (*(check for check in checks if check.run not in lines), *proofs)


def _must_prove_something(plan: Plan) -> None:
    if any(task.checks for task in plan.tasks):
        return
    hint = "give the last task a command that fails as long as the goal is not reached, and passes then"
    raise PlanValidationError("the plan cannot run", [Problem("tasks", "none of them has a check", hint)])


def _tested(plan: Plan, terms: Terms) -> Plan:
    """Where tests fail before any change, have them run in the end by who tells what is new from what is old."""
    new = plan.tasks[len(terms.standing) :]
    if not terms.old or terms.tester not in terms.names or any(t.agent == terms.tester for t in new):
        return plan
    tests = Task(
        id=_free_id(plan, "tests"),
        name="Run the project's own tests: nothing may fail that did not before",
        agent=terms.tester,
        goal="Tell which tests fail now that did not before the run changed anything.",
        environment=terms.environment,
        depends_on=tuple(task.id for task in plan.sinks()),
        retries=terms.retries,
        healing=tuple(one for one in terms.healing if one is not Measure.SPLIT),
    )
    return plan.model_copy(update={"tasks": (*plan.tasks, tests)})


def _free_id(plan: Plan, name: str) -> str:
    ids = {task.id for task in plan.tasks}
    return next(one for one in (name, *(f"{name}-{n}" for n in range(2, MOST_TASKS + 3))) if one not in ids)


def _reviewed(plan: Plan, terms: Terms) -> Plan:
    """Have what was made looked at in the end, by somebody who did not make it."""
    new = plan.tasks[len(terms.standing) :]
    if terms.reviewer not in terms.names or any(task.agent == terms.reviewer for task in new):
        return plan
    review = Task(
        id=_free_id(plan, "review"),
        name="Review what was changed",
        agent=terms.reviewer,
        goal="Hold what was changed against the goal.",
        inputs={"goal": plan.goal},
        depends_on=tuple(task.id for task in plan.sinks()),
        retries=terms.retries,
        healing=tuple(one for one in terms.healing if one is not Measure.SPLIT),
    )
    return plan.model_copy(update={"tasks": (*plan.tasks, review)})


def _all(patterns: Sequence[str]) -> str:
    return "everything" if "**" in patterns else ", ".join(patterns) or "nothing"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _listed(value: object) -> list[object]:
    if value is None or value == "":
        return []
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _pairs(value: JsonValue) -> dict[str, JsonValue]:
    """Return inputs, also where they were given as pairs of name and value, as a strict schema wants it."""
    if isinstance(value, dict):
        return value
    pairs = [pair for pair in value if isinstance(pair, dict)] if isinstance(value, list) else []
    return {_text(pair.get("name")): pair.get("value") for pair in pairs if _text(pair.get("name"))}


def _line(check: object) -> tuple[str, str]:
    """Return a check's shell line and its name."""
    if not isinstance(check, dict):
        return _text(check), ""
    fields = cast("dict[str, object]", check)
    line = next((_text(fields[key]) for key in ("run", "command", "cmd", "shell") if key in fields), "")
    return line, _text(fields.get("name"))


def _relative(path: str) -> str:
    """Return a path as the workspace has it; what leaves the workspace stays as it is, and is refused later."""
    path = path.strip().replace("\\", "/")
    if path in {".", "./", "/", "*"}:
        return "**"
    path = re.sub(r"^(?:[A-Za-z]:)?/+", "", path)
    return re.sub(r"/{2,}", "/", re.sub(r"(?:^|(?<=/))\./", "", path))


def _cannot_fail(line: str) -> bool:
    plain = " ".join(line.split())
    return bool(_IDLE.match(plain) or _EXCUSED.search(plain))
