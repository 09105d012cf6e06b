"""The domain model of a web application: the canonical form of a goal, and what every template is made from.

Keys of `entities`, `fields`, `relations` and `enums` are identifiers; what people read are labels, which may be any
text. Fields, validation and relations follow JHipster's, permissions per role and action with an owner rule Amplication's.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

SCHEMA = "webapp/1"
"""The value of `astrolabe:` that marks a document as a model of this version."""

EntityName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]{0,39}$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,39}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
EnumValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]


_WAS = "What it was called before: what is stored under that name is kept."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldType(StrEnum):
    """What a field holds. STRING is one line, TEXT several; DECIMAL is kept as a double; DATE is `YYYY-MM-DD`."""

    STRING = "string"
    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    EMAIL = "email"
    URL = "url"
    ENUM = "enum"


LINES = frozenset({FieldType.STRING, FieldType.EMAIL, FieldType.URL})
TEXTS = LINES | {FieldType.TEXT}
NUMBERS = frozenset({FieldType.INTEGER, FieldType.DECIMAL})
TIMES = frozenset({FieldType.DATE, FieldType.DATETIME})


class FieldModel(_Part):
    """A value of an entity. `min` and `max` bound numbers, `min_length` and `max_length` texts.

    `unique` holds among the rows of one owner where the entity is owned, among all rows elsewhere.
    """

    type: FieldType = FieldType.STRING
    label: Label | None = None
    description: str = Field(default="", max_length=500)
    required: bool = False
    unique: bool = False
    min: float | None = None
    max: float | None = None
    min_length: int | None = Field(default=None, ge=0, le=100_000)
    max_length: int | None = Field(default=None, ge=1, le=100_000)
    pattern: str | None = Field(default=None, max_length=300)
    default: str | int | float | bool | None = None
    enum: EntityName | None = None
    search: bool | None = Field(
        default=None, description="Found by the search box; texts are unless switched off."
    )
    was: FieldName | None = Field(default=None, description=_WAS)


class RelationKind(StrEnum):
    """Seen from the entity that declares it: many bookmarks to one folder, one user to one profile, many to many."""

    MANY_TO_ONE = "many-to-one"
    ONE_TO_ONE = "one-to-one"
    MANY_TO_MANY = "many-to-many"


class OnDelete(StrEnum):
    """What happens to a row when the one it points to is deleted."""

    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set-null"


class RelationModel(_Part):
    """A link to another entity. `inverse` names it seen from there and is derived when absent."""

    to: EntityName
    kind: RelationKind = RelationKind.MANY_TO_ONE
    label: Label | None = None
    required: bool = False
    on_delete: OnDelete | None = None
    inverse: FieldName | None = None
    was: FieldName | None = Field(default=None, description=_WAS)


class Action(StrEnum):
    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"


ANYONE, SIGNED_IN, OWNER = "anyone", "signed_in", "owner"
"""Principals every application has, besides its own roles: no account needed, any account, the row's creator."""

Permissions = dict[Action, tuple[str, ...]]


class EntityModel(_Part):
    """A kind of thing the application keeps.

    `owned` rows belong to the account that created them: without permissions of its own, only the owner and admins may
    read or change them. `display` is the field that names a row; the first text field unless given. What `permissions`
    leave out is filled in by `principals`.
    """

    label: Label | None = None
    plural: Label | None = None
    description: str = Field(default="", max_length=500)
    owned: bool = True
    display: FieldName | None = None
    fields: dict[FieldName, FieldModel] = Field(min_length=1)
    relations: dict[FieldName, RelationModel] = Field(default_factory=dict)
    permissions: Permissions = Field(default_factory=dict)
    was: EntityName | None = Field(default=None, description=_WAS)

    def principals(self, action: Action) -> tuple[str, ...]:
        """Return who may do this; the role `admin` may do everything, named here or not."""
        if action in self.permissions:
            return self.permissions[action]
        return (OWNER,) if self.owned and action is not Action.CREATE else (SIGNED_IN,)

    @property
    def display_name(self) -> str:
        """The key of the field that names a row: `display`, else the first of its one-line texts, else of its texts.

        Texts that every row has come before those a row may lack. Without any text it is the first field.
        """
        lines = [name for name, item in self.fields.items() if item.type in LINES]
        texts = [name for name, item in self.fields.items() if item.type in TEXTS]
        needed = [name for name in lines if self.fields[name].required]
        return self.display or [*needed, *lines, *texts, *self.fields][0]


class PageKind(StrEnum):
    LIST = "list"
    DETAIL = "detail"
    FORM = "form"


class PageModel(_Part):
    """A page of an entity; every entity has all three kinds unless `pages` says otherwise."""

    entity: EntityName
    kinds: tuple[PageKind, ...] = (PageKind.LIST, PageKind.DETAIL, PageKind.FORM)
    title: Label | None = None
    columns: tuple[FieldName, ...] = Field(
        default=(), description="Shown in the list; the first five when empty."
    )


class SeedUser(_Part):
    """An account of the development seed; its password is printed by the seed script, never fixed in code."""

    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=200)]
    name: Label
    role: str = "user"


class Seed(_Part):
    """Rows of the development database. A relation names a row of the other entity by its display value.

    Rows of owned entities belong to the first user.
    """

    users: tuple[SeedUser, ...] = ()
    rows: dict[EntityName, tuple[dict[FieldName, Any], ...]] = Field(default_factory=dict)


class AppModel(_Part):
    """A web application; say what it keeps, as in "Build an app. A recipe has a title and a rating from 1 to 5".

    Accounts, sign-in and the roles `user` and `admin` come with every one.
    """

    astrolabe: Literal["webapp/1"] = SCHEMA
    name: Label
    description: str = Field(default="", max_length=2000)
    roles: tuple[RoleName, ...] = ()
    enums: dict[EntityName, tuple[EnumValue, ...]] = Field(default_factory=dict)
    enum_labels: dict[EntityName, dict[EnumValue, Label]] = Field(
        default_factory=dict, description="What people read for a value where it is not the value itself."
    )
    entities: dict[EntityName, EntityModel] = Field(min_length=1, max_length=40)
    pages: tuple[PageModel, ...] = ()
    seed: Seed = Seed()
