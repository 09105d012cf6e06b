"""Nouns with a meaning of their own: people with accounts, the application itself, what every row has."""

import re

from astrolabe.roles.webapp.reading.words import field_identifier, singular_word, undecorated, word_set

ACCOUNTS = frozenset({"user", "account", "login"})
"""Nouns for the accounts that every application has."""

PEOPLE = ACCOUNTS | {"member", "people", "person", "everybody", "everyone", "customer", "somebody", "someone"}
"""Nouns for whoever is signed in, unless the goal makes them something else."""

OWNERS = frozenset({"owner", "creator", "author", "writer", "poster", "uploader"})

APPLICATION = word_set("""
    app application website site webapp system tool platform software program service portal page homepage
    screen dashboard interface ui form button menu sidebar navigation header footer api backend frontend
    server database project solution product view layout design list overview tracker manager
""")
_INTERFACE = word_set("""
    app application website site webapp system tool platform software portal page homepage screen
    dashboard interface ui button menu sidebar navigation header footer api backend frontend server
    database
""")

SYSTEM_FIELDS = {
    "id": "every row has a number",
    "identifier": "every row has a number",
    "createdAt": "every row keeps when it was made",
    "updatedAt": "every row keeps when it was changed",
    "createdOn": "every row keeps when it was made",
    "creationDate": "every row keeps when it was made",
    "dateCreated": "every row keeps when it was made",
    "updatedOn": "every row keeps when it was changed",
    "lastModified": "every row keeps when it was changed",
    "lastUpdated": "every row keeps when it was changed",
    "modifiedAt": "every row keeps when it was changed",
}

ACCOUNT_FIELDS = word_set("""
    email emailAddress eMail eMailAddress password name role username fullName
""")

_OF_ACCOUNTS = word_set("user app application login signed-in registered logged-in personal own existing")
_THE_APPLICATION = word_set(
    "app application website site webapp software platform portal interface ui frontend backend"
)
_INDEFINITE = re.compile(r"(?:an?|each|every)\s", re.IGNORECASE)

_FRONT = re.compile(
    r"(?:an?|each|every|the|all|any|one|single|our|my|your|these|those|this|that|some|many|most|individual|there\s+(?:is|are|should\s+be|must\s+be|will\s+be)"
    r"|of\s+course|also|finally|furthermore|additionally|moreover|besides|both|and|then|so|of|(?:pieces?|items?|bits?)\s+of)\s+",
    re.IGNORECASE,
)
_BAD = word_set("""
    shall never always most least exactly also cannot can't isn't aren't don't doesn't won't mustn't shouldn't
    please will might could do does did whose
    i we you he she who which what where when how why if because and or but not no is are was were be been
    has have had can may must should will would could to of with without by from into than so such it they
    there here very more most less as only a an each every all any some many the this that these those my our your their his her for about at on in as per over under up down out off between through during after before
    until since against among
""")
_MOST_WORDS = 3


def bare(text: str) -> str:
    """Take articles and the like off the front of a noun phrase, and `entity` off its end."""
    text = text.strip(" ,;:.\"'")
    while found := _FRONT.match(text):
        text = text[found.end() :]
    return undecorated(re.sub(r"\s+(?:entity|entities|objects?)\Z", "", text, flags=re.IGNORECASE))


def thing(text: str) -> str:
    """Return the bare noun phrase of a kind of thing, or nothing when the text is no such phrase."""
    noun = bare(text)
    words = noun.lower().split()
    if not words or len(words) > _MOST_WORDS or any(word in _BAD for word in words):
        return ""
    if not any(letter.isalpha() for letter in noun) or re.search(r"[,:()\"]", noun):
        return ""
    return noun


def head(noun: str) -> str:
    """Return the last word of a noun phrase in the singular, in small letters."""
    words = noun.lower().split()
    return singular_word(words[-1]) if words else ""


def is_account(noun: str) -> bool:
    """Whether a noun means the accounts of the application; a bank account is none."""
    *before, last = [singular_word(word) for word in noun.lower().split()] or [""]
    return last in ACCOUNTS and len(before) <= 1 and (last == "user" or set(before) <= _OF_ACCOUNTS)


def is_interface(noun: str) -> bool:
    return head(noun) in _INTERFACE


def is_kept(phrase: str) -> bool:
    """Whether a phrase with the noun of a part of the application means something kept in it: `each page`, `a tool`."""
    return bool(_INDEFINITE.match(phrase)) and head(phrase) not in _THE_APPLICATION


def is_creator(noun: str) -> bool:
    """Whether a field of this name is the account that made a row."""
    return noun.lower() in {"owner", "creator", "user", "account", "user account"}


def is_owner(noun: str) -> bool:
    return head(noun) in {"owner", "creator"} or is_account(noun)


def system_field(noun: str) -> str:
    """Return what every row has under that name, or nothing."""
    return SYSTEM_FIELDS.get(field_identifier(noun), "")
