"""What tools that look at code found, read from their own forms and written as SARIF 2.1.0."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote

from pydantic import Field

from astrolabe.domain.value import Value
from astrolabe.projects.foreign import json_of
from astrolabe.projects.listing import mapping
from astrolabe.projects.results import local

MOST_FINDINGS = 20_000
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LINE = re.compile(
    r"(?P<path>[^\s:(][^:(]*?)(?:\((?P<l1>\d+),(?P<c1>\d+)\)|:(?P<l2>\d+)(?::(?P<c2>\d+))?): (?P<level>error|warning)(?: (?P<code>TS\d+))?: (?P<text>.*?)(?:  \[(?P<rule>[\w-]+)\])?\Z"
)


_QUOTED = re.compile(r"[`'\"]([^`'\"]{1,200})[`'\"]")
_SAME = {
    rule: meaning
    for meaning, rules in {
        "undefined": ("F821", "name-defined", "no-undef", "TS2304"),
        "unused": ("no-unused-vars", "@typescript-eslint/no-unused-vars", "TS6133", "TS6196"),
        "redefined": ("F811", "no-redef"),
    }.items()
    for rule in rules
}
"""Rules of several tools that find the same, by what they find."""


class Level(StrEnum):
    """How much a finding weighs, in SARIF's words."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Value):
    """One place that a tool found fault with; lines and columns count from 1. `new`: it was not there before, if known."""

    tool: str
    rule: str
    level: Level = Level.WARNING
    path: str
    line: int = Field(default=1, ge=1)
    column: int = Field(default=1, ge=1)
    message: str
    new: bool | None = None


class FindingsForm(StrEnum):
    """How a tool tells what it found."""

    SARIF = "sarif"
    ESLINT = "eslint"
    LINES = "lines"


def read_findings(
    tool: str, form: FindingsForm, text: str, folder: str = ""
) -> tuple[tuple[Finding, ...], str]:
    """Return what a tool found, and why that cannot be all; whatever it wrote, this returns.

    `folder` is where it ran: tools that write lines name paths from there.
    """
    found: list[Finding] = []
    try:
        for one in _READERS[form](tool, text):
            if len(found) >= MOST_FINDINGS:
                return tuple(found), f"it found more than {MOST_FINDINGS:,}"
            below = folder and form is FindingsForm.LINES
            found.append(one.model_copy(update={"path": f"{folder}/{one.path}"}) if below else one)
    except ValueError as error:
        return tuple(found), f"what it wrote could not be read: {str(error).splitlines()[0][:200]}"
    return tuple(found), ""


def _sarif(tool: str, text: str) -> Iterator[Finding]:
    for run in _maps(_object(text).get("runs")):
        for result in _maps(run.get("results")):
            places = [mapping(one.get("physicalLocation")) for one in _maps(result.get("locations"))]
            place = places[0] if places else {}
            region = mapping(place.get("region"))
            uri = str(mapping(place.get("artifactLocation")).get("uri", ""))
            level = str(result.get("level", "warning"))
            yield Finding(
                tool=tool,
                rule=str(result.get("ruleId") or "syntax")[:200],
                level=Level(level) if level in set(Level) else Level.WARNING,
                path=local(uri)[:500],
                line=_number(region.get("startLine")),
                column=_number(region.get("startColumn")),
                message=str(mapping(result.get("message")).get("text", ""))[:1000],
            )


def _eslint(tool: str, text: str) -> Iterator[Finding]:
    document = json_of(text)
    if not isinstance(document, list):
        raise ValueError("it is no list of files")  # noqa: TRY004 - what is read is wrong, not who calls
    for file in _maps(cast("object", document)):
        for one in _maps(file.get("messages")):
            yield Finding(
                tool=tool,
                rule=str(one.get("ruleId") or "syntax")[:200],
                level=Level.ERROR if one.get("severity") == 2 else Level.WARNING,  # noqa: PLR2004 - ESLint's error
                path=local(str(file.get("filePath", "")))[:500],
                line=_number(one.get("line")),
                column=_number(one.get("column")),
                message=str(one.get("message", ""))[:1000],
            )


def _lines(tool: str, text: str) -> Iterator[Finding]:
    for line in text.splitlines():
        found = _LINE.match(line[:2000])
        if found is not None:
            yield Finding(
                tool=tool,
                rule=found["code"] or found["rule"] or "type",
                level=Level(found["level"]),
                path=local(found["path"])[:500],
                line=_number(found["l1"] or found["l2"]),
                column=_number(found["c1"] or found["c2"]),
                message=found["text"][:1000],
            )


_READERS: Mapping[FindingsForm, Callable[[str, str], Iterator[Finding]]] = {
    FindingsForm.SARIF: _sarif,
    FindingsForm.ESLINT: _eslint,
    FindingsForm.LINES: _lines,
}


def compared(now: Sequence[Finding], before: Sequence[Finding]) -> tuple[Finding, ...]:
    """Mark what was not there before. A finding that only moved is an old one: its line does not count."""
    left = Counter((one.tool, one.rule, one.path, one.message) for one in before)
    marked: list[Finding] = []
    for one in now:
        key = (one.tool, one.rule, one.path, one.message)
        marked.append(one.model_copy(update={"new": left[key] <= 0}))
        left[key] -= 1
    return tuple(marked)


def told_once(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out what another one, of the same tool in another folder or of another tool, says of the same line: the first stands."""
    seen = set[tuple[str, int, str]]()
    kept: list[Finding] = []
    for one in findings:
        meaning = _SAME.get(one.rule) or f"{one.tool} {one.rule} {one.column} {one.message}"
        key = (one.path, one.line, f"{meaning} {_quoted(one.message)}" if one.rule in _SAME else meaning)
        if key not in seen:
            seen.add(key)
            kept.append(one)
    return tuple(kept)


def _quoted(message: str) -> str:
    """Return the name that a message is about: what it quotes first."""
    found = _QUOTED.search(message)
    return found.group(1) if found else ""


def sarif_of(tools: Mapping[str, str], findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a SARIF log; `tools` are those that ran, by name, with their versions (empty where unknown)."""
    runs = [
        _run(name, version, [one for one in findings if one.tool == name]) for name, version in tools.items()
    ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def _run(name: str, version: str, findings: Sequence[Finding]) -> dict[str, Any]:
    rules = [{"id": rule} for rule in sorted({one.rule for one in findings})]
    driver = {"name": name, "rules": rules} | ({"version": version} if version else {})
    return {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one) for one in findings],
    }


def _result(one: Finding) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": _uri(one.path)},
        "region": {"startLine": one.line, "startColumn": one.column},
    }
    state = {} if one.new is None else {"baselineState": "new" if one.new else "unchanged"}
    return {
        "ruleId": one.rule,
        "level": one.level.value,
        "message": {"text": one.message or one.rule},
        "locations": [{"physicalLocation": place}],
        **state,
    }


def _uri(path: str) -> str:
    return quote(path)


def _object(text: str) -> dict[str, Any]:
    document = json_of(text)
    if not isinstance(document, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what is read is wrong, not who calls
    return cast("dict[str, Any]", document)


def _maps(value: object) -> Iterator[dict[str, Any]]:
    return (mapping(one) for one in cast("list[object]", value)) if isinstance(value, list) else iter(())


def _number(value: object) -> int:
    digits = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return max(1, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 1  # noqa: PLR2004
