"""Calls of tools that a model has written in its words instead of asking for them."""

import ast
import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, cast

from astrolabe.domain.conversation import Message, Part, Speaker, Text, ToolCall

_NAMES = ("tool", "name", "tool_name", "function", "function_name", "action")
_ARGUMENTS = ("arguments", "args", "parameters", "params", "input", "tool_input", "action_input")
_INVOKED = re.compile(r"<(?:invoke|function|tool)(?:\s+name)?\s*=\s*\"?([\w-]+)\"?\s*>")
_INVOKED_END = re.compile(r"</(?:invoke|function|tool)>")
_PARAMETER = re.compile(r"<(?:parameter|param|arg)(?:\s+name)?\s*=\s*\"?([\w-]+)\"?\s*>")
_PARAMETER_END = re.compile(r"</(?:parameter|param|arg)>")
_CHILD = re.compile(r"<([\w-]+)>")
_CHILD_END = re.compile(r"</([\w-]+)>")
_SIGN = re.compile(r"\"{3}|'{3}|[\"'()\[\]{}]|#[^\n]*")
_STRINGS = {
    **{quote: re.compile(rf"(?:[^{quote}\\\n]|\\.)*+{quote}", re.DOTALL) for quote in "\"'"},
    **{quote * 3: re.compile(rf"(?:(?!{quote * 3})[^\\]|\\.)*+{quote * 3}", re.DOTALL) for quote in "\"'"},
}
"""What follows the beginning of a string, up to its end."""
_DEPTHS = {**dict.fromkeys("([{", 1), **dict.fromkeys(")]}", -1)}
_MOST_NESTED = 4
_MOST_STARTS = 200
"""Of JSON looked for in one answer: a long one full of braces is no call."""
_MOST_LOOKED_THROUGH = 300_000
"""Characters of calls in the manner of Python, those within others counted again: so that time goes with the length."""


def with_calls_read(message: Message, tools: Collection[str], number: int) -> Message:
    """Return a message whose written calls are calls; `number` is the first free one for their ids.

    One that has real calls, or none at all, is returned as it is.
    """
    if message.calls:
        return message
    text = message.text
    found, before = _found(text, frozenset(tools))
    if not found:
        return message
    calls = [
        ToolCall(id=f"written-{number + at}", tool=tool, arguments=arguments)
        for at, (tool, arguments) in enumerate(found)
    ]
    words = re.sub(r"(?:```\w*|<tool_calls?>|\[TOOL_CALLS\])\s*$", "", text[:before].rstrip()).rstrip()
    kept: list[Part] = [part for part in message.parts if not isinstance(part, Text)]
    told: list[Part] = [Text(text=words)] if words else []
    return Message(speaker=Speaker.ASSISTANT, parts=(*kept, *told, *calls))


Call = tuple[str, dict[str, Any]]


def _found(text: str, tools: frozenset[str]) -> tuple[list[Call], int]:
    """Return the calls in a text, by the first way of writing them that finds any, and where the first one begins."""
    for way in (_as_json, _as_elements, _as_functions):
        calls = list(way(text, tools))
        if calls:
            return [call for call, _ in calls], calls[0][1]
    return [], len(text)


def _as_json(text: str, tools: frozenset[str]) -> Iterator[tuple[Call, int]]:
    decoder = json.JSONDecoder(strict=False)
    at, starts = 0, 0
    while starts < _MOST_STARTS and (start := _opening(text, at)) >= 0:
        starts += 1
        try:
            value, at = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            at = start + 1
            continue
        for call in _calls_in(value, tools, _MOST_NESTED):
            yield call, start


def _opening(text: str, at: int) -> int:
    found = [place for mark in "{[" if (place := text.find(mark, at)) >= 0]
    return min(found, default=-1)


def _calls_in(value: Any, tools: frozenset[str], depth: int) -> Iterator[Call]:
    """Give the calls in a JSON value: one alone, a list of them, or either one level down (`action`, `tool_calls`)."""
    if depth == 0:
        return
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _calls_in(item, tools, depth - 1)
    if not isinstance(value, dict):
        return
    fields = cast("dict[str, Any]", value)
    named = next(
        (fields[key] for key in _NAMES if isinstance(fields.get(key), str) and fields[key] in tools), None
    )
    if named is not None:
        yield named, _arguments_of(fields)
        return
    for key, inner in fields.items():
        if key in tools and isinstance(inner, dict):
            yield key, cast("dict[str, Any]", inner)
        elif isinstance(inner, dict | list):
            yield from _calls_in(inner, tools, depth - 1)


