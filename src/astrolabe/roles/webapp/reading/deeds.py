"""Rules for what people do with things beyond keeping them: `users can tag bookmarks`, `members borrow books`."""

import re

from astrolabe.roles.webapp.model import ANYONE, SIGNED_IN, Action, FieldType
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.claims import Claim, settle
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Several
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.grants import GUESTS, Who
from astrolabe.roles.webapp.reading.normal import normal
from astrolabe.roles.webapp.reading.people import who_of
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.specs import spec_of
from astrolabe.roles.webapp.reading.targets import Target
from astrolabe.roles.webapp.reading.words import plural, word_set
from astrolabe.sdk import Reading

_PEOPLE = r"(?P<who>\S+(?:\s+\S+){0,2}?)"
_CAN = r"(?:\s+(?:can|may|should|must|will)(?:\s+also)?(?:\s+be\s+able\s+to)?)?"
_TAG = re.compile(
    rf"(?:{_PEOPLE}{_CAN}\s+tag\s+(?P<what>\S.*)|(?P<what2>\S.{{0,50}}?)\s+(?:can|may|should)\s+be\s+tagged(?:\s+(?:with|by)\s+(?P<with>\S.*))?)",
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
    rf"{_PEOPLE}{_CAN}\s+[a-z]+(?:\s+(?:for|in|to|at|on|with|into|up\s+for|part\s+in))?\s+"
    r"(?:many|at-least-one|several|multiple|more\s+than\s+(?:one|1)|any\s+number\s+of|various)\s+(?P<what>\S.*)",
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


_RESTRICTED = re.compile(
    r"\b(?:only|just|cannot|not|never|nobody|none|neither|without|except)\b|\bno(?:\s+one)?\s|n't\b",
    re.IGNORECASE,
)


_QUOTED = re.compile(r'"[^"]*"')


def read_mark(draft: Draft, piece: Piece) -> bool:
    """Read a deed that stands for a field or a thing of its own; one that is kept from somebody is left to other rules."""
    text = normal(piece.text).rstrip(".! ")
    if _RESTRICTED.search(_QUOTED.sub("", text)):
        return False
    rules = (_tag, _said_about, _rate, _mark)
    return any(rule(draft, piece, text) for rule in rules)


def read_deed(draft: Draft, piece: Piece) -> bool:
    """Read a deed that stands for a link there is already."""
    text = normal(piece.text).rstrip(".! ")
    if _RESTRICTED.search(_QUOTED.sub("", text)):
        return False
    return _many_deed(draft, piece, text) or _known_deed(draft, piece, text)


def _tell_who(
    draft: Draft, piece: Piece, found: re.Match[str] | None, entity: EntityDraft, verb: str
) -> None:
    """Tell who may do what is a change of the thing to the model."""
    named = found.groupdict().get("who") if found else None
    who = who_of(draft, named) if named else None
    if who is None or set(who.principals) <= {ANYONE, SIGNED_IN, GUESTS}:
        draft.note(piece, Reading.ASSUMED, f"whoever may change a {entity.noun} may {verb} it")
    else:
        text = f"who may {verb} a {entity.noun} cannot be told apart from who may change it"
        draft.note(piece, Reading.UNREAD, text)


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
    found = _TAG.fullmatch(text)
    entity = _thing(draft, found)
    if entity is None:
        return False
    named = _EXAMPLES.sub("", (found["with"] if found else "") or "tags").strip(" ,(")
    known = draft.find(nouns.bare(named))
    tag = known or draft.entity("tag", piece)
    draft.several.append(Several(entity.key, tag.key, plural(tag.noun), True, piece))
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: many {plural(tag.noun)}")
    if known is None and named.lower() not in _TAGS:
        draft.note(piece, Reading.ASSUMED, f"{quoted(named)} are kept as tags")
    if known is None and not tag.fields:
        draft.add_field(tag, Spec("name", required=True, unique=True), piece)
        draft.note(piece, Reading.ASSUMED, "a tag has a name that no other tag has")
    _tell_who(draft, piece, found, entity, "tag")
    return True


_EXAMPLES = re.compile(
    r"[\s,(]*\b(?:such\s+as|like|e\.?\s?g\b|for\s+example|for\s+instance|including)\b.*|\s*:.*", re.IGNORECASE
)
_TAGS = word_set("tags labels keywords") | {"many tags", "several tags", "any number of tags"}


def _said_about(draft: Draft, piece: Piece, text: str) -> bool:
    for pattern, noun, specs in (
        (_COMMENT, "comment", [Spec("text", required=True, type=FieldType.TEXT)]),
        (_REVIEW, "review", [Spec("rating", required=True, min=1, max=5), Spec("text", type=FieldType.TEXT)]),
    ):
        found = pattern.fullmatch(text)
        entity = _thing(draft, found)
        who = who_of(draft, found["who"]) if found and found["who"] else Who((SIGNED_IN,))
        if entity is None or who is None:
            continue
        said = draft.entity(noun, piece)
        said.about, said.owned = said.about or entity.key, said.owned or piece
        link = draft.link(said, entity, entity.noun, piece)
        link.many, link.required = False, True
        draft.note(piece, Reading.UNDERSTOOD, f"{noun}: one {entity.noun}")
        if not said.fields:
            for spec in specs:
                draft.add_field(said, spec, piece)
            names = " and a ".join(spec.noun for spec in specs)
            draft.note(piece, Reading.ASSUMED, f"a {noun} has a {names}")
        return settle(draft, piece, Claim(who, (Action.CREATE,), (Target(said),)))
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
    _tell_who(draft, piece, found, entity, "rate")
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
    _tell_who(draft, piece, found, entity, "mark")
    return True


def _many_deed(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `students can take many courses`: each of the two has many of the other; what is given is given to one."""
    found = _MANY.fullmatch(text)
    entity = _thing(draft, found)
    actor = draft.find(nouns.thing(found["who"])) if found and nouns.thing(found["who"]) else None
    if found is None or entity is None or actor is None:
        return False
    given = bool(re.search(r"\b(?:gets?|receives?)\b", text, re.IGNORECASE))
    draft.several.append(Several(actor.key, entity.key, plural(entity.noun), not given, piece))
    draft.note(piece, Reading.UNDERSTOOD, f"{actor.noun}: many {plural(entity.noun)}")
    return True


_RIGHTS = re.compile(
    r"\b(?:sees?|views?|reads?|looks?|browses?|edits?|changes?|deletes?|removes?|manages?|updates?)\b",
    re.IGNORECASE,
)


def _known_deed(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `members borrow books` where a loan belongs to a member and a book already."""
    found = _DEED.fullmatch(text)
    entity = _thing(draft, found)
    actor = draft.find(nouns.thing(found["who"])) if found and nouns.thing(found["who"]) else None
    if found is None or entity is None or actor is None or actor is entity or _RIGHTS.search(found[0]):
        return False
    between = [
        item
        for item in draft.entities.values()
        if {actor.key, entity.key} <= {item.key, *(link.to for link in item.links.values())}
    ]
    pair = {actor.key, entity.key}
    if not between and any({item.source, item.target} == pair for item in draft.several):
        draft.note(piece, Reading.UNDERSTOOD, f"kept as the link of {actor.noun} and {entity.noun}")
        return True
    if not between:
        return False
    draft.note(piece, Reading.UNDERSTOOD, f"kept as {', '.join(plural(item.noun) for item in between)}")
    return True
