"""Cuts a request into what it asks for: `a blog | with posts and comments`, `an app | to track plants and pots`."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from astrolabe.roles.webapp.model import FieldType
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.features import cannot
from astrolabe.roles.webapp.reading.kinds import kind_of
from astrolabe.roles.webapp.reading.sentences import depths_of, split_list
from astrolabe.roles.webapp.reading.words import is_plural, word_set


class Kind(Enum):
    """What a part of a request tells: what it is about, what it has, what is done in it, a likeness, a name, a reason."""

    ABOUT = "about"
    WITH = "with"
    DEED = "deed"
    LIKE = "like"
    NAMED = "named"
    REASON = "reason"
    OTHER = "other"


@dataclass(frozen=True)
class Part:
    """`text` is the part as written, `body` the same without its first word; `things` are the nouns it says are kept.

    `left` are its words that name no such thing, `who` those who do it; `end` is where it ends in what follows the noun of the request.
    """

    kind: Kind
    text: str
    body: str
    things: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    who: str = ""
    end: int = 0


_VERBS = (
    r"(?:keep(?:s|ing)?\s+(?:track|a\s+record|records)\s+of|keep(?:s|ing)?\s+(?:a\s+)?(?:list|lists)\s+of|track(?:s|ing)?|manag(?:es?|ing)|organi[sz](?:es?|ing)|collect(?:s|ing)?"
    r"|catalogu?(?:es?|ing|s)|stor(?:es?|ing)|record(?:s|ing)?|maintain(?:s|ing)?|sav(?:es?|ing)|administer(?:s|ing)?|plan(?:s|ning)?|log(?:s|ging)?|shar(?:es?|ing)|list(?:s|ing)?"
    r"|keep(?:s|ing)?|register(?:s|ing)?|handl(?:es?|ing)|monitor(?:s|ing)?|document(?:s|ing)?|not(?:es?|ing)(?:\s+down)?|writ(?:es?|ing)(?:\s+down)?|creat(?:es?|ing)|add(?:s|ing)?"
    r"|edit(?:s|ing)?|enter(?:s|ing)?|publish(?:es|ing)?|post(?:s|ing)?|brows(?:es?|ing)|view(?:s|ing)?|see(?:s|ing)?|rat(?:es?|ing)|review(?:s|ing)?|lend(?:s|ing)?|borrow(?:s|ing)?"
    r"|rent(?:s|ing)?|book(?:s|ing)?|reserv(?:es?|ing)|order(?:s|ing)?|sell(?:s|ing)?|buy(?:s|ing)?|exchang(?:es?|ing)|swap(?:s|ping)?|schedul(?:es?|ing)|assign(?:s|ing)?|find(?:s|ing)?"
    r"|look(?:s|ing)?\s+up|compar(?:es?|ing)|remember(?:s|ing)?|submit(?:s|ting)?|offer(?:s|ing)?|answer(?:s|ing)?|learn(?:s|ing)?|study(?:ing)?|cook(?:s|ing)?)"
)
_VERB = re.compile(
    rf"(?:also\s+|easily\s+|quickly\s+|be\s+able\s+to\s+|jointly\s+)*(?P<verb>{_VERBS})\s+(?P<object>\S.*)",
    re.IGNORECASE,
)
_SHOWING = re.compile(r"(?:shar|publish|post|exchang|swap|sell|offer)", re.IGNORECASE)
_MANAGING = re.compile(
    r"(?:keep|track|manag|organi|administer|plan|maintain|run|handl|monitor)", re.IGNORECASE
)
_OWN = re.compile(
    r"(?:(?:all|of|my|our|your|their|his|her|the|own|up|new|different|various|any|some|other)\s+)+",
    re.IGNORECASE,
)
_LIST_OF = re.compile(
    r"(?:an?\s+|the\s+)?(?:list|lists|collection|collections|overview|catalogue|set)\s+of\s+", re.IGNORECASE
)
_TAIL = re.compile(
    r"\s+(?:with|by|for|in|on|at|from|to|between|among|across|that|which|who|they|i|we|and|online|together|easily|so|within|per|using|as|when)\b.*",
    re.IGNORECASE,
)
_PEOPLE = r"(?:(?:all\s+|my\s+|our\s+|the\s+|registered\s+)?(?:people|users?|everyone|everybody|anyone|members|me|us|you|them|i|we|they|customers|visitors|someone))"
_MEANS = r"english|german|french|spanish|italian|dutch|portuguese|polish|russian|chinese|japanese|react|typescript|node|the\s+browser|a\s+browser"
_CONNECTOR = re.compile(
    rf"\s*(?:,\s*)?\b(?:(?P<with>with|including|featuring|containing|consisting\s+of|having)|(?P<without>without)|(?P<reason>so\s+that|because|since|in\s+order\s+to\s+avoid)"
    rf"|(?P<named>called|named|titled)|(?P<like>like|similar\s+to|inspired\s+by)|(?P<using>using|based\s+on|built\s+with|made\s+with|written\s+in|in(?=\s+(?:{_MEANS})\b))|(?P<where>where|in\s+which|on\s+which|with\s+which)"
    rf"|(?P<lets>(?:that|which)\s+(?:(?:should|must|can|will)\s+)?(?:lets?|allows?|enables?|helps?)\s+{_PEOPLE}\s+(?:to\s+)?)|(?P<has>(?:that|which)\s+(?:has|have|contains?|includes?))"
    rf"|(?P<does>(?:that|which)\s+(?:(?:should|must|can|will|would)\s+)?(?={_VERBS}\s))|(?P<to>(?:for\s+{_PEOPLE}\s+)?to\s+(?={_VERBS}\s)|for\s+(?={_VERBS}\s))"
    r"|(?P<that>that|which|who)|(?P<about>for|of|about|on))\b\s*|\s*(?P<colon>:)\s+",
    re.IGNORECASE,
)
_KINDS = {
    "with": Kind.WITH, "has": Kind.WITH, "colon": Kind.WITH, "without": Kind.OTHER, "reason": Kind.REASON, "named": Kind.NAMED, "like": Kind.LIKE,
    "using": Kind.OTHER, "where": Kind.OTHER, "lets": Kind.DEED, "does": Kind.DEED, "to": Kind.DEED, "that": Kind.OTHER, "about": Kind.ABOUT,
}  # fmt: skip
_INSIDE = {
    Kind.DEED: {"to", "about", "that", "does", "has"},
    Kind.WITH: {"to", "about", "that", "does", "like"},
    Kind.REASON: set(_KINDS),
    Kind.OTHER: set(_KINDS) - {"without", "with", "named", "where"},
    Kind.LIKE: {"about", "to", "that"},
}
"""What may stand within a part without beginning another."""

_VALUES = frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.INTEGER, FieldType.DECIMAL, FieldType.BOOLEAN, FieldType.EMAIL, FieldType.URL})  # fmt: skip
_NO_THINGS = word_set("""
    feature function option setting role permission right test color colour font icon style design theme layout animation transition
    effect corner shadow language translation button tab menu chart graph statistic notification alert filter search screen login
    account user other everyone way kind type lot detail information stuff everything requirement
