"""pydantic's complaints as sentences for somebody who has never heard of pydantic."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from astrolabe.planning.guess import Names
from astrolabe.planning.places.node import Entries, Items, Node, Scalar
from astrolabe.planning.visible import visible

Said = tuple[str, str]
"""A sentence and a hint."""

_EXPECTED = {
    "string_type": "a text",
    "string_sub_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "none_required": "nothing",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping (`key: value`)",
    "model_type": "a mapping (`key: value`)",
    "model_attributes_type": "a mapping (`key: value`)",
    "mapping_type": "a mapping (`key: value`)",
    "date_type": "a date (YYYY-MM-DD)",
    "date_parsing": "a date (YYYY-MM-DD)",
    "date_from_datetime_parsing": "a date (YYYY-MM-DD)",
    "datetime_type": "a date and time",
    "datetime_parsing": "a date and time",
}
_LISTS = {"list_type", "tuple_type", "set_type", "frozen_set_type"}

_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}


def expected(kind: str) -> str | None:
    """Return what a value of the wrong type should have been, None for errors of other kinds."""
    return _EXPECTED.get(kind)


def described(node: Node) -> str:
    """Say what stands at a node, shortly: `the number 3`, `a list`, `empty`."""
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a mapping"
    if node.value is None:
        return "empty"
    if isinstance(node.value, str):
        return f'the text "{visible(node.value, 40)}"'
    if isinstance(node.value, bool):
        return f"`{node.text}`"
    return f"the number {visible(node.text, 24)}"


def mistyped(node: Node, wanted: str, kinds: Collection[str]) -> Said:
    """Say that a value has the wrong type, and how to write it instead."""
    text = f"is {described(node)}, but {wanted} is expected"
    if not isinstance(node, Scalar):
        return text, ""
    shown = visible(node.text, 40)
    if node.value is None:
        return text, "give a value, or remove the line"
    if not isinstance(node.value, str) and "string_type" in kinds:
        return text, f'write "{shown}" in quotes'
    if _LISTS & set(kinds):
        return text, f"write [{shown}]"
    return text, ""


def sentence(error: ErrorDetails, node: Node) -> Said:
    """Return what `error` means for the value at `node`."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _EXPECTED:
        return mistyped(node, _EXPECTED[kind], (kind,))
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"is {visible(_value(node), 40)}, but must be {words} {_number(context[key])}", ""
    if kind in _SENTENCES:
        return _SENTENCES[kind](context, node)
    message = error["msg"].removeprefix("Input ")
    return visible(message[:1].lower() + message[1:], 300), ""


def _value(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else described(node)


def _number(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _too_short(context: Mapping[str, Any], _node: Node) -> Said:
    return _at_least(context["min_length"], "character", "characters")


def _too_few(context: Mapping[str, Any], _node: Node) -> Said:
    return _at_least(context["min_length"], "entry", "entries")


def _at_least(least: int, one: str, many: str) -> Said:
    if least == 1:
        return "is empty", f"at least one {one} is needed"
    return f"is too short: at least {_counted(least, one, many)} are needed", ""


def _too_long(context: Mapping[str, Any], node: Node) -> Said:
    has = f", this has {len(node.text):,}" if isinstance(node, Scalar) else ""
    return (
        f"is too long: at most {_counted(context['max_length'], 'character', 'characters')} allowed{has}",
        "",
    )


def _too_many(context: Mapping[str, Any], node: Node) -> Said:
    has = "" if isinstance(node, Scalar) else f", this has {len(node.nodes):,}"
    return f"is too long: at most {_counted(context['max_length'], 'entry', 'entries')} allowed{has}", ""


def _not_among(context: Mapping[str, Any], node: Node) -> Said:
    options = [option.strip("' ") for option in str(context["expected"]).replace(" or ", ", ").split(",")]
    given = _value(node)
    listed = ", ".join(options)
    return f"is {described(node)}, but must be one of: {listed}", Names(options).hint(given)


def _unmatched(context: Mapping[str, Any], node: Node) -> Said:
    return f"is {described(node)}, which does not have the form {visible(str(context['pattern']), 200)}", ""


def _own(context: Mapping[str, Any], _node: Node) -> Said:
    return visible(str(context["error"]), 500), ""


_SENTENCES: dict[str, Callable[[Mapping[str, Any], Node], Said]] = {
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "too_short": _too_few,
    "too_long": _too_many,
    "enum": _not_among,
    "literal_error": _not_among,
    "string_pattern_mismatch": _unmatched,
    "value_error": _own,
    "assertion_error": _own,
}
