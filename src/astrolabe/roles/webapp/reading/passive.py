"""Rights told of things: `posts can be edited by their author`, `notes are visible only to`, `deleting books is for ...`."""

import re
from collections.abc import Iterator

from astrolabe.roles.webapp.model import SIGNED_IN, Action
from astrolabe.roles.webapp.reading.active import MODAL, NO_ACCOUNT, NOT, read_active, read_everything
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Who
from astrolabe.roles.webapp.reading.people import who_of
from astrolabe.roles.webapp.reading.permits import Deed, deed_of, deeds_in, permit
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.verbs import (
    WRITING,
    actions_of,
    actions_without_object,
    adjective_actions,
)
from astrolabe.sdk import Reading

_LIST = r"[a-z]+(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|/)[a-z]+){0,4}"
_ONLY = r"(?:only|exclusively|solely|just)\s+"
_WHAT = r"(?P<what>\S(?:.{0,100}?\S)??)"
_IS = r"(?:is|are|should\s+be|must\s+be|shall\s+be|will\s+be|can\s+be|may\s+be|remains?)"
_DONE = re.compile(
    rf"{_WHAT}\s+(?:(?P<negative>{NOT})|(?P<modal>{MODAL})|(?P<is>is|are)(?P<not>\s+not)?)\s+(?:also\s+)?(?P<only1>{_ONLY})?(?P<be>be\s+)?(?:also\s+)?(?P<only2>{_ONLY})?"
    rf"(?P<verbs>{_LIST})(?:\s+(?P<only3>only|exclusively|solely))?(?:\s+by\s+(?P<only4>{_ONLY})?(?P<who>\S.*))?",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(
    rf"{_WHAT}\s+(?:{_IS}\s+)?(?:also\s+)?(?P<not>not\s+)?(?P<only1>{_ONLY})?(?P<list>{_LIST})\s+(?P<only2>{_ONLY})?(?:to|by|for)\s+(?P<only3>{_ONLY})?(?P<who>\S.*)",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\s*,?\s+(?:only|alone|exclusively|and\s+(?:nobody|no\s*-?\s*one)\s+else)\Z", re.IGNORECASE
)
_BESIDES = re.compile(
    r"(?:(?P<none>nobody|no\s*-?\s*one|none)|any(?:one|body)|everyone|everybody)(?:\s+else)?\s+(?:but|except(?:\s+for)?|besides|other\s+than|apart\s+from)\s+(?:by\s+)?(?P<who>\S.*)",
    re.IGNORECASE,
)
"""Whom a passive leaves: `cannot be edited by anyone but the chief`."""
_HIDDEN = re.compile(
    rf"{_WHAT}\s+{_IS}\s+(?:hidden\s+from|invisible\s+(?:to|for)|off[\s-]limits\s+(?:to|for)|closed\s+to)\s+(?P<who>\S.*)",
    re.IGNORECASE,
)
_READ_ONLY = re.compile(rf"{_WHAT}\s+{_IS}\s+read[\s-]only\s+(?:for|to)\s+(?P<who>\S.*)", re.IGNORECASE)
_DOING = re.compile(
    rf"(?P<deed>\S.{{0,100}}?)\s+{_IS}\s+(?:(?P<not>(?:not\s+(?:allowed|possible|permitted|open)|forbidden|prohibited|off[\s-]limits))|(?P<only>restricted|limited|reserved|confined|only(?:\s+(?:possible|allowed|permitted|open|available|meant))?|exclusively|solely|(?:allowed|possible|permitted)\s+only)|(?:allowed|possible|permitted|open))"
    rf"\s+(?:to|for)\s+(?P<only2>{_ONLY})?(?P<who>\S.*)",
    re.IGNORECASE,
)
_REQUIRES = re.compile(
    r"(?P<deed>\S.{0,100}?)\s+(?:requires?|needs?)\s+(?:(?P<signed>(?:signing|logging|being\s+(?:signed|logged))\s+in|(?:an?\s+)?(?:user\s+)?(?:account|login|sign[\s-]?in|authentication|registration))"
    r"|(?:being\s+)?(?P<who>(?:an?|the)\s+\S.*))",
    re.IGNORECASE,
)
_MUST_BE = (
    re.compile(
        r"(?:in\s+order\s+)?to\s+(?P<deed>\S.{0,100}?)\s*,?\s+(?:you|one|users?|people|somebody|someone|they|a\s+user)\s+(?:must|needs?\s+to|has\s+to|have\s+to|should)\s+(?:be\s+(?P<who>\S.*)|(?P<signed>(?:sign|log)\s+in|have\s+an\s+account))",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:you|one|users?|people|somebody|someone|a\s+user)\s+(?:must|needs?\s+to|has\s+to|have\s+to|should)\s+(?:be\s+(?P<who>\S.{0,60}?)|(?P<signed>(?:sign|log)\s+in|have\s+an\s+account))\s+(?:in\s+order\s+)?to\s+(?P<deed>\S.*)",
        re.IGNORECASE,
    ),
)
_ACCESS = re.compile(
    r"(?P<only>only\s+)?(?P<who>\S.{0,80}?)\s+(?:(?:can|may|should|must|will)\s+)?(?P<negative>(?:do|does|should)\s+not\s+|don't\s+|doesn't\s+)?(?:has|have|gets?)\s+(?P<only2>only\s+)?(?P<kind>(?:full|complete|unrestricted|total|read|read[\s-]only|view|viewing|write|edit|editing|no|read\s+and\s+write|read[/-]write)\s+)?"
    r"(?:access|rights?|permissions?|control)(?:\s+(?:to|over|on|for|of)\s+(?P<only3>only\s+)?(?P<what>\S.*))?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'/-]+")
