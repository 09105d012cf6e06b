"""Rules for what people do with things beyond keeping them: `users can tag bookmarks`, `members borrow books`."""

import re

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Several
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.normal import normal
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.specs import spec_of
from astrolabe.roles.webapp.reading.words import plural
from astrolabe.sdk import Reading

_PEOPLE = r"(?P<who>\S+(?:\s+\S+){0,2}?)"
_CAN = r"(?:\s+(?:can|may|should|must|will)(?:\s+also)?(?:\s+be\s+able\s+to)?)?"
_TAG = re.compile(
    rf"(?:{_PEOPLE}{_CAN}\s+tag\s+(?P<what>\S.*)|(?P<what2>\S.{{0,50}}?)\s+(?:can|may|should)\s+be\s+tagged(?:\s+with\s+.*)?)",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    rf"(?:{_PEOPLE}{_CAN}\s+(?:comment\s+on|(?:write|leave|post|add)\s+comments?\s+(?:on|to|about|for))\s+(?P<what>\S.*)|(?P<what2>\S.{{0,50}}?)\s+can\s+be\s+commented(?:\s+on)?)",
    re.IGNORECASE,
)
_REVIEW = re.compile(
    rf"{_PEOPLE}{_CAN}\s+(?:review|(?:write|leave|post|add)\s+reviews?\s+(?:of|on|for|about|to))\s+(?P<what>\S.*)",
    re.IGNORECASE,
)
_RATE = re.compile(
    rf"(?:{_PEOPLE}{_CAN}\s+(?:rate|score)\s+(?P<what>.+?)|(?P<what2>\S.{{0,50}}?)\s+can\s+be\s+rated)\s+(?:with\s+)?(?P<range>from\s+\d+\s+to\s+\d+|\d+\s*-\s*\d+|out\s+of\s+\d+)(?:\s+stars?)?",
    re.IGNORECASE,
)
_MARK = re.compile(
    rf"{_PEOPLE}{_CAN}\s+(?:mark|flag|set)\s+(?P<what>.+?)\s+as\s+(?:an?\s+)?(?P<state>\w+(?:[\s-]\w+)?)(?:\s+or\s+\w+)?",
    re.IGNORECASE,
)
_SWITCH = re.compile(
    rf"{_PEOPLE}{_CAN}\s+(?P<verb>favou?rite|star|archive|pin|like)\s+(?P<what>\S.*)", re.IGNORECASE
)
_DEED = re.compile(
    rf"{_PEOPLE}{_CAN}\s+(?P<verb>[a-z]+)(?:\s+(?:for|in|to|at|on))?\s+(?P<what>\S.*)", re.IGNORECASE
)
_MANY = re.compile(
    rf"{_PEOPLE}{_CAN}\s+[a-z]+(?:\s+(?:for|in|to|at|on|with|into|up\s+for))?\s+"
    r"(?:many|several|multiple|more\s+than\s+(?:one|1)|any\s+number\s+of|various)\s+(?P<what>\S.*)",
    re.IGNORECASE,
)
_STATES = {
    "favourite": "favorite",
    "favorite": "favorite",
    "star": "starred",
    "archive": "archived",
    "pin": "pinned",
    "like": "liked",
}


def read_deed(draft: Draft, piece: Piece) -> bool:
    """Read a deed that stands for a field, a thing of its own, or a link there is already."""
    text = normal(piece.text).rstrip(".! ")
    return (
        _tag(draft, piece, text)
        or _said_about(draft, piece, text)
        or _rate(draft, piece, text)
        or _mark(draft, piece, text)
        or _many_deed(draft, piece, text)
        or _known_deed(draft, piece, text)
    )


def _thing(draft: Draft, found: re.Match[str] | None) -> EntityDraft | None:
    if found is None:
        return None
    groups = found.groupdict()
    text = re.sub(
        r"\A(?:their\s+own|their|own|other|each\s+other's)\s+",
        "",
        groups.get("what") or groups.get("what2") or "",
        flags=re.IGNORECASE,
    )
    if text.lower() in {"it", "them", "these", "those"}:
        return draft.context
    noun = nouns.thing(text)
    return draft.find(noun) if noun else None


