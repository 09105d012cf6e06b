"""What templates see: every name already safe, every default resolved, every derived fact computed.

Labels are left as people wrote them and are hostile text: a template prints them through a filter of `rendering`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Self

from astrolabe.roles.webapp import names
from astrolabe.roles.webapp.api_names import ApiNames, api_names
from astrolabe.roles.webapp.model import (
    ANYONE,
    OWNER,
    SIGNED_IN,
    Action,
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    OnDelete,
    PageKind,
    RelationKind,
    RelationModel,
    SeedUser,
)

USER, ADMIN = "user", "admin"
ACTIONS = tuple(action.value for action in Action)
TEXTS = frozenset({FieldType.STRING, FieldType.TEXT, FieldType.EMAIL, FieldType.URL})
NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL})
TIMES = frozenset({FieldType.DATE, FieldType.DATETIME})
LONGEST = {FieldType.STRING: 255, FieldType.TEXT: 10_000, FieldType.EMAIL: 254, FieldType.URL: 2048}
INT32 = 2**31 - 1
LIST_PARAMETERS = frozenset({"page", "pagesize", "sort", "q"})
DEFAULT_COLUMNS = 5

_INPUT = {
    FieldType.TEXT: "textarea",
    FieldType.INTEGER: "number",
    FieldType.DECIMAL: "number",
    FieldType.BOOLEAN: "checkbox",
    FieldType.DATE: "date",
    FieldType.DATETIME: "datetime-local",
    FieldType.EMAIL: "email",
    FieldType.URL: "url",
    FieldType.ENUM: "select",
}
_TYPESCRIPT = {FieldType.INTEGER: "number", FieldType.DECIMAL: "number", FieldType.BOOLEAN: "boolean"}


@dataclass(frozen=True)
class EnumChoice:
    """`value` is stored and sent, `label` is read."""

    value: str
    label: str


@dataclass(frozen=True)
class EnumView:
    name: str
    type_name: str
    values: tuple[EnumChoice, ...]


@dataclass(eq=False)
class FieldView:
    """A field of an entity. `name` is its property in the API and the database, `original` its key in the model.

    `min` and `max` bound numbers, `min_length` and `max_length` texts (always set for texts). `ts_type` is the type on
    the wire: dates are strings. `default_now` stands for a default of today or now. `unique` is `owner` (among the
    rows of one account), `global` or None.
    """

    name: str
    original: str
    label: str
    description: str
    type: str
    required: bool
    unique: str | None
    min: float | None
    max: float | None
    min_length: int | None
    max_length: int | None
    pattern: str | None
    default: str | int | float | bool | None
    default_now: bool
    enum: EnumView | None
    ts_type: str
    searchable: bool
    filterable: bool
    sortable: bool
    input: str
    was: str | None = None
    is_relation: bool = False

    @property
    def is_text(self) -> bool:
        return self.type in TEXTS

    @property
    def is_number(self) -> bool:
        return self.type in NUMBERS

    @property
    def is_time(self) -> bool:
        return self.type in TIMES

    @property
    def ranged(self) -> bool:
        """Whether the list takes `<name>Min` and `<name>Max` instead of `<name>`."""
        return self.is_number or self.is_time

    @property
    def prisma_type(self) -> str:
        if self.enum:
            return self.enum.type_name
        if self.type == FieldType.INTEGER:
            wide = max(abs(self.min or 0), abs(self.max or 0)) > INT32
            return "Float" if wide else "Int"
        plain = {FieldType.DECIMAL: "Float", FieldType.BOOLEAN: "Boolean"}
        return "DateTime" if self.is_time else plain.get(FieldType(self.type), "String")

    @property
    def creatable_without(self) -> bool:
        """Whether a row may be made without saying this value."""
        return not self.required or self.default is not None or self.default_now

    @property
    def nearest_to_zero(self) -> float:
        """What a number is in rows that were there before it was required."""
        low = 0 if self.min is None else max(0, self.min)
        return low if self.max is None else min(low, self.max)


@dataclass(eq=False)
class RelationView:
    """A link of `source` to `target`. `key` is the property that holds its id or ids: `collectionId`, `tagIds`.

    `many` is true for many-to-many, `unique` for one-to-one. `inverse` is the link back, a property of the
    database schema only. `on_delete` is `restrict`, `cascade` or `set-null`.
    """

    name: str
    original: str
    label: str
    source: EntityView
    target: EntityView
    kind: str
    required: bool
    key: str
    on_delete: str
    link: str
    filterable: bool
    was: str | None = None
    inverse: InverseView = field(init=False)
    is_relation: bool = True
    sortable: bool = False

    @property
    def many(self) -> bool:
        return self.kind == RelationKind.MANY_TO_MANY

    @property
    def unique(self) -> bool:
        return self.kind == RelationKind.ONE_TO_ONE

    @property
    def creatable_without(self) -> bool:
        return not self.required


@dataclass(eq=False)
class InverseView:
    """A relation seen from its target: `source` are the entities that point here, `many` of them or one."""

    name: str
    label: str
    source: EntityView
    relation: RelationView
    many: bool


@dataclass(eq=False)
class EntityView:
    """A kind of thing.

    `type_name` is its TypeScript type and Prisma model, `client` its accessor on a Prisma client, `variable` a name
    free for locals, `path` its segment below `/api` and in the web client (`route` is the same).

    `permissions` name for every action who may do it: `anyone`, `signed_in`, `owner`, or roles. `columns` are the
    fields and relations of its list page.
    """

    name: str
    type_name: str
    client: str
    variable: str
    label: str
    plural_label: str
    description: str
    path: str
    owned: bool
    permissions: dict[str, tuple[str, ...]]
    pages: tuple[str, ...]
    title: str
    fields: list[FieldView] = field(default_factory=list[FieldView])
    relations: list[RelationView] = field(default_factory=list[RelationView])
    inverses: list[InverseView] = field(default_factory=list[InverseView])
    columns: list[FieldView | RelationView] = field(default_factory=list[FieldView | RelationView])
    display: str = ""
    was: str | None = None
    seed_rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    api: ApiNames = field(init=False)

    @property
    def route(self) -> str:
        return self.path

    @property
    def display_field(self) -> FieldView:
        return self.field(self.display)

    @property
    def public_read(self) -> bool:
        return ANYONE in self.permissions[Action.READ]

    @property
    def owner_optional(self) -> bool:
        """Whether rows may have no owner, because people without an account may create them."""
        return self.owned and ANYONE in self.permissions[Action.CREATE]

    @property
    def to_one(self) -> list[RelationView]:
        return [relation for relation in self.relations if not relation.many]

    @property
    def to_many(self) -> list[RelationView]:
        return [relation for relation in self.relations if relation.many]

    @property
    def searchable(self) -> list[FieldView]:
        return [item for item in self.fields if item.searchable]

    @property
    def sortable(self) -> list[FieldView]:
        return [item for item in self.fields if item.sortable]

    def field(self, name: str) -> FieldView:
        """Return the field of that name; KeyError if there is none."""
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)

    def may(self, role: str | None, action: str) -> str:
        """Tell which rows an account of `role` (None: nobody signed in) may act on: `all`, `own` or `none`."""
        allowed = self.permissions[action]
        if ANYONE in allowed or (role and (SIGNED_IN in allowed or role in allowed)):
            return "all"
        return "own" if role and OWNER in allowed else "none"

    def has_page(self, kind: str) -> bool:
        return kind in self.pages


@dataclass(eq=False)
class AppView:
    """A whole application. `slug` is safe as a name in npm, Docker and Kubernetes; `roles` begin with user and admin."""

    name: str
    slug: str
    description: str
    roles: tuple[str, ...]
    enums: list[EnumView]
    entities: list[EntityView]
    seed_users: tuple[SeedUser, ...]

    @classmethod
    def of(cls, model: AppModel) -> Self:
        """Derive the view of a valid model."""
        return cls(*_Builder(model).build())

    def entity(self, name: str) -> EntityView:
        """Return the entity of that name in the model; KeyError if there is none."""
        for item in self.entities:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def creation_order(self) -> list[EntityView]:
        """Entities so that the targets of required relations come first."""
        ordered: list[EntityView] = []
        for item in self.entities:
            _after_needed(item, ordered, set())
        return ordered


def _after_needed(item: EntityView, ordered: list[EntityView], on_the_way: set[str]) -> None:
    if item in ordered or item.name in on_the_way:
        return
    on_the_way.add(item.name)
    for relation in item.relations:
        if relation.required:
            _after_needed(relation.target, ordered, on_the_way)
    ordered.append(item)


class _Builder:
    def __init__(self, model: AppModel) -> None:
        self.model = model
        types = names.Names(names.TYPE_NAMES)
        self.enums = {
            name: _enum(name, values, model.enum_labels.get(name, {}), types)
            for name, values in model.enums.items()
        }
        paths, variables = names.Names(names.PATH_NAMES), names.Names()
        self.entities = {
            name: self._entity(name, entity, types, paths, variables)
            for name, entity in model.entities.items()
        }
        self.scopes = {name: names.Names(names.ROW_NAMES) for name in model.entities}

    def build(
        self,
    ) -> tuple[str, str, str, tuple[str, ...], list[EnumView], list[EntityView], tuple[SeedUser, ...]]:
        for name, entity in self.model.entities.items():
            self._fields(self.entities[name], entity)
        for name, entity in self.model.entities.items():
            view = self.entities[name]
            view.relations += [self._relation(view, key, item) for key, item in entity.relations.items()]
        for name, entity in self.model.entities.items():
            for relation in self.entities[name].relations:
                self._inverse(relation, entity.relations[relation.original])
        api = api_names(view.type_name for view in self.entities.values())
        for view in self.entities.values():
            view.api = api[view.type_name]
        for name, entity in self.model.entities.items():
            self._finish(self.entities[name], entity)
        model = self.model
        roles = tuple(dict.fromkeys((USER, ADMIN, *model.roles)))
        return (
            model.name,
            names.slug(model.name),
            model.description,
            roles,
            list(self.enums.values()),
            list(self.entities.values()),
            model.seed.users,
        )

    def _entity(
        self, name: str, entity: EntityModel, types: names.Names, paths: names.Names, variables: names.Names
    ) -> EntityView:
        type_name = types.claim(name)
        label = entity.label or names.human(name)
        plural_label = entity.plural or names.plural(label)
        kinds, title = self._pages(name)
        reserved = names.RESERVED_WORDS | names.LOCAL_NAMES
        return EntityView(
            name=name,
            type_name=type_name,
            client=names.lower_first(type_name),
            variable=variables.claim(names.camel(type_name), also=reserved),
            label=label,
            plural_label=plural_label,
            description=entity.description,
            path=paths.claim(names.plural(names.kebab(name).replace("-", " ")).replace(" ", "-"), "-items"),
            owned=entity.owned,
            permissions=resolved_permissions(entity),
            pages=kinds,
            title=title or plural_label,
            was=names.Names(names.TYPE_NAMES).claim(entity.was) if entity.was else None,
        )

    def _pages(self, name: str) -> tuple[tuple[str, ...], str | None]:
        pages = [page for page in self.model.pages if page.entity == name]
        if not pages:
            return tuple(kind.value for kind in PageKind), None
        wanted = {kind for page in pages for kind in page.kinds}
        title = next((page.title for page in pages if page.title), None)
        return tuple(kind.value for kind in PageKind if kind in wanted), title

    def _fields(self, view: EntityView, entity: EntityModel) -> None:
        scope = self.scopes[view.name]
        for name, item in entity.fields.items():
            view.fields.append(self._field(scope.claim(name, "Value"), name, item, view))
        keys = {item.name.lower() for item in view.fields}
        for item in view.fields:
            ends = {f"{item.name}Min".lower(), f"{item.name}Max".lower()}
            clash = bool(ends & keys) if item.ranged else item.name.lower() in LIST_PARAMETERS
            item.filterable = item.filterable and not clash

    def _field(self, name: str, original: str, item: FieldModel, view: EntityView) -> FieldView:
        kind = item.type
        enum = self.enums[item.enum] if item.enum else None
        text = kind in TEXTS
        now = kind in TIMES and item.default in {"now", "today"}
        shortest = item.min_length if item.min_length is not None else int(item.required)
        return FieldView(
            name=name,
            original=original,
            label=item.label or names.human(original),
            description=item.description,
            type=kind.value,
            required=item.required,
            unique=_unique(item, view),
            min=item.min if kind in NUMBERS else None,
            max=item.max if kind in NUMBERS else None,
            min_length=shortest if text else None,
            max_length=(item.max_length or LONGEST[kind]) if text else None,
            pattern=item.pattern if text else None,
            default=None if now else item.default,
            default_now=now,
            enum=enum,
            ts_type=f"enums.{enum.type_name}" if enum else _TYPESCRIPT.get(kind, "string"),
            searchable=text and item.search is not False,
            filterable=kind not in TEXTS,
            sortable=kind != FieldType.TEXT,
            input=_INPUT.get(kind, "text"),
            was=_former(item.was, "Value"),
        )

    def _inverse(self, relation: RelationView, item: RelationModel) -> None:
        view, target, single = relation.source, relation.target, relation.unique
        wanted = item.inverse or names.camel(view.name if single else names.plural(names.human(view.name)))
        relation.inverse = InverseView(
            name=self.scopes[target.name].claim(wanted, f"Of{names.upper_first(relation.name)}"),
            label=view.label if single else view.plural_label,
            source=view,
            relation=relation,
            many=not single,
        )
        target.inverses.append(relation.inverse)

    def _relation(self, view: EntityView, name: str, item: RelationModel) -> RelationView:
        scope = self.scopes[view.name]
        many = item.kind is RelationKind.MANY_TO_MANY
        safe = scope.claim(name, "Link")
        key = scope.claim(f"{names.singular(safe)}Ids" if many else f"{safe}Id", "Link")
        return RelationView(
            name=safe,
            original=name,
            label=item.label or names.human(name),
            source=view,
            target=self.entities[item.to],
            kind=item.kind.value,
            required=item.required,
            key=key,
            on_delete=_on_delete(item),
            link=_short(f"{view.type_name}_{safe}"),
            filterable=True,
            was=_former(item.was, "Link"),
        )

    def _finish(self, view: EntityView, entity: EntityModel) -> None:
        by_original: dict[str, FieldView | RelationView] = {
            item.original: item for item in (*view.fields, *view.relations)
        }
        view.display = by_original[entity.display_name].name
        asked = [name for page in self.model.pages if page.entity == view.name for name in page.columns]
        columns = [by_original[name] for name in dict.fromkeys(asked) if name in by_original]
        view.columns = columns or _first_columns(view)
        for row in self.model.seed.rows.get(view.name, ()):
            view.seed_rows.append({by_original[key].name: value for key, value in row.items()})


def _enum(name: str, values: tuple[str, ...], labels: dict[str, str], types: names.Names) -> EnumView:
    choices = tuple(EnumChoice(value, labels.get(value) or names.human(value)) for value in values)
    return EnumView(name, types.claim(name, "Kind"), choices)


def _former(name: str | None, suffix: str) -> str | None:
    """Return what a property was called that had this key."""
    return names.Names(names.ROW_NAMES).claim(name, suffix) if name else None


def _short(link: str) -> str:
    """Keep the name of a join table within PostgreSQL's 63 bytes."""
    longest = 50
    return link if len(link) <= longest else link[:41] + "_" + hashlib.sha256(link.encode()).hexdigest()[:8]


