"""What a right is about: which things, and which rows of them."""

import re
from dataclasses import dataclass

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import Scope
from astrolabe.roles.webapp.reading.links import longer
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.words import is_plural

_PLACE = re.compile(
    r"\s+(?:in|on|of|from)\s+(?:the|this|our|my)\s+(?:app|application|system|site|website|catalogue|catalog|library|database|list|platform|portal|inventory)\Z",
    re.IGNORECASE,
)
_SELF = r"(?:them(?:selves|self)?|him(?:self)?|her(?:self)?|himself\s+or\s+herself|me|us|you)"
_OTHERS = r"(?:others|(?:any|some)?\s*other\s+(?:users?|people|members?|accounts?|persons?|customers?|employees?)|(?:some|any|every)(?:one|body)\s+else|another\s+(?:user|member|person))"
_MADE = r"(?:created|written|made|added|posted|submitted|entered|recorded|owned|published|uploaded|opened|started)"
_SUFFIXES: tuple[tuple[re.Pattern[str], Scope], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), scope)
    for pattern, scope in (
        (rf"\s+(?:that|which)?\s*(?:they|he|she|he\s+or\s+she|i|we|you)\s+(?:have\s+|has\s+|themselves\s+|originally\s+)*(?:{_MADE}|own|wrote)(?:\s+themselves)?\Z", Scope.OWN),
        (rf"\s+(?:(?:that|which)\s+(?:is|are|was|were)\s+)?(?:{_MADE}\s+by|belonging\s+to|that\s+belongs?\s+to)\s+{_SELF}\Z", Scope.OWN),
        (r"\s+of\s+(?:their|his|her|my|your)\s+own\Z", Scope.OWN),
        (rf"\s+(?:(?:that|which)\s+(?:is|are|was|were)\s+)?(?:{_MADE}\s+by|belonging\s+to|that\s+belongs?\s+to|of|from|by)\s+{_OTHERS}\Z", Scope.OTHERS),
        (r"\s+(?:of|from|by|created\s+by|belonging\s+to)\s+(?:everyone|everybody|anyone|anybody|all\s+(?:the\s+)?(?:other\s+)?(?:people|[a-z]+s))\Z", Scope.EVERY),
    )
)  # fmt: skip
_DETERMINERS: tuple[tuple[re.Pattern[str], Scope | None], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), scope)
    for pattern, scope in (
        (r"(?:only\s+)?(?:(?:their|his|her|its|my|your|our|his\s+or\s+her|his/her)\s+)?own\s+", Scope.OWN),
        (r"(?:only\s+)?(?:their|his\s+or\s+her|his/her|his|her|my|your|one's)\s+", Scope.OWN),
        (r"(?:each\s+other's|one\s+another's|others'|other\s+(?:people|users|members|accounts|customers|employees)(?:'s|s'|')|other\s+(?:user|member|person|customer|employee)'?s'?|(?:some|any|every)(?:one|body)\s+else's|another\s+(?:user|member|person)'s)\s+", Scope.OTHERS),
        (r"(?:any|all(?:\s+of)?(?:\s+the)?|every|each|every\s+single|everyone's|everybody's|anyone's|anybody's)\s+(?:other\s+|existing\s+)?", Scope.EVERY),
        (r"(?:the\s+)?(?:lists?|overviews?|details|contents?)\s+of\s+(?:the\s+)?(?P<all>all\s+)?", None),
        (r"(?:an?|the|new|existing|one\s+or\s+more|multiple|our|these|those|this)\s+", None),
    )
)  # fmt: skip
_EVERYTHING = re.compile(
    r"(?:everything|anything|all(?:\s+(?:of\s+it|of\s+them))?|(?:all|any)\s+(?:the\s+|other\s+)?(?:data|content|records?|entries|rows|items|entities|things)|(?:the\s+)?(?:data|content|records|entries))"
    r"(?:\s+in\s+(?:the|this)\s+\w+)?(?:\s*,?\s+(?:except(?:\s+for)?|but|apart\s+from|other\s+than)\s+(?P<but>\S.*))?",
    re.IGNORECASE,
)
_THEM = re.compile(
    r"(?:(?:any|all|each|one)\s+of\s+)?(?:them|they|it|these|those|this|that)|one", re.IGNORECASE
)
_THEIR_OWN = re.compile(
    r"(?:only\s+)?(?:(?:their|his|her|his\s+or\s+her|my|our)\s+own(?:\s+ones?)?"
    rf"|(?:the\s+ones?|those)\s+(?:that\s+|which\s+)?(?:they|he\s+or\s+she|i|we)\s+(?:have\s+)?(?:themselves\s+)?(?:{_MADE}|own|wrote))",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"\s+(?:records?|entries|entry|details|information|info|data|pages?|lists?)\Z", re.IGNORECASE
)
_NOT_MADE = frozenset({
    "profile", "password", "login", "report", "chart", "file", "photo", "image", "email", "notification", "message", "comment",
    "invoice", "payment", "theme", "language", "setting", "thing", "item", "data", "export", "pdf", "statistic", "filter", "search",
    "field", "access", "permission", "right", "everything", "something", "nothing",
})  # fmt: skip
_FEW = 2


