"""A piece of the goal that is read by itself, and what can be said of it before it is read."""

import re
from dataclasses import dataclass, field

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading.asking import Part
from astrolabe.roles.webapp.reading.draft import EntityDraft
from astrolabe.roles.webapp.reading.intent import Ask, Request
from astrolabe.roles.webapp.reading.sections import Section
from astrolabe.roles.webapp.reading.sentences import MODALS, Piece
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.sdk import Sentence

LONGEST_SENTENCE = 1000


@dataclass
class Unit:
    """A piece of the goal that is read by itself. `within` is the noun of the thing whose section it stands in.

    `part` is what it is of a request, `whole` the sentence of a request, `reason` why it is told as not read.
    """

    piece: Piece
    section: Section = Section.TEXT
    within: str = ""
    field_item: bool = False
    specs: list[Spec] = field(default_factory=list[Spec])
    account: list[Sentence] = field(default_factory=list[Sentence])
    request: Request | None = None
    part: Part | None = None
    whole: str = ""
    reason: str = ""
    context: EntityDraft | None = None
    done: bool = False


@dataclass
class PermissionUnit(Unit):
    """A row of a table of permissions."""

    actions: dict[int, Action] = field(default_factory=dict[int, Action])
    cells: tuple[str, ...] = ()


@dataclass
class MatrixUnit(Unit):
    """A row of a table of rights, with the names of its columns."""

    header: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


def asks(unit: Unit) -> bool:
    """Whether a unit asks for an application, so that it says nothing of things."""
    return unit.request is not None and unit.request.ask in {Ask.APPLICATION, Ask.PERHAPS}


_SENTENCE = re.compile(
    rf"\b(?:{MODALS}|is|are|belongs?|has|have|only)\b(?!\s*\))|\A(?:it|they|only|every|each|no)\s|[.!]\Z",
    re.IGNORECASE,
)


def is_sentence(text: str) -> bool:
    """Whether an item of a list is a sentence rather than the name of a field with its properties."""
    bare = re.sub(r"\([^()]*\)", "", text)
    before = re.split(r"[:\u2013\u2014]|\s-\s", bare)[0]
    return (
        bool(_SENTENCE.search(before))
        and not re.match(r"(?:is|has|was)\w", text, re.IGNORECASE)
        and len(before.split()) > 1
    )
