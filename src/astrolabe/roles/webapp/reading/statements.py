"""Rules for what there is: things, their fields, how they belong together, what their values must be."""

import re
from collections.abc import Iterable
from dataclasses import replace

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, FieldDraft, LinkDraft, Several
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.kinds import SHARED, is_list_text, kind_of
from astrolabe.roles.webapp.reading.sentences import Piece, normal, split_list
from astrolabe.roles.webapp.reading.specs import Spec, items_of, spec_of, take_properties
from astrolabe.roles.webapp.reading.words import field_identifier, is_plural, plural, singular
from astrolabe.sdk import Reading

_HAS_VERB = (
    r"has|have|contains?|consists?\s+of|includes?|(?:is|are)\s+(?:described|defined|characteri[sz]ed)\s+by|(?:is|are)\s+(?:made|composed)\s+(?:up\s+)?of"
    r"|stores?|records?|comes?\s+with|carry|carries|needs?|keeps?|holds?|with|features?|requires?"
)
_HAS = re.compile(
    rf"(?P<subject>\S(?:.{{0,58}}?\S)?)\s+(?P<modal>(?:(?:can|may|might|must|should|will|shall|also|always|usually|typically|optionally|both|each"
    rf"|either|additionally|to)\s+){{0,3}})(?P<verb>{_HAS_VERB})\s+(?P<rest>(?!(?:has|have|is|are|can|may|must|should|belongs?|contains?|needs?)\b)\S.*)",
    re.IGNORECASE,
)
_FOR_EACH = re.compile(
    r"(?:for|about|of|with)\s+(?P<subject>(?:each|every|all|any|an?)\s+\S+(?:\s+\S+){0,2}?)\s*,?\s+(?:(?:i|we|you|they|it|one|users?|people|the\s+\w+)\s+)?"
    r"(?:(?:want|need|would\s+like|wants|needs|can|should|must|will|have|has)\s+)?(?:to\s+)?(?:be\s+able\s+to\s+)?(?:also\s+)?"
    r"(?:stores?|records?|keeps?(?:\s+track\s+of)?|saves?|tracks?|notes?(?:\s+down)?|enters?|knows?|writes?\s+down|remembers?|there\s+(?:is|are)|see|have)\s*:?\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_STORE_FOR = re.compile(
    r"(?:(?:i|we|you|they|it|users?|the\s+\w+)\s+)?(?:(?:want|need|would\s+like|can|should|must|will)\s+)?(?:to\s+)?(?:also\s+)?"
    r"(?:stores?|records?|keeps?(?:\s+track\s+of)?|saves?|tracks?|notes?|enters?|knows?|writes?\s+down|remembers?)\s+(?P<rest>\S.*?)\s+"
    r"(?:for|of|about)\s+(?P<subject>(?:each|every|all)\s+\S+(?:\s+\S+){0,2})",
    re.IGNORECASE,
)
_FIELDS_OF = re.compile(
    r"(?:the\s+)?(?:fields|attributes|properties|columns)\s+(?:of|for)\s+(?P<subject>.{1,50}?)\s+(?:are|include)\s*:?\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_COLON = re.compile(
    r"(?P<subject>[^:()\-\u2013\u2014]{1,50}?)\s*(?::|\s[-\u2013\u2014]\s|\((?=[^()]*\)\s*\Z))\s*(?P<rest>\S.*)"
)
_BELONGS_VERB = (
    r"(?:belongs?|belonging)\s+to|(?:is|are|be)\s+(?:a\s+)?(?:part|member)s?\s+of|(?:is|are|be)\s+(?:linked|related|connected|attached|assigned|tied|associated|added)\s+(?:to|with)"
    r"|refers?\s+to|references?|points?\s+to|links?\s+to|comes?\s+from|concerns?|(?:is|are|be)\s+(?:grouped|organi[sz]ed|sorted|filed|kept|put|collected|categori[sz]ed|arranged)\s+(?:in|into|by|under)"
)
_LOOSE_VERB = (
    r"(?:is|are)\s+(?:\w+(?:ed|en|ught|ld)\s+by|for|about|in|at|on|from|of|by|\w+ed\s+(?:in|at|on|for|from))|links|connects|joins"
    r"|(?:lives?|works?|plays?|stays?|sits?|happens?|takes?\s+place|hangs?|stands?|goes|go|studies|study|resides?|grows?|serves?|applies|apply|runs?)"
    r"\s+(?:in|for|at|on|under|with|to|from)"
)
_BELONGS = re.compile(
    rf"(?P<subject>\S(?:.{{0,58}}?\S)?)\s+(?P<modal>(?:(?:can|may|might|must|should|will|always|also|only)\s+){{0,2}})(?:(?P<firm>{_BELONGS_VERB})|(?P<loose>{_LOOSE_VERB}))\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_SHARED_VALUE = re.compile(
    r"(?:no\s+(?:two|2)|(?:two|2)(?:\s+different)?)\s+(?P<subject>\S+(?:\s+\S+)??)\s+(?:may|can|must|should|cannot|can't|may\s+not|must\s+not|should\s+not)?\s*"
    r"(?:ever\s+)?(?:have|share|use)\s+(?:the\s+same|an?\s+equal|one)\s+(?P<field>\S+(?:\s+\S+){0,2})",
    re.IGNORECASE,
)
_ALL_FIELDS = re.compile(
    r"(?:all|every|the)\s+(?:other\s+)?(?:fields?|values?|attributes?|of\s+(?:them|these)|others?|rest|everything\s+else)\s+(?:is|are|must\s+be|should\s+be)\s+(?P<what>required|mandatory|optional)",
    re.IGNORECASE,
)
_ONLY_REQUIRED = re.compile(
    r"only\s+(?:the\s+)?(?P<fields>.{1,80}?)\s+(?:is|are)\s+(?:required|mandatory)", re.IGNORECASE
)
_RULE = re.compile(
    r"(?P<subject>\S.{0,80}?)\s+(?P<rest>(?:must|should|has\s+to|have\s+to|needs?\s+to|is|are|can|may|cannot|can't|defaults?|starts?|goes|go|ranges?|lies|never|always|runs?)\b.*)",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"(?:is|are|can\s+be|may\s+be|must\s+be|should\s+be|will\s+be)\s+(?:either\s+|one\s+of\s+)?(?P<values>\S.*)",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"(?P<subject>\S(?:.{0,50}?\S)?)\s+(?:can|may|should|must)\s+(?:also\s+)?be\s+(?:marked|flagged|set|ticked\s+off|tagged)\s+(?:as\s+)(?P<what>\w+(?:[\s-]\w+)?)",
    re.IGNORECASE,
)


