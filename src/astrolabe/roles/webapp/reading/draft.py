"""What has been said so far, each thing with where it was said, so that contradictions can name both places."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from astrolabe.roles.webapp.model import Action, FieldType
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.grants import Grant, Heir, Scope, Who
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.source import Source
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.words import entity_identifier, field_identifier, singular
from astrolabe.sdk import Problem, Reading, Sentence

LONGEST_NAME = 80
_PROPERTIES = (
    "type", "required", "unique", "min", "max", "above", "below", "min_length", "max_length", "pattern", "default", "values"
)  # fmt: skip
_SAID = {
    "min": "at least {}",
    "max": "at most {}",
    "above": "more than {}",
    "below": "less than {}",
    "min_length": "at least {} characters",
    "max_length": "at most {} characters",
    "pattern": "written as {}",
    "default": "by default {}",
    "type": "of type {}",
}


@dataclass
class FieldDraft:
    """A field: every property with the value and the piece of the goal that gave it."""

    noun: str
    said: Piece
    facts: dict[str, tuple[object, Piece]] = field(default_factory=dict[str, tuple[object, Piece]])
    many: bool = False
    unit: str = ""
    description: str = ""

    def get(self, name: str) -> object:
        return self.facts[name][0] if name in self.facts else None


@dataclass
class LinkDraft:
    """A link to another entity; `many` and `required` are None when nothing was said.

    `implied` tells that it is required only because each row was said to have one.
    """

    noun: str
    to: str
    said: Piece
    many: bool | None = None
    required: bool | None = None
    one_to_one: bool = False
    implied: bool = False


@dataclass
class EntityDraft:
    """A kind of thing. `declared` is False while it was only mentioned.

    `owned` is where it is said that accounts have rows of their own, `private` that nobody else sees them, `shared` that
    all have them in common; `about` is the key of what rows are remarks on.
    """

    key: str
    noun: str
    said: Piece
    declared: bool = False
    description: str = ""
    fields: dict[str, FieldDraft] = field(default_factory=dict[str, FieldDraft])
    links: dict[str, LinkDraft] = field(default_factory=dict[str, LinkDraft])
    grants: dict[Action, list[Grant]] = field(default_factory=dict[Action, list[Grant]])
    owned: Piece | None = None
    private: Piece | None = None
    shared: Piece | None = None
    about: str = ""


@dataclass
class Several:
    """One thing has many of another; whether the other has many of it too is settled when all is read."""

    source: str
    target: str
    noun: str
    plural_subject: bool
    said: Piece
    required: bool = False
    counted: bool = True


@dataclass
class Draft:
    """Everything read from a goal."""

    source: Source
    name: str = ""
    description: list[str] = field(default_factory=list[str])
    entities: dict[str, EntityDraft] = field(default_factory=dict[str, EntityDraft])
    roles: dict[str, Piece] = field(default_factory=dict[str, Piece])
    heirs: list[Heir] = field(default_factory=list[Heir])
    over_all: list[tuple[Grant, tuple[Action, ...]]] = field(
        default_factory=list[tuple[Grant, tuple[Action, ...]]]
    )
    people: Who | None = None
    deed: tuple[tuple[Action, ...], tuple[tuple[str, Scope], ...]] = ((), ())
    account: list[Sentence] = field(default_factory=list[Sentence])
    several: list[Several] = field(default_factory=list[Several])
    problems: list[Problem] = field(default_factory=list[Problem])
    evidence: int = 0
    context: EntityDraft | None = None
    within: EntityDraft | None = None
    mentioned: list[EntityDraft] = field(default_factory=list[EntityDraft])
    field_context: list[tuple[EntityDraft, FieldDraft]] = field(
        default_factory=list[tuple[EntityDraft, FieldDraft]]
    )

    def note(self, piece: Piece, reading: Reading, meaning: str) -> None:
        """Put a line into the account."""
        self.account.append(Sentence(piece.shown or piece.text, reading, meaning, piece.line))

    def problem(self, piece: Piece, text: str, hint: str = "", about: str = "") -> None:
        """Record what is wrong with a piece, at the word or phrase in it that it is about."""
        self.problems.append(Problem(self.source.place(piece.line, piece.text, about), text, hint))

    def clash(self, first: Piece, second: Piece, text: str) -> None:
        """Record that two places contradict each other; `text` is what the second says."""
        line, column = self.source.mark(first.line, first.text)
        here, there = quoted(second.text, 120), quoted(first.text, 120)
        said = f"{here} says that {text}; line {line}, column {column} says otherwise: {there}"
        self.problem(second, said, "keep one of the two")

    def find(self, noun: str) -> EntityDraft | None:
        """Return the entity a noun names, in singular or plural."""
        return self.entities.get(key_of(noun))

    def entity(self, noun: str, piece: Piece, *, declared: bool = False) -> EntityDraft:
        """Return the entity a noun names; it comes into being when it is not there."""
        key = key_of(noun)
        if key not in self.entities:
            self._check_name(noun, piece, key)
            self.entities[key] = EntityDraft(key, singular(_small(noun)), piece)
        found = self.entities[key]
        found.declared = found.declared or declared
        return found

    def add_field(self, entity: EntityDraft, spec: Spec, piece: Piece) -> FieldDraft:
        """Add a field, or what is new about one that is there already."""
        key = field_identifier(spec.noun)
        if key not in entity.fields:
            self._check_name(spec.noun, piece, key)
            entity.fields[key] = FieldDraft(spec.noun, piece)
        found = entity.fields[key]
        found.many = found.many or spec.many
        found.unit = found.unit or spec.unit
        found.description = found.description or spec.description
        self.constrain(found, spec, piece)
        return found

    def constrain(self, found: FieldDraft, spec: Spec, piece: Piece) -> None:
        """Add the properties of a spec to a field."""
        for name in _PROPERTIES:
            value = getattr(spec, name)
            if value is None or value == ():
                continue
            before = found.facts.get(name)
            if before and before[0] != value:
                self.clash(before[1], piece, f"{quoted(found.noun)} is {_said(name, value)}")
            else:
                found.facts[name] = (value, piece)
        self._check_order(found, piece)

    def _check_order(self, found: FieldDraft, piece: Piece) -> None:
        for low, high in (("min", "max"), ("min_length", "max_length")):
            least, most = found.facts.get(low), found.facts.get(high)
            if least and most and float(str(least[0])) > float(str(most[0])):
                text = f"{quoted(found.noun)} is {_said(low, least[0])} and {_said(high, most[0])}"
                if least[1] == most[1]:
                    self.problem(piece, f"{text}: no value is both", "swap the two")
                else:
                    first = least[1] if most[1] == piece else most[1]
                    self.clash(first, piece, text)
                del found.facts[high]

    def link(self, source: EntityDraft, target: EntityDraft, noun: str, piece: Piece) -> LinkDraft:
        """Return the link of that name, new or as it was."""
        key = field_identifier(noun)
        return source.links.setdefault(key, LinkDraft(noun, target.key, piece))

    def settle_many(self, link: LinkDraft, *, many: bool, piece: Piece, owner: str) -> None:
        """Say whether a link is to one or to many."""
        if link.many is not None and link.many != many:
            self.clash(
                link.said, piece, f"{quoted(owner)} has {'many' if many else 'one'} {quoted(link.noun)}"
            )
        else:
            link.many, link.said = many, piece

    def settle_required(self, link: LinkDraft, *, required: bool, piece: Piece, owner: str) -> None:
        """Say whether a link must be there."""
        if link.required is not None and link.required != required:
            words = "required" if required else "optional"
            self.clash(link.said, piece, f"{quoted(link.noun)} of {quoted(owner)} is {words}")
        else:
            link.required = required

    def _check_name(self, noun: str, piece: Piece, key: str) -> None:
        if not key:
            self.problem(
                piece, f"the name {quoted(noun)} has no letter or digit", "give it a name of letters", noun
            )
        elif len(noun) > LONGEST_NAME:
            text = (
                f"the name {quoted(noun, 40)} has {len(noun)} characters, at most {LONGEST_NAME} are possible"
            )
            self.problem(piece, text, "shorten it", noun)

    def grant(self, entities: Iterable[EntityDraft], actions: Iterable[Action], grant: Grant) -> None:
        """Let, or forbid, somebody to do something with rows of these entities."""
        actions = tuple(actions)
        for entity in entities:
            for action in actions:
                before = entity.grants.setdefault(action, [])
                if not any(replace(other, said=grant.said) == grant for other in before):
                    before.append(grant)


def _small(noun: str) -> str:
    """Undo the capital of a sentence's beginning; `ISBN` and `iPhone` stay."""
    return " ".join(word.lower() if word.istitle() else word for word in noun.split())


def key_of(noun: str) -> str:
    """Return the identifier of the entity a noun in singular or plural names."""
    return entity_identifier(singular(noun.strip()))


def _said(name: str, value: object) -> str:
    if name in {"required", "unique"}:
        return {"required": ("optional", "required"), "unique": ("not unique", "unique")}[name][bool(value)]
    if name == "values" and isinstance(value, tuple):
        return f"one of {', '.join(map(str, value))}"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return _SAID[name].format(value.value if isinstance(value, FieldType) else value)
