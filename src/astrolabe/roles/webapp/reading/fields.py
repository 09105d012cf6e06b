"""Rules for what a thing has: `a recipe has a title and ingredients` in its many forms."""

import re
from collections.abc import Iterable
from dataclasses import replace

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, Several
from astrolabe.roles.webapp.reading.features import not_kept
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.kinds import SHARED, is_list_text, kind_of
from astrolabe.roles.webapp.reading.links import LIMIT_UNREAD, entity_in, nested, parent_link
from astrolabe.roles.webapp.reading.normal import normal
from astrolabe.roles.webapp.reading.properties import is_property, take_properties
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.spec import Spec
from astrolabe.roles.webapp.reading.specs import items_of, spec_of
from astrolabe.roles.webapp.reading.words import field_identifier, is_plural, plural, singular, word_set
from astrolabe.sdk import Reading

_HAS_VERB = (
    r"has(?:\s+got)?|have(?:\s+got)?|contains?|consists?\s+of|comprises?|includes?|(?:is|are)\s+(?:described|defined|characteri[sz]ed|identified)\s+by"
    r"|(?:is|are)\s+(?:made|composed)\s+(?:up\s+)?of|stores?|records?|captures?|comes?\s+with|carry|carries|needs?|keeps?|holds?|with|features?|requires?"
)
_HAS = re.compile(
    rf"(?P<subject>\S(?:.{{0,58}}?\S)?)\s+(?P<modal>(?:(?:can|may|might|must|should|will|shall|also|always|usually|typically|optionally|both|each"
    rf"|either|additionally|to|then)\s+){{0,3}})(?P<verb>{_HAS_VERB})\s+(?P<rest>(?!(?:has|have|is|are|can|may|must|should|belongs?|contains?|needs?)\b)\S.*)",
    re.IGNORECASE,
)
_FOR_EACH = re.compile(
    r"(?:for|about|of|with)\s+(?P<subject>(?:each|every|all|any|an?)\s+\S+(?:\s+\S+){0,2}?)\s*,?\s+(?:(?:i|we|you|they|it|one|users?|people|the\s+\w+)\s+)?"
    r"(?:(?:want|need|would\s+like|wants|needs|can|should|must|will|have|has)\s+)?(?:to\s+)?(?:be\s+able\s+to\s+)?(?:also\s+)?"
    r"(?:stores?|records?|keeps?(?:\s+track\s+of)?|saves?|tracks?|notes?(?:\s+down)?|enters?|knows?|writes?\s+down|remembers?|there\s+(?:is|are|(?P<modal>can|may|might|must|should)\s+be)|see|have|needs?|want)\s*:?\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_FOR_EACH_LISTED = re.compile(
    r"(?:for|of)\s+(?P<subject>(?:each|every)\s+\S+(?:\s+\S+){0,2}?)\s*:\s+(?P<rest>\S.*)", re.IGNORECASE
)
_STORE_FOR = re.compile(
    r"(?:(?:i|we|you|they|it|users?|the\s+\w+)\s+)?(?:(?:want|need|would\s+like|can|should|must|will)\s+)?(?:to\s+)?(?:also\s+)?"
    r"(?:stores?|records?|keeps?(?:\s+track\s+of)?|saves?|tracks?|notes?|enters?|knows?|writes?\s+down|remembers?)\s+(?P<rest>\S.*?)\s+"
    r"(?:for|of|about|on|with)\s+(?P<subject>(?:each|every|all)\s+\S+(?:\s+\S+){0,2})",
    re.IGNORECASE,
)
_FIELDS_OF = re.compile(
    r"(?:the\s+)?(?:fields|attributes|properties|columns)\s+(?:of|for)\s+(?P<subject>.{1,50}?)\s+(?:are|include)\s*:?\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?P<subject>[^:()\-\u2013\u2014]{1,50}?)\s*(?::|\s[-\u2013\u2014]\s|\((?=[^()]*\)\s*\Z))\s*(?P<rest>\S.*)"
)
_DEFINITE = re.compile(r"(?:my|our|your|his|her|their|the)\s+\S+(?:\s+\S+)?\Z", re.IGNORECASE)
_NOTATION = re.compile(r"(?:\A|\s)[nm*\d]\Z", re.IGNORECASE)
_ONE_OF_A_KIND = re.compile(r"(?:an?|each|every)\s", re.IGNORECASE)
_RELATIVE = re.compile(
    r"(?:who|which|that|both\s+of\s+which|all\s+of\s+which)\s+(?:is|are|must\s+be)\s+(?:also\s+)?(?:(?:an?|other|another|both)\s+)?(?P<noun>\S+(?:\s+\S+)?)",
    re.IGNORECASE,
)
_LEFT_BEHIND = re.compile(
    r",?\s+(?:which|that|who)\Z|(?<=[a-z])\s+(?:found|lent|sold|bought|taken|handed\s+in|(?:report|record|return|borrow|donat|receiv|own|adopt|register|collect|book)ed)\Z",
    re.IGNORECASE,
)
"""What follows the noun of a subject: `every item found`, `a loan which`."""
_FEW = 2
_SAID_OF_FIELDS = (
    ("from {}", "min"), ("to {}", "max"), ("more than {}", "above"), ("less than {}", "below"),
    ("at least {} characters", "min_length"), ("at most {} characters", "max_length"),
    ("in {}", "unit"), ("by default {}", "default"), ("of type {}", "type"), ("described as \u201c{}\u201d", "description"),
)  # fmt: skip


