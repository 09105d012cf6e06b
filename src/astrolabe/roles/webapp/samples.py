"""Makes values that a field accepts, for tests: the n-th differs from the others wherever the field leaves room."""

import re
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

from astrolabe.roles.webapp.view import FieldView

_parser: Any = import_module("re._parser")
_FIRST_DAY = date(2024, 1, 1)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PRINTABLE = "".join(map(chr, range(33, 127))) + " "
_MOST_REPEATS = 40
_FORMS = {
    "email": re.compile(
        r"(?=[^@]{1,64}@)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}",
        re.IGNORECASE,
    ),
    "url": re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::\d+)?(?:/[!-~]*)?", re.IGNORECASE),
}
"""Addresses that every check of one lets pass."""
_AROUND = {
    "email": (
        "{code}{}",
        "{}",
        "{}example.org",
        "{}@example.org",
        "{code}@{}",
        "{code}@{}.org",
        "{}{code}@example.org",
    ),
    "url": (
        "https://example.org/{code}{}",
        "{}{code}",
        "{}",
        "https://{}/{code}",
        "https://{code}.{}",
        "https://{}.org/{code}",
        "https://example.org/{}",
    ),
}
"""What a text that matches a pattern may stand in to be an address; those that differ by their code first."""
_LONGEST_LABEL = 45

Value = str | int | float | bool


def sample(field: FieldView, number: int) -> Value:
    """Return the `number`-th value (from 0) for a field, as the API takes it."""
    match field.type:
        case "boolean":
            return number % 2 == 0
        case "integer":
            return int(_between(field, number, 1))
        case "decimal":
            return float(_between(field, number, 0.5))
        case "date":
            return (_FIRST_DAY + timedelta(days=number)).isoformat()
        case "datetime":
            moment = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(hours=number)
            return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        case "enum":
            values = field.enum.values if field.enum else ()
            return values[number % len(values)].value
        case _:
            return _text(field, number)


def _between(field: FieldView, number: int, step: float) -> float:
    """Walk from the lowest allowed number upwards and start again at the highest."""
    low = field.min if field.min is not None else (min(0.0, field.max) if field.max is not None else 1.0)
    high = field.max if field.max is not None else low + 1_000_000
    if field.type == "integer":
        low = float(-(-low // 1))
    steps = int((high - low) // step) + 1
    return low + (number % max(1, steps)) * step


def _text(field: FieldView, number: int) -> str:
    shortest, longest = field.min_length or 0, field.max_length or 255
    if field.pattern:
        # Forms send nothing, not an empty text, so a text that may be empty is not tried as one.
        found = matching(field.pattern, number, max(1, shortest), longest)
        return _address(field, field.pattern, number) or found
    if field.type == "email":
        return _email(number, shortest, longest)
    if field.type == "url":
        return _fitted("https://example.org/" + _code(number), "", shortest, longest)
    words = f"{field.label} {_code(number)}" if field.label.isascii() else f"Sample {_code(number)}"
    return _fitted(words, "", shortest, longest)


def _address(field: FieldView, pattern: str, number: int) -> str | None:
    """Return an address in which the pattern is found; None where no such is known, as for what is no address."""
    shortest, longest, code = field.min_length or 0, field.max_length or 255, _code(number)
    for around in _AROUND.get(field.type, ()):
        added = len(around.format("", code=code))
        found = matching(pattern, number, max(1, shortest - added), longest - added)
        missing = shortest - len(around.format(found, code=code))
        text = around.format(found, code="x" * missing + code)
        if (
            shortest <= len(text) <= longest
            and _FORMS[field.type].fullmatch(text)
            and re.search(pattern, text)
        ):
            return text
    return None


def _email(number: int, shortest: int, longest: int) -> str:
    """Lengthen what is too short before its code and, as that has its limit, by domains within the domain."""
    name, domain = _fitted(_code(number), "@example.org", 0, longest).split("@")
    missing = shortest - len(name) - len(domain) - 1
    labels = missing // _LONGEST_LABEL if missing > 0 else 0
    inside = ("x" * (_LONGEST_LABEL - 1) + ".") * labels
    return f"{'x' * (missing - len(inside))}{name}@{inside}{domain}"


def _code(number: int) -> str:
    """Count in letters, so that no code contains another as a word: `aaa`, `aab`, …."""
    size = len(_LETTERS)
    return _LETTERS[number // size**2 % size] + _LETTERS[number // size % size] + _LETTERS[number % size]


def _fitted(head: str, tail: str, shortest: int, longest: int) -> str:
    """Cut from the front of `head` or lengthen it, so that what tells samples apart stays."""
    room = max(1, longest - len(tail))
    text = (head if len(head) <= room else head[-room:].strip() or head[-room:]) + tail
    return "x" * (shortest - len(text)) + text if len(text) < shortest and not tail else text


def matching(pattern: str, number: int, shortest: int = 0, longest: int = 10_000) -> str:
    """Return a text in which `pattern` is found; texts of different numbers differ where the pattern allows.

    Repeats are taken as few times as allowed, then more often until the text is long enough.
    """
    tree = _parser.parse(pattern)
    text = ""
    for repeats in range(_MOST_REPEATS):
        text = _Writer(number, repeats).write(tree)
        if shortest <= len(text) <= longest and text == text.strip() and re.search(pattern, text):
            return text
    return text


class _Writer:
    """Writes one text of a parsed pattern; `number` is spent digit by digit on the characters that may vary."""

    def __init__(self, number: int, repeats: int) -> None:
        self._left = number
        self._repeats = repeats

    def write(self, tree: Any) -> str:
        # From the back, so that counting changes the last characters first.
        return "".join(reversed([self._part(str(op), value) for op, value in reversed(list(tree))]))

    def _part(self, op: str, value: Any) -> str:
        match op:
            case "LITERAL":
                return chr(value)
            case "ANY":
                return self._choose(_LETTERS)
            case "NOT_LITERAL":
                return self._choose(_LETTERS.replace(chr(value), ""))
            case "IN":
                return self._choose(_members(value))
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, inner = value
                times = min(int(high), max(int(low), self._repeats))
                return "".join(reversed([self.write(inner) for _ in range(times)]))
            case "SUBPATTERN":
                return self.write(value[-1])
            case "BRANCH":
                return self.write(value[1][0])
            case _:
                return ""  # anchors and looks around have no width

    def _choose(self, alphabet: str) -> str:
        self._left, index = divmod(self._left, len(alphabet))
        return alphabet[index]


def _members(items: Any) -> str:
    inside = re.compile("[" + "".join(_source(str(op), value) for op, value in items) + "]")
    found = "".join(char for char in _PRINTABLE if inside.match(char))
    plain = "".join(char for char in found if char.isalnum())
    return plain or found or "x"


def _source(op: str, value: Any) -> str:
    """Return one member of a character class the way it is written."""
    match op:
        case "NEGATE":
            return "^"
        case "RANGE":
            return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        case "CATEGORY":
            short = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}
            name = str(value).removeprefix("CATEGORY_")
            letter = short[name.removeprefix("NOT_")]
            return "\\" + (letter.upper() if name.startswith("NOT_") else letter)
        case _:
            return re.escape(chr(value))
