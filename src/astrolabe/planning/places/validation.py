"""A document held against a pydantic model: every fault at once, each with its place and in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from astrolabe.errors import InputError, Problem
from astrolabe.planning.guess import Names
from astrolabe.planning.places.node import Entries, Fault, Node, Path, Scalar, child, scalars
from astrolabe.planning.places.reading import Document
from astrolabe.planning.places.shape import Shapes, fields_of, models, names_like, stepped
from astrolabe.planning.places.wording import expected, mistyped, sentence
from astrolabe.planning.visible import visible

MOST_PROBLEMS = 10_000
"""Problems that are listed of one document: nobody reads more, and a hostile file could have millions."""

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass
class _Site:
    """Where an error of pydantic's lies in the document. `branch` tells that it belongs to one option of a union."""

    path: tuple[str | int, ...]
    node: Node
    shapes: Shapes
    above: Shapes = ()
    branch: bool = False


def validate(
    document: Document,
    model: type[_Model],
    *,
    error: type[InputError] = InputError,
    forms: Mapping[str, str] | None = None,
) -> _Model:
    """Return the document as a value of `model`.

    `forms` maps a regular expression used in the model to the words that describe it (`a name like BookShelf`).

    Raises:
        InputError: of the type `error`, with every problem in the order of the document, reading faults included.
    """
    value, faults = held_against(document, model, forms)
    if value is None or faults:
        raise error(f"{document.name} is not valid", problems(document, faults))
    return value


def held_against(
    document: Document, model: type[_Model], forms: Mapping[str, str] | None = None
) -> tuple[_Model | None, list[Fault]]:
    """Return the document as a value of `model`, None when it is not one, and every fault found on the way."""
    flags = _flags(document, model)
    faults = [*document.faults, *flags]
    try:
        return model.model_validate(document.value()), faults
    except ValidationError as invalid:
        known = {fault.mark for fault in faults}
        errors = invalid.errors(include_url=False, include_input=False)
        found = _faults(document, model, errors[:MOST_PROBLEMS], forms or {})
        return None, [*faults, *(fault for fault in found if fault.mark not in known)]


def held_below(document: Document, path: Path, model: type[BaseModel]) -> list[Fault]:
    """Return every fault in the mapping at `path`, held against `model`; where nothing is written, it counts as empty.

    What is missing gets the description of its field as a hint.
    """
    node = document.node(path) or Entries(document.mark(path))
    _, faults = held_against(Document(document.name, node), model)
    return [_below(fault, path, model) for fault in faults]


def _below(fault: Fault, path: Path, model: type[BaseModel]) -> Fault:
    missing = next((name for name in fields_of(model) if fault.text == f"`{name}` is missing"), None)
    described = model.model_fields[missing].description if missing in model.model_fields else None
    hint = fault.hint or (f"it is {described}" if described else "")
    return replace(fault, path=(*path, *fault.path), hint=hint)


def problems(document: Document, faults: list[Fault]) -> tuple[Problem, ...]:
    """Return the faults as problems in the order of the document, none twice, the first 10,000 of them."""
    ordered = sorted(faults, key=lambda fault: fault.mark)[:MOST_PROBLEMS]
    return tuple(dict.fromkeys(document.problem_from(fault) for fault in ordered))


def _faults(
    document: Document, model: type[BaseModel], errors: list[ErrorDetails], forms: Mapping[str, str]
) -> list[Fault]:
    out: list[Fault] = []
    unions: dict[tuple[str | int, ...], list[tuple[_Site, ErrorDetails]]] = {}
    for error in errors:
        site = _site(document, model, error)
        if _is_long_enough(error, site.node):
            continue
        if site.branch:
            unions.setdefault(site.path, []).append((site, error))
        else:
            out.append(_fault(document, site, error, forms))
    out.extend(_union_fault(document, options, forms) for options in unions.values())
    return out