@dataclass(frozen=True)
class Target:
    """A thing and which of its rows; EVERY says so expressly, ALL just names the thing, `whole` is one of all things."""

    entity: EntityDraft
    scope: Scope = Scope.ALL
    whole: bool = False


def targets_of(draft: Draft, text: str, *, new: Piece | None = None) -> list[Target]:
    """Return what a phrase is about, nothing when any part of it is not known; `new` lets it name a thing for the first time."""
    text = _PLACE.sub("", text.strip(" .,:"))
    known = draft.find(nouns.bare(_determined(text)[1]))
    if (
        not known
        and (found := _EVERYTHING.fullmatch(text))
        and not (draft.mentioned and _THEM.fullmatch(text))
    ):
        return _everything(draft, found["but"] or "")
    if _THEM.fullmatch(text):
        spoken = draft.mentioned or ([draft.context] if draft.context else [])
        return [Target(entity) for entity in spoken]
    if _THEIR_OWN.fullmatch(text):
        return [Target(entity, Scope.OWN) for entity in draft.mentioned]
    after: Scope | None = None
    for pattern, scope in _SUFFIXES:
        if found := pattern.search(text):
            text, after = text[: found.start()], scope
            break
    return _listed(draft, text, after, new)


def is_their_own(text: str) -> bool:
    """Whether a phrase is about people's own rows of what was named before: `their own`."""
    return bool(_THEIR_OWN.fullmatch(text.strip(" .,")))


def _everything(draft: Draft, but: str) -> list[Target]:
    left_out = {target.entity.key for target in targets_of(draft, but)} if but else set[str]()
    if but and not left_out:
        return []
    return [
        Target(entity, Scope.EVERY, whole=not but)
        for key, entity in draft.entities.items()
        if key not in left_out
    ]


def _listed(draft: Draft, text: str, after: Scope | None, new: Piece | None) -> list[Target]:
    """Read a list of things; a determiner holds for what follows it, a relative clause for all before it."""
    out: list[Target] = []
    scope = Scope.ALL
    for _, item in split_list(text):
        said, noun = _determined(item)
        scope = said or scope
        entity = _thing(draft, noun, new if is_plural(noun) or noun != item else None)
        if entity is None:
            return []
        out.append(Target(entity, after or scope))
    return out


def _determined(text: str) -> tuple[Scope | None, str]:
    said: Scope | None = None
    while True:
        for pattern, scope in _DETERMINERS:
            if found := pattern.match(text):
                here = scope or (Scope.EVERY if found.groupdict().get("all") else None)
                said = (here or said) if said in {None, Scope.EVERY} else said
                text = text[found.end() :]
                break
        else:
            return said, text


def _thing(draft: Draft, text: str, new: Piece | None) -> EntityDraft | None:
    noun = nouns.thing(text)
    if not noun:
        return None
    found = draft.find(noun) or draft.find(_DETAIL.sub("", noun)) or longer(draft, noun)
    if found is None and new and _can_be_made(noun):
        return draft.entity(noun, new)
    return found


def _can_be_made(noun: str) -> bool:
    unfit = nouns.APPLICATION | nouns.PEOPLE | _NOT_MADE
    before = noun.lower().split()[:-1]
    plain = noun.replace(" ", "").isalpha() and not any(is_plural(word) for word in before)
    return plain and nouns.head(noun) not in unfit and len(before) < _FEW
