"""Pieces of TypeScript and Prisma schema that follow from a field or an entity; the filters of the backend's templates."""

import math
from collections.abc import Callable
from decimal import Decimal

from astrolabe.roles.webapp.model import FieldType, OnDelete
from astrolabe.roles.webapp.view import EntityView, FieldView

SAFE_INTEGER = 2**53 - 1

_PLAIN_SCHEMAS = {
    FieldType.BOOLEAN: "z.boolean()",
    FieldType.DATE: "day()",
    FieldType.DATETIME: "moment()",
}
_ROW_SCHEMAS = {
    FieldType.INTEGER: "z.int()",
    FieldType.DECIMAL: "z.number()",
    FieldType.BOOLEAN: "z.boolean()",
}
_VALUE_HELPERS = {
    FieldType.STRING: "text",
    FieldType.TEXT: "text",
    FieldType.EMAIL: "email",
    FieldType.URL: "url",
    FieldType.INTEGER: "integer",
    FieldType.DECIMAL: "decimal",
    FieldType.DATE: "day",
    FieldType.DATETIME: "moment",
}
_DELETIONS = {OnDelete.RESTRICT: "Restrict", OnDelete.CASCADE: "Cascade", OnDelete.SET_NULL: "SetNull"}


def zod(js: Callable[[object], str], field: FieldView) -> str:
    """Return the schema a written value has to meet, null left aside."""
    kind = FieldType(field.type)
    if field.enum:
        return f"z.enum(enums.{field.enum.type_name})"
    if kind is FieldType.INTEGER:
        return _integer(field)
    if kind is FieldType.DECIMAL:
        return _decimal(field)
    if _is_matched(field):
        return f"matching({field.min_length}, {field.max_length}, {js(field.pattern)})"
    if field.is_text:
        return f"{_VALUE_HELPERS[kind]}({field.min_length}, {field.max_length})" + _pattern(js, field)
    return _PLAIN_SCHEMAS[kind]


def _integer(field: FieldView) -> str:
    low = None if field.min is None else math.ceil(field.min)
    high = None if field.max is None else math.floor(field.max)
    if field.prisma_type == "Float":
        low, high = (-SAFE_INTEGER if low is None else low), (SAFE_INTEGER if high is None else high)
    if high is None:
        return f"integer({'' if low is None else low})"
    return f"integer({'undefined' if low is None else low}, {high})"


def _decimal(field: FieldView) -> str:
    low = "undefined" if field.min is None else number(field.min)
    if field.max is None:
        return "decimal()" if field.min is None else f"decimal({low})"
    return f"decimal({low}, {number(field.max)})"


def _is_matched(field: FieldView) -> bool:
    return bool(field.pattern) and field.type in {FieldType.STRING, FieldType.TEXT}


def _pattern(js: Callable[[object], str], field: FieldView) -> str:
    """A pattern has to be found in the value, as the web client and the goal's reader take it."""
    return f".regex(pattern({js(field.pattern)}))" if field.pattern else ""


def number(value: float) -> str:
    """Return a number literal, without a fraction where there is none, and never with an exponent: Prisma has none."""
    return str(int(value)) if float(value).is_integer() else f"{Decimal(repr(float(value))):f}"


def zod_row(field: FieldView) -> str:
    """Return the schema of a value as it is sent, null left aside."""
    return (
        f"z.enum(enums.{field.enum.type_name})"
        if field.enum
        else _ROW_SCHEMAS.get(FieldType(field.type), "z.string()")
    )


def query_bound(field: FieldView) -> str:
    """Return the schema of `<field>Min` and `<field>Max`."""
    if field.is_number:
        return "queryInteger" if field.prisma_type == "Int" else "queryNumber"
    return "day()" if field.type == FieldType.DATE else "moment()"


def typed_default(field: FieldView) -> str | int | float | bool | None:
    """Return a default with the type its field has on the wire."""
    if field.default is None or field.type == FieldType.BOOLEAN:
        return field.default
    if field.type == FieldType.INTEGER:
        return int(field.default)
    return float(field.default) if field.type == FieldType.DECIMAL else str(field.default)