def subject_of(clause: str) -> tuple[str, str] | None:
    """Return the thing a clause gives fields to and the clause's rule, or None. Used before anything else is read."""
    text = normal(clause)
    for rule, pattern in (
        ("for", _FOR_EACH),
        ("listed", _FOR_EACH_LISTED),
        ("fields", _FIELDS_OF),
        ("store", _STORE_FOR),
        ("has", _HAS),
    ):
        if found := pattern.fullmatch(text.rstrip(".!")):
            subject = _subject(found["subject"])
            if subject and not _names_a_deed(found.groupdict().get("verb") or "", found["rest"]):
                return subject, rule
    return None


def _subject(text: str) -> str:
    """Return the noun of a kind of thing; what is there only once, like `our shop` or `the page`, is none."""
    text = _LEFT_BEHIND.sub("", text)
    if _DEFINITE.match(text) and not is_plural(text):
        return ""
    noun = nouns.thing(text)
    if nouns.is_account(noun) or (nouns.is_interface(noun) and not nouns.is_kept(text)):
        return ""
    return noun


def declare(draft: Draft, piece: Piece) -> None:
    """Make known the thing that a clause gives fields to, so that other clauses can refer to it."""
    if found := subject_of(piece.text):
        draft.entity(found[0], piece, declared=True)
    elif subject := _listed_subject(draft, piece):
        draft.entity(subject, piece, declared=True)


_ENTERED = re.compile(
    r".*\s(?:enter|add|post|record|list|register|create|submit)\s+(?:(?:their|the|new|our|my)\s+)?(?P<thing>[a-z-]+s)",
    re.IGNORECASE,
)


def _listed_noun(text: str) -> str:
    """Return the thing that stands before a list of what it has: `cakes` of `cakes:` and of `bakers enter cakes:`."""
    entered = _ENTERED.fullmatch(text.strip())
    return nouns.thing(entered["thing"] if entered and is_plural(entered["thing"]) else text)


def _listed_subject(draft: Draft, piece: Piece) -> str:
    found = _COLON.fullmatch(piece.text.strip(" ."))
    subject = _listed_noun(found["subject"]) if found else ""
    if (
        not found
        or not subject
        or nouns.is_interface(subject)
        or nouns.is_account(subject)
        or _NOTATION.search(subject)
    ):
        return ""
    specs = specs_of(normal(found["rest"]))
    if _only_named(specs) and draft.entities and subject.lower() not in _NO_THINGS:
        return subject
    return subject if not draft.find(subject) and _many_data(draft, specs) else ""


_NO_THINGS = word_set("""
    required optional unique mandatory searchable sortable sort order filter search key label heading caption example
    e.g note remark default display show index primary_key identifier required_field mandatory_field unique_field
""")


def _only_named(specs: list[Spec]) -> bool:
    """Whether a list is just `name`, which makes a thing of its subject where others are listed in the same way."""
    return len(specs) == 1 and specs[0].noun.lower() in {"name", "title"}


