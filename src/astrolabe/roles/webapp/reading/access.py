"""Who may do what: one sentence is given to the rules for people, for things, for privacy and for inheritance.

Each rule finds the people, the deed and the things in one form of sentence; what is not found whole is not read.
"""

import re

from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.active import read_active
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.passive import read_passive
from astrolabe.roles.webapp.reading.people import add_role
from astrolabe.roles.webapp.reading.privacy import read_inheritance, read_privacy
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
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
    while found := _ADVERBS.match(text):
        text = text[found.end() :]
    rules = (read_inheritance, read_privacy, read_passive, read_active)
    return any(rule(draft, piece, text) for rule in rules)


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
