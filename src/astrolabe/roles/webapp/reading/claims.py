"""From one clause that was understood to the rights it gives or takes, and to what is told of it."""

from dataclasses import dataclass, replace

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading.draft import Draft
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.grants import GUESTS, Grant, Scope, Who
from astrolabe.roles.webapp.reading.people import make_known, people
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.targets import Target
from astrolabe.roles.webapp.reading.verbs import WRITING
from astrolabe.roles.webapp.reading.words import plural
from astrolabe.sdk import Reading

TOLD = {Action.CREATE: "add", Action.READ: "see", Action.UPDATE: "change", Action.DELETE: "delete"}


@dataclass(frozen=True)
class Claim:
    """Who may, or may not, do what with what. `only` keeps everybody else out; `just` says that they may do nothing else."""

    who: Who
    actions: tuple[Action, ...]
    targets: tuple[Target, ...]
    only: bool = False
    just: bool = False
    allowed: bool = True
    managed: bool = False


def settle(draft: Draft, piece: Piece, claim: Claim) -> bool:
    """Put the rights of a claim into the draft, or tell why it cannot be built; False when it says nothing."""
    if not (claim.actions and claim.targets and claim.who.principals):
        return False
    draft.evidence += 1
    if reason := impossible(claim):
        draft.note(piece, Reading.UNREAD, reason)
        return True
    make_known(draft, claim.who if claim.allowed else replace(claim.who, notes=()), piece)
    if rules_all(claim):
        draft.over_all.append((Grant(claim.who.principals, piece, scope=Scope.EVERY), claim.actions))
        draft.note(piece, Reading.UNDERSTOOD, f"{_told_of(claim)} everything")
        return True
    for action in claim.actions:
        for target in claim.targets:
            draft.grant([target.entity], [action], _grant(claim, action, target, piece))
    if claim.just and claim.allowed and all(target.scope is not Scope.OWN for target in claim.targets):
        _nothing_else(draft, piece, claim)
    draft.deed = (claim.actions, tuple((target.entity.key, target.scope) for target in claim.targets))
    entities = list(dict.fromkeys(target.entity.key for target in claim.targets))
    draft.mentioned = [draft.entities[key] for key in entities]
    if len(entities) == 1:
        draft.context = draft.entities[entities[0]]
    _tell(draft, piece, claim)
    return True


def rules_all(claim: Claim) -> bool:
    """Whether a claim lets roles do something with all there is, besides those who may do it with one thing."""
    roles = not set(claim.who.principals) & {ANYONE, SIGNED_IN, OWNER, GUESTS}
    whole = all(target.whole for target in claim.targets)
    return roles and whole and claim.allowed and not (claim.only or claim.just or claim.who.but)


def impossible(claim: Claim) -> str:
    """Return why the model has no place for a claim, or nothing."""
    keys = {target.entity.key for target in claim.targets}
    if claim.who.of and keys != {claim.who.of}:
        return "a right that follows from who added another thing cannot be built"
    principals, scopes = set(claim.who.principals), {target.scope for target in claim.targets}
    if GUESTS in principals and Scope.OWN in scopes:
        return "people without an account have nothing of their own"
    if OWNER in principals and Action.CREATE in claim.actions:
        return "nobody owns what is not there yet; name those who may add it"
    if not claim.allowed and (Scope.OWN in scopes or OWNER in principals):
        return "that people may not do with their own what they may do with others' cannot be built"
    if claim.who.but and not claim.allowed:
        return "name those who may not, instead of those who may"
    return ""


def _grant(claim: Claim, action: Action, target: Target, piece: Piece) -> Grant:
    principals = tuple(_principal(name, action, target.scope, claim) for name in claim.who.principals)
    scope = target.scope
    if claim.allowed and scope is Scope.OTHERS:
        scope = Scope.EVERY
    if scope is Scope.ALL and claim.who.wide:
        scope = Scope.EVERY
    return Grant(
        tuple(dict.fromkeys(principals)),
        piece,
        scope=scope,
        only=_keeps_out(claim, action, scope),
        allowed=claim.allowed,
        but=claim.who.but,
        loose=claim.allowed and scope is Scope.ALL and _is_loose(claim),
    )


def _keeps_out(claim: Claim, action: Action, scope: Scope) -> bool:
    if action is Action.READ and claim.managed:
        return False
    return claim.only or (claim.just and scope is Scope.OWN and action is not Action.CREATE)


def _principal(name: str, action: Action, scope: Scope, claim: Claim) -> str:
    """Return whom a name means here: `everyone` who writes, or has something, has an account."""
    if name == ANYONE and claim.allowed and (action is not Action.READ or scope is Scope.OWN):
        return SIGNED_IN
    return name


def _is_loose(claim: Claim) -> bool:
    """Whether `users can edit notes` may mean their own: where everybody signed in may change rows, or asks for himself."""
    plain = claim.who.principals == (SIGNED_IN,)
    changes = set(claim.actions) & ({Action.CREATE} if claim.who.signed else set(WRITING))
    return plain and (bool(changes) or claim.who.myself)


def _nothing_else(draft: Draft, piece: Piece, claim: Claim) -> None:
    """Take from those who `may only read` the rest of what is done by writing."""
    rest = [action for action in WRITING if action not in claim.actions]
    entities = [target.entity for target in claim.targets]
    if claim.who.other:
        draft.grant(entities, rest, Grant((), piece, only=True))
    else:
        everybody = ANYONE in claim.who.principals
        principals = (SIGNED_IN, GUESTS) if everybody else claim.who.principals
        draft.grant(entities, rest, Grant(principals, piece, allowed=False))


def _tell(draft: Draft, piece: Piece, claim: Claim) -> None:
    writes = [action for action in claim.actions if action is not Action.READ]
    if ANYONE in claim.who.principals and writes and claim.allowed:
        note = f"{people([SIGNED_IN])} may {_listed(writes)}; say {quoted('without an account')} to let in the rest"
        draft.note(piece, Reading.ASSUMED, note)
    draft.note(piece, Reading.UNDERSTOOD, meaning_of(claim))


def meaning_of(claim: Claim) -> str:
    """Return a claim in words."""
    things = ", ".join(f"{WHOSE[target.scope]}{plural(target.entity.noun)}" for target in claim.targets)
    see = claim.only and claim.managed and Action.READ in claim.actions
    return f"{_told_of(claim)} {things}{'; they see them' if see else ''}"


def _told_of(claim: Claim) -> str:
    but = f" but {people(claim.who.but)}" if claim.who.but else ""
    may = ("may only" if claim.just else "may") if claim.allowed else "may not"
    only = "only " if claim.only else ""
    see = claim.only and claim.managed
    deeds = [action for action in claim.actions if not (see and action is Action.READ)]
    return f"{only}{people(claim.who.principals, allowed=claim.allowed)}{but} {may} {_listed(deeds)}"


WHOSE = {Scope.ALL: "", Scope.EVERY: "all ", Scope.OWN: "their own ", Scope.OTHERS: "others' "}


def _listed(actions: "tuple[Action, ...] | list[Action]") -> str:
    return ", ".join(TOLD[action] for action in actions)
