"""Tells what becomes of sentences that state nothing: wishes, what is left out, what a request asks for besides."""

import re

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.access import is_right
from astrolabe.roles.webapp.reading.asking import Kind, Part, needs_readers
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.features import cannot, feature_of, is_negated, left_out, why_not
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.rules import fields_named
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.words import plural, singular_word
from astrolabe.sdk import Reading

_LIMITS = re.compile(
    r"\b(?:can|may|must|should|will|shall|are\s+allowed\s+to|is\s+allowed\s+to)\b.*\b(?:only|just|except|but|own|their|his|her|they)\b"
    r"|\b(?:only|nobody|just)\b.*\b(?:can|may|must|should|will|shall|are\s+allowed|is\s+allowed)\b",
    re.IGNORECASE,
)


def limits_people(text: str) -> bool:
    """Whether a clause lets people do some things and not all, so that what every application has is not all it says."""
    return is_right(text) and bool(_LIMITS.search(text))


_NOT_UNDERSTOOD = "not understood; nothing was done about it"
_FEW_LETTERS = 3
_SAY_DEEDS = "say who may do what, as in: only librarians may delete books"
_SAY_WHO = "say who may see them, as in: everyone can read recipes"


class Teller:
    """Judges a piece by what every application has and what none has, and by what the draft speaks of."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def impossible(self, text: str) -> str:
        """Return why what a text asks for cannot be built, or nothing."""
        return cannot(text, self._heads())

    def _heads(self) -> frozenset[str]:
        return frozenset(nouns.head(entity.noun) for entity in self.draft.entities.values() if entity.fields)

    def _known(self, word: str) -> bool:
        """Whether a word is part of the name of something the goal has spoken of."""
        bare = singular_word(word.lower())
        return any(bare in _words(entity) for entity in self.draft.entities.values())

    def feature(self, piece: Piece) -> bool:
        """Say what every application has of what a piece asks for; False when that is nothing."""
        feature = feature_of(piece.text, self._known)
        if feature is None:
            return False
        if limits_people(piece.text):
            only = f"only this much is so in every application: {feature.meaning}"
            self.draft.note(piece, Reading.UNREAD, only)
        elif is_negated(piece.text):
            self._cannot_take_out(piece, feature.meaning)
        elif feature.rest:
            only = f"only this much is so in every application: {feature.meaning}"
            self.draft.note(piece, Reading.UNREAD, only)
        else:
            self.draft.note(piece, Reading.UNDERSTOOD, feature.meaning)
        return True

    def _cannot_take_out(self, piece: Piece, meaning: str) -> None:
        text = f"it cannot be taken out of an application: {meaning}"
        self.draft.note(piece, Reading.UNREAD, text)

    def left_out(self, piece: Piece) -> bool:
        """Read `no comments, please`."""
        what = left_out(piece.text)
        if what:
            self.leave_out(piece, what)
        return bool(what)

    def leave_out(self, piece: Piece, what: str) -> None:
        """Say that nothing is made of `what`, unless every application has it or the goal speaks of it elsewhere."""
        for _, item in split_list(what.strip(" .")):
            feature = feature_of(item, self._known)
            if feature and not feature.rest:
                self._cannot_take_out(piece, feature.meaning)
                return
            noun = nouns.bare(item)
            if self.draft.find(noun) or fields_named(self.draft, noun):
                self.draft.note(piece, Reading.UNREAD, f"{quoted(item)} is spoken of elsewhere")
                return
        self.draft.note(piece, Reading.UNDERSTOOD, "nothing of the kind is made")

    def give_up(self, piece: Piece) -> None:
        """Say that a piece was not read, and why as far as its words tell."""
        if reason := self.impossible(piece.text):
            meaning = f"this cannot be built: {reason}"
        elif reason := why_not(piece.text):
            meaning = f"nothing was done about it: {reason}"
        else:
            meaning = _NOT_UNDERSTOOD
        self.draft.note(piece, Reading.UNREAD, meaning)

    def mentions(self, text: str) -> list[EntityDraft]:
        """Return the things a text speaks of, without the one it begins with where it goes on to others."""
        words = re.findall(r"[\w'-]+", text)
        found = [
            (at, entity)
            for size in (3, 2, 1)
            for at in range(len(words) - size + 1)
            if (entity := self.draft.find(" ".join(words[at : at + size])))
        ]
        later = [entity for at, entity in found if at > 1]
        return list({entity.key: entity for entity in later or [entity for _, entity in found]}.values())

    def part(self, part: Part, piece: Piece) -> None:
        """Say what became of a part of a request that is about things, deeds, a likeness or a reason."""
        if part.kind is Kind.LIKE:
            self.draft.note(piece, Reading.UNREAD, "a likeness does not say what is kept")
        elif part.kind is Kind.REASON:
            self._reason(piece)
        else:
            self._kept(part, piece)

    def _reason(self, piece: Piece) -> None:
        if self.impossible(piece.text):
            self.give_up(piece)
        else:
            self.draft.note(piece, Reading.IGNORED, "a reason, from which nothing follows")

    def _kept(self, part: Part, piece: Piece) -> None:
        found = {noun: self._entity(noun) for noun in part.things}
        kept = [plural(entity.noun) for entity in found.values() if entity]
        if kept:
            self.draft.note(piece, Reading.UNDERSTOOD, f"{', '.join(dict.fromkeys(kept))}: kept")
        for noun, entity in found.items():
            if entity is None and not self._as_field(noun, piece):
                text = f"nothing is said about what {noun} are"
                self.draft.note(Piece(noun, piece.line), Reading.UNREAD, text)
        if part.who:
            self.draft.note(Piece(part.who, piece.line), Reading.UNREAD, _SAY_DEEDS)
        for text in part.left:
            self._left(Piece(text, piece.line))

    def _entity(self, noun: str) -> EntityDraft | None:
        return self.draft.find(noun) or alias(self.draft, noun)

    def _as_field(self, noun: str, piece: Piece) -> bool:
        owners = [entity.noun for entity, _ in fields_named(self.draft, nouns.bare(noun))]
        if owners:
            text = f"kept with each {', '.join(dict.fromkeys(owners))}"
            self.draft.note(Piece(noun, piece.line), Reading.UNDERSTOOD, text)
        return bool(owners)

    def _left(self, piece: Piece) -> None:
        """Say what became of words that name no thing."""
        if needs_readers(piece.text):
            if not any(entity.grants.get(Action.READ) for entity in self.draft.entities.values()):
                self.draft.note(piece, Reading.UNREAD, _SAY_WHO)
        elif self.impossible(piece.text) or not (self.feature(piece) or self._as_field(piece.text, piece)):
            self.give_up(piece)


def _words(entity: EntityDraft) -> set[str]:
    said = (
        entity.noun,
        *(item.noun for item in entity.fields.values()),
        *(link.noun for link in entity.links.values()),
    )
    return {singular_word(word) for noun in said for word in re.findall(r"[\w'-]+", noun.lower())}


def alias(draft: Draft, noun: str) -> EntityDraft | None:
    """Return the entity that a request names by more words than the rest of the goal: `training sessions`, then `a session`."""
    head = nouns.head(noun)
    for entity in draft.entities.values():
        shorter = len(entity.noun.split()) == 1 or len(noun.split()) == 1
        same = nouns.head(entity.noun) == head or (
            len(entity.noun) > _FEW_LETTERS and head.endswith(entity.noun.lower())
        )
        if entity.declared and shorter and same:
            return entity
    return None