_ALLOW = re.compile(
    r"(?:please\s+)?(?:(?P<not>do\s+not|don't|never)\s+)?(?:(?:allow|let|permit|enable)\s+(?P<said>\S.*)|(?:give|grant)\s+(?P<who>\S.{0,80}?)\s+(?:the\s+)?(?:rights?|permissions?|ability|power)\s+to\s+(?P<deed>[a-z]+\b.*))",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"it\s+(?:is|should\s+be|must\s+be|shall\s+be)\s+(?:(?P<not>not\s+|impossible\b\s*|forbidden\b\s*)|(?P<only>only\s+))?(?:possible\s+|allowed\s+|permitted\s+)?for\s+(?P<only2>only\s+)?(?P<who>\S.{0,80}?)\s+to\s+(?P<deed>\S.*)",
    re.IGNORECASE,
)
_COLON = re.compile(
    rf"(?P<verbs>{_LIST})(?:\s+access)?\s*(?:[:=]|\s[-\u2013\u2014])\s*(?P<only>{_ONLY})?(?P<who>\S.*)",
    re.IGNORECASE,
)
_PREVENT = re.compile(
    r"(?:(?:prevent|stop|keep|ban|bar)\s+(?P<who>\S.{0,80}?)|(?P<who2>\S.{0,80}?)\s+(?:is|are|should\s+be|must\s+be)\s+(?:prevented|prohibited|banned|barred|forbidden|kept|excluded))\s+from\s+(?P<deed>\S.*)",
    re.IGNORECASE,
)
_NOMINAL = re.compile(
    r"(?:the\s+)?(?P<noun>creation|deletion|removal|modification|publication|(?:read|write|full)\s+access|access|changes?)\s+(?:of|to)\s+(?P<what>\S.*)",
    re.IGNORECASE,
)
_NOUNS = {
    "creation": "create", "deletion": "delete", "removal": "delete", "modification": "update", "publication": "publish",
    "read access": "see", "access": "see", "write access": "create, update and delete", "full access": "manage",
    "change": "update", "changes": "update",
}  # fmt: skip
_ACCESSES: dict[str, tuple[Action, ...]] = {
    "": (Action.READ,),
    "read": (Action.READ,),
    "view": (Action.READ,),
    "write": WRITING,
    "edit": (Action.UPDATE,),
}


def read_passive(draft: Draft, piece: Piece, text: str) -> bool:
    """Read a right that is told of things or of deeds rather than of people."""
    rules = (
        _done,
        _adjective,
        _hidden,
        _read_only,
        _doing,
        _requires,
        _must_be,
        _access,
        _allow,
        _possible,
        _prevent,
        _colon,
    )
    return any(rule(draft, piece, text) for rule in rules)


def _words(text: str) -> list[str]:
    return [word for word in re.findall(r"[a-z]+", text.lower()) if word not in {"and", "or"}]


def _only(found: re.Match[str]) -> bool:
    return any(value for name, value in found.groupdict().items() if name.startswith("only"))


