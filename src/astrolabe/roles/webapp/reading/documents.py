"""The canonical form: a YAML document to and from a model."""

import re
from collections.abc import Iterable
from typing import Any, cast

import yaml
from pydantic import BaseModel

from astrolabe.roles.webapp.model import SCHEMA, AppModel, FieldModel, PageModel, RelationModel, SeedUser
from astrolabe.roles.webapp.reading.flaw import Flaw
from astrolabe.roles.webapp.reading.meaning import problems_in
from astrolabe.roles.webapp.reading.rest import flaws_of_the_rest
from astrolabe.sdk import Document, GoalError, Problem, read_document, validate

DOCUMENT_NAME = "astrolabe.yaml"

FORMS = {
    r"^[A-Z][A-Za-z0-9]{0,39}$": "a name like BookShelf: a capital, then letters and digits, at most 40",
    r"^[a-z][A-Za-z0-9]{0,39}$": "a name like dueDate: a small letter, then letters and digits, at most 40",
    r"^[a-z][a-z0-9_]{0,29}$": "a name like book_keeper: small letters, digits and `_`, at most 30",
    r"^[A-Za-z][A-Za-z0-9_]{0,39}$": "a name like in_progress: a letter, then letters, digits and `_`, at most 40",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "an address like ada@example.org",
}

_HEAD = """\
# The model of this application: what Astrolabe builds it from. Edit it and build again:
#   astrolabe build {name} --into FOLDER
# Fields are of type string, text, integer, decimal, boolean, date, datetime, email, url or enum; relations of kind
# many-to-one, one-to-one or many-to-many. Every faulty line is reported with its place before anything is built.

"""
_PLACE = re.compile(r":(\d+):(\d+)(?: |$)")


def model_of(document: str, name: str = DOCUMENT_NAME) -> AppModel:
    """Read a canonical document; `name` is what places call it.

    Raises:
        GoalError: with every fault of form and meaning, each with line and column.
    """
    read = read_document(document, name, GoalError)
    try:
        model = validate(read, AppModel, error=GoalError, forms=FORMS)
    except GoalError as invalid:
        more = _places(read, flaws_of_the_rest(read.value(), [fault.path for fault in read.faults]))
        raise GoalError(f"{read.name} is not a valid model", _sorted((*invalid.problems, *more))) from invalid
    problems = _places(read, problems_in(model))
    if problems:
        raise GoalError(f"{read.name} is not a valid model", _sorted(problems))
    return model


def _places(document: Document, flaws: Iterable[Flaw]) -> list[Problem]:
    return [document.problem(flaw.path, flaw.text, flaw.hint) for flaw in flaws]


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    def mark(problem: Problem) -> tuple[int, int]:
        found = _PLACE.search(problem.place)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    return sorted(dict.fromkeys(problems), key=mark)


def dump(model: AppModel, name: str = DOCUMENT_NAME) -> str:
    """Write a model as a canonical document: defaults left out, the order of the model kept, a comment on top."""
    content = {"astrolabe": SCHEMA, **_plain(model)}
    if model.enum_labels:
        content["enum_labels"] = {name: _Line(labels) for name, labels in model.enum_labels.items()}
    text = yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    return _HEAD.format(name=name) + re.sub(r"\n(?=(?:enums|entities|pages|seed|roles):)", "\n\n", text)


class _Line(dict[str, Any]):
    """A mapping written on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless and flow)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_LIKE_A_NUMBER = re.compile(
    r"[-+.]?[0-9.]|[-+.]|(?:~|null|true|false|yes|no|on|off|y|n)\Z|\.?(?:inf|nan)\Z", re.IGNORECASE
)


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    style = "'" if _LIKE_A_NUMBER.match(data) else None
    return cast("Any", dumper).represent_scalar("tag:yaml.org,2002:str", data, style)


def _line(dumper: yaml.SafeDumper, data: _Line) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.SequenceNode:
    short = all(not isinstance(item, dict | list) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Line, _line)
_Dumper.add_representer(list, _list)


def _plain(value: BaseModel) -> dict[str, Any]:
    """Return the parts of a model that differ from their defaults, as plain values."""
    kind = type(value)
    out: dict[str, Any] = {}
    for name, info in kind.model_fields.items():
        item = getattr(value, name)
        if (
            info.is_required()
            or item != info.get_default(call_default_factory=True)
            or _flag(item, info.default)
        ):
            out[name] = _value(item)
    return out


def _flag(item: object, default: object) -> bool:
    """Whether an equal value is of another type: False and 0 are different defaults of a field."""
    return type(item) is not type(default) and isinstance(item, bool | int | float)


def _value(item: Any) -> Any:
    if isinstance(item, FieldModel | RelationModel | SeedUser | PageModel):
        return _Line(_plain(item))
    if isinstance(item, BaseModel):
        return _plain(item)
    if isinstance(item, dict):
        return {str(key): _value(inner) for key, inner in cast("dict[str, Any]", item).items()}
    if isinstance(item, list | tuple):
        return [_value(inner) for inner in cast("list[Any]", item)]
    if isinstance(item, str):
        return str(item)
    if isinstance(item, float) and item.is_integer() and abs(item) < 2**53:
        return int(item)
    return item
