"""Tests of the API: facts about an entity that follow from its fields and permissions, as rows of test tables."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.rendering import js, render, render_folder
from astrolabe.roles.webapp.samples import sample
from astrolabe.roles.webapp.typescript import number, typed_default
from astrolabe.roles.webapp.view import ACTIONS, ADMIN, INT32, AppView, EntityView, FieldView, RelationView
from astrolabe.roles.webapp.writing import Files

WRITES = ("api/tests", "api/jest.config.cjs")

ROOM = 100
"""Rows with different values that the tests of an entity may need at once."""

_FEW = 5
_NUMBER_SPAN = 1000


@dataclass
class EntityFacts:
    """What the tests of an entity assert; the tables hold literals of TypeScript."""

    needed: list[str] = field(default_factory=list[str])
    defaults: dict[str, str | int | float | bool | None] = field(
        default_factory=dict[str, str | int | float | bool | None]
    )
    todays: list[str] = field(default_factory=list[str])
    wrong: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    roomy: bool = True
    filters: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    unordered: list[str] = field(default_factory=list[str])
    all_rows: list[tuple[str | None, str, int]] = field(default_factory=list[tuple[str | None, str, int]])
    own_rows: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    list_refused: list[tuple[str | None, int]] = field(default_factory=list[tuple[str | None, int]])
    private_to: str | None = None
    unique: list[str] = field(default_factory=list[str])
    unique_per_owner: list[str] = field(default_factory=list[str])
    links: list[RelationView] = field(default_factory=list[RelationView])
    private_links: dict[str, str] = field(default_factory=dict[str, str])


def api_test_files(app: AppView) -> Files:
    """Return the tests of the API by their path, as they are before prettier."""
    files = render_folder("testing/api/app", {"app": app, "test_value": test_value})
    for entity in app.entities:
        context = {"app": app, "entity": entity, "facts": facts_of(app, entity)}
        files[f"api/tests/{entity.path}.test.ts"] = render("testing/api/entity/entity.test.ts.j2", context)
    return files


def test_value(item: FieldView) -> str:
    """Return an expression of `n` for the n-th value of a field: a call of `tests/support/values`."""
    kind = FieldType(item.type)
    if item.enum:
        return f"values.choice(enums.{item.enum.type_name}, n)"
    if kind in _PLAIN_VALUES:
        return _PLAIN_VALUES[kind]
    if item.is_number:
        low, high = span(item)
        return f"values.{kind.value}(n, {number(low)}, {number(high)})"
    if item.pattern or (kind is FieldType.EMAIL and not _takes_short_email(item)):
        return f"values.choice({js(distinct(item))}, n)"
    if kind is FieldType.URL:
        return f"values.url(n, {item.min_length})"
    return (
        "values.email(n)"
        if kind is FieldType.EMAIL
        else f"values.text(n, {item.min_length}, {item.max_length})"
    )


def _takes_short_email(item: FieldView) -> bool:
    """Whether `values.email` fits."""
    return (item.min_length or 0) <= len("abc@example.org") <= (item.max_length or 0)


_PLAIN_VALUES = {
    FieldType.BOOLEAN: "values.flag(n)",
    FieldType.DATE: "values.day(n)",
    FieldType.DATETIME: "values.moment(n)",
}


def span(item: FieldView) -> tuple[float, float]:
    """Return the range test values of a number are taken from: narrow, but within the field's own."""
    low = item.min if item.min is not None else min(1.0, item.max if item.max is not None else 1.0)
    high = item.max if item.max is not None else low + _NUMBER_SPAN
    if item.type == FieldType.INTEGER:
        low, high = float(math.ceil(low)), float(math.floor(high))
    return low, min(high, low + _NUMBER_SPAN)


def distinct(item: FieldView) -> list[object]:
    """Return different values of a field: few, or up to `ROOM` where rows may not share them."""
    wanted = ROOM if item.unique else _FEW
    return list(dict.fromkeys(sample(item, place) for place in range(wanted)))


def capacity(entity: EntityView) -> int:
    """Return how many rows may exist beside each other, up to `ROOM`, as far as unique fields limit it."""
    limits = [len(distinct(item)) for item in entity.fields if item.unique]
    limits += [_span_size(item) for item in entity.fields if item.unique and item.is_number]
    limits += [capacity(relation.target) for relation in entity.relations if relation.required]
    return min([ROOM, *limits])


def _span_size(item: FieldView) -> int:
    low, high = span(item)
    return int(high - low) + 1


def facts_of(app: AppView, entity: EntityView) -> EntityFacts:
    """Work out what holds for an entity."""
    facts = EntityFacts(
        needed=[item.name for item in entity.fields if not item.creatable_without]
        + [relation.key for relation in entity.relations if relation.required],
        defaults={
            item.name: typed_default(item)
            for item in entity.fields
            if item.default is not None and item.type != FieldType.DATETIME
        },
        todays=[
            item.name
            for item in entity.fields
            if item.default_now and item.filterable and item.type == FieldType.DATE
        ],
        wrong=[(item.name, literal) for item in entity.fields for literal in wrong_values(item)],
        roomy=capacity(entity) >= ROOM,
        filters=[_filter(item) for item in entity.fields if item.filterable],
        unordered=[item.name for item in entity.sortable if item.enum or item.pattern],
        list_refused=[
            (role, 403 if role else 401) for role in (None, *app.roles) if entity.may(role, "read") == "none"
        ],
    )
    if facts.roomy:
        _add_uniqueness(entity, facts)
        _add_permissions(app, entity, facts)
    return facts


