"""What a well-formed model must also hold to: every name known, every rule possible, nothing that clashes."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from astrolabe.roles.webapp import names
from astrolabe.roles.webapp.model import (
    ANYONE,
    NUMBERS,
    OWNER,
    SIGNED_IN,
    TEXTS,
    Action,
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    OnDelete,
    RelationKind,
    RelationModel,
)
from astrolabe.roles.webapp.reading.characters import character_flaws
from astrolabe.roles.webapp.reading.flaw import Flaw, Path, quoted, unknown
from astrolabe.roles.webapp.reading.former import former_flaws
from astrolabe.roles.webapp.reading.patterns import pattern_fault
from astrolabe.roles.webapp.reading.seeds import seed_flaws
from astrolabe.roles.webapp.reading.values import LARGEST_WHOLE, default_fault

BUILT_IN_ROLES = ("user", "admin")
SYSTEM_ENTITIES = ("User", "RefreshToken", "PasswordReset")
SYSTEM_FIELDS = ("id", "createdAt", "updatedAt", "ownerId", "owner")
OBJECT_PROPERTIES = (
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "prototype",
    "then",
    "toJSON",
    "toLocaleString",
    "toString",
    "valueOf",
)
_SYSTEM_FIELDS = {name.lower(): name for name in SYSTEM_FIELDS}
_OBJECT_PROPERTIES = {name.lower(): name for name in OBJECT_PROPERTIES}


def problems_in(model: AppModel) -> tuple[Flaw, ...]:
    """Return every flaw in a model's meaning, in the order of the document; nothing for a sound one."""
    flaws = [*_role_flaws(model), *_enum_flaws(model)]
    for name, entity in model.entities.items():
        path: Path = ("entities", name)
        flaws += _entity_name_flaws(model, name, path)
        flaws += _entity_flaws(model, entity, path)
    flaws += [*_name_clashes(model), *_inverse_flaws(model), *_cycle_flaws(model), *_page_flaws(model)]
    flaws += [*former_flaws(model), *character_flaws(model)]
    return (*flaws, *seed_flaws(model, roles_of(model)))


def roles_of(model: AppModel) -> tuple[str, ...]:
    """Return every role an account can have."""
    return tuple(dict.fromkeys((*BUILT_IN_ROLES, *model.roles)))


def path_of(name: str) -> str:
    """Return an entity's segment in URLs."""
    return names.plural(names.kebab(name).replace("-", " ")).replace(" ", "-")


