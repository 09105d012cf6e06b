"""From what was said to a model: every gap filled by a rule, and every filled gap told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from astrolabe.roles.webapp import names
from astrolabe.roles.webapp.model import (
    ANYONE,
    LINES,
    NUMBERS,
    OWNER,
    SIGNED_IN,
    TEXTS,
    Action,
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    PageModel,
    RelationKind,
    RelationModel,
    Seed,
)
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, FieldDraft, Grant, LinkDraft, Several
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.kinds import SHARED, Kind, kind_of
from astrolabe.roles.webapp.reading.meaning import OBJECT_PROPERTIES, SYSTEM_ENTITIES, SYSTEM_FIELDS
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.words import (
    enum_identifier,
    field_identifier,
    is_plural,
    label_of,
    plural,
    singular,
    with_article,
)
from astrolabe.sdk import Reading

SMALLEST_STEP = 0.01
_NAMES = (
    "title",
    "name",
    "label",
    "subject",
    "headline",
    "fullName",
    "firstName",
    "reference",
    "code",
    "number",
)


@dataclass
class Extras:
    """What only headings and tables can say."""

    pages: list[PageModel] = field(default_factory=list[PageModel])
    seed: Seed = field(default_factory=Seed)


class Assembly:
    """Makes one model of a draft; what it assumes goes into the draft's account."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.enums: dict[str, tuple[str, ...]] = {}
        self.guesses: list[str] = []
        taken = names.Names(SYSTEM_ENTITIES)
        self.keys = {key: taken.claim(key, "Item") for key in draft.entities}

    def model(self, name: str, extras: Extras) -> AppModel:
        """Return the model; faults found on the way are in the draft's problems."""
        self._settle_several()
        self._name_the_nameless()
        shared = self._shared()
        entities = {
            self.keys[key]: self._entity(item, key in shared) for key, item in self.draft.entities.items()
        }
        return AppModel(
            name=label_of(name)[:80].strip() or "Application",
            description=" ".join(self.draft.description)[:2000],
            roles=tuple(role for role in self.draft.roles if role not in {"user", "admin"}),
            enums=self.enums,
            entities=entities,
            pages=tuple(page.model_copy(update={"entity": self.keys[page.entity]}) for page in extras.pages),
            seed=extras.seed,
        )

    def _assume(self, entity: EntityDraft, meaning: str, piece: Piece | None = None) -> None:
        self.draft.note(piece or Piece(entity.noun, entity.said.line), Reading.ASSUMED, meaning)

    def _settle_several(self) -> None:
        """Decide for each `has many` whether the other side has many too."""
        pairs = {(item.source, item.target) for item in self.draft.several}
        done: set[tuple[str, str]] = set()
        for item in self.draft.several:
            if (item.source, item.target) in done:
                continue
            done |= {(item.source, item.target), (item.target, item.source)}
            self._settle(item, mutual=(item.target, item.source) in pairs)

    def _settle(self, item: Several, *, mutual: bool) -> None:
        source, target = self.draft.entities[item.source], self.draft.entities[item.target]
        back = next((link for link in target.links.values() if link.to == source.key), None)
        forth = next((link for link in source.links.values() if link.to == target.key), None)
        if forth and not mutual and back is None:
            self.draft.clash(
                forth.said, item.said, f"{quoted(source.noun)} has many {quoted(plural(target.noun))}"
            )
            return
        if back and not mutual:
            return
        if (
            mutual
            or item.plural_subject
            or singular(item.noun.lower()).split()[-1] in SHARED
            or source is target
        ):
            link = self.draft.link(source, target, item.noun, item.said)
            link.many, link.required = True, item.required
            if not mutual and not item.plural_subject:
                text = f"one {target.noun} can belong to many {plural(source.noun)}"
                self._assume(source, text, item.said)
            return
        link = self.draft.link(target, source, source.noun, item.said)
        link.many = False
        if item.required:
            text = f"that a {source.noun} has at least one {target.noun} is not checked"
            self.draft.note(item.said, Reading.UNREAD, text)
        self._assume(source, f"each {target.noun} belongs to at most one {source.noun}", item.said)

    def _name_the_nameless(self) -> None:
        for entity in self.draft.entities.values():
            if not entity.fields:
                entity.fields["name"] = FieldDraft("name", entity.said, {"required": (True, entity.said)})
                self._assume(
                    entity, f"nothing is said about what {with_article(entity.noun)} has: it gets a name"
                )

    def _entity(self, item: EntityDraft, shared: bool) -> EntityModel:
        taken = names.Names((*SYSTEM_FIELDS, *OBJECT_PROPERTIES))
        naming = self._naming(item)
        self.guesses = []
        keys = {key: taken.claim(key, "Value") for key in item.fields}
        fields = {
            keys[key]: self._field(item, field_draft, key == naming)
            for key, field_draft in item.fields.items()
        }
        if self.guesses:
            self._assume(item, f"types by the names of the fields: {', '.join(self.guesses)}")
        relations = {taken.claim(key, "Link"): self._relation(item, link) for key, link in item.links.items()}
        owned, permissions = Access(self.draft, item, shared=shared).resolved()
        label, many = label_of(item.noun), label_of(plural(item.noun))
        usual = names.human(self.keys[item.key])
        return EntityModel(
            label=label if label != usual else None,
            plural=many if many != names.plural(label) else None,
            description=item.description[:500],
            owned=owned,
            display=keys[naming] if naming and naming != next(iter(item.fields)) else None,
            fields=fields,
            relations=relations,
            permissions=permissions,
        )

    def _naming(self, item: EntityDraft) -> str | None:
        """Return the field that names a row: one with a usual name, else the first short text."""
        for key in _NAMES:
            if key in item.fields and self._type(item.fields[key])[0] in LINES:
                return key
        ending = [key for key in item.fields if key.endswith(("Name", "Title"))]
        short = [key for key, one in item.fields.items() if self._type(one)[0] is FieldType.STRING]
        return next(iter([*ending, *short]), None)

    def _type(self, item: FieldDraft) -> tuple[FieldType, Kind | None]:
        """Return a field's type, and how it was guessed unless it was said."""
        said = item.get("type")
        if item.get("values") or said is FieldType.ENUM:
            return FieldType.ENUM, None
        if isinstance(said, FieldType):
            return (self._wider(item) if said is FieldType.INTEGER and self._fraction(item) else said), None
        kind = kind_of(item.noun)
        if self._bounded(item) and kind.type not in NUMBERS:
            return (FieldType.DECIMAL if self._fraction(item) else FieldType.INTEGER), kind
        if item.get("max_length") or item.get("min_length"):
            return (kind.type if kind.type in TEXTS else FieldType.STRING), kind
        if item.unit and kind.type not in NUMBERS:
            whole = item.unit.lower().startswith(("min", "sec", "day", "year", "month", "week"))
            return (FieldType.INTEGER if whole else FieldType.DECIMAL), kind
        several = item.many or is_plural(item.noun)
        if several and (kind.type is FieldType.URL or (not kind.known and kind.type is FieldType.STRING)):
            return FieldType.TEXT, kind
        if kind.type is FieldType.INTEGER and self._fraction(item):
            return FieldType.DECIMAL, kind
        return kind.type, kind

    @staticmethod
    def _bounded(item: FieldDraft) -> bool:
        return any(item.get(name) is not None for name in ("min", "max", "above", "below"))

    @staticmethod
    def _fraction(item: FieldDraft) -> bool:
        return any(isinstance(item.get(name), float) for name in ("min", "max", "above", "below"))

    @staticmethod
    def _wider(item: FieldDraft) -> FieldType:  # noqa: ARG004
        return FieldType.DECIMAL

    def _field(self, entity: EntityDraft, item: FieldDraft, naming: bool) -> FieldModel:
        kind, guess = self._type(item)
        self._tell_guess(item, kind, guess)
        values: dict[str, Any] = {"type": kind, "description": item.description[:500]}
        values |= self._limits(entity, item, kind, guess)
        required = item.get("required")
        if required is None and naming:
            required = True
            self._assume(entity, f"{quoted(item.noun)} names each {entity.noun}, so it is required")
        if kind is FieldType.ENUM:
            values |= self._enum(entity, item)
        if kind is FieldType.ENUM and values.get("type") is not FieldType.ENUM:
            kind = FieldType.STRING
        default = self._default(item, kind)
        return FieldModel(
            **values,
            label=self._label(item),
            required=bool(required),
            unique=bool(item.get("unique")),
            default=default,
        )

    def _label(self, item: FieldDraft) -> str | None:
        text = label_of(item.noun) + (f" ({item.unit})" if item.unit and item.unit not in item.noun else "")
        return text[:80] if text != names.human(field_identifier(item.noun)) else None

    def _tell_guess(self, item: FieldDraft, kind: FieldType, guess: Kind | None) -> None:
        if guess is None:
            return
        note = f", {guess.note}" if guess.note and guess.type is kind else ""
        several = " that holds them all" if kind is FieldType.TEXT and guess.type is not kind else ""
        self.guesses.append(f"{item.noun} {kind}{note}{several}")

    def _limits(
        self, entity: EntityDraft, item: FieldDraft, kind: FieldType, guess: Kind | None
    ) -> dict[str, Any]:
        if kind in TEXTS:
            return {name: item.get(name) for name in ("min_length", "max_length", "pattern")}
        if kind not in NUMBERS:
            return {}
        low, high = item.get("min"), item.get("max")
        step = 1 if kind is FieldType.INTEGER else SMALLEST_STEP
        above, below = item.get("above"), item.get("below")
        if low is None and isinstance(above, int | float):
            low = above + step
            self._tell_step(entity, item, kind, f"more than {above:g} is {low:g} or more")
        if high is None and isinstance(below, int | float):
            high = below - step
            self._tell_step(entity, item, kind, f"less than {below:g} is {high:g} or less")
        if low is None and guess and guess.min is not None:
            low = guess.min
        return {"min": low, "max": high}

    def _tell_step(self, entity: EntityDraft, item: FieldDraft, kind: FieldType, text: str) -> None:
        if kind is FieldType.DECIMAL:
            self._assume(entity, f"{quoted(item.noun)}: {text}")

    def _enum(self, entity: EntityDraft, item: FieldDraft) -> dict[str, Any]:
        said = item.get("values")
        texts = [str(value) for value in said] if isinstance(said, tuple) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        found: dict[str, str] = {}
        said_at = item.facts["values"][1] if "values" in item.facts else item.said
        for text in texts:
            value = enum_identifier(text)
            if not value:
                self.draft.problem(
                    said_at,
                    f"the value {quoted(text)} of {quoted(item.noun)} has no letter or digit",
                    about=text,
                )
            elif value.lower() in found:
                self.draft.problem(
                    said_at, f"the value {quoted(text)} of {quoted(item.noun)} is listed twice", about=text
                )
            else:
                found[value.lower()] = value
        if not found:
            self._assume(entity, f"the values of {quoted(item.noun)} are not said: any short text")
            return {"type": FieldType.STRING}
        taken = names.Names((*self.keys.values(), *self.enums))
        key = taken.claim(
            f"{self.keys[entity.key]}{names.upper_first(field_identifier(item.noun))}"[:40], "Values"
        )
        self.enums[key] = tuple(found.values())
        return {"enum": key}

    def _default(self, item: FieldDraft, kind: FieldType) -> str | int | float | bool | None:
        text = item.get("default")
        if not isinstance(text, str):
            return None
        value: str | int | float | bool | None = text
        if kind is FieldType.ENUM:
            value = enum_identifier(text)
        elif kind is FieldType.BOOLEAN:
            value = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
                text.lower(), text
            )
        elif kind in NUMBERS:
            value = _as_number(text)
        elif kind in {FieldType.DATE, FieldType.DATETIME} and text.lower() in {
            "today",
            "now",
            "the current date",
            "current date",
        }:
            value = "today" if kind is FieldType.DATE else "now"
        return value

    def _relation(self, entity: EntityDraft, link: LinkDraft) -> RelationModel:
        kind = RelationKind.MANY_TO_MANY if link.many else RelationKind.MANY_TO_ONE
        if link.one_to_one:
            kind = RelationKind.ONE_TO_ONE
        label = label_of(link.noun)
        usual = names.human(field_identifier(link.noun))
        required = bool(link.required)
        if required and link.to == entity.key:
            required = False
            self._assume(entity, f"the first {entity.noun} cannot have a {link.noun} yet: it is optional")
        return RelationModel(
            to=self.keys[link.to], kind=kind, label=label[:80] if label != usual else None, required=required
        )

    def _shared(self) -> set[str]:
        """Return the entities everybody shares: those said to be, and what they are linked to, unless said otherwise."""
        entities = self.draft.entities
        shared = {key for key, item in entities.items() if _said_shared(item)}
        grown = True
        while grown:
            grown = False
            for key, item in entities.items():
                for link in item.links.values():
                    for one, other in ((key, link.to), (link.to, key)):
                        if (
                            one in shared
                            and other not in shared
                            and not entities[other].grants
                            and not entities[other].private
                        ):
                            shared.add(other)
                            grown = True
                            text = (
                                f"{plural(entities[other].noun)} are shared like {plural(entities[one].noun)}"
                            )
                            self._assume(entities[other], text)
        return shared