_FEW = 2


def subject_of(clause: str) -> tuple[str, str] | None:
    """Return the thing a clause gives fields to and the clause's rule, or None. Used before anything else is read."""
    text = normal(clause)
    for rule, pattern in (("for", _FOR_EACH), ("fields", _FIELDS_OF), ("store", _STORE_FOR), ("has", _HAS)):
        if found := pattern.fullmatch(text.rstrip(".!")):
            subject = _subject(found["subject"])
            if subject:
                return subject, rule
    return None


def _subject(text: str) -> str:
    text = re.sub(r",?\s+(?:which|that|who)\Z", "", text, flags=re.IGNORECASE)
    if re.match(
        r"(?:my|our|your|his|her|their|the)\s+\S+(?:\s+\S+)?\Z", text, re.IGNORECASE
    ) and not is_plural(text):
        return ""
    noun = nouns.thing(text)
    return "" if nouns.is_account(noun) or nouns.is_interface(noun) else noun


def declare(draft: Draft, piece: Piece) -> None:
    """Make known the thing that a clause gives fields to, so that other clauses can refer to it."""
    if (found := subject_of(piece.text)) and found[1] != "colon":
        draft.entity(found[0], piece, declared=True)
        return
    belongs = _BELONGS.fullmatch(normal(piece.text).rstrip(".!"))
    if belongs and (
        belongs["firm"] or re.fullmatch(r"links|connects|joins", belongs["loose"], re.IGNORECASE)
    ):
        subject = nouns.thing(belongs["subject"])
        if subject and not nouns.is_account(subject) and not nouns.is_interface(subject):
            draft.entity(subject, piece)