""")
_TOO_GENERIC = word_set(
    "thing rule friend family colleague people team list table form view page email report reminder image"
)
_MOST_WORDS = 3


def parts_of(tail: str) -> list[Part]:
    """Return the parts of what follows the noun of a request, in order; together they are the whole of it."""
    marks = _marks(tail)
    first = tail[: marks[0][0] if marks else len(tail)]
    out = [Part(Kind.OTHER, first.strip(" ,"), first.strip(" ,"), end=len(first))]
    for number, (start, body, name) in enumerate(marks):
        end = marks[number + 1][0] if number + 1 < len(marks) else len(tail)
        part = _part(_KINDS[name], tail[start:end].strip(" ,:"), tail[body:end].strip(" ,"))
        out.append(replace(part, end=end))
    return [part for part in out if part.body]


def _marks(tail: str) -> list[tuple[int, int, str]]:
    """Return where each part begins, where its first word ends, and which group of connectors that is of."""
    depths = depths_of(tail)
    out: list[tuple[int, int, str]] = []
    inside: set[str] = set()
    for found in _CONNECTOR.finditer(tail):
        name = found.lastgroup or ""
        if not depths[found.start()] and name not in inside:
            out.append((found.start(), found.end(), name))
            inside = _INSIDE.get(_KINDS[name], set())
    return out


def _part(kind: Kind, text: str, body: str) -> Part:
    if kind is Kind.DEED:
        things, left = deeds_of(body)
        return Part(kind, text, body, things, left)
    if kind is Kind.WITH:
        things, left = _listed(body)
        return Part(kind, text, body, things, left)
    return Part(kind, text, body)


def deeds_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the things that `track plants and pots, and share them` says are kept, and the words that name none.

    What is managed and no kind of thing, as in `manage a fleet`, is what the application is about.
    """
    things: list[str] = []
    left: list[str] = []
    for number, (_, item) in enumerate(split_list(text)):
        found = _VERB.fullmatch(item)
        if found is None and number == 0:
            return (), (text,)
        noun, tail = _object(found["object"] if found else item)
        if noun:
            things.append(noun)
        purpose = found and _MANAGING.match(found["verb"]) and nouns.thing(_bare(found["object"]))
        if found and _SHOWING.match(found["verb"]):
            left.append(item)
        elif (noun and tail) or not (noun or purpose):
            left.append(tail.strip() if noun else item)
    return tuple(things), tuple(left)


