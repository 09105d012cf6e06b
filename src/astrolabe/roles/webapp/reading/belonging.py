"""Rules for how things belong together: `each loan belongs to a member`, `a task may depend on other tasks`."""

import re
from dataclasses import dataclass

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Several
from astrolabe.roles.webapp.reading.fields import specs_of
from astrolabe.roles.webapp.reading.links import LIMIT_UNREAD, entity_in, longer, parent_link
from astrolabe.roles.webapp.reading.normal import normal
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.words import field_identifier, is_plural, plural, singular
from astrolabe.sdk import Reading

_PREPOSITION = r"(?:to|with|by|of|for|in|into|on|at|under|from|about|between|among|through)"
_FIRM = (
    r"(?:belongs?|belonging)\s+to|(?:is|are|be)\s+owned\s+by|(?:is|are|be)\s+(?:an?\s+)?(?:part|members?|parts|child|children)\s+of"
    r"|(?:is|are|be)\s+(?:linked|related|connected|attached|assigned|tied|associated|added)\s+(?:to|with)"
    r"|refers?\s+to|references?|points?\s+to|links?\s+to|comes?\s+from|concerns?"
    r"|(?:is|are|be)\s+(?:grouped|organi[sz]ed|sorted|filed|kept|put|collected|categori[sz]ed|arranged)\s+(?:in|into|under)"
)
_DONE = (
    "issued addressed sold rented let lent leased loaned hired delivered shipped given made placed written created composed taught "
    "held hosted led run managed supervised organised organized planned scheduled booked reserved bought purchased ordered supplied produced "
    "published directed performed played recorded reported submitted filed kept stored located based situated parked registered enrolled "
    "employed billed charged grouped sorted categorised categorized classified arranged covered treated seen examined logged entered awarded "
    "presented offered carried done taken signed requested approved reviewed raised opened handled worked driven flown planted grown "
    "installed fitted used shown displayed sent received drawn painted built repaired checked inspected measured tested graded "
    "marked scored sponsored funded paid owned posted added answered asked prescribed diagnosed given served cooked brewed baked bred "
    "trained coached mentored advised represented insured housed listed featured described mentioned cited tracked borrowed returned "
    "sung written translated edited illustrated allocated dedicated devoted matched paired mapped bound subject specific related identified"
)
_CLOSED = "limited|restricted|reserved|confined|allowed|permitted|closed|opened|required|needed|exposed|displayed|called|named"
"""Participles of rights and duties, which no link follows from."""
_LOOSE = (
    rf"(?:is|are|was|were|be|gets?)\s+(?:\w+ly\s+|always\s+|then\s+)?(?:{'|'.join(dict.fromkeys(_DONE.split()))})(?:\s+(?:out|up|off))?\s+{_PREPOSITION}"
    rf"|(?:is|are|be)\s+(?:{_PREPOSITION})|links|connects|joins"
    r"|(?:lives?|works?|plays?|stays?|sits?|happens?|takes?\s+place|hangs?|stands?|goes|go|studies|study|resides?|grows?|serves?|applies|apply|runs?|arises?|results?|stems?|starts?|ends?|lies|lie)"
    r"\s+(?:in|for|at|on|under|with|to|from)"
    rf"|(?:is|are|was|were|be)\s+(?!(?:{_CLOSED})\b)(?:[a-z]+ed|found|hung|bound|sewn|fed|worn)\s+(?:to|at|in|into|from|on|onto|for|with|under)"
    rf"|(?:is|are|was|were|be)\s+(?!(?:{_CLOSED})\b)(?:[a-z]+ed|fed|brought|won|met|fought|bred)\s+by(?=\s+(?:an?|one|1|exactly|only\s+one|at-least-one|at\s+most|several|many|another)\s)"
    r"|(?<!\beach )(?<!\bevery )(?<!\ba )(?<!\ban )(?<!\bthe )(?:shows?|covers?|involves?|describes?|documents?|represents?|uses?|affects?|targets?|mentions?)"
)
_BELONGS = re.compile(
    rf"(?P<subject>\S(?:.{{0,58}}?\S)?)\s+(?P<modal>(?:(?:can|may|might|must|should|will|always|also|only)\s+){{0,3}})(?:(?P<firm>{_FIRM})|(?P<loose>{_LOOSE}))\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_OF_ONE = re.compile(
    rf"(?:each|every|an?)\s+[\w-]+(?:\s+[\w-]+)?\s+is\s+(?:always\s+)?{_PREPOSITION}\s+(?:exactly\s+)?(?:one|1|at-least-one)\s.*",
    re.IGNORECASE,
)
"""What belongs to one of others, in few words: `a ticket is for one screening`."""
_JOINS = re.compile(r"links|connects|joins", re.IGNORECASE)
_MADE_BY = re.compile(
    r"\b(?:belongs?|belonging|owned|created|made|written|added|posted|submitted|entered|kept)\b",
    re.IGNORECASE,
)
_NESTED = re.compile(
    r"(?P<subject>\S+(?:\s+\S+)?)\s+(?:can|may|should|must)\s+(?:also\s+)?be\s+(?:nested|hierarchical|arranged\s+in\s+a\s+(?:tree|hierarchy))"
    r"|(?P<subject2>\S+(?:\s+\S+)?)\s+(?:is|are|form)\s+(?:hierarchical|nested|a\s+(?:tree|hierarchy))",
    re.IGNORECASE,
)
_EACH_OTHER = re.compile(
    r"(?P<subject>\S(?:.{0,40}?\S)?)\s+(?:(?:can|may|might|could|should|must)\s+)?(?:also\s+)?(?P<verb>(?:(?:be|is|are)\s+[a-z]+ed|depends?|refers?|relates?|links?|follows?|precedes?|blocks?|replaces?|requires?|references?|cites?|resembles?|knows?)"
    r"(?:\s+(?:on|to|with|by))?)\s+(?P<count>(?:(?:one|1|many|several|any\s+number\s+of|at-least-one|an?)\s+)*)(?:other|another)\s+(?P<noun>\S+(?:\s+\S+)?)",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"(?P<subject>\S(?:.{0,58}?\S)?)\s+(?:(?:can|may|might|could)\s+(?:also\s+)?(?:be\s+without|have\s+no|do\s+without|lack)|(?:need|must)\s+not\s+have|do(?:es)?\s+not\s+(?:need|have\s+to\s+have|need\s+to\s+have))"
    r"\s+(?:(?:an?|any)\s+)?(?P<noun>\S+(?:\s+\S+)?)",
    re.IGNORECASE,
)
_PREPOSITIONS = re.compile(rf"\s+(?:and\s+)?{_PREPOSITION}\s+", re.IGNORECASE)
_LEADING = re.compile(rf"(?:{_PREPOSITION})\s+", re.IGNORECASE)
_ACCOUNTS_UNREAD = "a row can belong to the account that made it; other links to accounts are not made"