def _site(document: Document, model: type[BaseModel], error: ErrorDetails) -> _Site:
    """Follow an error's location through the document, past the names pydantic gives to the options of a union."""
    location = list(error["loc"])
    if location and (error["type"] == "missing" or location[-1] == "[key]"):
        location.pop()
    site = _Site((), document.root, (model,))
    for step in location:
        found = child(site.node, step)
        if found is None:
            site.branch = True
            continue
        site = _Site((*site.path, step), found, stepped(site.shapes, step), site.shapes, site.branch)
    return site


def _is_long_enough(error: ErrorDetails, node: Node) -> bool:
    """Tell whether pydantic found something too short only because it does not count its faulty entries."""
    return (
        error["type"] == "too_short"
        and not isinstance(node, Scalar)
        and len(node.nodes) >= error.get("ctx", {})["min_length"]
    )


def _fault(document: Document, site: _Site, error: ErrorDetails, forms: Mapping[str, str]) -> Fault:
    mark = document.mark(site.path)
    if error["type"] == "missing":
        return Fault(mark, f"`{error['loc'][-1]}` is missing", path=site.path)
    if error["type"] == "extra_forbidden":
        return _unknown(document, site)
    if error["loc"] and error["loc"][-1] == "[key]":
        key = str(site.path[-1])
        node: Node = Scalar(document.key_mark(site.path), key, key, quoted=True)
        said = _said(error, node, forms)
        return Fault(node.mark, f"the key {said[0]}", said[1], site.path)
    return Fault(mark, *_said(error, site.node, forms), site.path)


def _said(error: ErrorDetails, node: Node, forms: Mapping[str, str]) -> tuple[str, str]:
    form = forms.get(str(error.get("ctx", {}).get("pattern")))
    text, hint = sentence(error, node)
    if error["type"] == "string_pattern_mismatch" and form:
        return f"{text.split(', which does not have the form')[0]}, but {form} is expected", hint
    return text, hint


def _unknown(document: Document, site: _Site) -> Fault:
    name, mark = str(site.path[-1]), document.key_mark(site.path)
    known = sorted({field for model in models(site.above) for field in fields_of(model)})
    if name in known:
        other = next((used for used in _twins(document, site, name) if used != name), name)
        return Fault(mark, f"`{name}` and `{other}` are the same field", "keep one", site.path)
    hint = Names(known).hint(name) or ("known: " + ", ".join(known) if known else "")
    return Fault(mark, f"unknown field `{visible(name, 60)}`", hint, site.path)


def _twins(document: Document, site: _Site, name: str) -> list[str]:
    """Return the names of one field that stand side by side in the document."""
    names = [alias for model in models(site.above) for alias in names_like(model, name)]
    return [alias for alias in names if document.has([*site.path[:-1], alias])]


def _union_fault(
    document: Document, options: list[tuple[_Site, ErrorDetails]], forms: Mapping[str, str]
) -> Fault:
    """Say in one sentence that a value fits none of the options of a union."""
    site = options[0][0]
    kinds = [error["type"] for _, error in options]
    wanted = list(dict.fromkeys(words for kind in kinds if (words := expected(kind))))
    others = [error for _, error in options if not expected(error["type"])]
    if others or not wanted:
        return _fault(document, site, others[0], forms)
    said = mistyped(site.node, " or ".join(wanted), kinds)
    return Fault(document.mark(site.path), *said, site.path)


def _flags(document: Document, model: type[BaseModel]) -> list[Fault]:
    """Find true and false where a number is meant: pydantic takes them for 1 and 0."""
    out: list[Fault] = []
    for path, node in scalars(document.root):
        if isinstance(node.value, bool):
            allowed: Shapes = (model,)
            for step in path:
                allowed = stepped(allowed, step)
            if allowed and set(allowed) <= {int, float, type(None)}:
                wanted = "a whole number" if int in allowed else "a number"
                out.append(Fault(node.mark, *mistyped(node, wanted, ()), path))
    return out
