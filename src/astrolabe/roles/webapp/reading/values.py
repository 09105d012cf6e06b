"""Whether a value fits a field: its type, its bounds, its form."""

import math
import re
from datetime import date, datetime

from astrolabe.roles.webapp.model import NUMBERS, TIMES, FieldModel, FieldType
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.patterns import pattern_fault

LARGEST_WHOLE = 2**53 - 1
"""The largest whole number JavaScript keeps exactly."""

NOW = frozenset({"now", "today"})
"""Defaults of dates and times that stand for the moment a row is made."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?")


def value_fault(item: FieldModel, values: tuple[str, ...], value: object) -> str:
    """Return why a value does not fit a field, or nothing. `values` are those of the field's enum."""
    if item.type in NUMBERS:
        return _number_fault(item, value)
    if item.type is FieldType.BOOLEAN:
        return "" if isinstance(value, bool) else f"{quoted(value)} is not true or false"
    if not isinstance(value, str):
        return f"{quoted(value)} is not a text; put it in quotes"
    if item.type is FieldType.ENUM:
        return "" if value in values else f"{quoted(value)} is not one of {', '.join(values)}"
    if item.type in TIMES:
        return _time_fault(item.type, value)
    return _text_fault(item, value)


def _number_fault(item: FieldModel, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{quoted(value)} is not a number"
    if item.type is FieldType.INTEGER and value != int(value):
        return f"{quoted(value)} is not a whole number"
    if item.type is FieldType.INTEGER and abs(value) > LARGEST_WHOLE:
        return f"{quoted(value)} is too large to be kept exactly"
    if item.min is not None and value < item.min:
        return f"{quoted(value)} is less than {item.min:g}"
    if item.max is not None and value > item.max:
        return f"{quoted(value)} is more than {item.max:g}"
    return ""


def _time_fault(kind: FieldType, value: str) -> str:
    form, example = (_DATE, "2026-03-31") if kind is FieldType.DATE else (_TIME, "2026-03-31T18:00:00Z")
    try:
        if form.fullmatch(value):
            (date if kind is FieldType.DATE else datetime).fromisoformat(value)
            return ""
    except ValueError as error:
        return f"{quoted(value)} is no {kind}: {error}"
    return f"{quoted(value)} is no {kind} such as {example}"


def _text_fault(item: FieldModel, value: str) -> str:
    if item.type is FieldType.EMAIL and not _EMAIL.fullmatch(value):
        return f"{quoted(value)} is no e-mail address"
    if item.type is FieldType.URL and not _URL.fullmatch(value):
        return f"{quoted(value)} is no web address that begins with http:// or https://"
    if item.min_length is not None and len(value) < item.min_length:
        return f"{quoted(value)} is shorter than {item.min_length} characters"
    if item.max_length is not None and len(value) > item.max_length:
        return f"{quoted(value)} is longer than {item.max_length} characters"
    if (
        item.pattern
        and not pattern_fault(item.pattern)
        and not re.search(item.pattern, value[:2000], re.ASCII)
    ):
        return f"{quoted(value)} does not match the pattern {quoted(item.pattern)}"
    return ""


def default_fault(item: FieldModel, values: tuple[str, ...]) -> str:
    """Return why a field's default does not fit it, or nothing."""
    if item.type in TIMES and item.default in NOW:
        return ""
    return value_fault(item, values, item.default) if item.default is not None else ""
