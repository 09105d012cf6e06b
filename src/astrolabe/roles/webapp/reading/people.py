"""Whom a phrase names: everybody, people without an account, accounts, the account that made a row, roles."""

import re
from collections.abc import Iterable
from dataclasses import replace

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Who
from astrolabe.roles.webapp.reading.sentences import Piece, split_list
from astrolabe.roles.webapp.reading.words import (
    is_plural,
    plural,
    role_identifier,
    singular,
    singular_word,
    word_set,
)
from astrolabe.sdk import Reading

_MOST_WORDS = 3
_FEWEST_LETTERS = 3
_RESERVED = frozenset({ANYONE, SIGNED_IN, OWNER, "user", "guest"})

_EVERYONE = word_set("everyone everybody anyone anybody all all_people world whole_world")
_GUESTS = word_set("""
    visitor guest public general_public anonymous unauthenticated unregistered not_logged_in anonymous_user anonymous_visitor anonymous_people unregistered_user
    unregistered_visitor unauthenticated_user unauthenticated_visitor logged_out_user signed_out_user
    people_without_an_account visitor_without_an_account user_without_an_account person_without_an_account
    anyone_without_an_account everyone_without_an_account people_without_account visitor_without_account
    guest_user public_user guest_visitor site_visitor website_visitor outsider stranger non_user
""")
_SIGNED = word_set("""
    user member people person account customer i we you one somebody someone account_holder whole_team team
    user_account
""")
_SIGNED_WORDS = re.compile(
    r"(?:(?:signed|logged)[\s-]?in|registered|authenticated|signed[\s-]?up)(?:\s+(?:users?|members?|people|persons?|accounts?|customers?|visitors?|everyone|anyone))?"
    r"|(?:users?|members?|people|persons?|those|everyone|everybody|anyone|anybody|whoever|visitors?|customers?)\s+(?:(?:who|that)\s+(?:is|are|has|have)\s+|who's\s+)?"
    r"(?:(?:signed|logged)[\s-]?(?:in|up)|registered|authenticated|(?:with\s+)?(?:an?\s+)?(?:user\s+)?accounts?|registered\s+an\s+account)",
    re.IGNORECASE,
)
_PLAIN_ACCOUNTS = re.compile(
    r"(?:(?:normal|regular|ordinary|standard|simple|common|logged|plain|basic)\s+)?(?:users?|accounts?|logins?)",
    re.IGNORECASE,
)
_LATER = word_set("they them he she these_people these_user those_people those_user such_user")
_ELSE = re.compile(
    r"(?:other\s+(?P<kind>users?|people|members?|accounts?|persons?|customers?)|(?P<plain>others)|(?:everyone|everybody|anyone|anybody)\s+else|the\s+rest)",
    re.IGNORECASE,
)
_SOME = re.compile(
    r"(?:some|many|most|several|certain|selected|(?:a\s+)?few|half|not|only\s+some|no|neither|none|two|three|chosen|particular|specific|authori[sz]ed|permitted|allowed)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"(?P<all>(?:everyone|everybody|anyone|anybody|all|every|any|each)\b.*?|(?:users?|members?|people))\s+(?:except(?:\s+for)?|but|apart\s+from|other\s+than|besides|excluding)\s+(?P<but>\S.*)",
    re.IGNORECASE,
)
_WITH_ROLE = re.compile(
    r"(?:users?|people|accounts?|members?|anyone|those|somebody|someone|everyone|whoever|[a-z]+s(?=\s+with\s+the\s+role\b))\s+(?:with|in|having|who\s+(?:has|have|is|are)(?:\s+in)?)\s+(?:the\s+|an?\s+)?(?:roles?\s+(?:of\s+)?(?:an?\s+)?(?P<after>\S.*)|(?P<before>\S.*?)\s+roles?)"
    r"|(?:the\s+)?(?P<bare>\S.*?)\s+roles?|(?:the\s+)?roles?\s+(?P<named>\S.*)",
    re.IGNORECASE,
)
_QUANTIFIER = re.compile(r"(?:an?|the|all|any|every|each|our|my|your|its|single)\s+", re.IGNORECASE)
_MAKER = re.compile(
    r"(?:(?:the|their|its|his|her|an?)\s+)?(?:(?P<noun>owners?|creators?|authors?|writers?|posters?|submitters?|makers?)(?:\s+of\s+(?P<of>\S.*))?"
    r"|(?P<of2>\S.*?)(?:'s|s')?\s+(?:owners?|creators?|authors?))",
    re.IGNORECASE,
)
_HEAD_OF = re.compile(
    r"(?:the\s+)?(?P<head>owner|head|manager|director|leader|secretary|president|chair|treasurer)\s+of\s+(?:the|our|my)\s+(?P<of>[a-z]+)",
    re.IGNORECASE,
)
"""Who runs the place itself, where the place is no thing that is kept: `the owner of the shop`."""
_WHO_MADE = re.compile(
    r"(?:(?:the\s+)?(?:users?|members?|persons?|people|accounts?|ones?)\s+(?:who|that|which)|whoever|those\s+who|the\s+\w+\s+who)\s+(?:has\s+|have\s+|originally\s+)?"
    r"(?:created|wrote|made|added|posted|owns?|submitted|entered|recorded|uploaded)\s+(?:it|them|the\s+(?P<of>\S.*)|an?\s+(?P<of2>\S.*)|(?:that|this)\s+(?P<of3>\S.*))",
    re.IGNORECASE,
)
_NO_ROLES = word_set("""
    app application system site website it this that these there which what book everything anything nothing
    something thing access permission right data content today time page user_interface rule
""")
_ASKING = word_set("let allow permit enable give grant make have ensure please prevent")
_COLLECTIVE = {
    "sale": "sales",
    "operation": "operations",
    "logistic": "logistics",
    "human_resource": "human_resources",
}
"""Departments whose names are plurals."""
_ADMINS = word_set("admin administrator superuser administration super_user site_admin system_administrator")


