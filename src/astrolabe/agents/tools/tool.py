"""A tool as the loop sees it: what a model is told of it, what it touches, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from astrolabe.agents.agent import Workbench
from astrolabe.agents.tools.seen import Seen
from astrolabe.domain.conversation import TokenUse, ToolSpec
from astrolabe.domain.plan import Task
from astrolabe.errors import InputError, MissingError, Problem

MOST_CHARACTERS = 8_000
"""Of one result: what is longer is put on the shelf, and its beginning and end are told."""
SHELF = "output/"


class Arguments(BaseModel):
    """What a tool takes; what it does not know is refused, so that a slip is told and not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Touch:
    """What a call would touch: paths it reads and writes, a shell line it runs."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    command: str = ""


NOTHING = Touch()


class Shelf:
    """Long outputs of a conversation, by name. They follow from recorded steps, so a resumed attempt has the same ones."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def put(self, text: str) -> str:
        """Keep a text; return the name under which `read` finds it."""
        name = f"{SHELF}{len(self._texts) + 1}"
        self._texts[name] = text
        return name

    def get(self, name: str) -> str:
        """Return a text; MissingError if none is kept under that name."""
        if name not in self._texts:
            kept = ", ".join(self._texts) or "none"
            raise MissingError(f"there is no {name!r}", hint=f"There are: {kept}.")
        return self._texts[name]


@dataclass(frozen=True)
class Desk:
    """What the tools of one conversation work with; `spent` is what conversations begun by them have used."""

    bench: Workbench
    task: Task
    shelf: Shelf = field(default_factory=Shelf)
    seen: Seen = field(default_factory=Seen)
    spent: list[TokenUse] = field(default_factory=list[TokenUse])


@dataclass(frozen=True)
class Tool:
    """`use` takes the validated arguments and returns what the model is told.

    It raises errors of ours for what the model can do differently. What it does beyond reading files of the bench goes
    through a recorded call of the bench, so that a resumed conversation takes the same course. `foreign`: what it returns
    was written by others, and is data. `ends`: the conversation is over once it was used.
    """

    name: str
    description: str
    arguments: type[BaseModel]
    use: Callable[[Any, Desk], Awaitable[str]]
    touches: Callable[[Any], Touch] = lambda _: NOTHING
    foreign: bool = True
    ends: bool = False

    @property
    def spec(self) -> ToolSpec:
        """What a model is told of it."""
        return ToolSpec(name=self.name, description=self.description, parameters=schema_of(self.arguments))

    def read(self, arguments: dict[str, Any]) -> BaseModel:
        """Return the arguments, typed; InputError says what is wrong with each."""
        try:
            return self.arguments.model_validate(arguments)
        except ValidationError as invalid:
            problems = [_problem(dict(fault)) for fault in invalid.errors()]
            names = ", ".join(self.arguments.model_fields)
            raise InputError(
                f"{self.name} cannot be used with these arguments", problems, hint=f"It takes: {names}."
            ) from invalid


def _problem(fault: dict[str, Any]) -> Problem:
    return Problem(".".join(map(str, fault["loc"])) or "arguments", str(fault["msg"]))


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON Schema, without what costs tokens and says nothing, and without references to elsewhere."""
    schema = model.model_json_schema()
    known = cast("dict[str, Any]", schema.pop("$defs", {}))
    return cast("dict[str, Any]", _plain(schema, known))


def _plain(node: Any, known: dict[str, Any], *, properties: bool = False) -> Any:
    if isinstance(node, list):
        return [_plain(item, known) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    fields = cast("dict[str, Any]", node)
    if "$ref" in fields and not properties:
        named = known[str(fields["$ref"]).removeprefix("#/$defs/")]
        fields = {**named, **{name: value for name, value in fields.items() if name != "$ref"}}
    return {
        name: _plain(value, known, properties=name == "properties" and not properties)
        for name, value in fields.items()
        if properties or name != "title"
    }


def bounded(text: str, shelf: Shelf, most: int = MOST_CHARACTERS) -> str:
    """Return a text, or its beginning and end with the name under which the whole is kept."""
    if len(text) <= most:
        return text
    name = shelf.put(text)
    head, tail = text[: most * 2 // 3], text[-(most // 3) :]
    head, tail = head[: head.rfind("\n") + 1] or head, tail[tail.find("\n") + 1 :] or tail
    left_out = len(text) - len(head) - len(tail)
    note = f"[{left_out:,} characters left out here; read {name!r} for all {len(text.splitlines()):,} lines]"
    return f"{head.rstrip()}\n{note}\n{tail}"
