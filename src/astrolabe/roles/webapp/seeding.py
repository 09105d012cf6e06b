"""Puts the rows of a model's seed into an order in which they can be made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from astrolabe.roles.webapp.model import SeedUser
from astrolabe.roles.webapp.view import ADMIN, USER, AppView, EntityView, RelationView

_STANDARD_USERS = (
    SeedUser(email="demo@example.com", name="Demo", role=USER),
    SeedUser(email="admin@example.com", name="Admin", role=ADMIN),
)


@dataclass
class SeedLink:
    """A relation of a seed row; `called` are the names of the rows it points at."""

    relation: RelationView
    called: list[str]


@dataclass
class SeedRow:
    """`data` are plain values by property, `links` can be set at once, `later` only when all rows are there."""

    called: str
    data: dict[str, object]
    links: list[SeedLink] = field(default_factory=list[SeedLink])
    later: list[SeedLink] = field(default_factory=list[SeedLink])


def seed_users(app: AppView) -> tuple[SeedUser, ...]:
    """Return the accounts of the seed; there is always an admin among them."""
    users = app.seed_users or _STANDARD_USERS
    return users if any(user.role == ADMIN for user in users) else (*users, _STANDARD_USERS[1])


def seed_plan(app: AppView) -> list[tuple[EntityView, list[SeedRow]]]:
    """Return entities in creation order, each with its rows."""
    made: set[str] = set()
    plan: list[tuple[EntityView, list[SeedRow]]] = []
    for entity in app.creation_order:
        plan.append((entity, [_row(entity, raw, made) for raw in entity.seed_rows]))
        made.add(entity.name)
    return plan


def _row(entity: EntityView, raw: dict[str, Any], made: set[str]) -> SeedRow:
    row = SeedRow(_text(raw.get(entity.display, "")), {})
    relations = {relation.name: relation for relation in entity.relations}
    for name, value in raw.items():
        if name not in relations:
            row.data[name] = _plain(value)
        elif value is not None:
            relation = relations[name]
            called = [_text(item) for item in (value if relation.many else [value])]
            (row.links if relation.target.name in made else row.later).append(SeedLink(relation, called))
    return row


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return moment.isoformat()
    return value.isoformat() if isinstance(value, dt.date) else value


def _text(value: object) -> str:
    return str(_plain(value))