def who_of(draft: Draft, text: str) -> Who | None:
    """Return whom a phrase names, or None when it names no people or only some of them."""
    text = re.sub(r"\s+(?:themselves|themself|alone)\Z", "", text.strip(" ,.:"), flags=re.IGNORECASE)
    text = re.sub(r"\A(?:both|either)\s+", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*\(\s*(?:and|or|as\s+well\s+as|including)\s+([^()]+)\)", r" and \1", text)
    if found := _EXCEPT.fullmatch(text):
        return _all_but(draft, found["all"], found["but"])
    people: list[Who] = []
    for _, item in split_list(text):
        one = _one(draft, item)
        if one is None:
            return None
        people.append(one)
    return joined(people) if people else None


def joined(people: Iterable[Who]) -> Who:
    """Return everybody whom several phrases name."""
    people = list(people)
    return Who(
        principals=tuple(dict.fromkeys(name for one in people for name in one.principals)),
        roles=tuple(dict.fromkeys(role for one in people for role in one.roles)),
        notes=tuple(dict.fromkeys(note for one in people for note in one.notes)),
        wide=any(one.wide for one in people),
        signed=any(one.signed for one in people),
        other=any(one.other for one in people),
        myself=any(one.myself for one in people),
        of=next((one.of for one in people if one.of), ""),
    )


def _all_but(draft: Draft, every: str, but: str) -> Who | None:
    whole, out = who_of(draft, every), who_of(draft, but)
    if whole is None or out is None or not set(whole.principals) <= {ANYONE, SIGNED_IN} or out.other:
        return None
    if GUESTS in out.principals and len(out.principals) == 1:
        return replace(whole, principals=(SIGNED_IN,), wide=True, notes=())
    if set(out.principals) & {ANYONE, SIGNED_IN, OWNER, ADMIN, GUESTS}:
        return None
    note = f"{quoted(every)} means everybody who is signed in"
    return Who((SIGNED_IN,), out.roles, (note,), wide=True, but=out.principals)


def _one(draft: Draft, text: str) -> Who | None:
    text = re.sub(r"\A(?:also|just|only|even|including)\s+", "", text.strip(), flags=re.IGNORECASE)
    if _SOME.match(text):
        return None
    if found := _ELSE.fullmatch(text):
        everybody = not (found["kind"] or found["plain"])
        return Who((ANYONE if everybody else SIGNED_IN,), wide=True, other=True)
    if _SIGNED_WORDS.fullmatch(_QUANTIFIER.sub("", text, count=1)):
        return Who((SIGNED_IN,), wide=bool(_QUANTIFIER.match(text)), signed=True)
    if found := _WITH_ROLE.fullmatch(text):
        named = next(part for part in found.groups() if part)
        return _role(draft, named) if len(named.split()) <= _MOST_WORDS else None
    if (found := _HEAD_OF.fullmatch(text)) and not draft.find(nouns.bare(found["of"])):
        return _role(draft, f"{found['of']} {found['head']}")
    return _maker(draft, text) or _group(draft, text) or _role(draft, text)


def _maker(draft: Draft, text: str) -> Who | None:
    """Return the owner, of the thing that is named if one is; an author may be a role or a thing of its own."""
    if found := _WHO_MADE.fullmatch(text):
        of = found["of"] or found["of2"] or found["of3"] or ""
        entity = draft.find(nouns.bare(of)) if of else None
        return Who((OWNER,), of=entity.key if entity else "") if entity or not of else None
    found = _MAKER.fullmatch(text)
    if not found:
        return None
    of = nouns.bare(found["of"] or found["of2"] or "")
    entity = draft.find(of) if of else None
    if of and (entity is None or draft.find(text)):
        return None
    noun = singular((found["noun"] or "owner").lower())
    many = bool(found["noun"]) and noun != found["noun"].lower()
    if not of and (draft.find(noun) or noun in draft.roles or (many and noun not in {"owner", "creator"})):
        return None
    return Who((OWNER,), of=entity.key if entity else "")


def _group(draft: Draft, text: str) -> Who | None:
    """Return a group that every application has."""
    key = "_".join(singular_word(word) for word in re.findall(r"[a-z]+", text.lower()))
    bare = key
    for article in ("all_", "any_", "every_", "each_", "an_", "a_", "the_", "our_", "my_"):
        bare = bare.removeprefix(article) or bare
    role = role_identifier(singular(nouns.bare(text).lower()))
    if key in _EVERYONE or bare in _EVERYONE:
        return Who((ANYONE,), wide=True, notes=(f"{quoted(text)} includes people without an account",))
    if bare in _ADMINS:
        return Who((ADMIN,))
    if bare in _LATER:
        return draft.people
    if role in draft.roles or (bare == "guest" and draft.find("guest")):
        return None
    if bare in _GUESTS:
        return Who((GUESTS,))
    if bare in _SIGNED or _PLAIN_ACCOUNTS.fullmatch(nouns.bare(text)):
        vague = bool(draft.find(nouns.bare(text))) or bare in {"member", "customer", "person"}
        note = (f"{quoted(text)} means everybody who is signed in",) if vague else ()
        wide = bool(re.match(r"(?:all|any|every|each)\b", text, re.IGNORECASE))
        return Who((SIGNED_IN,), notes=note, wide=wide, myself=bare in {"i", "we"})
    return None


def _identifier(noun: str) -> str:
    role = role_identifier(singular(noun.lower()))
    return _COLLECTIVE.get(role, role) if is_plural(noun) else role


def _same_role(draft: Draft, role: str) -> str:
    """Return the name by which a role is known already: `jury` and `jury member` are the same people."""
    other = role.removesuffix("_member") if role.endswith("_member") else f"{role}_member"
    return other if other in draft.roles and role not in draft.roles else role


def _role(draft: Draft, text: str) -> Who | None:
    noun = nouns.thing(re.sub(r"\s+(?:users?|accounts?)\Z", "", text, flags=re.IGNORECASE))
    role = _same_role(draft, _identifier(noun))
    if role in _ADMINS:
        return Who((ADMIN,))
    if role in draft.roles:
        return Who((role,))
    if (
        not noun
        or _is_of_a_thing(draft, text, noun)
        or not role
        or role in _RESERVED - {"guest"}
        or nouns.is_interface(noun)
        or nouns.head(noun) in _NO_ROLES
        or noun.split()[0].lower() in _ASKING
        or re.search(r"[^\w\s-]", noun)
        or len(noun.split()) > _MOST_WORDS
        or (len(noun.split()) == _MOST_WORDS and any(map(is_plural, noun.lower().split()[:-1])))
    ):
        return None
    return Who((role,), roles=(role,))


def _is_of_a_thing(draft: Draft, text: str, noun: str) -> bool:
    """Whether `the borrower` is the one that a thing links to, so that no role is meant."""
    one = text.lower().startswith(("the ", "its ", "their ")) and not is_plural(noun)
    links = (link for entity in draft.entities.values() for link in entity.links.values())
    return one and any(link.noun.lower() == noun.lower() and not link.many for link in links)


def add_role(draft: Draft, name: str, piece: Piece) -> str:
    """Make a role known and return its identifier; user and admin, and their synonyms, are there already."""
    role = _identifier(nouns.bare(name))
    if role in _ADMINS:
        return ADMIN
    if role in {"user", "regular_user", "normal_user", "account", "registered_user", "signed_in"}:
        return "user"
    if role in {"guest", "visitor", "anyone", "anonymous", "owner"}:
        return role
    draft.roles.setdefault(role, piece)
    return role


def make_known(draft: Draft, who: Who, piece: Piece) -> None:
    """Make the roles of a phrase known, and tell what was assumed about it."""
    draft.people = who
    for role in who.roles:
        if role in draft.roles:
            continue
        draft.roles[role] = piece
        known = any(role_identifier(entity.noun.lower()) == role for entity in draft.entities.values())
        more = "; the rows of that name are no accounts" if known else ""
        draft.note(piece, Reading.ASSUMED, f"{quoted(role)} is a role that accounts can have{more}")
    told = {sentence.meaning for sentence in draft.account}
    for note in who.notes:
        if note not in told:
            draft.note(piece, Reading.ASSUMED, note)


_TOLD = {
    ANYONE: "everybody (no account needed)",
    GUESTS: "everybody (no account needed)",
    SIGNED_IN: "everybody signed in",
    OWNER: "the account that added it",
    ADMIN: "administrators",
    "user": "accounts without a role",
}


def people(principals: Iterable[str], *, allowed: bool = True) -> str:
    """Name principals in words; what people without an account may, everybody may."""
    told = [
        f"people {GUESTS}" if name == GUESTS and not allowed else _TOLD.get(name) or _many(name)
        for name in principals
    ]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else "".join(told)


def _many(role: str) -> str:
    name = role.replace("_", " ")
    return name if role in _COLLECTIVE.values() or len(name) < _FEWEST_LETTERS else plural(name)