@dataclass
class _End:
    """What a link leads to: an entity under the name a goal gives it, or the account that made the row."""

    spec: Spec
    target: EntityDraft | None


def declare_belonging(draft: Draft, piece: Piece) -> None:
    """Make known the thing that a clause says belongs to another."""
    found = _BELONGS.fullmatch(normal(piece.text).rstrip(".!"))
    if found and (found["firm"] or _JOINS.fullmatch(found["loose"]) or _OF_ONE.fullmatch(found[0])):
        subject = nouns.thing(found["subject"])
        if subject and not nouns.is_account(subject) and not nouns.is_interface(subject):
            draft.entity(subject, piece)


def read_belonging(draft: Draft, piece: Piece) -> bool:
    """Read `each loan belongs to a member and a book`, `categories can be nested`, `a task may depend on other tasks`."""
    text = normal(piece.text).rstrip(".! ")
    return (
        _cardinality(draft, piece)
        or _nested(draft, piece, text)
        or _each_other(draft, piece, text)
        or _without(draft, piece, text)
        or _belongs(draft, piece, text)
    )


def _without(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `a cat can be without a family` of a link or field that is there already."""
    found = _WITHOUT.fullmatch(text)
    entity = _subject(draft, found["subject"]) if found else None
    if found is None or entity is None:
        return False
    noun = nouns.bare(found["noun"])
    key, target = field_identifier(noun), draft.find(noun)
    links = [one for name, one in entity.links.items() if name == key or (target and one.to == target.key)]
    item = entity.fields.get(key)
    if len(links) == 1 and not links[0].many:
        if links[0].implied:
            links[0].implied, links[0].required = False, None
        draft.settle_required(links[0], required=False, piece=piece, owner=entity.noun)
    elif item:
        draft.constrain(item, Spec("", required=False), piece)
    else:
        return False
    draft.note(piece, Reading.UNDERSTOOD, f"{noun} of {entity.noun}: optional")
    draft.context = entity
    return True


def _subject(draft: Draft, text: str) -> EntityDraft | None:
    if re.fullmatch(r"it|they|each|these", text.strip(), re.IGNORECASE):
        return draft.context
    noun = nouns.thing(text)
    return draft.find(noun) or longer(draft, noun) if noun else None


_SIDE = r"(?:1|n|m|\*|many|one)"
_TO = r" ?(?::|- ?to ?-|to|-|\.\.|[\u2013\u2014\u2192]|[-=]+>) ?"
_ENTITY = r"[A-Za-z]\w*(?: [A-Za-z]\w*)?"
_CARDINALITY = re.compile(
    rf"(?P<one>{_ENTITY}?) ?[:(-]? ?(?<!\w)(?P<left>{_SIDE}){_TO}(?P<right>{_SIDE})(?!\w)\)? ?:? ?(?P<other>{_ENTITY})"
    rf"|(?P<one2>{_ENTITY}) ?(?:[-=]+>|[\u2013\u2014\u2192]) ?(?P<other2>{_ENTITY}) ?\(?(?<!\w)(?P<left2>{_SIDE}){_TO}(?P<right2>{_SIDE})(?!\w)\)?",
    re.IGNORECASE,
)


def _cardinality(draft: Draft, piece: Piece) -> bool:
    """Read `Book N:1 Publisher` and `Author many-to-many Book`."""
    found = _CARDINALITY.fullmatch(" ".join(piece.text.split()).strip(" ."))
    said = {name.rstrip("2"): text for name, text in found.groupdict().items() if text} if found else {}
    one, other = (draft.find(said.get(name, "")) for name in ("one", "other"))
    if one is None or other is None:
        return False
    left, right = (said[side].lower() in {"n", "m", "*", "many"} for side in ("left", "right"))
    if left and right:
        draft.several.append(Several(one.key, other.key, plural(other.noun), plural_subject=True, said=piece))
        told = f"{one.noun}: many {plural(other.noun)}"
    else:
        source, target = (one, other) if left or not right else (other, one)
        link = draft.link(source, target, target.noun, piece)
        draft.settle_many(link, many=False, piece=piece, owner=source.noun)
        link.one_to_one = not left and not right
        told = f"{source.noun}: one {target.noun}"
    draft.note(piece, Reading.UNDERSTOOD, told)
    draft.evidence += 1
    return True


def _nested(draft: Draft, piece: Piece, text: str) -> bool:
    found = _NESTED.fullmatch(text)
    entity = _subject(draft, found["subject"] or found["subject2"]) if found else None
    if entity is None:
        return False
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {parent_link(draft, entity, piece)}")
    draft.evidence += 1
    return True


def _each_other(draft: Draft, piece: Piece, text: str) -> bool:
    """Read a link between rows of one kind, named by its verb."""
    found = _EACH_OTHER.fullmatch(text)
    entity = _subject(draft, found["subject"]) if found else None
    if found is None or entity is None or draft.find(found["noun"]) is not entity:
        return False
    noun = re.sub(r"\A(?:be|is|are)\s+", "", found["verb"], flags=re.IGNORECASE).lower()
    noun = " ".join([re.sub(r"(?<=[^s])s\Z", "", noun.split()[0]), *noun.split()[1:]])
    several = is_plural(found["noun"])
    if several:
        draft.several.append(Several(entity.key, entity.key, noun, plural_subject=True, said=piece))
    else:
        link = draft.link(entity, entity, noun, piece)
        link.many, link.required = False, False
    count = f"many {plural(entity.noun)}" if several else f"an optional {entity.noun}"
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {noun}: {count}")
    draft.context = entity
    draft.evidence += 1
    return True


def _belongs(draft: Draft, piece: Piece, text: str) -> bool:
    found = _BELONGS.fullmatch(text)
    entity = _subject(draft, found["subject"]) if found else None
    if found is None or entity is None:
        return False
    verb = found["firm"] or found["loose"]
    rest = found["rest"]
    if joined := _JOINS.fullmatch(verb):
        rest = re.sub(r"\s+(?:with|to)\s+", " and ", rest, count=1)
    ends = _ends(draft, rest, firm=bool(found["firm"]))
    if not ends or (any(end.target is None for end in ends) and not _MADE_BY.search(verb)):
        return _for_account(draft, piece, ends)
    optional = bool(re.search(r"\b(?:can|may|might)\b", found["modal"], re.IGNORECASE))
    for end in ends:
        _name_other(end, entity, verb)
    one_each = bool(joined) or not is_plural(nouns.bare(found["subject"]))
    told = [_link(draft, entity, end, piece, optional=optional, one_each=one_each) for end in ends]
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {', '.join(told)}")
    draft.context = entity
    draft.evidence += 1
    return True


def _name_other(end: _End, entity: EntityDraft, verb: str) -> None:
    """Name the second link to a kind of thing by its deed: `taken by` of `is taken by another gardener`."""
    noun = re.sub(r"\A(?:another|other)\s+", "", end.spec.noun, flags=re.IGNORECASE)
    if noun != end.spec.noun:
        deed = " ".join(word for word in verb.lower().split() if word not in _AUXILIARIES)
        if field_identifier(noun) in entity.links and " " in deed:
            end.spec.noun = deed


_AUXILIARIES = frozenset({"is", "are", "was", "were", "be", "gets", "get", "then", "always"})


def _for_account(draft: Draft, piece: Piece, ends: list[_End]) -> bool:
    """Say that a link to an account other than a row's maker is not made."""
    if ends:
        draft.note(piece, Reading.UNREAD, _ACCOUNTS_UNREAD)
    return bool(ends)


def _ends(draft: Draft, text: str, *, firm: bool) -> list[_End]:
    """Return what a list of nouns with their prepositions leads to; nothing when one is not known."""
    out: list[_End] = []
    for number, (_, item) in enumerate(split_list(text)):
        bare = _LEADING.sub("", item, count=1) if number else item
        whole = _end(draft, bare, firm=firm)
        parts = [whole] if whole else [_end(draft, part, firm=False) for part in _PREPOSITIONS.split(bare)]
        if not all(parts) or (len(parts) > 1 and not all(part and part.target for part in parts)):
            return []
        out += [part for part in parts if part]
    return out


def _end(draft: Draft, text: str, *, firm: bool) -> _End | None:
    [spec, *more] = specs_of(text)
    if more or not spec.noun or spec.rest or spec.values or spec.type:
        return None
    known = draft.find(spec.noun) or entity_in(draft, spec.noun)
    if known:
        return _End(spec, known)
    if nouns.is_owner(spec.noun):
        return _End(spec, None)
    return _End(spec, draft.entity(spec.noun, Piece(text, 0))) if firm else None


def _link(
    draft: Draft, entity: EntityDraft, end: _End, piece: Piece, *, optional: bool, one_each: bool
) -> str:
    spec, target = end.spec, end.target
    if target is None:
        entity.owned = entity.owned or piece
        return "belongs to the account that creates it"
    if target.said.line == 0:
        target.said = piece
    if limit := spec.counting:
        draft.note(Piece(f"{limit} {spec.noun}", piece.line), Reading.UNREAD, LIMIT_UNREAD)
    if spec.counted or (is_plural(spec.noun) and one_each):
        several = Several(
            entity.key, target.key, spec.noun, plural_subject=True, said=piece, required=bool(spec.required)
        )
        draft.several.append(several)
        return f"many {plural(target.noun)}"
    if is_plural(spec.noun):
        draft.note(piece, Reading.ASSUMED, f"each {entity.noun} has one {target.noun}, not several")
    noun = singular(spec.noun)
    link = draft.link(entity, target, noun, piece)
    draft.settle_many(link, many=False, piece=piece, owner=entity.noun)
    link.one_to_one = link.one_to_one or (spec.exactly_one and _one_of_each(entity, target))
    required = not optional if spec.required is None else spec.required
    link.implied = required and spec.required is None and link.required is None
    draft.settle_required(link, required=required, piece=piece, owner=entity.noun)
    count = "one" if required else "an optional"
    return (
        f"{count} {target.noun}" if noun.lower() == target.noun.lower() else f"{noun}: {count} {target.noun}"
    )


def _one_of_each(entity: EntityDraft, target: EntityDraft) -> bool:
    return (
        any(link.to == entity.key and link.many is False for link in target.links.values())
        and entity is not target
    )
