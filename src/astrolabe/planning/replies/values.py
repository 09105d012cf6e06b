"""JSON values out of text that is meant to be JSON: strictly, else mended, and never more of it than can be mended at once."""

import json
import math
import re
from typing import cast

from json_repair import repair_json
from pydantic import JsonValue

from astrolabe.errors import InputError
from astrolabe.planning.places.reading import read_document
from astrolabe.planning.replies.pieces import DEEPEST, deepest

MOST_MENDED = 20_000
"""Characters: mending takes time with the square of the length in some texts (measured: 0.8 s for so many)."""
MOST_YAML = 100_000
NOTHING = object()
"""Stands for no value, for None is one."""
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def strictly(text: str) -> object:
    """Return the value of a JSON text; NOTHING when it is none."""
    if deepest(text) > DEEPEST:
        return NOTHING
    try:
        return cleaned(json.loads(text, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return NOTHING


def mended(text: str) -> object:
    """Return the value of a text that breaks the rules of JSON: quotes, commas, comments, an end that is missing."""
    if len(text) > MOST_MENDED or deepest(text) > DEEPEST:
        return NOTHING
    try:
        value = cast("object", repair_json(text, return_objects=True, skip_json_loads=True))
    except (ValueError, RecursionError, IndexError, KeyError, TypeError, AttributeError):
        return NOTHING  # it says nothing of what it raises for a text beyond mending
    return cleaned(cast("object", value)) if isinstance(value, dict | list) else NOTHING


def as_yaml(text: str) -> object:
    """Return the value of a YAML text; NOTHING when it is none, or nothing but words."""
    if len(text) > MOST_YAML:
        return NOTHING
    try:
        value = read_document(text, "reply.yaml").value()
    except InputError:
        return NOTHING
    return cleaned(cast("object", value)) if isinstance(value, dict | list) else NOTHING


def cleaned(value: object) -> JsonValue:
    """Return a value without the characters that no file, command or log can have."""
    if isinstance(value, str):
        return _UNFIT.sub("�", value)
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        return {_UNFIT.sub("�", str(key)): cleaned(inner) for key, inner in entries.items()}
    if isinstance(value, list):
        return [cleaned(inner) for inner in cast("list[object]", value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, bool | int) else str(value)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")
