"""Walks through a goal in prose or Markdown and puts everything said into a draft.

Three passes, since a sentence may speak of what a later one introduces: names are made known, then fields and links are
read, then everything else. Each piece keeps its own account, so that the result is told in the order of the goal.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.access import is_right, read_access, read_roles
from astrolabe.roles.webapp.reading.asking import Kind
from astrolabe.roles.webapp.reading.assembly import Extras
from astrolabe.roles.webapp.reading.belonging import declare_belonging, read_belonging
from astrolabe.roles.webapp.reading.blocks import blocks_of, calm, unstarred
from astrolabe.roles.webapp.reading.cutting import Cutter
from astrolabe.roles.webapp.reading.deeds import read_deed, read_mark
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.features import is_chat, wishes_in
from astrolabe.roles.webapp.reading.fields import declare, read_fields, read_named_list, take_fields
from astrolabe.roles.webapp.reading.intent import Ask, Request, is_lead
from astrolabe.roles.webapp.reading.language import is_english
from astrolabe.roles.webapp.reading.listed import read_page, read_permissions, read_role, read_term
from astrolabe.roles.webapp.reading.matrices import read_matrix
from astrolabe.roles.webapp.reading.rules import fields_named, read_rule
from astrolabe.roles.webapp.reading.sections import Section
from astrolabe.roles.webapp.reading.seeding import SeedNotes
from astrolabe.roles.webapp.reading.sentences import MODALS, Piece
from astrolabe.roles.webapp.reading.source import Source
from astrolabe.roles.webapp.reading.specs import named_together, spec_of
from astrolabe.roles.webapp.reading.telling import Teller, alias
from astrolabe.roles.webapp.reading.units import (
    LONGEST_SENTENCE,
    MatrixUnit,
    PermissionUnit,
    Unit,
    asks,
    is_sentence,
)
from astrolabe.sdk import Reading, Sentence


class Brief:
    """Reads one goal. `asks` are its requests in order, `title` its first heading."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.draft = Draft(Source(file, text))
        self.extras = Extras()
        self.seeds = SeedNotes()
        self.units: list[Unit] = []
        self.requests: list[Request] = []
        self.title = ""
        self.headed = 0
        self.teller = Teller(self.draft)

    def read(self) -> None:
        """Read everything; what was made of it is in the draft."""
        cut = Cutter(self.draft, self.seeds).cut(blocks_of(unstarred(calm(self.text))))
        self.units, self.requests, self.title, self.headed = cut.units, cut.requests, cut.title, cut.headed
        for unit in self.units:
            self._with(unit, self._declare)
        self._declare_parts(Kind.WITH)
        self.draft.context = None
        for unit in self.units:
            self._with(unit, self._structure)
            unit.context = self.draft.context
        self._declare_parts(Kind.DEED)
        self.draft.context = None
        for unit in sorted(self.units, key=lambda unit: unit.part is not None):
            self._with(unit, self._rest)
        self._forget_unread()

    def _forget_unread(self) -> None:
        """Take out the things that only sentences which were not understood speak of: nothing follows from those."""
        draft = self.draft
        unread = {unit.piece for unit in self.units if _is_unread(unit)}
        several = {key for one in draft.several for key in (one.source, one.target)}
        linked = {link.to for entity in draft.entities.values() for link in entity.links.values()}
        for key, entity in list(draft.entities.items()):
            empty = not (entity.fields or entity.links or entity.grants or entity.owned or entity.about)
            if empty and entity.said in unread and key not in several | linked and len(draft.entities) > 1:
                del draft.entities[key]

    def account(self) -> list[Sentence]:
        """Return what became of each piece, in order."""
        return [sentence for unit in self.units for sentence in unit.account]

    def _with(self, unit: Unit, read: Callable[[Unit], None]) -> None:
        self.draft.account = unit.account
        self.draft.within = self.draft.find(unit.within) if unit.within else None
        if self.draft.within:
            self.draft.context = self.draft.within
        elif unit.context:
            self.draft.context = unit.context
        read(unit)

    def _declare(self, unit: Unit) -> None:
        if asks(unit) or unit.part or len(unit.piece.text) > LONGEST_SENTENCE or is_right(unit.piece.text):
            return
        if (
            unit.section in {Section.TEXT, Section.ACCESS, Section.THINGS, Section.THING}
            and not unit.field_item
        ):
            declare(self.draft, unit.piece)
            declare_belonging(self.draft, unit.piece)

    def _declare_parts(self, kind: Kind) -> None:
        """Make known the things that requests name; the rest of the goal may call them by fewer words."""
        stated = any(entity.fields for entity in self.draft.entities.values())
        for unit in self.units:
            things = unit.part.things if unit.part and unit.part.kind is kind else ()
            beside = any(map(self.draft.find, things))
            for noun in things if beside or (self.asked and (kind is Kind.WITH or not stated)) else ():
                if not self.draft.find(noun) and not alias(self.draft, noun):
                    self.draft.entity(noun, unit.piece, declared=True)

    @property
    def asked(self) -> bool:
        """Whether an application is asked for outright."""
        return any(request.ask is Ask.APPLICATION for request in self.requests)

    def _structure(self, unit: Unit) -> None:
        draft, piece = self.draft, unit.piece
        if (
            unit.done
            or unit.section in {Section.SEED, Section.PAGES, Section.GLOSSARY, Section.OUT}
            or asks(unit)
            or unit.part
        ):
            return
        if len(piece.text) > LONGEST_SENTENCE:
            return
        if unit.specs:
            unit.done = take_fields(draft, draft.entity(unit.within, piece, declared=True), unit.specs, piece)
        elif unit.field_item:
            unit.done = self._field_item(unit)
        elif (unit.section in {Section.THINGS, Section.VALUES} and self._named_values(unit)) or (
            unit.section is Section.THINGS and read_named_list(draft, piece, trusted=True)
        ):
            unit.done = True
        elif is_english(piece.text) and not is_right(piece.text):
            unit.done = self._structured(unit)
            if not unit.done and (spoken := _OF_EACH.match(piece.text)):
                # `it` in what follows is what was spoken of, whether or not that was understood.
                draft.context = draft.find(f"{spoken[1]} {spoken[2]}") or draft.find(spoken[1])

    def _structured(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        if read_fields(draft, piece) or read_belonging(draft, piece):
            return True
        return bool(unit.within) and self._prefixed(unit, read_fields, read_belonging)

    def _prefixed(self, unit: Unit, *rules: Callable[[Draft, Piece], bool]) -> bool:
        """Read `has many tags` below a heading as `a bookmark has many tags`."""
        if not re.match(
            rf"(?:has|have|belongs?|contains?|includes?|consists?\s+of|comprises?|needs?|uses?|refers?|references?|links?|comes?|concerns?|is|{MODALS})\b",
            unit.piece.text,
            re.IGNORECASE,
        ):
            return False
        entity = self.draft.find(unit.within)
        whole = Piece(
            f"Each {entity.noun if entity else unit.within} {unit.piece.text}",
            unit.piece.line,
            shown=unit.piece.text,
        )
        return any(rule(self.draft, whole) for rule in rules)

    def _field_item(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        entity = draft.entity(unit.within, piece, declared=True)
        if is_sentence(piece.text):
            return self._structured(unit)
        if (
            not named_together(piece.text)
            and re.match(r"(?:(?!\s[-\u2013\u2014]\s)[^:(])*,", piece.text)
            and not re.match(r"[^,]*\b(?:optional|required|unique)\b", piece.text.split(",")[1])
        ):
            listed = Piece(f"{unit.within} has {piece.text}", piece.line, shown=piece.text)
            return read_fields(draft, listed)
        if names := named_together(piece.text):
            return take_fields(draft, entity, names, piece)
        spec = None if _CONSISTS.match(piece.text) else spec_of(piece.text)
        if spec is None:
            return self._structured(unit)
        return take_fields(draft, entity, [spec], piece)

    def _named_values(self, unit: Unit) -> bool:
        """Read `Status: todo, doing, done` where status is a field."""
        found = re.fullmatch(
            r"(?P<name>[^:]{1,60}?)\s*(?::|\s[-\u2013\u2014]\s)\s*(?P<values>\S.*)",
            unit.piece.text.strip(" ."),
        )
        choices = fields_named(self.draft, nouns.bare(found["name"])) if found else []
        if not found or not choices or self.draft.find(found["name"]):
            return False
        spec = spec_of(f"{choices[0][1].noun}: {found['values']}")
        if spec is None or not spec.constrained or spec.rest:
            return False
        for _, item in choices:
            self.draft.constrain(item, replace(spec, required=spec.required), unit.piece)
        self.draft.note(unit.piece, Reading.UNDERSTOOD, f"{choices[0][1].noun}: {found['values']}")
        return True

    def _rest(self, unit: Unit) -> None:
        if unit.done:
            self.draft.mentioned = []
            return
        self._rest_of(unit)
        if _is_unread(unit) and (named := self.teller.mentions(unit.piece.text)):
            # `them` in what follows is what was spoken of last, whether or not that was understood.
            self.draft.mentioned = named

    def _rest_of(self, unit: Unit) -> None:
        draft, piece = self.draft, unit.piece
        if isinstance(unit, PermissionUnit):
            read_permissions(draft, unit)
        elif isinstance(unit, MatrixUnit):
            read_matrix(draft, piece, unit.header, unit.cells)
        elif unit.section is Section.SEED:
            self.seeds.take(draft, piece, unit.within)
        elif unit.section is Section.GLOSSARY:
            read_term(draft, piece)
        elif unit.section is Section.OUT:
            if not self.teller.left_out(piece):
                self.teller.leave_out(piece, piece.text)
        elif (unit.section is Section.PAGES and read_page(draft, self.extras, unit)) or (
            unit.section is Section.ROLES and read_role(draft, unit, self._tell)
        ):
            return
        else:
            self._tell(unit)

    def _tell(self, unit: Unit) -> None:
        if unit.part and not unit.request and unit.part.kind is not Kind.DEED:
            self.teller.part(unit.part, unit.piece)
        elif not self._said(unit):
            if unit.part:
                self.teller.part(unit.part, unit.piece)
            else:
                self.teller.give_up(unit.piece)

    def _said(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        if len(piece.text) > LONGEST_SENTENCE:
            draft.note(
                Piece(piece.text[:200] + "…", piece.line),
                Reading.UNREAD,
                "too long to be read as one sentence",
            )
            return True
        if asks(unit) and not self.teller.impossible(piece.text) and self._asked(unit):
            return True
        if is_chat(piece.text):
            draft.note(piece, Reading.IGNORED, "has no bearing on the application")
            return True
        if not is_english(piece.text):
            draft.note(piece, Reading.UNREAD, "only English is read")
            return True
        if self.teller.impossible(piece.text):
            return self.teller.left_out(piece)
        if wish := _WISH.match(piece.text):
            piece = Piece(f"I can {piece.text[wish.end() :]}", piece.line, shown=piece.text)
        if (
            read_roles(draft, piece)
            or read_mark(draft, piece)
            or read_access(draft, piece)
            or read_rule(draft, piece)
            or read_deed(draft, piece)
        ):
            return True
        if unit.within and self._prefixed(unit, read_rule, read_access):
            return True
        return (
            self._named_values(unit)
            or (unit.section is not Section.PAGES and read_named_list(draft, piece))
            or self.teller.left_out(piece)
            or self.teller.feature(piece)
        )

    def _asked(self, unit: Unit) -> bool:
        draft, piece = self.draft, unit.piece
        if unit.part and unit.part.things:
            draft.description.append(unit.whole)
            self.teller.part(unit.part, piece)
            return True
        if _RIGHT.match(piece.text) and (read_access(draft, piece) or read_rule(draft, piece)):
            return True
        if read_mark(draft, piece) or read_deed(draft, piece) or read_roles(draft, piece):
            return True
        if unit.request and unit.request.ask is Ask.PERHAPS and not is_lead(piece.text):
            return False
        draft.description.append(unit.whole)
        draft.note(piece, Reading.UNDERSTOOD, "a web application")
        if wishes := wishes_in(piece.text):
            self.teller.give_up(Piece(", ".join(wishes), piece.line))
        return True


def _is_unread(unit: Unit) -> bool:
    return bool(unit.account) and all(sentence.reading is Reading.UNREAD for sentence in unit.account)


_CONSISTS = re.compile(
    r"(?:consists?\s+of|comprises|uses|contains|includes|is\s+made\s+up\s+of)\s+[a-z]", re.IGNORECASE
)
_RIGHT = re.compile(
    r"(?:only|nobody|no one|[\w-]+(?: [\w-]+)?)\s+(?:may|can|cannot|must)\b|only\b", re.IGNORECASE
)
_OF_EACH = re.compile(r"(?:each|every|an?)\s+([\w-]+)\s+([\w-]+)", re.IGNORECASE)
_WISH = re.compile(
    r"(?:(?:i|we)(?:'d|\s+would|\s+also)?(?:\s+also)?\s+(?:like|want|need|wish|should\s+be\s+able|have|must\s+be\s+able)\s+to\s+(?:be\s+able\s+to\s+)?"
    r"|(?:i|we|you|one)\s+(?:can|should|may|must)\s+(?:also\s+)?(?:be\s+able\s+to\s+)?"
    r"|it\s+(?:should|must|has\s+to)\s+be\s+possible\s+to\s+|(?:the|this|my|our)\s+(?:app|application|website|site|system|tool|platform)"
    r"\s+(?:should\s+|must\s+|will\s+)?(?:lets?|allows?|enables?)\s+(?:users|people|me|us|you|everyone|members)\s+(?:to\s+)?)",
    re.IGNORECASE,
)