def read_fields(draft: Draft, piece: Piece) -> bool:
    """Read `a recipe has a title and ingredients` in its many forms."""
    text = normal(piece.text).rstrip(".! ")
    for pattern in (_FOR_EACH, _FIELDS_OF, _STORE_FOR, _HAS):
        found = pattern.fullmatch(text)
        entity = _subject_entity(draft, found["subject"], piece) if found else None
        if found and entity:
            modal = found.groupdict().get("modal") or ""
            verb = (found.groupdict().get("verb") or "").lower()
            specs = specs_of(found["rest"])
            needed = "must" in modal.lower() or verb in {"need", "needs", "require", "requires"}
            optional = bool(re.search(r"\b(?:can|may|might|optionally)\b", modal, re.IGNORECASE))
            return take_fields(
                draft,
                entity,
                specs,
                piece,
                needed=needed,
                optional=optional,
                plural_subject=_many(found["subject"]),
            )
    return _account_fields(draft, piece, text)


def _many(subject: str) -> bool:
    return is_plural(nouns.bare(subject)) and not re.match(r"(?:each|every|an?)\s", subject, re.IGNORECASE)


def _subject_entity(draft: Draft, text: str, piece: Piece) -> EntityDraft | None:
    if re.fullmatch(r"(?:it|they|each|each of them|this|these)", text.strip(), re.IGNORECASE):
        return draft.context
    noun = nouns.thing(re.sub(r",?\s+(?:which|that|who)\Z", "", text, flags=re.IGNORECASE))
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
            unknown.append(spec.noun)
    for entity in owned:
        entity.private = entity.private or piece
        draft.note(piece, Reading.UNDERSTOOD, f"{quoted(entity.noun)} belongs to the account that creates it")
    if unknown:
        draft.note(
            piece,
            Reading.UNREAD,
            f"accounts have an address, a name and a role only, not {', '.join(unknown)}",
        )
    elif not owned:
        draft.note(
            piece,
            Reading.UNDERSTOOD,
            "accounts with an address, a name and a role come with every application",
        )
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
    for item in items_of(text):
        spec = spec_of(re.sub(r"\A(?:possibly|optionally)\s+", "optional ", item, flags=re.IGNORECASE))
        out.append(spec or Spec("", rest=[item]))
    return out


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
    specs = list(specs)
    if not any(spec.noun for spec in specs):
        return False
    entity.declared = True
    draft.context = entity
    draft.field_context = []
    told: list[str] = []
    for spec in specs:
        if spec.noun and needed and spec.required is None:
            spec.required = True
        if spec.noun and optional and spec.required is None:
            spec.required = False
        told += _take(draft, entity, spec, piece, plural_subject)
        if spec.rest:
            draft.note(
                Piece(" ".join(spec.rest), piece.line),
                Reading.UNREAD,
                f"about {quoted(spec.noun or entity.noun)}",
            )
    if told:
        draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {', '.join(told)}")
    return True


def _take(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece, plural_subject: bool) -> list[str]:
    if not spec.noun:
        return []
    if system := nouns.system_field(spec.noun):
        draft.note(Piece(spec.noun, piece.line), Reading.UNDERSTOOD, system)
        return []
    if nouns.is_owner(spec.noun) and not spec.constrained:
        entity.private = entity.private or piece
        return ["belongs to the account that creates it"]
    target = _target(draft, entity, spec, piece)
    if target is None:
        found = draft.add_field(entity, spec, piece)
        draft.field_context.append((entity, found))
        draft.evidence += kind_of(spec.noun).known + (spec.constrained and spec.required is None)
        return [_told(spec)]
    if spec.counted or is_plural(spec.noun):
        draft.several.append(Several(entity.key, target.key, spec.noun, plural_subject, piece))
        draft.evidence += 1
        return [f"many {plural(target.noun)}"]
    link = draft.link(entity, target, spec.noun, piece)
    draft.settle_many(link, many=False, piece=piece, owner=entity.noun)
    if spec.required is not None:
        draft.settle_required(link, required=spec.required, piece=piece, owner=entity.noun)
    draft.evidence += 1
    return [f"one {target.noun}"]