def read_fields(draft: Draft, piece: Piece) -> bool:
    """Read `a recipe has a title and ingredients` in its many forms."""
    text = normal(piece.text).rstrip(".! ")
    for pattern in (_FOR_EACH, _FOR_EACH_LISTED, _FIELDS_OF, _STORE_FOR, _HAS):
        found = pattern.fullmatch(text)
        if found and _is_deed(draft, found):
            return False
        entity = _subject_entity(draft, found["subject"], piece) if found else None
        if found and entity:
            modal = found.groupdict().get("modal") or ""
            verb = (found.groupdict().get("verb") or "").lower()
            specs = specs_of(_without_perfect(draft, found["rest"]))
            needed = "must" in modal.lower() or verb in {"need", "needs", "require", "requires"}
            optional = bool(re.search(r"\b(?:can|may|might|optionally)\b", modal, re.IGNORECASE))
            if len(specs) == 1 and not specs[0].determined and _is_invariant(specs[0].noun):
                specs[0].many = specs[0].counted = True
            return take_fields(
                draft, entity, specs, piece, needed=needed, optional=optional, plural_subject=_many(found["subject"]) and not _COMPOSED.match(verb)
            )  # fmt: skip
    return _account_fields(draft, piece, text)


_COMPOSED = re.compile(r"consists?\b|comprises?\b|(?:is|are)\s+(?:made|composed)\b")
"""Verbs of a whole and its parts: each part is of one whole, however many wholes are spoken of."""
_PERFECT = re.compile(
    r"(?:[a-z]+ed|made|written|taken|given|done|seen|read|sung|won|bought|built|drawn|held|led|taught|known)\s+"
    r"(?=(?:an?|one|1|many|several|multiple|at-least-one|various)\s+(?P<noun>\S+(?:\s+\S+)?)\s*\Z)",
    re.IGNORECASE,
)


def _without_perfect(draft: Draft, text: str) -> str:
    """Read `have made many objects` as `have many objects` where objects are kept."""
    found = _PERFECT.match(text)
    return text[found.end() :] if found and draft.find(found["noun"]) else text


def _many(subject: str) -> bool:
    return is_plural(nouns.bare(subject)) and not re.match(r"(?:each|every|an?)\s", subject, re.IGNORECASE)


_KEEPING = re.compile(r"(?:record|keep|capture)\Z", re.IGNORECASE)


def _is_deed(draft: Draft, found: re.Match[str]) -> bool:
    """Whether people do something with things that are kept, as in `nurses record donations`: then nobody has them."""
    verb, rest = found.groupdict().get("verb") or "", found["rest"].strip(" .")
    kept = draft.find(nouns.thing(found["subject"]) or found["subject"])
    known = draft.find(rest)
    return bool(_names_a_deed(verb, rest) and known and known.declared and not (kept and kept.fields))


def _names_a_deed(verb: str, rest: str) -> bool:
    return bool(_KEEPING.match(verb)) and " " not in rest and is_plural(rest)


def _subject_entity(draft: Draft, text: str, piece: Piece) -> EntityDraft | None:
    if re.fullmatch(r"(?:it|they|each|each of them|this|these)", text.strip(), re.IGNORECASE):
        return draft.context
    noun = nouns.thing(_LEFT_BEHIND.sub("", text))
    known = draft.find(noun) if noun else None
    if known:
        known.declared = True
        return known
    subject = _subject(text)
    return draft.entity(subject, piece, declared=True) if subject else None


def _account_fields(draft: Draft, piece: Piece, text: str) -> bool:
    """Read what is said about users: accounts have an address, a name and a role, and own rows."""
    found = _HAS.fullmatch(text)
    if not found or not nouns.is_account(nouns.thing(found["subject"])):
        return False
    unknown: list[str] = []
    owned: list[EntityDraft] = []
    for spec in specs_of(found["rest"]) or [Spec(found["rest"])]:
        entity = draft.find(spec.noun)
        if entity:
            owned.append(entity)
        elif field_identifier(spec.noun) not in nouns.ACCOUNT_FIELDS:
            unknown.append(spec.noun or " ".join(spec.rest))
    for entity in owned:
        entity.owned = entity.owned or piece
        draft.note(piece, Reading.UNDERSTOOD, f"{quoted(entity.noun)} belongs to the account that creates it")
    if unknown:
        text = f"accounts have an address, a name and a role only, not {', '.join(unknown)}"
        draft.note(piece, Reading.UNREAD, text)
    elif not owned:
        text = "accounts with an address, a name and a role come with every application"
        draft.note(piece, Reading.UNDERSTOOD, text)
    return True


