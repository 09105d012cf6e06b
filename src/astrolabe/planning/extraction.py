"""A plan out of a model's reply, however it stands there: clean, fenced, in prose, broken, cut off, as YAML."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from pydantic import JsonValue

from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.replies.pieces import blocks, brackets, spoken
from astrolabe.planning.replies.values import MOST_MENDED, NOTHING, as_yaml, mended, strictly

LARGEST_REPLY = 400_000
"""Characters: about a hundred thousand tokens, more than models answer."""
_MOST_MENDED_TOGETHER = 3 * MOST_MENDED
_TASKS = ("tasks", "steps", "subtasks")
_WRAPPERS = ("plan", "arguments", "parameters", "input", "result", "output", "response", "answer", "data")
_DEEPEST_WRAPPING = 4
_NAMES = ("id", "name", "title")
_WORK = (
    "goal",
    "agent",
    "description",
    "depends_on",
    "dependencies",
    "task",
    "instructions",
    "writes",
    "checks",
)
_HINTS_AT_TASKS = re.compile(r"\b(?:tasks|steps|subtasks|depends_on|dependencies|agent)\b")
_YAML = re.compile(r"^(?:plan|goal|reasoning|tasks|steps)[ \t]*:|^- (?:id|name)[ \t]*:", re.MULTILINE)

Raw = dict[str, JsonValue]


@dataclass(frozen=True)
class Extracted:
    """A plan as it was written, its `tasks` a list of objects.

    `mended` tells that its JSON was broken, `cut` that the reply ended before the plan did: a task begun is left out.
    """

    plan: Raw
    mended: bool = False
    cut: bool = False

    @property
    def tasks(self) -> list[JsonValue]:
        return cast("list[JsonValue]", self.plan["tasks"])


def extract_plan(reply: str) -> Extracted:
    """Return the plan in a reply; of several the last, and one that is written without fault before others.

    Raises:
        PlanValidationError: there is none in it, or it is longer than `LARGEST_REPLY`; with what there is instead.
    """
    if len(reply) > LARGEST_REPLY:
        raise _no_plan(f"{len(reply):,} characters are more than the {LARGEST_REPLY:,} that are read")
    text = spoken(reply)
    for way in (_strict, _yaml):
        if found := [Extracted(plan, cut=read.cut) for read in way(text) if (plan := plan_in(read.value))]:
            return found[-1]
    broken = [
        Extracted(plan, mended=True, cut=read.cut) for read in _mended(text) if (plan := plan_in(read.value))
    ]
    if not broken:
        raise _no_plan(_what_there_is(reply, text))
    best = max(reversed(broken), key=lambda one: (len(one.tasks), len(one.plan)))
    return _without_the_begun(best) if best.cut else best


def _without_the_begun(cut: Extracted) -> Extracted:
    if not any(isinstance(task, dict) for task in cut.tasks[:-1]):
        return cut
    return replace(cut, plan={**cut.plan, "tasks": cut.tasks[:-1]})


def plan_in(value: object, depth: int = 0) -> Raw | None:
    """Return the plan that a value is or wraps: an object with tasks, or a list of them; None for anything else."""
    if depth > _DEEPEST_WRAPPING:
        return None
    if isinstance(value, list):
        items = cast("list[JsonValue]", value)
        return {"tasks": items} if items and all(map(_is_task, items)) else None
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return plan_in(strictly(value), depth + 1)
    if not isinstance(value, dict):
        return None
    raw = cast("Raw", value)
    for key in _TASKS:
        if tasks := _tasks(raw.get(key)):
            return {**{name: held for name, held in raw.items() if name != key}, "tasks": tasks}
    return next((found for key in _WRAPPERS if (found := plan_in(raw.get(key), depth + 1))), None)


def _tasks(value: JsonValue) -> list[JsonValue]:
    """Return a list of tasks, also where they were written as an object by id."""
    if isinstance(value, dict):
        value = [{"id": name, **task} for name, task in value.items() if isinstance(task, dict)]
    if not isinstance(value, list) or not any(isinstance(task, dict) for task in value):
        return []
    return value


def _is_task(value: JsonValue) -> bool:
    return (
        isinstance(value, dict) and any(key in value for key in _NAMES) and any(key in value for key in _WORK)
    )


@dataclass(frozen=True)
class _Read:
    """A value of a piece of the reply; NOTHING where there is none. `cut`: the piece has no end."""

    value: object
    cut: bool = False


def _strict(text: str) -> Iterator[_Read]:
    """Yield what is written as it should be, in the order of the text: all of it, in fences, in brackets."""
    yield _Read(strictly(text))
    yield from (_Read(strictly(block.text)) for block in blocks(text))
    pieces = brackets(text)
    found = [strictly(piece) for piece in pieces.closed]
    yield from map(_Read, found)
    yield _Read(_together(found), cut=bool(pieces.cut))


def _yaml(text: str) -> Iterator[_Read]:
    fenced = [block for block in blocks(text) if not block.text.startswith(("{", "["))]
    for block in fenced:
        if block.word in {"yaml", "yml"} or _YAML.search(block.text):
            yield _Read(as_yaml(block.text), cut=not block.closed)
    if not fenced and (start := _YAML.search(text)):
        yield _Read(as_yaml(text[start.start() :]))


def _mended(text: str) -> Iterator[_Read]:
    """Yield what can be made of broken pieces that speak of tasks, until that has been enough work."""
    left = _MOST_MENDED_TOGETHER
    for pieces in _broken(text):
        found: list[object] = []
        for piece in pieces:
            if len(piece.text) > min(left, MOST_MENDED) or not _HINTS_AT_TASKS.search(piece.text):
                continue
            left -= len(piece.text)
            found.append(mended(piece.text))
            yield _Read(found[-1], piece.cut)
        yield _Read(_together(found), cut=any(piece.cut for piece in pieces))


@dataclass(frozen=True)
class _Piece:
    text: str
    cut: bool


def _broken(text: str) -> Iterator[Sequence[_Piece]]:
    yield [
        _Piece(block.text[start:], not block.closed)
        for block in blocks(text)
        if (start := _opening(block.text)) is not None
    ]
    for strings_end_with_lines in (False, True):
        found = brackets(text, strings_end_with_lines=strings_end_with_lines)
        cut = [_Piece(found.cut, cut=True)] if found.cut else []
        yield [*(_Piece(piece, cut=False) for piece in found.closed), *cut]
    start = text.find("[")
    if len(text) > MOST_MENDED and start >= 0:
        # what is too long to be mended whole is taken apart: the tasks are what lies inside
        inside = brackets(text[start + 1 :])
        yield [_Piece(piece, cut=bool(inside.cut)) for piece in inside.closed]


def _opening(text: str) -> int | None:
    found = re.search(r"[{\[]", text)
    return found.start() if found else None


def _together(values: Sequence[object]) -> object:
    """Return tasks that were written one after the other as one plan."""
    tasks = [value for value in values if _is_task(cast("JsonValue", value)) and plan_in(value) is None]
    return tasks if len(tasks) > 1 else NOTHING


def _what_there_is(reply: str, text: str) -> str:
    if not reply.strip():
        return "it is empty"
    if not text.strip():
        return "it ends in the midst of thinking, before it says anything"
    values = [cast("Raw", read.value) for read in _strict(text) if isinstance(read.value, dict)]
    if any("properties" in value and "type" in value for value in values):
        return "it gives a JSON Schema back; a plan that fits the schema is wanted"
    if values:
        keys = ", ".join(sorted(str(key)[:40] for key in values[-1])[:8]) or "nothing"
        return f"the JSON in it is no plan: it has no list `tasks`, but {keys}"
    return (
        "it has brackets, but no JSON that can be read" if _opening(text) is not None else "it is only words"
    )


def _no_plan(what: str) -> PlanValidationError:
    hint = "Answer with one JSON object that has `tasks`, and nothing else."
    return PlanValidationError("the reply holds no plan", [Problem("reply", what)], hint=hint)
