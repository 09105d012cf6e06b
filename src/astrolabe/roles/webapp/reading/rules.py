"""Rules for what the values of a field must be: `the price must be positive`, `the title is required`."""

import re
from dataclasses import replace

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft, FieldDraft, LinkDraft
from astrolabe.roles.webapp.reading.fields import told
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.links import longer
from astrolabe.roles.webapp.reading.normal import normal
from astrolabe.roles.webapp.reading.properties import take_properties
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.spec import Spec, is_noun
from astrolabe.roles.webapp.reading.specs import without_relative
from astrolabe.roles.webapp.reading.words import field_identifier, is_plural, plural, singular, with_article
from astrolabe.sdk import Reading

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
    if len(spec.values) == 1:
        return False  # `one of the two teams` lists no values
    if spec.rest and states:
        spec = Spec("", values=_states(states["values"]))
        if spec.values and (entity := _entity_of(draft, found["subject"])):
            return _state_of(draft, entity, spec, piece)
    if spec.values and not spec.rest and (entity := _entity_of(draft, found["subject"])):
        return _state_of(draft, entity, spec, piece)
    if spec.rest or not (spec.constrained or spec.unit):
        return False
    return _constrain(draft, piece, found["subject"], spec) or _nameless(draft, piece, found["subject"])


def _nameless(draft: Draft, piece: Piece, subject: str) -> bool:
    """Say that a rule is about something that was not named as a field."""
    noun = nouns.bare(subject)
    if (
        not is_noun(noun)
        or nouns.is_interface(noun)
        or draft.find(noun)
        or re.match(r"(?:it|they|this|these)\b", noun, re.IGNORECASE)
    ):
        return False
    draft.note(piece, Reading.UNREAD, f"nothing kept is called {quoted(noun)}")
    return True


def _states(text: str) -> tuple[str, ...]:
    items = split_list(text)
    plain = [re.sub(r"\A(?:an?|the)\s+", "", item, flags=re.IGNORECASE).strip("\"'") for _, item in items]
    few = all(len(item.split()) <= 3 for item in plain)  # noqa: PLR2004
    return tuple(plain) if len(items) > 1 and items[-1][0] == "or" and few else ()


def _entity_of(draft: Draft, text: str) -> EntityDraft | None:
    if re.fullmatch(r"it|they", text, re.IGNORECASE):
        return draft.context
    noun = nouns.thing(text)
    return draft.find(noun) or longer(draft, noun) if noun else None


def _state_of(draft: Draft, entity: EntityDraft, spec: Spec, piece: Piece) -> bool:
    values = spec.values
    draft.add_field(entity, replace(spec, noun="status"), piece)
    draft.note(piece, Reading.UNDERSTOOD, f"{entity.noun}:{told(replace(spec, noun=''))}")
    draft.note(piece, Reading.ASSUMED, f"the field that tells which is called {quoted('status')}")
    if {value.lower() for value in values} & {"public", "private", "shared", "visible", "hidden"}:
        draft.note(piece, Reading.UNREAD, f"who may see {with_article(entity.noun)} does not depend on it")
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
        nouns.bare(without_relative(item))
        for _, item in split_list(re.sub(r"\Aboth\s+", "", subject, flags=re.IGNORECASE))
    ]
    found = [fields_named(draft, name) for name in names]
    links = [links_named(draft, name) for name in names]
    if not names or not all(one or other for one, other in zip(found, links, strict=True)):
        return False
    said: list[str] = []
    for choices, linked in zip(found, links, strict=True):
        if not choices and spec.required is not None:
            for entity, link in linked:
                draft.settle_required(link, required=spec.required, piece=piece, owner=entity.noun)
                said.append(f"{link.noun} of {entity.noun}")
        for entity, item in choices:
            draft.constrain(item, spec, piece)
            item.unit = item.unit or spec.unit
            said.append(f"{item.noun} of {entity.noun}")
        if len({entity.key for entity, _ in choices}) > 1:
            kept = ", ".join(entity.noun for entity, _ in choices)
            draft.note(piece, Reading.ASSUMED, f"this holds for each of: {kept}")
    if not said:
        return False
    draft.evidence += 1
    draft.note(piece, Reading.UNDERSTOOD, f"{', '.join(said)}: {told(replace(spec, noun='')).strip()}")
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
        entity, rest = draft.find(" ".join(words[:cut])), " ".join(words[cut:])
        if entity and {field_identifier(rest), field_identifier(singular(rest))} & entity.fields.keys():
            return entity, rest
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
    return (
        here
        or [pair for entity in draft.entities.values() for pair in within(entity)]
        or _longer(draft, noun)
        or _each(draft, noun)
    )


def _each(draft: Draft, noun: str) -> list[tuple[EntityDraft, FieldDraft]]:
    """Return the fields of the thing spoken of that a plural means: `prices` where there is one for guests and one for staff."""
    one = singular(noun.lower())
    items = draft.context.fields.values() if draft.context and is_plural(noun) else ()
    return [
        (draft.context, item)
        for item in items
        if draft.context
        and (item.noun.lower().startswith(f"{one} ") or item.noun.lower().endswith(f" {one}"))
    ]


def _longer(draft: Draft, noun: str) -> list[tuple[EntityDraft, FieldDraft]]:
    """Return the only field whose name begins or ends with a noun: `rate` of `rate per word`."""
    low = noun.lower()
    found = [
        (entity, item)
        for entity in draft.entities.values()
        for item in entity.fields.values()
        if low and (item.noun.lower().startswith(f"{low} ") or item.noun.lower().endswith(f" {low}"))
    ]
    return found if len(found) == 1 else []


def links_named(draft: Draft, name: str) -> list[tuple[EntityDraft, LinkDraft]]:
    """Return the links a phrase can mean."""
    owner, noun = _split_name(draft, name)
    key = field_identifier(noun)
    entities = [owner] if owner else [draft.context] if draft.context else []
    found = [(entity, entity.links[key]) for entity in entities if key in entity.links]
    everywhere = [(entity, entity.links[key]) for entity in draft.entities.values() if key in entity.links]
    return found or ([] if owner else everywhere)