def prisma_default(js: Callable[[object], str], field: FieldView) -> str:
    """Return ` @default(…)` for a Prisma field, empty without one."""
    if field.default_now:
        return " @default(now())"
    value = typed_default(field)
    if value is None:
        return ""
    if field.type == FieldType.DATE:
        value = f"{value}T00:00:00.000Z"
    return f" @default({_prisma_literal(js, field, value)})"


def _prisma_literal(js: Callable[[object], str], field: FieldView, value: str | float) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    return value if field.enum else js(value)


def prisma_note(field: FieldView) -> str:
    """Return ` // …` with what a migration needs to know of a field beyond its type, empty for most."""
    notes = [f"was {field.was}"] if field.was else []
    notes += ["a day"] if field.type == FieldType.DATE else []
    if field.is_number and field.required and field.default is None and field.nearest_to_zero:
        notes.append(f"others get {number(field.nearest_to_zero)}")
    return f" // {', '.join(notes)}" if notes else ""


def prisma_action(on_delete: str) -> str:
    """`set-null` → `SetNull`."""
    return _DELETIONS[OnDelete(on_delete)]


def column_type(field: FieldView) -> str:
    """Return the TypeScript type of a column as Prisma reads it."""
    kinds = {"Int": "number", "Float": "number", "Boolean": "boolean", "DateTime": "Date"}
    kind = "string" if field.enum else kinds.get(field.prisma_type, "string")
    return kind if field.required else f"{kind} | null"


def label_value(field: FieldView, expression: str) -> str:
    """Return an expression that turns a value that is there into text."""
    if field.is_time:
        return f"{expression}.toISOString(){'.slice(0, 10)' if field.type == FieldType.DATE else ''}"
    return expression if field.is_text or field.enum else f"String({expression})"


def sent(field: FieldView, expression: str) -> str:
    """Return an expression for a column's value as it is sent."""
    if not field.is_time:
        return expression
    return f"{'dayText' if field.type == FieldType.DATE else 'momentText'}({expression})"


def stored(field: FieldView, expression: str) -> str:
    """Return an expression for a value of a request as the database takes it."""
    return f"toDate({expression})" if field.is_time else expression


def inserted(field: FieldView, expression: str) -> str:
    """Return an expression for a value of a new row as the database takes it."""
    if field.default_now and field.type == FieldType.DATE:
        # The database would store this moment, and a day is found by its midnight.
        return f"toDate({expression} === undefined ? today() : {expression})"
    return stored(field, expression)


def value_helpers(entity: EntityView) -> list[str]:
    """Return what an entity's schema imports from `http/values`."""
    found = {
        "matching" if _is_matched(item) else _VALUE_HELPERS[FieldType(item.type)]
        for item in entity.fields
        if FieldType(item.type) in _VALUE_HELPERS
    }
    found |= (
        {"pattern"} if any(item.pattern and not _is_matched(item) for item in entity.fields) else set[str]()
    )
    found |= {"references"} if entity.to_many else set[str]()
    found |= (
        {"reference"} if any(item.filterable or not item.many for item in entity.relations) else set[str]()
    )
    return sorted(found)


def listing_helpers(entity: EntityView) -> list[str]:
    """Return what an entity's schema imports from `http/listing`."""
    found = {"pageOf", "pagingShape", "sorting"}
    for item in entity.fields:
        if item.filterable and item.type == FieldType.BOOLEAN:
            found.add("queryFlag")
        elif item.filterable and item.is_number:
            found.add(query_bound(item))
    return sorted(found)


def store_helpers(entity: EntityView) -> list[str]:
    """Return what an entity's store imports from `http/values`."""
    kinds = {item.type for item in entity.fields if item.is_time}
    found = {"toDate"} if kinds else set[str]()
    found |= {"dayText"} if FieldType.DATE in kinds else set[str]()
    found |= (
        {"today"}
        if any(item.default_now and item.type == FieldType.DATE for item in entity.fields)
        else set[str]()
    )
    return sorted(found | ({"momentText"} if FieldType.DATETIME in kinds else set[str]()))