def _as_number(text: str) -> int | float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == int(number) else number


def _said_shared(item: EntityDraft) -> bool:
    """Whether roles or everybody, rather than owners, rule over what is written."""
    if item.private:
        return False
    writing = [
        grant
        for action in (Action.CREATE, Action.UPDATE, Action.DELETE)
        for grant in item.grants.get(action, [])
    ]
    owners = any(
        grant.own or OWNER in grant.principals for grants in item.grants.values() for grant in grants
    )
    by_role = any(
        set(grant.principals) - {OWNER, "admin"} and not grant.own for grant in writing if grant.allowed
    )
    only_create = all(
        action is Action.CREATE or action is Action.READ for action, grants in item.grants.items() if grants
    )
    plain = all(set(grant.principals) <= {SIGNED_IN} for grant in writing)
    return (
        bool(item.shared)
        or (by_role and not owners and not (only_create and plain))
        or bool(_forbidden(writing) and not owners)
    )


def _forbidden(grants: Iterable[Grant]) -> bool:
    return any(not grant.allowed for grant in grants)


class Access:
    """Who may do what with one entity, from what was said about it."""

    def __init__(self, draft: Draft, item: EntityDraft, *, shared: bool) -> None:
        self.draft, self.item, self.shared = draft, item, shared
        writing = (Action.CREATE, Action.UPDATE, Action.DELETE)
        by_role = any(
            set(grant.principals) - {OWNER, SIGNED_IN, ANYONE}
            for action in writing
            for grant in item.grants.get(action, [])
            if grant.allowed and not grant.own
        )
        self.owned = not shared and (not by_role or bool(item.private) or self._speaks_of_owners())

    def _speaks_of_owners(self) -> bool:
        return any(
            grant.own or OWNER in grant.principals for grants in self.item.grants.values() for grant in grants
        )

    def resolved(self) -> tuple[bool, dict[Action, tuple[str, ...]]]:
        """Return whether rows are owned, and the permissions where they differ from what a model does by itself."""
        if not self.item.grants:
            return self.owned, {}
        plain = EntityModel(owned=self.owned, fields={"name": FieldModel()})
        said = {action: self._of(action) for action in Action}
        out: dict[Action, tuple[str, ...]] = {}
        for action in Action:
            chosen = said[action]
            if chosen is None:
                chosen = self._unsaid(action, said) or plain.principals(action)
            out[action] = chosen
        if all(out[action] == plain.principals(action) for action in Action):
            return self.owned, {}
        return self.owned, out

    def _of(self, action: Action) -> tuple[str, ...] | None:
        """Return who may do this as far as it was said."""
        principals: list[str] = []
        denied: set[str] = set()
        for grant in self.item.grants.get(action, []):
            if not grant.allowed:
                denied |= set(grant.principals)
            elif grant.own:
                principals.append(SIGNED_IN if action is Action.CREATE else OWNER)
            else:
                principals += [
                    SIGNED_IN if name == OWNER and action is Action.CREATE else name
                    for name in grant.principals
                ]
        if not principals and not denied:
            return None
        if not principals:
            return self._without(action, denied)
        kept = dict.fromkeys(name for name in principals if self.owned or name != OWNER)
        if ANYONE in kept:
            return (ANYONE,)
        return (SIGNED_IN,) if SIGNED_IN in kept else tuple(kept)

    def _without(self, action: Action, denied: set[str]) -> tuple[str, ...] | None:
        """Return who may when all that is said is who may not."""
        if SIGNED_IN in denied or (ANYONE in denied and action is Action.READ):
            if ANYONE in denied and SIGNED_IN not in denied:
                return None
            self._tell(action, "administrators only")
            return ("admin",)
        others = tuple(role for role in self.draft.roles if role not in denied)
        if denied <= {ANYONE}:
            return None
        self._tell(action, ", ".join((*others, "administrators")))
        return (*others, "admin")

    def _tell(self, action: Action, who: str) -> None:
        piece = Piece(self.item.noun, self.item.said.line)
        self.draft.note(piece, Reading.ASSUMED, f"{plural(self.item.noun)}: {action} is for {who}")

    def _unsaid(self, action: Action, said: dict[Action, tuple[str, ...] | None]) -> tuple[str, ...] | None:
        """Fill in an action nothing was said about: who may create may also change and delete, where that is restricted."""
        made = said[Action.CREATE]
        if action in {Action.UPDATE, Action.DELETE} and made and not set(made) & {SIGNED_IN, ANYONE}:
            chosen = (said[Action.UPDATE] or made) if action is Action.DELETE else made
        elif (
            action is Action.CREATE
            and said[Action.UPDATE]
            and not set(said[Action.UPDATE] or ()) & {SIGNED_IN, ANYONE, OWNER}
        ):
            chosen = said[Action.UPDATE] or ()
        elif action is Action.DELETE and said[Action.UPDATE] and said[Action.DELETE] is None:
            chosen = tuple(name for name in said[Action.UPDATE] or () if name != SIGNED_IN) or None
        else:
            chosen = None
        if chosen:
            self._tell(action, ", ".join(name.replace("_", " ") for name in chosen))
        return chosen