def specs_of(text: str) -> list[Spec]:
    """Return the fields a list names; those that name nothing have an empty noun and the text as `rest`."""
    out: list[Spec] = []
    text = re.sub(
        r"\A(?:the\s+following(?:\s+\w+)?|these\s+\w+|fields?|attributes?)\s*:\s*",
        "",
        text.strip(" :."),
        flags=re.IGNORECASE,
    )
    items = items_of(text)
    for number, item in enumerate(items):
        if _of_all(out, item):
            continue
        if out and _OF_ANOTHER.match(item):
            out.append(Spec("", rest=[", ".join(items[number:])]))
            break
        spec = spec_of(re.sub(r"\A(?:possibly|optionally)\s+", "optional ", item, flags=re.IGNORECASE))
        if spec and len(spec.values) == 1:
            spec.rest += spec.values
            spec.values = ()
        if spec is None and _WHOSE.search(item):
            out.append(Spec("", rest=[", ".join(items[number:])]))
            break
        out.append(spec or Spec("", rest=[item]))
        if spec and spec.rest and _WITH_PARTS.search(item):
            spec.rest += items[number + 1 :]
            break
    return out


def _of_all(specs: list[Spec], item: str) -> bool:
    """Let `both unique` hold for the two fields before it, `all required` for all of them."""
    found = _OF_ALL.fullmatch(item)
    said = [what for _, what in split_list(found["what"])] if found else []
    if not found or not specs or not all(spec.noun for spec in specs) or not all(map(is_property, said)):
        return False
    for spec in specs[-_FEW:] if found["how"].lower() == "both" else specs:
        for what in said:
            take_properties(spec, what)
    return True


_OF_ALL = re.compile(
    r"(?P<how>both|all|each)(?:\s+of\s+(?:them|which|these))?\s+(?:(?:is|are|must\s+be|being)\s+)?(?P<what>\S.*)",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"(?:who|which|that)\s+(?:each\s+|also\s+)?(?:has|have|contains?|includes?|consists?)\b|whose\b",
    re.IGNORECASE,
)
"""What begins a list of what another thing has: `one owner, who has a name and an address`."""
_WHOSE = re.compile(r"\bwhose\b", re.IGNORECASE)
_WITH_PARTS = re.compile(r"\S\s+with\s+(?:an?|its|their|the)\s+\S", re.IGNORECASE)


def take_fields(
    draft: Draft,
    entity: EntityDraft,
    specs: Iterable[Spec],
    piece: Piece,
    *,
    needed: bool = False,
    optional: bool = False,
    plural_subject: bool = False,
) -> bool:
    """Add fields and links to an entity and tell what became of each; False when none could be read."""
    specs = _with_targets(draft, list(specs))
    if not any(spec.noun for spec in specs):
        return False
    entity.declared = True
    draft.context = entity
    draft.field_context = []
    told: list[str] = []
    for spec in specs:
        if spec.required is None and (needed or optional):
            spec.required = needed
        told += _take(draft, entity, spec, piece, plural_subject)
    for spec in specs:
        _tell_rest(draft, entity, spec, piece)
    if told:
        draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {', '.join(told)}")
        for spec in specs:
            for note in spec.notes:
                draft.note(piece, Reading.ASSUMED, f"{quoted(spec.noun)}: {note}")
    return True


def _tell_rest(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece) -> None:
    if spec.rest:
        draft.note(
            Piece(", ".join(spec.rest), piece.line),
            Reading.UNREAD,
            f"about {quoted(spec.noun or entity.noun)}",
        )


_WHICH = re.compile(r"\b(?:which|what|who)\s+((?:[a-z-]+\s+)??[a-z-]+)", re.IGNORECASE)
_BETWEEN = re.compile(
    r"(?:is|are|was|were|has|have|had|been|[a-z]+ed|[a-z]+en|\w+ght|of|by|to|from|in|at|for|with|on|and|\s)*",
    re.IGNORECASE,
)