def _add_uniqueness(entity: EntityView, facts: EntityFacts) -> None:
    facts.unique = [item.name for item in entity.fields if item.unique]
    facts.unique_per_owner = [item.name for item in entity.fields if item.unique == "owner"]


def _filter(item: FieldView) -> tuple[str, list[str]]:
    names = [f"{item.name}Min", f"{item.name}Max"] if item.ranged else [item.name]
    return item.name, names


def _add_permissions(app: AppView, entity: EntityView, facts: EntityFacts) -> None:
    for role in (None, *(role for role in app.roles if role != ADMIN)):
        rows = [(role, action, _status(entity, role, action)) for action in ACTIONS]
        facts.all_rows += [row for row in rows if row[2]]
        if role and entity.owned and _can_make(entity, role):
            facts.own_rows += [(role, action, _own_status(entity, role, action)) for action in ACTIONS[1:]]
    facts.private_to = _private_to(app, entity)
    facts.links = [relation for relation in entity.relations if capacity(relation.target) >= ROOM]
    for relation in facts.links:
        role = _private_to(app, relation.target)
        if role and _can_make(entity, role):
            facts.private_links[relation.name] = role


_DONE = {"create": 201, "read": 200, "update": 200, "delete": 204}


def _status(entity: EntityView, role: str | None, action: str) -> int:
    """Return the status of an action on an admin's row; 0 where it depends on more than permissions."""
    reach = entity.may(role, action)
    if reach == "none":
        return 403 if role else 401
    if action == "create":
        needs = [relation.target for relation in entity.relations if relation.required]
        open_targets = all(target.may(role, "read") == "all" for target in needs)
        return _DONE[action] if open_targets or (role and _can_make(entity, role)) else 0
    if reach == "all":
        return _DONE[action]
    return 403 if entity.may(role, "read") == "all" else 404


def _own_status(entity: EntityView, role: str, action: str) -> int:
    reach = entity.may(role, action)
    return 403 if reach == "none" else _DONE[action]


def _can_make(entity: EntityView, role: str) -> bool:
    """Whether an account of that role can make a row with all it has to be linked to."""
    if entity.may(role, "create") == "none":
        return False
    return all(_can_refer(relation.target, role) for relation in entity.relations if relation.required)


def _can_refer(target: EntityView, role: str) -> bool:
    """Whether there can be a row that an account of that role sees; who may only add rows sees none."""
    seen = target.may(role, "read")
    return seen == "all" or (seen == "own" and _can_make(target, role))


def _private_to(app: AppView, entity: EntityView) -> str | None:
    """Return a role whose accounts make rows that only they see."""
    roles = [
        role
        for role in app.roles
        if entity.owned and entity.may(role, "read") == "own" and _can_make(entity, role)
    ]
    return next(
        (role for role in roles if all(entity.may(role, action) != "none" for action in ACTIONS)), None
    )


def wrong_values(item: FieldView) -> list[str]:
    """Return literals that the field must refuse."""
    found = ["null"] if item.required else []
    found.append("{ nested: true }")
    kind = FieldType(item.type)
    if item.is_text:
        found += ["42", *_wrong_texts(item)]
    elif item.is_number:
        found += ["'many'", *_wrong_numbers(item)]
    else:
        found += _WRONG.get(kind, [])
    return found


_WRONG = {
    FieldType.BOOLEAN: ["'yes'"],
    FieldType.DATE: ["'2026-02-30'", "'tomorrow'", "'0000-01-01'"],
    FieldType.DATETIME: [
        "'2026-02-03'",
        "'now'",
        "'0001-01-01T00:00:00+14:00'",
        "'9999-12-31T23:59:00-14:00'",
    ],
    FieldType.ENUM: ["'no_such_choice'"],
}


def _wrong_texts(item: FieldView) -> list[str]:
    longest = item.max_length or 0
    found = [f"'x'.repeat({longest + 1})"]
    if item.min_length:
        found.append("'   '")
    if item.type == FieldType.EMAIL:
        found.append("'not an address'")
    if item.type == FieldType.URL:
        found += ["'not an address'", "'javascript:alert(1)'"]
    plain = _PLAIN_ADDRESSES.get(FieldType(item.type))
    if plain and item.pattern and not re.search(item.pattern, plain):
        found.append(js(plain))
    return found


_PLAIN_ADDRESSES = {FieldType.EMAIL: "someone@example.net", FieldType.URL: "https://example.net/some/page"}
"""Addresses that a pattern of the model may still refuse."""


def _wrong_numbers(item: FieldView) -> list[str]:
    found = ["1.5"] if item.type == FieldType.INTEGER else []
    if item.min is not None:
        found.append(number(item.min - 1))
    if item.max is not None:
        found.append(number(item.max + 1))
    if item.prisma_type == "Int" and item.max is None:
        found.append(str(INT32 + 1))
    return found
