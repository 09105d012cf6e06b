"""What is asked for at all: a web application, something else, features every application has, or ones none has."""

import difflib
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.words import (
    CACHED,
    plural,
    singular,
    singular_word,
    undecorated,
    word_set,
)


class Ask(Enum):
    """What a sentence asks for: an application, perhaps one, nothing, something else to be made, or another deed."""

    APPLICATION = 2
    PERHAPS = 1
    NOTHING = 0
    OTHER = -1
    DEED = -2


@dataclass(frozen=True)
class Request:
    """`name` is the application's, if given; `subject` what it is about; `tail` all that follows its noun."""

    ask: Ask
    name: str = ""
    subject: str = ""
    tail: str = ""
    things: tuple[str, ...] = ()


_APPLICATIONS = word_set("""
    dictionary glossary guide desk box archive calendar scheduler collection companion book
    trainer management
    app application webapp website site portal platform tracker manager organizer organiser planner
    database catalogue catalog directory inventory journal diary crm blog shop store forum marketplace
    cookbook intranet cms wiki system tool register registry logbook log notebook board list library
    service solution product software bookstore webshop api backend
""")
_APPLICATION_ENDINGS = ("book", "sheet", "tracker", "base", "board", "planner", "hub")
_GENERIC = word_set(
    "app application webapp website site portal platform system tool software solution product service program web"
)
_OTHERS = word_set("""
    compiler interpreter parser script function class module package cli bot chatbot game plugin extension
    driver kernel firmware essay poem letter story article report presentation slide spreadsheet macro
    regex query algorithm network pipeline benchmark test crawler scraper sdk framework dockerfile
    makefile workflow simulation simulator emulator method library_for decorator iterator lexer tokenizer
    calculator widget component theme logo song recipe email summary translation proof theorem model
    classifier virus shader engine protocol daemon hook patch schema migration diagram program
""")
_NATIVE = re.compile(
    r"\b(?:ios|iphone|ipad|android|native|desktop|windows|macos|electron|command[- ]?line|cli|terminal|console|tui|vs\s?code|chrome|browser\s+extension"
    r"|discord|telegram|slack|excel|jupyter|django|rails|flask|laravel|php|wordpress|angular|vue|svelte|spring|unity|python|rust|java|c\+\+|golang|bash|embedded|arduino|smart\s?contract|flutter|swift|kotlin|mobile\s+(?:game|phone\s+app))\b",
    re.IGNORECASE,
)
_CONTRARY = word_set("""
    fix refactor debug translate explain summarize summarise optimize optimise upgrade migrate deploy
    review rename convert port rewrite add remove update delete analyze analyse improve compare find
    calculate compute solve sort print draw plot train test document install configure investigate
    research tell describe extract parse scrape download run benchmark profile merge bump reverse prove
    teach plan buy cook call send list extend integrate replace speed clean answer check validate
""")
_POLITE = re.compile(
    r"(?:my|our|the)\s+\w+(?:\s\w+){0,3}?\s+(?:needs?|wants?)\s+(?=an?\s)|(?:need|want(?:ed)?|looking\s+for)\s*:?\s+(?=an?\s)|pl(?:eas|ese|ase|s|z)\b\s+|"
    r"(?:i|we)\s+(?:run|have|own|are|manage|work|organi[sz]e)\s+[^,.]{1,60}?,?\s+and\s+(?=(?:i|we)\s+(?:need|want|would)\b)|"
    r"(?:please|hi|hello|hey|there|dear\s+\w+|thanks|so|well|ok|okay|basically)\b[,!.]?\s+"
    r"|(?:can|could|would|will)\s+you\s+(?:please\s+)?|(?:i|we)(?:'d|\s+would|\s+am|'m|\s+are|'re)?\s+(?:really\s+|just\s+)?(?:like|love|want|wish|need|hope|plan|planning|trying|going|looking|building|making|creating|developing)"
    r"(?:\s+(?:you|someone|somebody|us|for))*(?:\s+to(?=\s))?\s+|help\s+(?:me|us)\s+(?:to\s+)?|let's\s+|(?:your|the|my|our)\s+(?:task|goal|aim|idea|job|purpose|project)\s+is\s+(?:to\s+)?|go\s+and\s+",
    re.IGNORECASE,
)
_WANTING = re.compile(
    r"(?:i|we)(?:'d|\s+would|\s+am|'m|\s+are|'re)?\s+(?:really\s+|just\s+)?(?:like|love|want|wish|need|building|making|creating|developing|looking)\b",
    re.IGNORECASE,
)
_BUILD = re.compile(
    r"(?:build|create|make|develop|design|implement|generate|set\s+up|produce|program|code|write|prepare|deliver|give|have|get|bootstrap|scaffold|prototype|craft|start)\s+(?:me\s+|us\s+|up\s+)?(?:(?:all\s+)?(?:this|it|that|these)\s+(?:as|into|in\s+the\s+form\s+of)\s+)?",
    re.IGNORECASE,
)
_TRACK = re.compile(
    r"\b(?:keep(?:ing)?\s+track\s+of|track(?:ing)?|manag(?:e|es|ing)|organi[sz](?:e|es|ing)|collect(?:ing)?|catalogu?(?:e|ing)|stor(?:e|es|ing)|record(?:ing)?|maintain(?:ing)?|sav(?:e|ing)|administer(?:ing)?|plan(?:ning)?|log(?:ging)?|shar(?:e|ing)|list(?:ing)?|keep(?:ing)?)\s+(?:all\s+|of\s+)?(?:my|our|your|their|the|all|his|her)?\s*(?P<things>[\w' -]+(?:,\s*[\w' -]+)*)",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"\b(?:called|named|titled)\s+(?:\"([^\"]{1,80})\"|'([^']{1,80})'|([A-Z][\w-]*(?:\s+[A-Z][\w-]*){0,3}))"
)
_IS_APP = re.compile(r"\A(?P<name>[A-Z][\w' -]{0,60}?)\s+(?:is|will\s+be|should\s+be)\s+(?P<what>an?\s+\S.*)")
_END_OF_NOUN = re.compile(
    r"\s*(?:[,.:;!?()\"]|\b(?:for|to|that|which|where|with|called|named|in\s+which|so|using|who|whose|about|of|on|by|and|i|we|like|similar|inspired|based(?=\s+on)|including|featuring|without|in(?=\s))\b)",
    re.IGNORECASE,
)
_APP_DOES = re.compile(
    r"(?:the|this|my|our|it's\s+an?)\s+(?:web\s+)?(?:app|application|website|site|system|tool|platform|portal)\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(
    r"\b(?:only|can|may|must|shall|should|cannot|can't|never|not|nobody|no\s+one|anyone|everyone|everybody|anybody)\b",
    re.IGNORECASE,
)
_SOMETHING = word_set("something way place thing anything")
_ONLINE = re.compile(
    r"\A(?:some|any)thing\s+(?:simple\s+)?(?:web[- ]based|online|on\s+the\s+web|for\s+the\s+web|in\s+the\s+browser)\b",
    re.IGNORECASE,
)
_PLAIN = word_set("""
    a an the simple small web based web-based little basic modern full new nice personal online internal
    complete full-stack fullstack tiny single clean beautiful responsive minimal self-hosted my our
    private crud multi-user management tracking
""")


