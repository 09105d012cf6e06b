"""Whether the seed fits the model: users with known roles, rows that the application itself would accept."""

from collections.abc import Iterator
from typing import Any, cast

from astrolabe.roles.webapp.model import AppModel, EntityModel, RelationKind, RelationModel
from astrolabe.roles.webapp.reading.flaw import Flaw, Path, quoted, unknown
from astrolabe.roles.webapp.reading.values import value_fault

Row = dict[str, Any]


def seed_flaws(model: AppModel, roles: tuple[str, ...]) -> Iterator[Flaw]:
    """Yield every flaw of the seed, in order."""
    yield from _user_flaws(model, roles)
    for name, rows in model.seed.rows.items():
        path: Path = ("seed", "rows", name)
        if name not in model.entities:
            yield unknown(path, "entity", name, model.entities)
            continue
        entity = model.entities[name]
        for index, row in enumerate(rows):
            yield from _row_flaws(model, entity, row, (*path, index))
        yield from _repeated_values(entity, rows, path)
        yield from _shared_targets(entity, rows, path)


def _user_flaws(model: AppModel, roles: tuple[str, ...]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for index, user in enumerate(model.seed.users):
        path: Path = ("seed", "users", index)
        if user.role not in roles:
            yield unknown((*path, "role"), "role", user.role, roles)
        if user.email.lower() in seen:
            yield Flaw((*path, "email"), f"{quoted(user.email)} has an account already")
        seen.add(user.email.lower())


def _row_flaws(model: AppModel, entity: EntityModel, row: Row, path: Path) -> Iterator[Flaw]:
    for key, value in row.items():
        if key in entity.fields:
            item = entity.fields[key]
            values = model.enums.get(item.enum or "", ())
            known = item.enum is None or item.enum in model.enums
            if value is not None and known and (fault := value_fault(item, values, value)):
                yield Flaw((*path, key), fault)
        elif key in entity.relations:
            yield from _link_flaws(model, entity.relations[key], value, (*path, key))
        else:
            yield unknown((*path, key), "field or relation", key, (*entity.fields, *entity.relations))
    yield from _missing(entity, row, path)


def _missing(entity: EntityModel, row: Row, path: Path) -> Iterator[Flaw]:
    for key, item in entity.fields.items():
        if item.required and item.default is None and row.get(key) is None:
            yield Flaw(path, f"the row has no {quoted(key)}, which is required")
    for key, relation in entity.relations.items():
        if relation.required and not row.get(key):
            yield Flaw(path, f"the row has no {quoted(key)}, which is required")


def _link_flaws(model: AppModel, relation: RelationModel, value: Any, path: Path) -> Iterator[Flaw]:
    many = relation.kind is RelationKind.MANY_TO_MANY
    target = model.entities.get(relation.to)
    if target is None or value is None:
        return
    if many != isinstance(value, list):
        wanted = "a list of rows" if many else "one row"
        yield Flaw(path, f"{quoted(value)} must be {wanted}, each named by its {quoted(target.display_name)}")
        return
    named = cast("list[Any]", value) if many else [value]
    shown = [row.get(target.display_name) for row in model.seed.rows.get(relation.to, ())]
    for index, name in enumerate(named):
        place = (*path, index) if many else path
        if name not in shown:
            known = [str(other) for other in shown if other is not None]
            yield unknown(place, f"row of {relation.to} called", str(name), known)
        elif shown.count(name) > 1:
            yield Flaw(place, f"{shown.count(name)} rows of {relation.to} are called {quoted(name)}")
        elif name in named[:index]:
            yield Flaw(place, f"{quoted(name)} is listed twice")


def _repeated_values(entity: EntityModel, rows: tuple[Row, ...], path: Path) -> Iterator[Flaw]:
    for key, item in entity.fields.items():
        seen: dict[Any, int] = {}
        for index, row in enumerate(rows if item.unique else ()):
            value = row.get(key)
            if value is None or isinstance(value, list | dict):
                continue
            if value in seen:
                yield Flaw(
                    (*path, index, key),
                    f"{quoted(value)} is in row {seen[value] + 1} already, and must be unique",
                )
            seen.setdefault(value, index)


def _shared_targets(entity: EntityModel, rows: tuple[Row, ...], path: Path) -> Iterator[Flaw]:
    for key, relation in entity.relations.items():
        if relation.kind is not RelationKind.ONE_TO_ONE:
            continue
        seen: set[str] = set()
        for index, row in enumerate(rows):
            value = str(row.get(key))
            if row.get(key) is not None and value in seen:
                text = f"{quoted(value)} has another row already, and the relation is one to one"
                yield Flaw((*path, index, key), text)
            seen.add(value)