def _unique(item: FieldModel, view: EntityView) -> str | None:
    if not item.unique:
        return None
    return "owner" if view.owned else "global"


def _on_delete(item: RelationModel) -> str:
    if item.kind is RelationKind.MANY_TO_MANY:
        return OnDelete.CASCADE.value
    chosen = item.on_delete or (OnDelete.RESTRICT if item.required else OnDelete.SET_NULL)
    if chosen is OnDelete.SET_NULL and item.required:
        chosen = OnDelete.RESTRICT
    return chosen.value


def _first_columns(view: EntityView) -> list[FieldView | RelationView]:
    """Choose what tells the rows of a list apart: what names them, what they belong to, then the rest in its order."""
    display = view.display_field
    needed = [relation for relation in view.to_one if relation.required]
    others = [item for item in view.fields if item is not display and item.type != FieldType.TEXT]
    chosen = [display, *needed, *others, *view.relations][:DEFAULT_COLUMNS]
    return [
        display,
        *(item for item in (*view.fields, *view.relations) if item is not display and item in chosen),
    ]


def resolved_permissions(entity: EntityModel) -> dict[str, tuple[str, ...]]:
    """Return who may do what, for all four actions; admins are named unless everybody with an account may."""
    return {action.value: _usable(entity.principals(action), entity.owned) for action in Action}


def _usable(allowed: tuple[str, ...], owned: bool) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(name for name in allowed if owned or name != OWNER))
    return kept if {ANYONE, SIGNED_IN, ADMIN} & set(kept) else (*kept, ADMIN)