@lru_cache(maxsize=CACHED)
def request_of(sentence: str, *, first: bool) -> Request:
    """Return what a sentence asks for; `first` tells that nothing was asked before it."""
    text = re.sub(
        r",?\s+(?:please|pls|thanks|thx)\Z", "", sentence.strip().rstrip(".!?"), flags=re.IGNORECASE
    )
    if found := _IS_APP.match(text):
        inner = _object(found["what"])
        if inner.ask is Ask.APPLICATION and found["name"].lower() not in {"this", "it", "the goal", "goal"}:
            return Request(
                inner.ask,
                name=_name(text) or found["name"].strip(),
                subject=inner.subject,
                things=inner.things,
                tail=inner.tail,
            )
    if found := re.match(
        r"(?:it|this)(?:'s|\s+is|\s+should\s+be|\s+will\s+be)\s+(?=an?\s)", text, re.IGNORECASE
    ):
        asked = _object(text[found.end() :])
        return asked if asked.ask is Ask.APPLICATION else Request(Ask.NOTHING)
    wanting = bool(_WANTING.match(text))
    while found := _POLITE.match(text):
        text = text[found.end() :]
    text = _mended(text)
    built = _BUILD.match(text)
    if built:
        asked = _object(text[built.end() :])
        return asked if asked.ask is not Ask.NOTHING or not first else Request(Ask.NOTHING)
    word = text.split()[0].lower() if text.split() else ""
    if first and len(text.split()) <= 5 and not _RIGHT.search(text):  # noqa: PLR2004
        asked = _object(text)
        if asked.ask in {Ask.APPLICATION, Ask.PERHAPS}:
            return asked
    tracked = _TRACK.match(text)
    if tracked and (wanting or (first and word not in _CONTRARY)):
        return Request(Ask.PERHAPS, name=_name(text), things=_things(tracked["things"]), tail=f"to {text}")
    if word in _CONTRARY and first and not wanting:
        return Request(Ask.DEED)
    wished = re.search(r"\b(?:want|need|would\s+like|wish|'d\s+like)\s+to\s+", text, re.IGNORECASE)
    if first and wished and (tracked := _TRACK.match(text[wished.end() :])):
        tail = f"to {text[wished.end() :]}"
        return Request(Ask.PERHAPS, name=_name(text), things=_things(tracked["things"]), tail=tail)
    if wanting or (
        first
        and re.match(r"(?:an?|the|my|our|this)\s|[\w-]+\s+(?:app|tracker|manager)\b", text, re.IGNORECASE)
    ):
        asked = Request(Ask.NOTHING) if not wanting and _SAYS.match(text) else _object(text)
        if asked.ask in {Ask.APPLICATION, Ask.PERHAPS} or wanting:
            return asked
    if _APP_DOES.match(text):
        return Request(Ask.PERHAPS, name=_name(text))
    return Request(Ask.NOTHING)


