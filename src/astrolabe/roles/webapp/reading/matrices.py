"""Tables of rights: roles against things, things against roles, deeds against roles."""

import re
from dataclasses import dataclass

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading import nouns
from astrolabe.roles.webapp.reading.claims import Claim, impossible, meaning_of, settle
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.grants import ADMIN, Scope, Who
from astrolabe.roles.webapp.reading.people import who_of
from astrolabe.roles.webapp.reading.permits import deeds_in, targets_for
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.targets import Target
from astrolabe.roles.webapp.reading.verbs import actions_of
from astrolabe.sdk import Reading

_LETTERS = {"c": Action.CREATE, "r": Action.READ, "u": Action.UPDATE, "d": Action.DELETE}
_NONE = re.compile(
    r"(?:-|\u2013|\u2014|no(?:ne|thing|body|\s+access)?|n|n/a|never|✗|✘|❌|x\u0336|false)?", re.IGNORECASE
)
_WHOLE = re.compile(
    r"(?:yes|y|x|✓|✔|✅|☑|true|all|full(?:\s+access)?|everything|any|always|allowed|crud)", re.IGNORECASE
)
_OWN = re.compile(
    r"(?:\(?\s*(?:only\s+)?(?:their\s+|his\s+|her\s+)?own(?:\s+only)?\s*\)?|(?:yes|✓|✔|✅|x)\s*\(\s*(?:their\s+)?own(?:\s+only)?\s*\))",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?P<letters>[crud](?:[\s,/]*[crud])*)|(?P<verbs>[a-z]+(?:(?:\s*[,/&+]\s*|\s+and\s+)[a-z]+)*?)(?:[\s-]+(?P<only>only))?",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"[\s(]+(?P<own>(?:their\s+)?own(?:\s+only)?)\)?\Z", re.IGNORECASE)
_PEOPLE = re.compile(
    r"(?:user\s+)?(?:roles?|who|actors?|users?|people|user\s+types?|groups?)(?:\s*[/\\].*)?", re.IGNORECASE
)
_THINGS = re.compile(
    r"(?:entit(?:y|ies)|things?|resources?|objects?|data|models?|tables?|records?)(?:\s*[/\\].*)?",
    re.IGNORECASE,
)
_DEEDS = re.compile(r"(?:actions?|permissions?|rights?|deeds?|operations?|features?|can|may|what|abilit(?:y|ies)|capabilit(?:y|ies)|tasks?)(?:\s*[/\\].*)?", re.IGNORECASE)  # fmt: skip


_FEWEST_COLUMNS = 3


def is_matrix(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> bool:
    """Whether a table says who may do what: its corner names people, things or deeds, and its cells are rights."""
    corner = header[0].strip() if header else ""
    kinds = (_PEOPLE, _THINGS, _DEEDS)
    if len(header) < _FEWEST_COLUMNS or (corner and not any(kind.fullmatch(corner) for kind in kinds)):
        return False
    cells = [cell for row in rows for cell in row[1:]]
    return bool(cells) and all(_right(cell) is not None for cell in cells)


@dataclass(frozen=True)
class _Right:
    """What a cell gives: actions, or the deed of its row where `actions` is None."""

    actions: tuple[Action, ...] | None
    scope: Scope = Scope.EVERY


def _right(cell: str) -> _Right | None:
    text = cell.strip(" .")
    if _NONE.fullmatch(text):
        return _Right(())
    if _WHOLE.fullmatch(text):
        return _Right(None)
    if _OWN.fullmatch(text):
        return _Right(None, Scope.OWN)
    own = _SUFFIX.search(text)
    text = text[: own.start()] if own else text
    found = _PART.fullmatch(text)
    if not found:
        return None
    letters = [letter for letter in (found["letters"] or "").lower() if letter in _LETTERS]
    verbs = [
        word
        for word in re.findall(r"[a-z]+", (found["verbs"] or "").lower())
        if word not in {"and", "access"}
    ]
    actions = tuple(_LETTERS[letter] for letter in letters) or actions_of(verbs)
    return _Right(actions, Scope.OWN if own else Scope.EVERY) if actions else None


def read_matrix(draft: Draft, piece: Piece, header: tuple[str, ...], cells: tuple[str, ...]) -> None:
    """Take one row of a table of rights."""
    claims = _claims(draft, header, cells)
    if not claims or any(impossible(claim) for claim in claims):
        draft.note(piece, Reading.UNREAD, "it is not clear who may do what with which thing")
        return
    said = draft.account
    draft.account = []
    for claim in claims:
        settle(draft, piece, claim)
    assumed = [sentence for sentence in draft.account if sentence.reading is Reading.ASSUMED]
    draft.account = said
    draft.account += assumed
    draft.note(piece, Reading.UNDERSTOOD, "; ".join(meaning_of(claim) for claim in claims))


def _claims(draft: Draft, header: tuple[str, ...], cells: tuple[str, ...]) -> list[Claim]:
    """Return what a row gives and takes, nothing when any part of it is not known."""
    first, row = who_of(draft, cells[0]), draft.find(nouns.bare(cells[0]))
    deeds = deeds_in(cells[0], searching=True)
    out: list[Claim] = []
    for name, cell in zip(header[1:], cells[1:], strict=False):
        right, thing = _right(cell), draft.find(nouns.bare(name))
        if right is None:
            return []
        if len(deeds) == 1 and deeds[0].actions and not deeds[0].states:
            who, actions, things = (
                who_of(draft, name),
                deeds[0].actions,
                tuple(targets_for(draft, deeds[0], None)),
            )
            given = actions if right.actions is None else ()
            if right.actions:
                return []
        elif thing and first:
            who, actions, things = first, tuple(Action), (Target(thing),)
            given = actions if right.actions is None else right.actions
        elif row:
            who, actions, things = who_of(draft, name), tuple(Action), (Target(row),)
            given = actions if right.actions is None else right.actions
        else:
            return []
        if who is None or not things:
            return []
        out += _both(who, actions, given, tuple(Target(thing.entity, right.scope) for thing in things))
    return out


def _both(
    who: Who, actions: tuple[Action, ...], given: tuple[Action, ...], things: tuple[Target, ...]
) -> list[Claim]:
    """Return what is given, and what is left out as taken."""
    taken = tuple(action for action in actions if action not in given)
    out = [Claim(who, given, things)] if given else []
    if taken and ADMIN not in who.principals:
        every = tuple(Target(thing.entity) for thing in things)
        out.append(Claim(who, taken, every, allowed=False))
    return out
