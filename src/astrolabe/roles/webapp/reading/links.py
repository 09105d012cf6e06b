"""Links between things by their nouns: `home team` is a team, a `subtask` a task within a task."""

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.kinds import kind_of
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.words import singular, word_set

LIMIT_UNREAD = "how many there may be is not limited"
_PREPOSITIONS = word_set("of in on at by for from to with per until")
_WITHIN = ("sub", "sub-", "sub ", "child ", "parent ", "nested ")


def entity_in(draft: Draft, noun: str) -> EntityDraft | None:
    """Return the entity that the last words of a noun name: `home team` means a team, `due date` no date."""
    words = noun.split()
    if set(noun.lower().split()) & _PREPOSITIONS:
        return None
    if kind_of(noun).type is not FieldType.STRING:
        return None
    for begin in range(1, len(words)):
        found = draft.find(" ".join(words[begin:]))
        if found and found.declared:
            return found
    return None


def longer(draft: Draft, noun: str) -> EntityDraft | None:
    """Return the only thing whose name ends with a noun: `offers` where swap offers are kept."""
    word = singular(noun.lower())
    found = [one for one in draft.entities.values() if one.noun.lower().endswith(f" {word}")]
    return found[0] if len(found) == 1 and found[0].fields and " " not in word else None


def nested(noun: str, entity: EntityDraft) -> bool:
    """Whether a noun names rows of an entity within a row of the same: `subcategories`, `parent category`."""
    low, own = singular(noun.lower()), entity.noun.lower()
    return any(low == f"{prefix}{own}" for prefix in _WITHIN) or low in {"parent", "child"}


def parent_link(draft: Draft, entity: EntityDraft, piece: Piece) -> str:
    """Let a row belong to another row of its own kind, and return what was understood."""
    link = draft.link(entity, entity, "parent", piece)
    link.many, link.required = False, False
    return f"an optional parent {entity.noun}"