def _target(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece) -> EntityDraft | None:
    """Return the entity a spec links to, or None when it is a field of its own."""
    if (
        spec.values
        or spec.type
        or spec.default
        or spec.min is not None
        or spec.max is not None
        or spec.max_length
    ):
        return None
    if spec.target:
        return draft.entity(spec.target, piece)
    known = draft.find(spec.noun)
    if known and known is not entity:
        return known
    if known and (spec.counted or is_plural(spec.noun)):
        return known
    words = singular(spec.noun.lower())
    several = spec.counted or is_plural(spec.noun)
    if (
        several
        and not is_list_text(spec.noun)
        and (words.split()[-1] in SHARED or (spec.counted and not kind_of(spec.noun).known))
    ):
        return draft.entity(spec.noun, piece)
    return None


def _told(spec: Spec) -> str:
    parts = [spec.noun]
    if spec.required is not None:
        parts.append("required" if spec.required else "optional")
    if spec.unique:
        parts.append("unique")
    if spec.values:
        parts.append(f"one of {', '.join(spec.values)}")
    for form, value in (
        ("from {}", spec.min),
        ("to {}", spec.max),
        ("more than {}", spec.above),
        ("less than {}", spec.below),
        ("at least {} characters", spec.min_length),
        ("at most {} characters", spec.max_length),
        ("by default {}", spec.default),
        ("of type {}", spec.type),
    ):
        if value is not None:
            parts.append(form.format(value))
    return " ".join(parts)


def read_named_list(draft: Draft, piece: Piece, *, trusted: bool = False) -> bool:
    """Read `Book: title, author, year` and `Book (title, author)`; untrusted, only for several or known things."""
    found = _COLON.fullmatch(piece.text.strip(" ."))
    subject = nouns.thing(found["subject"]) if found else ""
    if not found or not subject or nouns.is_interface(subject) or nouns.is_account(subject):
        return False
    rest = found["rest"].rstrip(")") if "(" in piece.text[: found.start("rest")] else found["rest"]
    specs = specs_of(normal(rest))
    named = [spec for spec in specs if spec.noun]
    known = draft.find(subject)
    good = [spec for spec in named if _is_data(spec) or (known and draft.find(spec.noun))]
    if any(draft.find(spec.noun) for spec in named) and not known and not trusted:
        return False
    if not known and (
        len(named) < len(specs)
        or not good
        or (not trusted and (len(good) < _FEW or len(good) * 2 < len(named)))
    ):
        return False
    if known and not good:
        return False
    evidence = draft.evidence
    entity = draft.entity(subject, piece, declared=True)
    taken = take_fields(draft, entity, specs, piece)
    if not trusted:
        draft.evidence = evidence
    return taken


def _is_data(spec: Spec) -> bool:
    return kind_of(spec.noun).known or spec.constrained


def read_belonging(draft: Draft, piece: Piece) -> bool:
    """Read `each loan belongs to a member and a book`."""
    found = _BELONGS.fullmatch(normal(piece.text).rstrip(".! "))
    if not found:
        return False
    subject = found["subject"].strip()
    entity = (
        draft.context
        if re.fullmatch(r"it|they|each", subject, re.IGNORECASE)
        else draft.find(nouns.thing(subject) or subject)
    )
    if entity is None:
        return False
    joins = re.fullmatch(r"links|connects|joins", found["loose"] or "", re.IGNORECASE)
    specs = specs_of(
        re.sub(r"\s+(?:with|to)\s+", " and ", found["rest"], count=1) if joins else found["rest"]
    )
    if not specs or any(not spec.noun for spec in specs):
        return False
    loose = bool(found["loose"])
    if loose and not joins and not all(_linkable(draft, spec) for spec in specs):
        return False
    optional = bool(re.search(r"\b(?:can|may|might)\b", found["modal"], re.IGNORECASE))
    told = [_belong(draft, entity, spec, piece, optional) for spec in specs]
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {', '.join(told)}")
    draft.context = entity
    draft.evidence += 1
    return True