def _asked_links(draft: Draft, spec: Spec) -> list[Spec]:
    """Read `which book was borrowed by which member` as a link to each."""
    text = " ".join(spec.rest)
    found = [] if spec.noun else [draft.find(name) for name in _WHICH.findall(text)]
    links = [Spec(entity.noun, determined=True) for entity in found if entity]
    return (
        links if links and len(links) == len(found) and _BETWEEN.fullmatch(_WHICH.sub("", text)) else [spec]
    )


def _with_targets(draft: Draft, specs: list[Spec]) -> list[Spec]:
    """Let `a father and a mother, who are persons` link to persons."""
    out: list[Spec] = []
    for spec in (link for said in specs for link in _asked_links(draft, said)):
        found = _RELATIVE.fullmatch(" ".join(spec.rest)) if not spec.noun else None
        target = draft.find(nouns.thing(found["noun"])) if found and nouns.thing(found["noun"]) else None
        if target is None:
            out.append(spec)
        for before in reversed(out) if target else ():
            if before.constrained or kind_of(before.noun).known:
                break
            before.target = target.noun if target else ""
    return out


def _take(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece, plural_subject: bool) -> list[str]:
    if not spec.noun:
        return []
    if system := nouns.system_field(spec.noun):
        draft.note(Piece(spec.noun, piece.line), Reading.UNDERSTOOD, system)
        return []
    _point(draft, spec)
    if not replace(spec, required=None).constrained and not spec.target and not draft.find(spec.noun):
        if nouns.is_creator(spec.noun):
            entity.owned = entity.owned or piece
            return ["belongs to the account that creates it"]
        if reason := not_kept(spec.noun):
            draft.note(Piece(spec.noun, piece.line), Reading.UNREAD, reason)
            return []
    target = _target(draft, entity, spec, piece)
    if target is None:
        return [_add_field(draft, entity, spec, piece)]
    draft.evidence += 1
    if target is entity and nested(spec.noun, entity):
        return [parent_link(draft, entity, piece)]
    if spec.counted or is_plural(spec.noun):
        return _add_several(draft, entity, target, spec, piece, plural_subject=plural_subject)
    link = draft.link(entity, target, spec.noun, piece)
    draft.settle_many(link, many=False, piece=piece, owner=entity.noun)
    if spec.required is not None:
        draft.settle_required(link, required=spec.required, piece=piece, owner=entity.noun)
    optional = "an optional" if spec.required is False else "one"
    return [
        f"{optional} {target.noun}" if spec.noun == target.noun else f"{spec.noun}: {optional} {target.noun}"
    ]


def _is_invariant(noun: str) -> bool:
    """Whether a noun is the same in its plural: `fish`, so that only an article tells how many are meant."""
    return plural(singular(noun)) == noun and singular(noun) == noun


_POINTS = re.compile(
    r"(?:(?P<many>many|several|multiple|list\s+of)\s+)?(?:(?:an?|one|the|another|other)\s+)?(?P<noun>\S+(?:\s+\S+)?)",
    re.IGNORECASE,
)


def _point(draft: Draft, spec: Spec) -> None:
    """Let `manager (another employee)` and `stored in: vehicle` link to what they describe."""
    if spec.target:
        spec.noun = re.sub(r"(?<=\w)[_ ]id\Z|(?<=[a-z])Id\Z", "", spec.noun)
    found = _POINTS.fullmatch(spec.description)
    if found and not replace(spec, required=None).constrained and draft.find(found["noun"]):
        several = bool(found["many"]) or is_plural(found["noun"])
        spec.target, spec.description = found["noun"], ""
        spec.many = spec.counted = several


def _add_field(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece) -> str:
    if spec.limit and spec.min is None and spec.max is None:
        draft.note(Piece(f"{spec.limit} {spec.noun}", piece.line), Reading.UNREAD, LIMIT_UNREAD)
    found = draft.add_field(entity, spec, piece)
    draft.field_context.append((entity, found))
    if " and " in spec.noun and not spec.noun.endswith("date and time"):
        draft.note(Piece(spec.noun, piece.line), Reading.ASSUMED, "kept as one field")
    draft.evidence += kind_of(spec.noun).known + (spec.constrained and spec.required is None)
    return told(spec)