def _repeated(values: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield every value, with its position, that stood before in the same or another case."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value.lower() in seen:
            yield index, value
        seen.add(value.lower())


def _role_flaws(model: AppModel) -> Iterator[Flaw]:
    for index, role in enumerate(model.roles):
        if role in {ANYONE, SIGNED_IN, OWNER}:
            yield Flaw(("roles", index), f"{quoted(role)} has a meaning of its own and cannot be a role")
    for index, role in _repeated(model.roles):
        yield Flaw(("roles", index), f"the role {quoted(role)} is listed twice")


def _enum_flaws(model: AppModel) -> Iterator[Flaw]:
    for name, values in model.enums.items():
        if not values:
            yield Flaw(("enums", name), f"the enum {quoted(name)} has no values")
        for index, value in _repeated(values):
            yield Flaw(
                ("enums", name, index), f"{quoted(value)} is listed twice", "values differ in more than case"
            )
    for name, labels in model.enum_labels.items():
        if name not in model.enums:
            yield unknown(("enum_labels", name), "enum", name, model.enums)
            continue
        for value in labels:
            if value not in model.enums[name]:
                yield unknown(("enum_labels", name, value), "value", value, model.enums[name])
    entities = {name.lower() for name in model.entities}
    for name in model.enums:
        if name.lower() in entities:
            yield Flaw(("enums", name), f"an entity is called {quoted(name)} too", "rename one of the two")


def _entity_name_flaws(model: AppModel, name: str, path: Path) -> Iterator[Flaw]:
    if name.lower() in {other.lower() for other in SYSTEM_ENTITIES}:
        hint = "accounts come with every application; call your own kind of person Member or Profile, say"
        yield Flaw(path, f"{quoted(name)} is an entity of every application already", hint)
    before = list(model.entities)[: list(model.entities).index(name)]
    for other in before:
        if path_of(other) == path_of(name):
            text = f"{quoted(other)} and {quoted(name)} would have the same address /{path_of(name)}"
            yield Flaw(path, text, "rename one of them")


def _entity_flaws(model: AppModel, entity: EntityModel, path: Path) -> Iterator[Flaw]:
    for name, item in entity.fields.items():
        yield from _field_flaws(model, item, (*path, "fields", name))
    for name, relation in entity.relations.items():
        yield from _relation_flaws(model, relation, (*path, "relations", name))
    if entity.display and entity.display not in entity.fields:
        yield unknown((*path, "display"), "field", entity.display, entity.fields)
    for action, principals in entity.permissions.items():
        yield from _permission_flaws(model, entity, action, principals, (*path, "permissions", action.value))


def _permission_flaws(
    model: AppModel, entity: EntityModel, action: Action, principals: tuple[str, ...], path: Path
) -> Iterator[Flaw]:
    known = (ANYONE, SIGNED_IN, OWNER, *roles_of(model))
    for index, principal in enumerate(principals):
        place = (*path, index)
        if principal not in known:
            yield unknown(place, "role", principal, known)
        elif principal == OWNER and not entity.owned:
            yield Flaw(place, "rows that are not owned have no owner", "say `owned: true`, or name a role")
        elif principal == OWNER and action is Action.CREATE:
            yield Flaw(place, "a row that does not exist yet has no owner", f"say {SIGNED_IN}")
    for index, principal in _repeated(principals):
        yield Flaw((*path, index), f"{quoted(principal)} is listed twice")


def _field_flaws(model: AppModel, item: FieldModel, path: Path) -> Iterator[Flaw]:
    yield from _misplaced(item, path)
    yield from _bound_flaws(item, path)
    if item.type is FieldType.ENUM and item.enum is None:
        yield Flaw(path, "a field of type enum names its enum", "add `enum: …`")
    elif item.enum is not None and item.enum not in model.enums:
        yield unknown((*path, "enum"), "enum", item.enum, model.enums)
    if item.pattern is not None and item.type in TEXTS and (fault := pattern_fault(item.pattern)):
        yield Flaw((*path, "pattern"), f"the pattern {fault}")
    values = model.enums.get(item.enum or "", ())
    if (item.enum is None or values) and (fault := default_fault(item, values)):
        yield Flaw((*path, "default"), f"the default {fault}")
    if item.unique and item.default is not None:
        yield Flaw((*path, "default"), "a default of a unique field could be used only once")


def _misplaced(item: FieldModel, path: Path) -> Iterator[Flaw]:
    """Find what does not go with the field's type."""
    texts = {"min_length": item.min_length, "max_length": item.max_length, "pattern": item.pattern}
    numbers = {"min": item.min, "max": item.max}
    for key, value in texts.items():
        if value is not None and item.type not in TEXTS:
            yield Flaw((*path, key), f"{quoted(key)} is for texts, the field is of type {item.type}")
    for key, value in numbers.items():
        if value is not None and item.type not in NUMBERS:
            hint = f"{key}_length bounds texts" if item.type in TEXTS else ""
            yield Flaw((*path, key), f"{quoted(key)} is for numbers, the field is of type {item.type}", hint)
    if item.enum is not None and item.type is not FieldType.ENUM:
        text = f"{quoted('enum')} is for the type enum, the field is of type {item.type}"
        yield Flaw((*path, "enum"), text, "say `type: enum`")
    if item.search and item.type not in TEXTS:
        yield Flaw((*path, "search"), f"only texts are searched, the field is of type {item.type}")


def _bound_flaws(item: FieldModel, path: Path) -> Iterator[Flaw]:
    if item.min is not None and item.max is not None and item.min > item.max:
        yield Flaw((*path, "min"), f"the least value {item.min:g} is more than the greatest, {item.max:g}")
    shortest, longest = item.min_length, item.max_length
    if shortest is not None and longest is not None and shortest > longest:
        yield Flaw(
            (*path, "min_length"), f"the shortest length {shortest} is more than the longest, {longest}"
        )
    for key, value in {"min": item.min, "max": item.max}.items():
        if value is None or item.type not in NUMBERS:
            continue
        if not math.isfinite(value) or abs(value) > LARGEST_WHOLE:
            yield Flaw((*path, key), f"{value:g} cannot be a bound", "leave it out for none")
        elif item.type is FieldType.INTEGER and value != int(value):
            yield Flaw((*path, key), f"{value:g} is not whole, the field is of type integer")


def _relation_flaws(model: AppModel, relation: RelationModel, path: Path) -> Iterator[Flaw]:
    if relation.to == "User":
        hint = "rows belong to the account that creates them where the entity says `owned: true`"
        yield Flaw((*path, "to"), "accounts cannot be the target of a relation", hint)
    elif relation.to not in model.entities:
        yield unknown((*path, "to"), "entity", relation.to, model.entities)
    if relation.required and relation.on_delete is OnDelete.SET_NULL:
        text = "a required relation cannot be emptied when its target is deleted"
        yield Flaw((*path, "on_delete"), text, "say restrict or cascade, or leave `required` out")
    if relation.kind is RelationKind.MANY_TO_MANY and relation.on_delete is not None:
        text = "deleting a target removes only the link of a many-to-many relation"
        yield Flaw((*path, "on_delete"), text, "leave it out")


def key_of(name: str, relation: RelationModel) -> str:
    """Return the property that holds the id or ids of a relation."""
    many = relation.kind is RelationKind.MANY_TO_MANY
    return f"{names.singular(name)}Ids" if many else f"{name}Id"


def _name_clashes(model: AppModel) -> Iterator[Flaw]:
    """Find properties of one entity that would have the same name; SQL columns are compared without case."""
    for entity_name, entity in model.entities.items():
        taken: dict[str, str] = {}
        path: Path = ("entities", entity_name)
        for name in entity.fields:
            yield from _property_flaws((*path, "fields", name), name, taken)
        for name in entity.relations:
            yield from _property_flaws((*path, "relations", name), name, taken)
        for name, relation in entity.relations.items():
            key = key_of(name, relation)
            if key.lower() in taken:
                text = f"the relation {quoted(name)} is kept in {quoted(key)}, which is the name of a {taken[key.lower()]}"
                yield Flaw((*path, "relations", name), text, "rename one of them")
            taken.setdefault(key.lower(), "relation")


def _property_flaws(path: Path, name: str, taken: dict[str, str]) -> Iterator[Flaw]:
    low, kind = name.lower(), "field" if path[-2] == "fields" else "relation"
    if low in _SYSTEM_FIELDS:
        hint = "leave it out" if kind == "field" else "rename it"
        yield Flaw(path, f"every row has {quoted(_SYSTEM_FIELDS[low])} already", hint)
    elif low in _OBJECT_PROPERTIES:
        text = f"{quoted(name)} is a property of every JavaScript object and cannot be a {kind}"
        yield Flaw(path, text, f"call it {quoted(name[:30] + 'Value')} and give it a label")
    elif low in taken:
        yield Flaw(
            path, f"{quoted(name)} is the name of a {taken[low]} too, upper and lower case being equal"
        )
    taken.setdefault(low, kind)


def _inverse_flaws(model: AppModel) -> Iterator[Flaw]:
    """Find given inverse names that the target has already."""
    given: Counter[tuple[str, str]] = Counter()
    for name, entity in model.entities.items():
        for key, relation in entity.relations.items():
            target = model.entities.get(relation.to)
            if relation.inverse is None or target is None:
                continue
            low = relation.inverse.lower()
            given[relation.to, low] += 1
            own = {other.lower() for other in (*target.fields, *target.relations)}
            if low in own | _SYSTEM_FIELDS.keys() | _OBJECT_PROPERTIES.keys() or given[relation.to, low] > 1:
                text = f"{quoted(relation.to)} has something called {quoted(relation.inverse)} already"
                yield Flaw(
                    ("entities", name, "relations", key, "inverse"), text, "give the inverse another name"
                )


def _cycle_flaws(model: AppModel) -> Iterator[Flaw]:
    """Find entities of which none can be created first, since each requires another."""
    needs = {
        name: {
            key: item.to
            for key, item in entity.relations.items()
            if item.required and item.to in model.entities
        }
        for name, entity in model.entities.items()
    }
    told: set[str] = set()
    for start in needs:
        cycle = _cycle_from(start, needs)
        if cycle and not told & set(cycle):
            told |= set(cycle)
            key = next(key for key, to in needs[cycle[0]].items() if to == cycle[1])
            text = f"none of these could be created first: {' → '.join(cycle)}"
            yield Flaw(("entities", cycle[0], "relations", key), text, "make one of the relations optional")


def _cycle_from(start: str, needs: dict[str, dict[str, str]]) -> list[str]:
    """Return a way from an entity back to itself along required relations, or nothing."""
    came: dict[str, str] = {}
    left = [start]
    while left:
        here = left.pop(0)
        for to in needs[here].values():
            if to == start:
                way = [start, here]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return [start, *reversed(way[1:-1]), start] if len(way) > 2 else [start, start]  # noqa: PLR2004
            if to not in came:
                came[to] = here
                left.append(to)
    return []


def _page_flaws(model: AppModel) -> Iterator[Flaw]:
    for index, page in enumerate(model.pages):
        path: Path = ("pages", index)
        entity = model.entities.get(page.entity)
        if entity is None:
            yield unknown((*path, "entity"), "entity", page.entity, model.entities)
            continue
        known = (*entity.fields, *entity.relations)
        for number, column in enumerate(page.columns):
            if column not in known:
                yield unknown((*path, "columns", number), "field or relation", column, known)
        for number, column in _repeated(page.columns):
            yield Flaw((*path, "columns", number), f"{quoted(column)} is listed twice")
        if not page.kinds:
            yield Flaw((*path, "kinds"), "a page without kinds would show nothing")
        for number, kind in _repeated(kind.value for kind in page.kinds):
            yield Flaw((*path, "kinds", number), f"{quoted(kind)} is listed twice")
