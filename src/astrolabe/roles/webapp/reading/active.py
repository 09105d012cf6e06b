"""Rights told of people: `only librarians may delete books`, `guests can read but not edit pages`, `nobody may ...`."""

import re
from collections.abc import Iterator
from dataclasses import replace

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.claims import Claim, settle
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Grant, Scope, Who
from astrolabe.roles.webapp.reading.people import make_known, people, who_of
from astrolabe.roles.webapp.reading.permits import Deed, deeds_in, permit, targets_for
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.targets import Target, targets_of
from astrolabe.roles.webapp.reading.verbs import actions_of
from astrolabe.roles.webapp.reading.words import is_plural
from astrolabe.sdk import Reading

MODAL = (
    r"(?:(?:can|may|could|might|must|should|will|shall)(?:\s+(?:also|always|freely|then))*(?:\s+be\s+(?:able|allowed|permitted)\s+to)?"
    r"|(?:is|are)\s+(?:also\s+)?(?:allowed|able|permitted|entitled|authori[sz]ed|free)\s+to|(?:has|have)\s+(?:the\s+)?(?:rights?|permissions?|privileges?)\s+to|gets?\s+to)"
)
NOT = (
    r"(?:cannot|can't|can\s+not|can\s+never|may\s+(?:not|never)|must\s+(?:not|never)|mustn't|should\s+(?:not|never)|shouldn't|shall\s+(?:not|never)|could\s+not|couldn't|will\s+not|won't"
    r"|(?:is|are)\s+(?:never|not)\s+(?:allowed|able|permitted|entitled|authori[sz]ed)\s+to|(?:isn't|aren't)\s+(?:allowed|able|permitted)\s+to|(?:is|are)\s+(?:forbidden|unable)\s+to|(?:do|does)\s+not|don't|doesn't|never)"
    r"(?:\s+be\s+(?:able|allowed|permitted)\s+to)?"
)
_BUT_WHOM = r"(?:\s+(?:other\s+)?(?:users?|members?|people|persons?|one))?\s+(?:but|except(?:\s+for)?|besides|other\s+than|apart\s+from)"
ONLY = (
    rf"(?:(?P<only>only|just|solely|exclusively|(?:nobody|no\s*-?\s*one|none|no){_BUT_WHOM})\s+(?:for\s+)?)?"
)
_ALONE = r"(?P<alone>\s*,?\s+(?:only|alone|exclusively|and\s+(?:nobody|no\s*-?\s*one)\s+else),?)?"
_TRAIL = re.compile(
    r"\s+(?:at\s+any\s+time|as\s+well|too|anymore|any\s+more|freely|at\s+all|(?:once|when|after)\s+(?:they\s+are\s+|they're\s+|being\s+)?(?:signed|logged|logging|signing)[\s-]in|either)\Z",
    re.IGNORECASE,
)
NO_ACCOUNT = re.compile(
    r"\s+without\s+(?:(?:signing|logging|being\s+(?:signed|logged))\s+in|(?:an?\s+|having\s+an?\s+|creating\s+an?\s+)?(?:user\s+)?(?:account|login|registration|registering)|authentication)\Z",
    re.IGNORECASE,
)
_WITH_ACCOUNT = re.compile(
    r"\s+(?:once|when|after|if)\s+(?:they\s+are\s+|they're\s+|they\s+have\s+|being\s+)?(?:signed|logged|logging|signing)[\s-]in\Z",
    re.IGNORECASE,
)