def _linkable(draft: Draft, spec: Spec) -> bool:
    noun = singular(spec.noun.lower())
    return bool(draft.find(spec.noun)) or noun in SHARED or nouns.is_owner(noun)


def _belong(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece, optional: bool) -> str:
    if nouns.is_owner(spec.noun) and not draft.find(spec.noun):
        entity.private = entity.private or piece
        return "belongs to the account that creates it"
    target = draft.entity(spec.noun, piece)
    if spec.counted:
        draft.several.append(Several(entity.key, target.key, plural(target.noun), True, piece))
        return f"many {plural(target.noun)}"
    link = draft.link(entity, target, singular(spec.noun), piece)
    draft.settle_many(link, many=False, piece=piece, owner=entity.noun)
    link.one_to_one = link.one_to_one or (spec.exactly_one and _one_of_each(entity, target))
    required = not optional if spec.required is None else spec.required
    draft.settle_required(link, required=required, piece=piece, owner=entity.noun)
    return f"{'an optional' if not required else 'one'} {target.noun}"


def _one_of_each(entity: EntityDraft, target: EntityDraft) -> bool:
    return (
        any(link.to == entity.key and link.many is False for link in target.links.values())
        and entity is not target
    )


def read_rule(draft: Draft, piece: Piece) -> bool:
    """Read what the values of a field must be: `the price must be positive`, `the title is required`."""
    text = normal(piece.text).rstrip(".! ")
    if found := _SHARED_VALUE.fullmatch(text):
        return _unique(draft, piece, found)
    if found := _ALL_FIELDS.fullmatch(text):
        return _all_fields(draft, piece, required="optional" not in found["what"].lower())
    if found := _ONLY_REQUIRED.fullmatch(text):
        return _constrain(draft, piece, found["fields"], Spec("", required=True))
    if found := _MARKED.fullmatch(text):
        return _marked(draft, piece, found)
    found = _RULE.fullmatch(text)
    if not found:
        return False
    rest = re.sub(r"\A(?:goes|go|ranges?|lies|runs?)\b", "is", found["rest"], flags=re.IGNORECASE)
    states = _STATES.fullmatch(rest)
    spec = Spec("")
    take_properties(spec, rest)
    if spec.rest and states:
        spec = Spec("", values=_states(states["values"]))
        if spec.values and (entity := _entity_of(draft, found["subject"])):
            return _state_of(draft, entity, spec.values, piece)
    if spec.values and not spec.rest and (entity := _entity_of(draft, found["subject"])):
        return _state_of(draft, entity, spec.values, piece)
    if spec.rest or not (spec.constrained or spec.unit):
        return False
    return _constrain(draft, piece, found["subject"], spec)


def _states(text: str) -> tuple[str, ...]:
    items = split_list(text)
    plain = [re.sub(r"\A(?:an?|the)\s+", "", item, flags=re.IGNORECASE).strip("\"'") for _, item in items]
    few = all(len(item.split()) <= 3 for item in plain)  # noqa: PLR2004
    return tuple(plain) if len(items) > 1 and items[-1][0] == "or" and few else ()


def _entity_of(draft: Draft, text: str) -> EntityDraft | None:
    if re.fullmatch(r"it|they", text, re.IGNORECASE):
        return draft.context
    noun = nouns.thing(text)
    return draft.find(noun) if noun else None


