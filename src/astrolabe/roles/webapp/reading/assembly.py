"""From what was said to a model: every gap filled by a rule, and every filled gap told."""

from dataclasses import dataclass, field
from typing import Any

from astrolabe.roles.webapp import names
from astrolabe.roles.webapp.model import (
    LINES,
    NUMBERS,
    TEXTS,
    AppModel,
    EntityModel,
    FieldModel,
    FieldType,
    PageModel,
    RelationKind,
    RelationModel,
    Seed,
)
from astrolabe.roles.webapp.reading.conflicts import find_conflicts
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, FieldDraft, LinkDraft, Several
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.kinds import SHARED, Kind, kind_of
from astrolabe.roles.webapp.reading.meaning import OBJECT_PROPERTIES, SYSTEM_ENTITIES, SYSTEM_FIELDS
from astrolabe.roles.webapp.reading.permissions import resolve
from astrolabe.roles.webapp.reading.ruling import Table
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
        self.enum_labels: dict[str, dict[str, str]] = {}
        self.guesses: list[str] = []
        taken = names.Names(SYSTEM_ENTITIES)
        self.keys = {key: taken.claim(key, "Item") for key in draft.entities}

    def model(self, name: str, extras: Extras) -> AppModel:
        """Return the model; faults found on the way are in the draft's problems."""
        self._settle_several()
        self._open_circles()
        self._name_the_nameless()
        find_conflicts(self.draft)
        tables = resolve(self.draft)
        entities = {
            self.keys[key]: self._entity(item, tables[key]) for key, item in self.draft.entities.items()
        }
        return AppModel(
            name=label_of(name)[:80].strip() or "Application",
            description=" ".join(self.draft.description)[:2000],
            roles=tuple(role for role in self.draft.roles if role not in {"user", "admin"}),
            enums=self.enums,
            enum_labels=self.enum_labels,
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
        same = source.links.get(field_identifier(singular(item.noun)))
        one = same if same and same.to == target.key and same.many is False else None
        if one or (forth and not mutual and back is None):
            before = (one or forth or item).said
            self.draft.clash(
                before, item.said, f"{quoted(source.noun)} has many {quoted(plural(target.noun))}"
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
            if not mutual and not (item.plural_subject and item.counted):
                text = f"one {target.noun} can belong to many {plural(source.noun)}"
                self._assume(source, text, item.said)
            return
        link = self.draft.link(target, source, source.noun, item.said)
        link.many = False
        if item.required:
            text = f"that a {source.noun} has at least one {target.noun} is not checked"
            self.draft.note(item.said, Reading.UNREAD, text)
        self._assume(source, f"each {target.noun} belongs to at most one {source.noun}", item.said)

    def _open_circles(self) -> None:
        """Make a link optional where each of some things was said to have another, so that one can be made first."""
        while circle := self._circle():
            source, link = next(pair for pair in reversed(circle) if pair[1].implied)
            link.required = link.implied = False
            target = self.draft.entities[link.to]
            text = f"the first {source.noun} has no {target.noun} yet: its {link.noun} is optional"
            self._assume(source, text, link.said)

    def _circle(self) -> list[tuple[EntityDraft, LinkDraft]]:
        """Return the links of a circle of required ones of which one is only implied, or nothing."""
        for start in self.draft.entities.values():
            way = self._way(start, start.key, set())
            if any(link.implied for _, link in way):
                return way
        return []

    def _way(self, here: EntityDraft, goal: str, seen: set[str]) -> list[tuple[EntityDraft, LinkDraft]]:
        """Return required links that lead from an entity to the one called `goal`, or nothing."""
        seen.add(here.key)
        for link in here.links.values():
            if not link.required or link.many or link.to == here.key:
                continue
            if link.to == goal:
                return [(here, link)]
            further = [] if link.to in seen else self._way(self.draft.entities[link.to], goal, seen)
            if further:
                return [(here, link), *further]
        return []

    def _name_the_nameless(self) -> None:
        for entity in self.draft.entities.values():
            if not entity.fields:
                entity.fields["name"] = FieldDraft("name", entity.said, {"required": (True, entity.said)})
                self._assume(
                    entity, f"nothing is said about what {with_article(entity.noun)} has: it gets a name"
                )

    def _entity(self, item: EntityDraft, table: Table) -> EntityModel:
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
        left = [one.noun for key, one in item.fields.items() if one.get("required") is None and key != naming]
        if left:
            self._assume(item, f"may be left empty, as nothing else is said: {', '.join(left)}")
        relations = {taken.claim(key, "Link"): self._relation(item, link) for key, link in item.links.items()}
        unique = [one.noun for one in item.fields.values() if one.get("unique")]
        if table.owned and unique:
            told = " and ".join(map(quoted, unique))
            self._assume(item, f"{told}: no two {plural(item.noun)} of one account have the same")
        label, many = label_of(item.noun), label_of(plural(item.noun))
        usual = names.human(self.keys[item.key])
        return EntityModel(
            label=label if label != usual else None,
            plural=many if many != names.plural(label) else None,
            description=item.description[:500],
            owned=table.owned,
            display=keys[naming] if naming and naming != next(iter(item.fields)) else None,
            fields=fields,
            relations=relations,
            permissions=table.permissions(),
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
        if self._bounded(item) and kind.type not in NUMBERS and not self._counts_characters(item, kind):
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
    def _counts_characters(item: FieldDraft, kind: Kind) -> bool:
        """Whether a number that a text is said to have at most can only be of its characters: `title, max 60`."""
        only = item.get("max") is not None and all(
            item.get(name) is None for name in ("min", "above", "below")
        )
        worded = item.noun.lower().endswith(("name", "title", "headline", "subject", "email", "e-mail"))
        return only and kind.known and (kind.type is FieldType.TEXT or worded)

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
            return self._lengths(entity, item)
        if kind not in NUMBERS:
            if self._bounded(item):
                self._tell_unlimited(item, kind)
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

    def _lengths(self, entity: EntityDraft, item: FieldDraft) -> dict[str, Any]:
        """Return the limits of a text; numbers that were said of it count its characters."""
        found = {name: item.get(name) for name in ("min_length", "max_length", "pattern")}
        for end, words in (("min", "at least"), ("max", "at most")):
            said = item.get(end)
            if isinstance(said, int) and said > 0 and found[f"{end}_length"] is None:
                found[f"{end}_length"] = said
                self._assume(entity, f"{quoted(item.noun)}: {words} {said} characters")
            elif said is not None:
                self._tell_unlimited(item, FieldType.TEXT)
        if item.get("above") is not None or item.get("below") is not None:
            self._tell_unlimited(item, FieldType.TEXT)
        return found

    def _tell_unlimited(self, item: FieldDraft, kind: FieldType) -> None:
        text = f"{quoted(item.noun)}: {with_article(kind.value)} has no limit of this kind"
        self.draft.note(item.said, Reading.UNREAD, text)

    def _tell_step(self, entity: EntityDraft, item: FieldDraft, kind: FieldType, text: str) -> None:
        if kind is FieldType.DECIMAL:
            self._assume(entity, f"{quoted(item.noun)}: {text}")

    def _enum(self, entity: EntityDraft, item: FieldDraft) -> dict[str, Any]:
        said = item.get("values")
        texts = [str(value) for value in said] if isinstance(said, tuple) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        found: dict[str, tuple[str, str]] = {}
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
                found[value.lower()] = value, label_of(text)[:80]
        if not found:
            self._assume(entity, f"the values of {quoted(item.noun)} are not said: any short text")
            return {"type": FieldType.STRING}
        taken = names.Names((*self.keys.values(), *self.enums))
        key = taken.claim(
            f"{self.keys[entity.key]}{names.upper_first(field_identifier(item.noun))}"[:40], "Values"
        )
        self.enums[key] = tuple(value for value, _ in found.values())
        labels = {value: label for value, label in found.values() if label != names.human(value)}
        if labels:
            self.enum_labels[key] = labels
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


def _as_number(text: str) -> int | float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == int(number) else number
