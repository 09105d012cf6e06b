"""Rights that contradict each other: each pair is told with both sentences, and nothing is built.

What is said of fewer people stands beside what is said of more: `users cannot delete books` and `librarians can` agree, and
so do `only moderators may delete posts` and `users can delete their own`.
"""

from itertools import combinations

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading.claims import TOLD, WHOSE
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Grant, Scope
from astrolabe.roles.webapp.reading.people import people
from astrolabe.roles.webapp.reading.words import plural

_ALL_PEOPLE = frozenset({ANYONE, GUESTS})


def find_conflicts(draft: Draft) -> None:
    """Add every contradiction between rights to the draft's problems."""
    for item in draft.entities.values():
        _of_whole(draft, item)
        for action, grants in item.grants.items():
            for one, other in combinations(grants, 2):
                if one.said != other.said and _contradict(one, other):
                    draft.clash(one.said, other.said, _told(other, action, item))
        _unseen(draft, item)


def _told(grant: Grant, action: Action, item: EntityDraft) -> str:
    may = "may" if grant.allowed else "may not"
    only = "only " if grant.only else ""
    whose = WHOSE[grant.scope]
    return f"{only}{people(grant.principals, allowed=grant.allowed)} {may} {TOLD[action]} {whose}{plural(item.noun)}"


def _includes(many: str, some: str) -> bool:
    """Whether everybody of a kind is of another kind too."""
    return many == some or many in _ALL_PEOPLE or (many == SIGNED_IN and some not in _ALL_PEOPLE)


def _is_own(grant: Grant) -> bool:
    return grant.scope is Scope.OWN or set(grant.principals) == {OWNER}


def _contradict(one: Grant, other: Grant) -> bool:
    if one.allowed and other.allowed:
        return _keeps_out(one, other) or _keeps_out(other, one)
    if one.allowed != other.allowed:
        allow, deny = (one, other) if one.allowed else (other, one)
        return _forbids(deny, allow)
    return False


def _keeps_out(only: Grant, other: Grant) -> bool:
    """Whether one right is for some alone, or for their own rows alone, and another goes beyond."""
    if not only.only or not only.principals or (_is_own(other) and set(only.principals) != {OWNER}):
        return False
    if only.scope is Scope.OWN:
        return not other.loose and any(
            _includes(theirs, ours) for theirs in other.principals for ours in only.principals
        )
    if set(only.principals) == {OWNER} and (other.loose or _is_own(other)):
        return False
    beyond = set(other.principals) - {ADMIN, OWNER}
    return any(not any(_includes(ours, theirs) for ours in only.principals) for theirs in beyond)


def _forbids(deny: Grant, allow: Grant) -> bool:
    """Whether what is taken from some is given to the same, or to more expressly."""
    if _is_own(allow) or (deny.scope is Scope.OTHERS and allow.loose):
        return False
    if deny.scope is Scope.OTHERS:
        return any(
            _includes(theirs, ours) for theirs in allow.principals for ours in deny.principals
        ) and not (set(allow.principals) == {SIGNED_IN} and SIGNED_IN not in deny.principals)
    return any(
        theirs == ours or (ours == SIGNED_IN and theirs in _ALL_PEOPLE)
        for theirs in allow.principals
        for ours in deny.principals
    )


def _of_whole(draft: Draft, item: EntityDraft) -> None:
    """Hold what is private against rights of everybody, and against being shared."""
    if item.private and item.shared:
        draft.clash(item.private, item.shared, f"{plural(item.noun)} are shared")
    for action, grants in item.grants.items():
        for grant in grants:
            everybody = set(grant.principals) & {ANYONE, GUESTS, SIGNED_IN}
            wide = grant.scope is Scope.EVERY or set(grant.principals) & _ALL_PEOPLE
            if item.private and everybody and wide and grant.allowed and action is not Action.CREATE:
                draft.clash(item.private, grant.said, _told(grant, action, item))
            if item.shared and grant.only and grant.scope is Scope.OWN and SIGNED_IN in grant.principals:
                draft.clash(item.shared, grant.said, _told(grant, action, item))


def _unseen(draft: Draft, item: EntityDraft) -> None:
    """Find people who may change what only others may see."""
    kept = [
        grant
        for grant in item.grants.get(Action.READ, [])
        if grant.only and grant.allowed and grant.principals and grant.scope is not Scope.OWN
    ]
    for action in (Action.UPDATE, Action.DELETE):
        for grant in item.grants.get(action, []):
            for only in kept:
                if grant.allowed and not _is_own(grant) and not grant.loose and _keeps_out(only, grant):
                    draft.clash(only.said, grant.said, _told(grant, action, item))