_ACTIVE = re.compile(
    rf"{ONLY}(?P<who>\S(?:.{{0,100}}?\S)??){_ALONE}\s+(?:(?P<negative>{NOT})|(?P<modal>{MODAL}))\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"{ONLY}(?P<who>[^\0]{{1,102}}?){_ALONE}\0(?P<rest>\S.*)", re.IGNORECASE)
_NOBODY = re.compile(
    r"(?:nobody|no\s*-?\s*one|none)(?P<else>\s+else)?(?:\s+of\s+(?:them|the\s+users))?|no\s+(?P<no>\S+(?:\s\S+)?)|neither\s+(?P<neither>\S.*?)\s+nor\s+(?P<nor>\S.*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'/-]+")


_NEITHER = re.compile(
    r"\b(?P<may>can|may|must|should|shall|will)\s+neither\s+(?P<one>\S.{0,60}?)\s+nor\s+", re.IGNORECASE
)
_SAME = re.compile(
    rf"{ONLY}(?P<who>\S(?:.{{0,100}}?\S)??){_ALONE}\s+(?:(?P<negative>{NOT})|(?P<modal>{MODAL}))(?:\s+do\s+(?:so|that|this|it))?(?:\s+(?:too|as\s+well|either))?",
    re.IGNORECASE,
)


def _the_same(draft: Draft, piece: Piece, text: str) -> bool:
    """Read `librarians can` after `users cannot delete books`."""
    found = _SAME.fullmatch(text)
    who = who_of(draft, found["who"]) if found else None
    actions, things = draft.deed
    if found is None or who is None or not actions:
        return False
    targets = tuple(Target(draft.entities[key], scope) for key, scope in things)
    only = bool(found["only"] or found["alone"])
    return settle(draft, piece, Claim(who, actions, targets, only=only, allowed=not found["negative"]))


def read_active(draft: Draft, piece: Piece, text: str) -> bool:
    """Read a right that is told of people."""
    text = _NEITHER.sub(r"\g<may> not \g<one> or ", text)
    if _the_same(draft, piece, text):
        return True
    found = _ACTIVE.fullmatch(text)
    if found:
        return _said_of(draft, piece, found, modal=found["modal"] or "", negative=bool(found["negative"]))
    return any(_said_of(draft, piece, cut) for cut in _bare_readings(text))


def _bare_readings(text: str) -> Iterator[re.Match[str]]:
    """Cut `librarians manage books` before each verb that is known."""
    for word in list(_WORD.finditer(text))[1:9]:
        if actions_of([word[0].lower()], firm=False):
            cut = _BARE.fullmatch(text[: word.start()].rstrip() + "\0" + text[word.start() :])
            if cut:
                yield cut


def _said_of(
    draft: Draft, piece: Piece, found: re.Match[str], *, modal: str = "", negative: bool = False
) -> bool:
    firm = bool(modal or negative)
    rest, only = found["rest"], bool(found["only"] or found["alone"])
    if nobody := None if only else _NOBODY.fullmatch(found["who"]):
        return not negative and _nobody(draft, piece, nobody, rest)
    who = who_of(draft, found["who"])
    if who is None or (not firm and not _is_people(draft, who, found["who"])):
        return False
    if cut := NO_ACCOUNT.search(rest):
        who, rest = Who((GUESTS,)), rest[: cut.start()]
    elif (cut := _WITH_ACCOUNT.search(rest)) and who.principals == (ANYONE,):
        who, rest = Who((SIGNED_IN,), wide=True), rest[: cut.start()]
    if only and who.principals == (SIGNED_IN,) and who.myself:
        who = Who((OWNER,))
    new = bool(re.match(r"can|may|could|.*\bto\Z", modal, re.IGNORECASE))
    return _deeds_of(draft, piece, who, rest, only=only, allowed=not negative, new=new)


def _is_people(draft: Draft, who: Who, text: str) -> bool:
    """Whether a subject without a modal is one that deeds are told of: known, or several of a kind that is no thing."""
    things = [role for role in who.roles if draft.find(role.replace("_", " "))]
    return not things and (not who.roles or is_plural(nouns.bare(text)))


_FULL = re.compile(
    r"(?:do\s+)?(?P<all>everything|anything|all)|have\s+full\s+(?:access|control|rights)(?:\s+(?:to|over)\s+everything)?",
    re.IGNORECASE,
)
_WITH_ALL = re.compile(r"\Ado\s+(?:everything|anything|all)\s+(?:with|to)\s+", re.IGNORECASE)
_BUT_NOT = re.compile(
    r"(?P<can>\S.*?)\s*,?\s+(?:but|and|yet)\s+(?:(?:they\s+)?(?:can|may|must|are\s+allowed\s+to)\s*)?(?:not|cannot|never)\s+(?P<cannot>(?!only)\S.*)",
    re.IGNORECASE,
)
_BUT_OWN = re.compile(
    r"(?P<can>\S.*?)\s*,?\s+but\s+(?:only|just)\s+(?P<own>(?:their|his|her|his\s+or\s+her|my|our)\s+own\s+\S.*)",
    re.IGNORECASE,
)
_JUST = re.compile(r"\A(?:only|just|merely)\s+", re.IGNORECASE)
_JUST_OWN = re.compile(
    r"\b(?:only|just)\s+(?:(?:their|his|her|its|my|your|his\s+or\s+her|his/her)\b|those|the\s+ones)|\bonly\Z",
    re.IGNORECASE,
)


def _deeds_of(
    draft: Draft, piece: Piece, who: Who, rest: str, *, only: bool, allowed: bool, new: bool
) -> bool:
    """Read what follows the people: `create, edit and delete their own books`, `read but not edit books`."""
    rest = _TRAIL.sub("", rest)
    if _FULL.fullmatch(rest):
        return read_everything(draft, piece, who, only=only, allowed=allowed)
    if allowed and (found := _BUT_OWN.fullmatch(rest)):
        return _but_own(draft, piece, who, found["can"], found["own"])
    if allowed and (found := _BUT_NOT.fullmatch(rest)):
        return _but_not(draft, piece, who, found["can"], found["cannot"], only=only)
    just = bool(_JUST.match(rest)) or bool(_JUST_OWN.search(rest))
    rest = re.sub(r"\s+only\Z", "", _JUST.sub("", rest), flags=re.IGNORECASE)
    rest = re.sub(
        r"\A(?:(?:also|always|freely|then|be\s+(?:able|allowed)\s+to)\s+)+", "", rest, flags=re.IGNORECASE
    )
    deeds = deeds_in(_WITH_ALL.sub("manage ", rest), searching=only or not allowed)
    if just and not allowed:
        return False
    return permit(draft, piece, who, deeds, only=only, just=just, allowed=allowed, new=new)


def _but_own(draft: Draft, piece: Piece, who: Who, can: str, own: str) -> bool:
    """Read `see all tools but only their own loans`, where the verbs before hold for both."""
    may = deeds_in(can, searching=False)
    if len(may) != 1 or not may[0].what:
        return False
    theirs = [replace(may[0], what=own)]
    if not all(targets_for(draft, deed, None) for deed in (*may, *theirs)):
        return False
    done = permit(draft, piece, who, may)
    return permit(draft, piece, who, theirs, just=True) and done


def _but_not(draft: Draft, piece: Piece, who: Who, can: str, cannot: str, *, only: bool) -> bool:
    """Read `read but not edit books`, where the first verbs may share the things of the second."""
    may_not = deeds_in(cannot, searching=True)
    may = deeds_in(can, searching=only)
    if not may_not and len(may) == 1 and targets_of(draft, cannot):
        may_not = [replace(may[0], what=cannot)]
    if may_not and len(may) == 1 and not may[0].what:
        may = [replace(may[0], what=may_not[0].what)]
    if may_not and may and not may_not[0].what:
        may_not = [replace(may_not[0], what=may[-1].what)]
    if not may or not may_not or not all(targets_for(draft, deed, None) for deed in [*may, *may_not]):
        return False
    done = permit(draft, piece, who, may, only=only)
    return permit(draft, piece, who, may_not, allowed=False) and done


def _nobody(draft: Draft, piece: Piece, found: re.Match[str], rest: str) -> bool:
    """Read what is kept from everybody, from all who were not named before, or from one kind of people."""
    kinds = [part for part in (found["no"], found["neither"], found["nor"]) if part]
    if kinds:
        who = [who_of(draft, kind) for kind in kinds]
        known = [one for one in who if one]
        if len(known) < len(kinds):
            return False
        if any(set(one.principals) - {SIGNED_IN, ANYONE} for one in known):
            return all(
                _deeds_of(draft, piece, one, rest, only=False, allowed=False, new=False) for one in known
            )
    deeds = deeds_in(_TRAIL.sub("", rest), searching=True)
    if not deeds:
        return False
    targets = [target for deed in deeds for target in targets_for(draft, deed, None)]
    if any(target.scope is Scope.OTHERS for target in targets):
        return permit(draft, piece, Who((SIGNED_IN,)), deeds, allowed=False)
    if any(target.scope is Scope.OWN for target in targets):
        return False
    if found["else"]:
        return _closed(draft, piece, deeds)
    if not permit(draft, piece, Who((ADMIN,)), deeds, only=True):
        return False
    draft.note(piece, Reading.ASSUMED, "administrators may do everything, this too")
    return True


def _closed(draft: Draft, piece: Piece, deeds: list[Deed]) -> bool:
    targets = [(deed, target) for deed in deeds for target in targets_for(draft, deed, None)]
    if not targets or any(deed.states for deed in deeds):
        return False
    for deed, target in targets:
        draft.grant([target.entity], deed.actions, Grant((), piece, only=True))
    draft.evidence += 1
    draft.note(piece, Reading.UNDERSTOOD, "nobody but those named and administrators")
    return True


def read_everything(draft: Draft, piece: Piece, who: Who, *, only: bool, allowed: bool) -> bool:
    """Let roles do everything, in addition to those who may do something."""
    if not allowed or only or set(who.principals) & {OWNER, GUESTS, ANYONE, SIGNED_IN}:
        return False
    make_known(draft, who, piece)
    draft.over_all.append((Grant(who.principals, piece, scope=Scope.EVERY), tuple(Action)))
    told = f"{people(who.principals)} may do everything"
    if who.principals == (ADMIN,):
        told = "administrators may do everything in every application"
    draft.note(piece, Reading.UNDERSTOOD, told)
    return True