def _add_several(
    draft: Draft, entity: EntityDraft, target: EntityDraft, spec: Spec, piece: Piece, *, plural_subject: bool
) -> list[str]:
    several = Several(
        entity.key,
        target.key,
        spec.noun,
        plural_subject or spec.mutual,
        piece,
        required=bool(spec.required),
        counted=spec.counted,
    )
    draft.several.append(several)
    if spec.limit:
        draft.note(Piece(f"{spec.limit} {spec.noun}", piece.line), Reading.UNREAD, LIMIT_UNREAD)
    return [f"many {plural(target.noun)}"]


def _target(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece) -> EntityDraft | None:
    """Return the entity a spec links to, or None when it is a field of its own."""
    known = draft.find(spec.noun)
    if spec.limit and known:
        spec.min = spec.max = None
    limits = (spec.type, spec.default, spec.min, spec.max, spec.max_length, spec.pattern)
    if spec.values or any(limit is not None for limit in limits):
        return None
    if spec.target:
        return draft.find(spec.target) or draft.entity(spec.target, piece)
    several = spec.counted or is_plural(spec.noun)
    if known and (known is not entity or several):
        return known
    if nested(spec.noun, entity):
        return entity
    if role := entity_in(draft, spec.noun):
        return role
    last = singular(spec.noun.lower()).split()[-1]
    of_their_own = last in SHARED or (spec.counted and not kind_of(spec.noun).known)
    if several and not is_list_text(spec.noun) and of_their_own:
        return draft.entity(spec.noun, piece)
    return None


def told(spec: Spec) -> str:
    """Return what was understood of a field."""
    parts = [spec.noun]
    if spec.required is not None:
        parts.append("required" if spec.required else "optional")
    if spec.unique:
        parts.append("unique")
    if spec.values:
        parts.append(f"one of {', '.join(spec.values)}")
    if spec.pattern:
        parts.append("only digits")
    parts += [
        form.format(value)
        for form, name in _SAID_OF_FIELDS
        if (value := getattr(spec, name)) not in {None, ""}
    ]
    return " ".join(parts)


def read_named_list(draft: Draft, piece: Piece, *, trusted: bool = False) -> bool:
    """Read `Book: title, author, year` and `Book (title, author)`; untrusted, only for several or known things."""
    found = _COLON.fullmatch(piece.text.strip(" ."))
    subject = _listed_noun(found["subject"]) if found else ""
    if (
        not found
        or not subject
        or nouns.is_interface(subject)
        or nouns.is_account(subject)
        or _NOTATION.search(subject)
    ):
        return False
    rest = found["rest"].rstrip(")") if "(" in piece.text[: found.start("rest")] else found["rest"]
    specs = specs_of(normal(rest))
    named = [spec for spec in specs if spec.noun]
    known = draft.find(subject)
    if any(draft.find(spec.noun) for spec in named) and not known and not trusted:
        return False
    if not known and not (_some_data(draft, specs) if trusted else _many_data(draft, specs)):
        return False
    if known and not any(_is_data(spec) or draft.find(spec.noun) for spec in named):
        return False
    evidence = draft.evidence
    entity = draft.entity(subject, piece, declared=True)
    taken = take_fields(draft, entity, specs, piece)
    if _ENTERED.fullmatch(found["subject"].strip()):
        text = "say who may do what, as in: only librarians may delete books"
        draft.note(Piece(found["subject"], piece.line), Reading.UNREAD, text)
    if not trusted:
        draft.evidence = evidence
    return taken


def _some_data(draft: Draft, specs: list[Spec]) -> bool:
    good = [spec for spec in specs if spec.noun and (_is_data(spec) or draft.find(spec.noun))]
    unnamed = sum(not spec.noun for spec in specs)
    return bool(good) and unnamed < len(good)


def _many_data(draft: Draft, specs: list[Spec]) -> bool:
    good = [spec for spec in specs if spec.noun and (_is_data(spec) or draft.find(spec.noun))]
    named = any(spec.noun.lower() in {"name", "title"} for spec in good)
    return (
        all(spec.noun for spec in specs)
        and (len(good) >= _FEW or (named and len(specs) > 1))
        and len(good) * 2 >= len(specs)
    )


def _is_data(spec: Spec) -> bool:
    return kind_of(spec.noun).known or spec.constrained
