"""The YAML parser's complaints in the words of somebody who only wants to write a file."""

import re

import yaml

from astrolabe.planning.places.node import Fault
from astrolabe.planning.visible import visible

_TAB = ("a tab is used for indentation", "indent with spaces")

_SAID: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed",
        "`: ` cannot stand here",
        "put a text that contains `: ` in quotes, or check the indentation",
    ),
    (r"tab character", *_TAB),
    (
        r"unknown escape",
        "unknown escape in a text in double quotes",
        "write \\\\ for a backslash, or use '…'",
    ),
    (r"Unicode character escape", "this escape stands for no character", ""),
    (
        r"expected (alphabetic|alphanumeric)",
        "a name was expected here",
        "put a text that begins with `*` or `&` in quotes",
    ),
    (r"undefined tag handle", "a tag that stands for nothing", "put a text that begins with `!` in quotes"),
    (r"',' or '[\]}]'", "`,` or the closing bracket was expected here", ""),
    (
        r"'-' indicator",
        "the list above goes on here with something that is no `- ` item",
        "check the indentation",
    ),
    (r"expected key", "`key: value` was expected here", "check the indentation, and quotes within quotes"),
    (
        r"block end",
        "this does not continue what stands above it",
        "check the indentation, and quotes within quotes",
    ),
    (r"':'", "`:` was expected after the key", ""),
    (r"document (indicator|separator)", "`---` stands inside a text", "close the quotes before it"),
    (r"expected (the )?node content", "a value was expected here", ""),
)


def syntax_fault(text: str, error: yaml.MarkedYAMLError) -> Fault:
    """Say what keeps `text` from being YAML, and where."""
    where = error.problem_mark or error.context_mark
    mark = (where.line + 1, where.column + 1) if where else (1, 1)
    problem = error.problem or "this is no YAML"
    if "cannot start any token" in problem:
        return Fault(mark, *_no_token(text, mark))
    if "end of stream" in problem and error.context_mark:
        start = (error.context_mark.line + 1, error.context_mark.column + 1)
        return Fault(start, "the text that begins here is not closed", "a quote is missing")
    for pattern, sentence, hint in _SAID:
        if re.search(pattern, problem):
            return Fault(mark, sentence + _opened(error), hint)
    return Fault(mark, visible(problem, 200))


def _opened(error: yaml.MarkedYAMLError) -> str:
    if error.context_mark is None or "flow" not in (error.context or ""):
        return ""
    what = "list" if "sequence" in (error.context or "") else "mapping"
    return f", for the {what} that begins in line {error.context_mark.line + 1}"


def _no_token(text: str, mark: tuple[int, int]) -> tuple[str, str]:
    lines = text.split("\n", mark[0])
    line = lines[mark[0] - 1] if len(lines) >= mark[0] else ""
    char = line[mark[1] - 1 : mark[1]]
    if char == "\t":
        return _TAB
    return f"a text cannot begin with `{visible(char)}`", "put it in quotes"
