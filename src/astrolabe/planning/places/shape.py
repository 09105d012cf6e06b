"""What a pydantic model expects at a path, found from its annotations."""

import types
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

Shapes = tuple[Any, ...]
"""Types a value may have; more than one for a union, none when nothing is known."""


def shapes(annotation: Any) -> Shapes:
    """Return the types that `annotation` allows, unions and `Annotated` unpacked."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return shapes(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(shape for option in get_args(annotation) for shape in shapes(option))
    if hasattr(annotation, "__value__"):
        return shapes(annotation.__value__)
    return (annotation,)


def stepped(before: Shapes, step: str | int) -> Shapes:
    """Return what is allowed one step further down."""
    return tuple(inner for shape in before for inner in _step(shape, step))


def _step(shape: Any, step: str | int) -> Shapes:
    if is_model(shape):
        field = fields_of(shape).get(str(step))
        return shapes(field.annotation) if field else ()
    arguments = get_args(shape)
    if isinstance(step, int) and get_origin(shape) in (list, tuple, set, frozenset):
        return shapes(arguments[0]) if arguments else ()
    if isinstance(step, str) and get_origin(shape) is dict:
        return shapes(arguments[1])
    return ()


def is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


@lru_cache(maxsize=256)
def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return a model's fields by every name they can be written with, the preferred one first."""
    return {name: field for own, field in model.model_fields.items() for name in _names(own, field)}


def names_like(model: type[BaseModel], name: str) -> tuple[str, ...]:
    """Return every name the field called `name` can be written with."""
    for own, field in model.model_fields.items():
        names = _names(own, field)
        if name in names:
            return names
    return (name,)


def _names(own: str, field: FieldInfo) -> tuple[str, ...]:
    alias = field.validation_alias or field.alias
    written: Iterable[object] = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return tuple(dict.fromkeys([*(name for name in written if isinstance(name, str)), own]))


def models(found: Shapes) -> list[type[BaseModel]]:
    return [cast("type[BaseModel]", shape) for shape in found if is_model(shape)]
