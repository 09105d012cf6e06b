"""What a word written without quotes means: YAML 1.2's core schema, in which `yes`, `on` and `12:30` are texts."""

import math
import re

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NUMBER = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+\Z")
_BASED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_MOST_DIGITS = 300

WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def number(text: str) -> float | None:
    """Return the decimal number that `text` spells, None when it is too large to be one."""
    if len(text) > _MOST_DIGITS:
        return None
    value = int(text) if text.lstrip("+-").isdigit() else float(text)
    return value if math.isfinite(value) else None


def meaning(text: str) -> tuple[str | float | bool | None, str]:
    """Return what plain `text` means, and what is wrong with that, if anything is.

    `007` is a text: its zeros mean something to whoever wrote them.
    """
    if text in WORDS:
        return WORDS[text], ""
    if text[0] not in "+-.0123456789":
        return text, ""
    if _NOT_FINITE.match(text):
        return 0, "NaN and infinity are no values to work with"
    if _NUMBER.match(text) and not _LEADING_ZERO.match(text):
        value = number(text)
        return (0, "a number of that size cannot be kept") if value is None else (value, "")
    if _BASED.match(text) and len(text) <= _MOST_DIGITS // 2:
        return int(text[2:], 8 if text[1] == "o" else 16), ""
    return text, ""


def storable(text: str) -> bool:
    """Tell whether `text` can be kept as UTF-8; half of a surrogate pair cannot."""
    return text.isascii() or not _SURROGATE.search(text)