def _object(text: str) -> tuple[str, str]:
    """Return the noun of a deed's object when it names kinds of things, and what follows it."""
    text = _bare(text)
    tail = _TAIL.search(text)
    noun = text[: tail.start()] if tail else text
    return (noun if is_thing(noun) else ""), (tail[0] if tail else "")


def _bare(text: str) -> str:
    text = _LIST_OF.sub("", text.strip(" .,"), count=1)
    return _OWN.sub("", text, count=1) if _OWN.match(text) else text


def _listed(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    things: list[str] = []
    left: list[str] = []
    for _, item in split_list(text.rstrip(". ")):
        noun = _bare(item)
        if is_thing(noun) and kind_of(noun).type not in _VALUES and not cannot(noun):
            things.append(noun)
        else:
            left.append(item)
    return tuple(things), tuple(left)


def things_in(text: str) -> Part | None:
    """Return the things that a bare list names, as in `books, members, loans`, or None when it is no such list."""
    things, left = _listed(text)
    return Part(Kind.WITH, text, text, things, left) if things and not left else None


def is_thing(noun: str) -> bool:
    """Whether a plural can be the name of a kind of thing that an application keeps."""
    plain = nouns.thing(noun)
    if not plain or plain != noun.strip() or not is_plural(noun) or len(noun.split()) > _MOST_WORDS:
        return False
    head = nouns.head(noun)
    generic = head in _NO_THINGS or (head in _TOO_GENERIC and len(noun.split()) == 1)
    own = nouns.is_account(noun) or nouns.is_interface(noun)
    return not (generic or own or any(letter.isdigit() for letter in noun))


def needs_readers(text: str) -> bool:
    """Whether a deed is of no use unless others may see what is kept: `share recipes`."""
    found = _VERB.fullmatch(text)
    return bool(found and _SHOWING.match(found["verb"]) and _object(found["object"])[0])


_FALLBACK = re.compile(
    rf"(?:that\s+|which\s+)?(?:(?:lets?|allows?|enables?|helps?)\s+)?(?P<who>\S+(?:\s+\S+)??)\s+(?:to\s+|can\s+|could\s+|may\s+|should\s+|will\s+)?(?P<deeds>{_VERBS}\s+\S.*)",
    re.IGNORECASE,
)
_LETS = re.compile(
    rf"(?:that|which)\s+(?:lets?|allows?|enables?|helps?)\s+(?P<who>\S+(?:\s+\S+)?)\s+(?:to\s+)?(?P<deeds>{_VERBS}\s+\S.*)",
    re.IGNORECASE,
)


def deeds_of_people(clause: str) -> Part | None:
    """Return what is kept by `people share recipes` or `members borrow books`, or None when a clause tells no such thing."""
    found = _FALLBACK.fullmatch(clause.strip(" ."))
    things, left = deeds_of(found["deeds"]) if found else ((), ())
    if found is None or not things:
        return None
    who = "" if re.fullmatch(_PEOPLE, found["who"], re.IGNORECASE) else found["who"]
    return Part(Kind.DEED, clause, found["deeds"], things, left, who)


def as_right(text: str) -> str:
    """Write `that lets librarians catalogue books` as `librarians can catalogue books`; other texts stay."""
    found = _LETS.fullmatch(text.strip(" ."))
    return f"{found['who']} can {found['deeds']}" if found else text


def does_of(text: str) -> Part | None:
    """Return what is kept by `the system shall manage assets`, or None."""
    found = _DOES.fullmatch(text.strip(" ."))
    things, left = deeds_of(found["deeds"]) if found else ((), ())
    return Part(Kind.DEED, text, found["deeds"], things, left) if found and things else None


_DOES = re.compile(
    rf"(?:the|this|my|our)\s+(?:web\s+)?(?:app|application|website|site|system|tool|platform|portal|software)\s+(?:(?:should|must|shall|will|is\s+to|has\s+to|needs\s+to|would)\s+)?(?:(?:let|allow|enable|help)s?\s+{_PEOPLE}\s+(?:to\s+)?)?(?P<deeds>{_VERBS}\s+\S.*)",
    re.IGNORECASE,
)