def _state_of(draft: Draft, entity: EntityDraft, values: tuple[str, ...], piece: Piece) -> bool:
    draft.add_field(entity, Spec("status", values=values), piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: one of {', '.join(values)}")
    draft.note(piece, Reading.ASSUMED, f"the field that tells which is called {quoted('status')}")
    return True


def _unique(draft: Draft, piece: Piece, found: re.Match[str]) -> bool:
    entity = draft.find(nouns.thing(found["subject"]))
    if entity is None:
        return False
    draft.add_field(entity, Spec(nouns.bare(found["field"]), unique=True), piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {found['field']} unique")
    return True


def _all_fields(draft: Draft, piece: Piece, *, required: bool) -> bool:
    entity = draft.context
    if entity is None:
        return False
    for item in entity.fields.values():
        if "required" not in item.facts:
            draft.constrain(item, Spec("", required=required), piece)
    words = "required" if required else "optional"
    draft.note(
        piece,
        Reading.UNDERSTOOD,
        f"{entity.noun}: {', '.join(item.noun for item in entity.fields.values())} {words}",
    )
    return True


def _marked(draft: Draft, piece: Piece, found: re.Match[str]) -> bool:
    entity = _entity_of(draft, found["subject"])
    if entity is None:
        return False
    noun = re.sub(r"\Aan?\s+", "", found["what"], flags=re.IGNORECASE)
    draft.add_field(entity, Spec(noun, type=FieldType.BOOLEAN), piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}: {noun}, yes or no")
    return True


def _constrain(draft: Draft, piece: Piece, subject: str, spec: Spec) -> bool:
    names = [
        nouns.bare(item) for _, item in split_list(re.sub(r"\Aboth\s+", "", subject, flags=re.IGNORECASE))
    ]
    found = [fields_named(draft, name) for name in names]
    links = [links_named(draft, name) for name in names]
    if not names or not all(one or other for one, other in zip(found, links, strict=True)):
        return False
    told: list[str] = []
    for choices, linked in zip(found, links, strict=True):
        if not choices and spec.required is not None:
            for entity, link in linked:
                draft.settle_required(link, required=spec.required, piece=piece, owner=entity.noun)
                told.append(f"{link.noun} of {entity.noun}")
        for entity, item in choices:
            draft.constrain(item, spec, piece)
            item.unit = item.unit or spec.unit
            told.append(f"{item.noun} of {entity.noun}")
        if len(choices) > 1:
            kept = ", ".join(entity.noun for entity, _ in choices)
            draft.note(piece, Reading.ASSUMED, f"this holds for each of: {kept}")
    if not told:
        return False
    draft.evidence += 1
    draft.note(piece, Reading.UNDERSTOOD, f"{', '.join(told)}: {_told(replace(spec, noun='')).strip()}")
    return True


_OF = re.compile(
    r"(?P<field>.+?)\s+(?:of|for|on)\s+(?:an?|the|each|every|all|any)?\s*(?P<entity>\S+(?:\s+\S+)?)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"(?P<entity>.+?)(?:'s|s')\s+(?P<field>.+)", re.IGNORECASE)


def _split_name(draft: Draft, name: str) -> tuple[EntityDraft | None, str]:
    for pattern in (_POSSESSIVE, _OF):
        if found := pattern.fullmatch(name):
            entity = draft.find(nouns.bare(found["entity"]))
            if entity:
                return entity, nouns.bare(found["field"])
    words = name.split()
    for cut in range(1, len(words)):
        entity = draft.find(" ".join(words[:cut]))
        if entity and field_identifier(" ".join(words[cut:])) in entity.fields:
            return entity, " ".join(words[cut:])
    return None, re.sub(r"\A(?:its|their)\s+", "", name, flags=re.IGNORECASE)


def fields_named(draft: Draft, name: str) -> list[tuple[EntityDraft, FieldDraft]]:
    """Return the fields a phrase can mean: of the thing it names, else of the one spoken of, else of all that have it."""
    owner, noun = _split_name(draft, name)
    keys = {
        field_identifier(noun),
        field_identifier(singular(noun)),
        field_identifier(plural(singular(noun))),
    }

    def within(entity: EntityDraft) -> list[tuple[EntityDraft, FieldDraft]]:
        return [(entity, item) for key, item in entity.fields.items() if key in keys]

    if owner:
        return within(owner)
    here = within(draft.context) if draft.context else []
    return here or [pair for entity in draft.entities.values() for pair in within(entity)]


def links_named(draft: Draft, name: str) -> list[tuple[EntityDraft, LinkDraft]]:
    """Return the links a phrase can mean."""
    owner, noun = _split_name(draft, name)
    key = field_identifier(noun)
    entities = [owner] if owner else [draft.context] if draft.context else []
    found = [(entity, entity.links[key]) for entity in entities if key in entity.links]
    everywhere = [(entity, entity.links[key]) for entity in draft.entities.values() if key in entity.links]
    return found or ([] if owner else everywhere)
