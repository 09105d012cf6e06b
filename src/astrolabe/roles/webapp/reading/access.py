"""Who may do what: one sentence is given to the rules for people, for things, for privacy and for inheritance.

Each rule finds the people, the deed and the things in one form of sentence; what is not found whole is not read.
"""

import re

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.active import MODAL, NOT, read_active
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.passive import read_passive
from astrolabe.roles.webapp.reading.people import add_role
from astrolabe.roles.webapp.reading.privacy import read_inheritance, read_privacy
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.verbs import CHANGES_OF_STATE, actions_of, verb_of
from astrolabe.sdk import Reading

_MOST_WORDS = 3
_ADVERBS = re.compile(
    r"\A(?:also|finally|additionally|of\s+course|however|then|in\s+addition|furthermore|moreover|in\s+general|generally|by\s+default|please|and|but|so|instead|likewise)\b,?\s+",
    re.IGNORECASE,
)
_ROLES = re.compile(
    r"(?:the\s+)?(?:roles?|user\s+(?:roles|types|groups))\s*(?:are|is|:|-|\u2013|include)\s*(?P<roles>\S.*)"
    r"|there\s+(?:are|is|should\s+be)\s+(?:\w+\s+)?(?:kinds?|types?|roles?|groups?)(?:\s+of\s+(?:users?|roles?|people|accounts?))?\s*[:,]?\s*(?P<roles2>\S.*)"
    r"|(?:an?\s+)?(?:users?|accounts?)\s+(?:can\s+be|are|is|may\s+be)\s+(?:either\s+)?(?P<roles3>\S.*\sor\s.*)"
    r"|there\s+(?:are|is)\s+(?:an?\s+)?(?P<roles4>\S.*?)\s+roles?",
    re.IGNORECASE,
)


def read_access(draft: Draft, piece: Piece) -> bool:
    """Read who may do what."""
    text = " ".join(piece.text.split()).rstrip(".! ")
    text = _LABEL.sub("", text)
    while found := _ADVERBS.match(text):
        text = text[found.end() :]
    if role := _ROLE.fullmatch(text):
        text = _of_role(draft, role["who"], role["deed"]) or text
    rules = (read_inheritance, read_privacy, read_passive, read_active)
    return any(rule(draft, piece, text) for rule in rules)


_ROLE = re.compile(
    r"(?P<who>[a-z]+(?: [a-z]+)?) ?(?::| [-\u2013\u2014]) (?P<deed>[a-z]\S*\s.*|everything|anything|full access)",
    re.IGNORECASE,
)
_CRUD = re.compile(r"(?:full\s+)?crud(?:\s+(?:on|for))?\b", re.IGNORECASE)


def _of_role(draft: Draft, who: str, deed: str) -> str:
    """Write `gardener: CRUD plants` as `gardener can manage plants`; nothing where no role but a thing is described."""
    deed = _CRUD.sub("manage", deed, count=1)
    if re.fullmatch(r"(?:do(?:es)?\s+)?(?:everything|anything|full\s+access)", deed, re.IGNORECASE):
        deed, verb = "do everything", "manage"
    else:
        verb = re.split(r"[\s,/]", deed.lower(), maxsplit=1)[0]
    if draft.find(who) or nouns.is_interface(who) or not actions_of([verb], firm=False):
        return ""
    return f"{who} can {deed}"


_VERB = r"(?:create|read|see|view|browse|update|edit|change|modify|delete|remove|manage|administer|maintain|write|publish|add|approve|reject)"
_DONE = r"(?:created|read|seen|viewed|updated|edited|changed|modified|deleted|removed|managed|administered|maintained|written|published|added|approved|rejected)"
_RIGHT = re.compile(
    rf"(?:{MODAL}|{NOT})\s+(?:also\s+|only\s+|just\s+)?(?:{_VERB}|do\s+(?:everything|anything|all))\b"
    rf"|(?:{MODAL}|{NOT}|\bis|\bare)\s+(?:also\s+|only\s+)?(?:be\s+)?(?:only\s+)?{_DONE}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+)\w+)*\s+(?:only\s+|exclusively\s+)?by\b"
    r"|\b(?:has|have|gets?)\s+(?:\S+\s+){0,4}?(?:access|rights?|permissions?|privileges?|control|power)(?:\s+(?:to|over|on|for|as|of)\b|[.!]*\Z)"
    r"|\b(?:can|may|might|could)\s+be\s+\w+\s+without\s+(?:an?\s+account|logging|signing|login)"
    r"|\A\w+ing\s+.*\b(?:requires?|needs?)\s+(?:an?\s+|the\s+)?(?:\S+\s+)?(?:roles?|accounts?|login|permissions?|rights?|signing\s+in|logging\s+in)\b"
    rf"|\A(?:please\s+)?(?:(?:do\s+not|don't|never)\s+)?(?:let|allow|permit|enable)\s+\S.{{0,80}}?\b{_VERB}\s+(?!.*\swith\s)"
    r"|\b(?:own|owns)\s+rights?\b",
    re.IGNORECASE,
)