def _arguments_of(fields: dict[str, Any]) -> dict[str, Any]:
    for key in _ARGUMENTS:
        given = fields.get(key)
        if isinstance(given, str):
            given = _object_in(given)
        if isinstance(given, dict):
            return cast("dict[str, Any]", given)
    return {key: value for key, value in fields.items() if key not in _NAMES and key not in _ARGUMENTS}


def _object_in(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _as_elements(text: str, tools: frozenset[str]) -> Iterator[tuple[Call, int]]:
    for found, inner in _elements(text, _INVOKED, _INVOKED_END):
        if found[1] in tools:
            pieces = _elements(inner, _PARAMETER, _PARAMETER_END)
            yield (found[1], {one[1]: _scalar(_unpadded(told)) for one, told in pieces}), found.start()
    for name in tools:
        opening, closing = (re.compile(f"<{slash}{re.escape(name)}>") for slash in ("", "/"))
        for found, inner in _elements(text, opening, closing):
            yield (name, {child: _scalar(_unpadded(told)) for child, told in _children(inner)}), found.start()


def _elements(
    text: str, opening: re.Pattern[str], closing: re.Pattern[str]
) -> Iterator[tuple[re.Match[str], str]]:
    """Give what stands between a beginning and the nearest end after it; where no end follows, none follows any later one."""
    at = 0
    while (found := opening.search(text, at)) and (end := closing.search(text, found.end())):
        yield found, text[found.end() : end.start()]
        at = end.end()


def _children(text: str) -> Iterator[tuple[str, str]]:
    """Give the elements of a text by their names, whatever these are, each up to the nearest end of its own name."""
    ends: defaultdict[str, list[int]] = defaultdict(list)
    for end in _CHILD_END.finditer(text):
        ends[end[1]].append(end.start())
    over = 0
    for found in _CHILD.finditer(text):
        places = ends[found[1]]
        nearest = bisect_left(places, found.end())
        if found.start() >= over and nearest < len(places):
            yield found[1], text[found.end() : places[nearest]]
            over = places[nearest]


def _unpadded(text: str) -> str:
    return text.removeprefix("\n").removesuffix("\n")


def _scalar(text: str) -> Any:
    """Return a number or truth value written as text; all else is text."""
    stripped = text.strip()
    if stripped in {"true", "True", "false", "False"}:
        return stripped.lower() == "true"
    return int(stripped) if re.fullmatch(r"-?\d{1,15}", stripped) else text


def _as_functions(text: str, tools: frozenset[str]) -> Iterator[tuple[Call, int]]:
    """Read `read({"path": "x"})` and `read(path="x")`, each at the beginning of a line."""
    names = "|".join(sorted(map(re.escape, tools), key=len, reverse=True)) or r"(?!)"
    left = _MOST_LOOKED_THROUGH
    for found in re.finditer(rf"^[ \t`>*-]*({names})\(", text, re.MULTILINE):
        end = _close(text, found.end())
        left -= (len(text) if end is None else end) - found.end()
        given = None if end is None else _given(text[found.end() : end])
        if given is not None:
            yield (found[1], given), found.start()
        if left < 0:
            return


def _close(text: str, start: int) -> int | None:
    """Return where the parenthesis is closed that was opened before `start`, what stands in strings and comments left aside."""
    depth, at = 1, start
    while sign := _SIGN.search(text, at):
        at = sign.end()
        if string := _STRINGS.get(sign[0]):
            rest = string.match(text, at)
            if rest is None:
                return None
            at = rest.end()
        depth += _DEPTHS.get(sign[0], 0)
        if depth == 0:
            return sign.start()
    return None


def _given(arguments: str) -> dict[str, Any] | None:
    try:
        return _literals(ast.parse(f"call({arguments})", mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _literals(node: ast.expr) -> dict[str, Any]:
    if not isinstance(node, ast.Call):
        raise ValueError("no call")  # noqa: TRY004 - it is what ast raises for a value it does not take
    given = {one.arg: ast.literal_eval(one.value) for one in node.keywords if one.arg}
    if len(node.args) == 1 and not given:
        only = ast.literal_eval(node.args[0])
        if isinstance(only, dict):
            return cast("dict[str, Any]", only)
    if node.args:
        raise ValueError("arguments without names")
    return given