def _done(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `posts can be edited by their author`, `invoices cannot be deleted`."""
    found = _DONE.fullmatch(NO_ACCOUNT.sub("", text))
    if not found or not (found["be"] or found["is"]):
        return False
    negative = bool(found["negative"] or found["not"])
    deed = deed_of(_words(found["verbs"]), re.sub(r"\Aonly\s+", "", found["what"], flags=re.IGNORECASE))
    if not deed.actions and not deed.states:
        return False
    if NO_ACCOUNT.search(text):
        return permit(draft, piece, Who((GUESTS,)), [deed], allowed=not negative)
    if besides := _BESIDES.fullmatch(found["who"] or ""):
        return bool(besides["none"]) is not negative and permit(
            draft, piece, who_of(draft, besides["who"]), [deed], only=True
        )
    if found["who"]:
        who = who_of(draft, _ALONE.sub("", found["who"]))
        only = _only(found) or bool(_ALONE.search(found["who"]))
        return permit(draft, piece, who, [deed], only=only, allowed=not negative)
    if not negative or not found["be"] or not permit(draft, piece, Who((ADMIN,)), [deed], only=True):
        return False
    draft.note(piece, Reading.ASSUMED, "administrators may do everything, this too")
    return True


def _adjective(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `drafts are visible and editable only to their author`."""
    found = _ADJECTIVE.fullmatch(text)
    actions = adjective_actions(_words(found["list"])) if found else ()
    if not found or not actions:
        return False
    who = who_of(draft, _ALONE.sub("", found["who"]))
    only = _only(found) or bool(_ALONE.search(found["who"]))
    return permit(draft, piece, who, [Deed(actions, found["what"])], only=only, allowed=not found["not"])


def _hidden(draft: Draft, piece: Piece, text: str) -> bool:
    found = _HIDDEN.fullmatch(text)
    deeds = [Deed((Action.READ,), found["what"])] if found else []
    return bool(found) and permit(draft, piece, who_of(draft, found["who"]), deeds, allowed=False)


def _read_only(draft: Draft, piece: Piece, text: str) -> bool:
    found = _READ_ONLY.fullmatch(text)
    deeds = [Deed((Action.READ,), found["what"])] if found else []
    return bool(found) and permit(draft, piece, who_of(draft, found["who"]), deeds, just=True)


def _done_with(text: str) -> list[Deed]:
    """Read `deleting books`, `the deletion of books`, `access to books`."""
    if found := _NOMINAL.fullmatch(text):
        return deeds_in(f"{_NOUNS[found['noun'].lower()]} {found['what']}", searching=True)
    first = text.split(maxsplit=1)[0].lower() if text.split() else ""
    return deeds_in(text, searching=True) if first.strip(",").endswith("ing") else []


def _doing(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `deleting books is reserved for librarians`."""
    found = _DOING.fullmatch(text)
    if not found:
        return False
    who = who_of(draft, found["who"])
    return permit(draft, piece, who, _done_with(found["deed"]), only=_only(found), allowed=not found["not"])


def _requires(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `deleting books requires the librarian role`, `adding a review requires an account`."""
    found = _REQUIRES.fullmatch(text)
    if not found:
        return False
    who = Who((SIGNED_IN,), wide=True) if found["signed"] else who_of(draft, found["who"])
    return permit(draft, piece, who, _done_with(found["deed"]), only=True)


def _must_be(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `to delete a book you must be a librarian`."""
    found = next((one for pattern in _MUST_BE if (one := pattern.fullmatch(text))), None)
    if not found:
        return False
    who = Who((SIGNED_IN,), wide=True) if found["signed"] else who_of(draft, found["who"])
    return permit(draft, piece, who, deeds_in(found["deed"], searching=True), only=True)


def _access(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `managers have full access to invoices`."""
    found = _ACCESS.fullmatch(text)
    if not found:
        return False
    kind = re.sub(r"[\s/-]+", " ", (found["kind"] or "").lower()).strip()
    who = who_of(draft, found["who"])
    none = kind == "no" or bool(found["negative"])
    just = kind == "read only" or (kind == "read" and bool(found["only2"]))
    everything = not found["what"] or bool(
        re.fullmatch(r"everything|all(?:\s+data)?", found["what"], re.IGNORECASE)
    )
    whole = kind in {"full", "complete", "unrestricted", "total", "read and write", "read write", "no"}
    actions = tuple(Action) if whole else _ACCESSES.get(kind.removesuffix(" only").removesuffix("ing"), ())
    if whole and everything and who and not none:
        return read_everything(draft, piece, who, only=bool(found["only"]), allowed=True)
    deed = Deed(actions, found["what"] or "", managed=whole)
    return bool(actions) and permit(
        draft, piece, who, [deed], only=bool(found["only"]), just=just, allowed=not none
    )


def _allow(draft: Draft, piece: Piece, text: str) -> bool:
    found = _ALLOW.fullmatch(text)
    if not found:
        return False
    may = "cannot" if found["not"] else "can"
    cuts = [(found["who"], found["deed"])] if found["deed"] else _let(found["said"])
    return any(read_active(draft, piece, f"{who} {may} {deed}") for who, deed in cuts)


def _let(text: str) -> Iterator[tuple[str, str]]:
    """Cut `librarians to add books` at `to`, and `librarians add books` before each verb that is known."""
    who, to, deed = text.partition(" to ")
    if to and actions_of([deed.split(maxsplit=1)[0].strip(",").lower()] if deed.split() else []):
        yield who, deed
        return
    for word in list(_WORD.finditer(text))[1:9]:
        if actions_of([word[0].lower()]):
            yield text[: word.start()].rstrip(), text[word.start() :]


def _possible(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `it is not possible for clients to delete plans`."""
    found = _POSSIBLE.fullmatch(text)
    if not found:
        return False
    who, deeds = who_of(draft, found["who"]), deeds_in(found["deed"], searching=True)
    return permit(draft, piece, who, deeds, only=_only(found), allowed=not found["not"])


def _colon(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `delete: librarians`."""
    found = _COLON.fullmatch(text)
    actions = actions_without_object(" and ".join(_words(found["verbs"]))) if found else ()
    if not found or not actions:
        return False
    who = who_of(draft, _ALONE.sub("", found["who"]))
    only = _only(found) or bool(_ALONE.search(found["who"]))
    return permit(draft, piece, who, [Deed(actions, "")], only=only)


def _prevent(draft: Draft, piece: Piece, text: str) -> bool:
    found = _PREVENT.fullmatch(text)
    if not found:
        return False
    who = who_of(draft, found["who"] or found["who2"])
    return permit(draft, piece, who, _done_with(found["deed"]), allowed=False)