_LABEL = re.compile(
    r"\A(?:access|permissions?|rights?|rules?|security|privacy|visibility|authori[sz]ation)\s*:\s+",
    re.IGNORECASE,
)
_BEGINS = re.compile(rf"(?:{MODAL}|{NOT})\b", re.IGNORECASE)
_DEED = re.compile(r"(?:(?:only|just)\s+)?(?P<verb>[a-z]+)\b", re.IGNORECASE)


_NO_ACCOUNT = re.compile(
    r"(?P<who>(?!it\b|they\b|the\s+app)[a-z]+(?:\s+[a-z]+)?)\s+(?:needs?\s+no|need\s+not(?:\s+have\s+an?)?|(?:do|does)(?:\s+not|n't)\s+(?:need|have)(?:\s+to\s+have)?(?:\s+an?)?|without\s+an?)\s+"
    r"(?P<what>(?:user\s+)?(?:accounts?|logins?|registration)|(?:(?<=need not )|to\s+)(?:sign|log|register|be\s+(?:signed|logged))(?:[\s-]?(?:up|in|on))?)"
    r"(?:,?\s+(?:and|but|they|to|in\s+order\s+to|for)\s+(?:(?:they\s+)?(?:can|may)\s+)?(?P<deed>(?:[a-z]+)\b.*))",
    re.IGNORECASE,
)


_EVEN_WITHOUT = re.compile(
    r"(?:everyone|everybody|anyone|anybody|people|all|visitors|guests)\s*,?\s+(?:\(?(?:even|also|including))\s+(?:people\s+|those\s+|visitors\s+)?"
    r"(?:without\s+(?:(?:logging|signing)\s+in|(?:an?\s+)?(?:account|login|registration))|(?:if\s+)?not\s+(?:logged|signed)\s+in)\s*,?\)?\s+(?P<rest>(?:can|may)\s.*)",
    re.IGNORECASE,
)


def without_account(text: str) -> str:
    """Write `listeners need no account and may read shows` as `people without an account can read shows`, or nothing."""
    if even := _EVEN_WITHOUT.fullmatch(text.strip(" .")):
        return f"people without an account {even['rest']}"
    found = _NO_ACCOUNT.fullmatch(text.strip(" ."))
    verb = verb_of(found["deed"].split()[0].strip(",").lower()) if found else ""
    if not found or not actions_of([verb]):
        return ""
    return f"people without an account can {_GERUND.sub(lambda _: verb, found['deed'], count=1)}"


_GERUND = re.compile(r"\A[a-z]+", re.IGNORECASE)


def told_of(people: str, text: str) -> str:
    """Return what stands below a heading that names people as a sentence about them."""
    if _BEGINS.match(text):
        return f"{people} {text}"
    found = _DEED.match(text)
    verb = found["verb"].lower() if found else ""
    deed = actions_of([verb]) or verb in CHANGES_OF_STATE or verb == "list"
    return f"{people} can {text}" if deed and not is_right(text) else text


_OF_PEOPLE = re.compile(
    r"(?P<who>[A-Za-z][\w-]*(?: [\w-]+){0,2})\s*(?::|\s[-\u2013\u2014])\s+(?P<deeds>\S.*)"
)


def rights_of_people(text: str) -> list[str]:
    """Return `singers: see scores; edit their own loans` as a sentence for each deed, where all are known; else nothing."""
    found = _OF_PEOPLE.fullmatch(text.strip(" ."))
    deeds = [deed.strip() for deed in found["deeds"].split(";")] if found else []
    said = [told_of(found["who"], deed) for deed in deeds if found and deed]
    return said if all(one != deed for one, deed in zip(said, deeds, strict=False)) else []


def is_right(text: str) -> bool:
    """Whether a clause tells of a right, so that nothing in it is a thing or a field."""
    return bool(_RIGHT.search(text))


def read_roles(draft: Draft, piece: Piece) -> bool:
    """Read `there are two roles: editor and reviewer`."""
    found = _ROLES.fullmatch(piece.text.strip(" ."))
    listed = next((text for text in found.groups() if text), "") if found else ""
    listed = re.sub(r"\A(?:namely|called)\s+", "", listed)
    names = [nouns.bare(item) for _, item in split_list(listed)]
    names = [re.sub(r"\s+roles?\Z", "", name) for name in names]
    if not names or any(
        not name or len(name.split()) > _MOST_WORDS or not re.fullmatch(r"[\w -]+", name) for name in names
    ):
        return False
    for name in names:
        add_role(draft, name, piece)
    draft.note(piece, Reading.UNDERSTOOD, f"roles: {', '.join(names)}")
    draft.evidence += 1
    return True