def _tag(draft: Draft, piece: Piece, text: str) -> bool:
    entity = _thing(draft, _TAG.fullmatch(text))
    if entity is None:
        return False
    tag = draft.entity("tag", piece)
    draft.several.append(Several(entity.key, tag.key, "tags", True, piece))
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: many tags")
    if not tag.fields:
        draft.add_field(tag, Spec("name", required=True, unique=True), piece)
        draft.note(piece, Reading.ASSUMED, "a tag has a name that no other tag has")
    return True


def _said_about(draft: Draft, piece: Piece, text: str) -> bool:
    for pattern, noun, specs in (
        (_COMMENT, "comment", [Spec("text", required=True, type=FieldType.TEXT)]),
        (_REVIEW, "review", [Spec("rating", required=True, min=1, max=5), Spec("text", type=FieldType.TEXT)]),
    ):
        entity = _thing(draft, pattern.fullmatch(text))
        if entity is None:
            continue
        said = draft.entity(noun, piece)
        link = draft.link(said, entity, entity.noun, piece)
        link.many, link.required = False, True
        draft.note(piece, Reading.UNDERSTOOD, f"{noun}: one {entity.noun}")
        if not said.fields:
            for spec in specs:
                draft.add_field(said, spec, piece)
            names = " and a ".join(spec.noun for spec in specs)
            draft.note(piece, Reading.ASSUMED, f"a {noun} has a {names}")
        return True
    return False


def _rate(draft: Draft, piece: Piece, text: str) -> bool:
    found = _RATE.fullmatch(text)
    entity = _thing(draft, found)
    spec = spec_of(f"rating {found['range']}") if found else None
    if entity is None or spec is None:
        return False
    draft.add_field(entity, spec, piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: rating from {spec.min:g} to {spec.max:g}")
    draft.note(piece, Reading.ASSUMED, f"a {entity.noun} has one rating, not one for each account")
    return True


def _mark(draft: Draft, piece: Piece, text: str) -> bool:
    found = _MARK.fullmatch(text) or _SWITCH.fullmatch(text)
    entity = _thing(draft, found)
    if found is None or entity is None:
        return False
    groups = found.groupdict()
    state = groups.get("state") or _STATES[groups["verb"].lower()]
    key = state.split()[-1] if state.split()[0].lower() in {"a", "an"} else state
    draft.add_field(entity, Spec(key, type=FieldType.BOOLEAN), piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {key}, yes or no")
    draft.note(
        piece,
        Reading.ASSUMED,
        f"{quoted(key)} is kept with the {entity.noun}, the same for everybody who sees it",
    )
    return True


def _many_deed(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `students can take many courses`: each of the two has many of the other."""
    found = _MANY.fullmatch(text)
    entity = _thing(draft, found)
    actor = draft.find(nouns.thing(found["who"])) if found and nouns.thing(found["who"]) else None
    if found is None or entity is None or actor is None:
        return False
    draft.several.append(Several(actor.key, entity.key, plural(entity.noun), True, piece))
    draft.note(piece, Reading.UNDERSTOOD, f"{actor.noun}: many {plural(entity.noun)}")
    return True


def _known_deed(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `members borrow books` where a loan belongs to a member and a book already."""
    found = _DEED.fullmatch(text)
    entity = _thing(draft, found)
    actor = draft.find(nouns.thing(found["who"])) if found and nouns.thing(found["who"]) else None
    if entity is None or actor is None or actor is entity:
        return False
    between = [
        item
        for item in draft.entities.values()
        if {actor.key, entity.key} <= {item.key, *(link.to for link in item.links.values())}
    ]
    if not between:
        return False
    draft.note(piece, Reading.UNDERSTOOD, f"kept as {', '.join(plural(item.noun) for item in between)}")
    return True
