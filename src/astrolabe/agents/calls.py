"""Calls of tools that a model has written in its words instead of asking for them."""

import ast
import json
import re
from collections.abc import Collection, Iterator
from typing import Any, cast

from astrolabe.domain.conversation import Message, Part, Speaker, Text, ToolCall

_NAMES = ("tool", "name", "tool_name", "function", "function_name", "action")
_ARGUMENTS = ("arguments", "args", "parameters", "params", "input", "tool_input", "action_input")
_INVOKED = re.compile(
    r"<(?:invoke|function|tool)(?:\s+name)?\s*=\s*\"?([\w-]+)\"?\s*>(.*?)</(?:invoke|function|tool)>",
    re.DOTALL,
)
_PARAMETER = re.compile(
    r"<(?:parameter|param|arg)(?:\s+name)?\s*=\s*\"?([\w-]+)\"?\s*>\n?(.*?)\n?</(?:parameter|param|arg)>",
    re.DOTALL,
)
_CHILD = re.compile(r"<([\w-]+)>\n?(.*?)\n?</\1>", re.DOTALL)
_MOST_NESTED = 4
_MOST_STARTS = 200
"""Of JSON looked for in one answer: a long one full of braces is no call."""


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
    for found in _INVOKED.finditer(text):
        if found[1] in tools:
            given = {one[1]: _scalar(one[2]) for one in _PARAMETER.finditer(found[2])}
            yield (found[1], given), found.start()
    for name in tools:
        for found in re.finditer(rf"<{re.escape(name)}>(.*?)</{re.escape(name)}>", text, re.DOTALL):
            yield (name, {one[1]: _scalar(one[2]) for one in _CHILD.finditer(found[1])}), found.start()


def _scalar(text: str) -> Any:
    """Return a number or truth value written as text; all else is text."""
    stripped = text.strip()
    if stripped in {"true", "True", "false", "False"}:
        return stripped.lower() == "true"
    return int(stripped) if re.fullmatch(r"-?\d{1,15}", stripped) else text


def _as_functions(text: str, tools: frozenset[str]) -> Iterator[tuple[Call, int]]:
    """Read `read({"path": "x"})` and `read(path="x")`, each at the beginning of a line."""
    names = "|".join(sorted(map(re.escape, tools), key=len, reverse=True)) or r"(?!)"
    for found in re.finditer(rf"^[ \t`>*-]*({names})\(", text, re.MULTILINE):
        given = _given(text, found.end())
        if given is not None:
            yield (found[1], given), found.start()


def _given(text: str, start: int) -> dict[str, Any] | None:
    """Return the arguments of a call whose parenthesis has been opened, up to the one that closes it."""
    close = text.find(")", start)
    tries = 0
    while close >= 0 and tries < _MOST_STARTS:
        try:
            parsed = ast.parse(f"call({text[start:close]})", mode="eval").body
            return _literals(parsed)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            close, tries = text.find(")", close + 1), tries + 1
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