_SAYS = re.compile(
    r"(?:an?|the)\s+[\w-]+(?:\s+[\w-]+)?\s+(?:[a-z]+s|is\s+[a-z]+(?:ed|en))\s+(?:place\s+)?(?:(?:at|in|on|to|by|about|from|with)\s+)?(?:an?|the|one)\s",
    re.IGNORECASE,
)
"""A sentence about a thing and another, whose last word is no application: `a dive takes place at a site`."""


def _mended(text: str) -> str:
    """Read a misspelt verb before `a` or `me` as the one it is closest to: `bulid me a shop`."""
    found = _FIRST_WORDS.match(text)
    if found is None or _BUILD.match(text):
        return text
    close = difflib.get_close_matches(found[1].lower(), _BUILDING, n=1, cutoff=_CLOSE)
    return close[0] + text[found.end(1) :] if close else text


_FIRST_WORDS = re.compile(r"([a-z]{4,10})\s+(?:me|us|an?|the|my|our|this)\b", re.IGNORECASE)
_BUILDING = ("build", "create", "make", "develop", "design", "generate", "implement")
_CLOSE = 0.75


def _object(text: str) -> Request:
    """Judge what is to be made by its noun."""
    end = _END_OF_NOUN.search(text)
    phrase = (text[: end.start()] if end and end.start() else text).strip()
    tail = text[text.find(phrase) + len(phrase) :] if phrase else ""
    phrase = undecorated(phrase)
    words = [word.lower() for word in re.findall(r"[\w+-]+", phrase)]
    if not words:
        return Request(Ask.NOTHING)
    noun = words[-1] if words[-1] in _APPLICATIONS else singular_word(words[-1])
    if noun != words[-1] and noun not in _OTHERS | _GENERIC:
        return Request(Ask.NOTHING)
    tracked = _TRACK.search(tail)
    things = _things(tracked["things"]) if tracked else ()
    if noun in _SOMETHING or words[0] in _SOMETHING:
        online = bool(_ONLINE.search(text))
        ask = Ask.APPLICATION if online else Ask.PERHAPS if tracked else Ask.NOTHING
        return Request(ask, name=_name(text), things=things, tail=tail)
    if noun in _OTHERS or (singular_word(words[-1]) + "_for" in _OTHERS and "for" in tail[:5]):
        return Request(Ask.OTHER)
    if noun not in _APPLICATIONS and not noun.endswith(_APPLICATION_ENDINGS):
        return Request(Ask.NOTHING)
    if _NATIVE.search(phrase) or re.match(
        r"\s+(?:in|with|using)\s+(?:django|rails|flask|laravel|php|python|rust|java|go|swift|kotlin|c\+\+)\b",
        tail,
        re.IGNORECASE,
    ):
        return Request(Ask.OTHER)
    said = [word for word in phrase.split() if word.lower() not in _PLAIN]
    subject = " ".join(said[:-1] if noun in _GENERIC else said)
    subject = subject or _about(tail)
    return Request(Ask.APPLICATION, name=_name(text), subject=subject, things=things, tail=tail)


def _about(text: str) -> str:
    found = re.match(
        r"\s+(?:for|of|about|on)\s+(?:(?:my|our|the|a|an|your|managing|tracking)\s+)?([\w'-]+(?:\s+[\w'-]+)?)(?=\s*(?:[.,:;]|\Z|\s(?:where|that|which|and|to|in|with|so)\b))",
        text,
        re.IGNORECASE,
    )
    return (
        found[1]
        if found and found[1].lower() not in {"it", "this", "that", "them", "us", "me", "you"}
        else ""
    )


def _name(text: str) -> str:
    found = _NAMED.search(text)
    return next((part for part in found.groups() if part), "") if found else ""


def _things(text: str) -> tuple[str, ...]:
    text = re.split(
        r"\b(?:with|where|that|which|in|for|so|from|by|on|at|including|such|to|including|including)\b",
        text,
        maxsplit=1,
    )[0]
    parts = [nouns.bare(part) for part in re.split(r",\s*(?:and\s+)?|\s+and\s+|\s+or\s+", text)]
    return tuple(part for part in parts if part and len(part.split()) <= 3)  # noqa: PLR2004


def name_from(request: Request) -> str:
    """Return a name for an application that has none: what it is about."""
    if request.name:
        return request.name
    if request.subject:
        return request.subject
    return plural(singular(request.things[0])) if request.things else ""


def is_lead(text: str) -> bool:
    """Whether a text only leads to what an application does: `the app should let people`."""
    return bool(_LEAD.fullmatch(text.strip(" .:,")))


_LEAD = re.compile(
    rf"(?:{_APP_DOES.pattern})(?:\s+(?:should|must|will|shall|is|to|let|lets|allow|allows|enable|people|users|us|me|for|be|able))*",
    re.IGNORECASE,
)
