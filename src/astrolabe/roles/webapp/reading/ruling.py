"""What was said about the rights to one entity, weighed action by action; the rest is filled in as narrowly as makes sense."""

from dataclasses import dataclass, field

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action, EntityModel, FieldModel
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS, Grant, Scope
from astrolabe.roles.webapp.reading.people import people
from astrolabe.roles.webapp.reading.words import plural
from astrolabe.sdk import Reading

Principals = tuple[str, ...]
OPEN = frozenset({ANYONE, SIGNED_IN, "user"})
_EVERYBODY = frozenset({ANYONE, GUESTS, SIGNED_IN})
ORDER = (Action.CREATE, Action.READ, Action.UPDATE, Action.DELETE)


@dataclass
class Table:
    """Who may do what with one entity, which of it nobody said, and what was said without telling whose rows are meant."""

    may: dict[Action, Principals] = field(default_factory=dict[Action, Principals])
    assumed: dict[Action, str] = field(default_factory=dict[Action, str])
    more: str = ""
    narrowed: list[Action] = field(default_factory=list[Action])

    @property
    def owned(self) -> bool:
        return any(OWNER in principals for principals in self.may.values())

    def permissions(self) -> dict[Action, Principals]:
        """Return what differs from what a model does by itself."""
        plain = EntityModel(owned=self.owned, fields={"name": FieldModel()})
        if all(self.may[action] == plain.principals(action) for action in Action):
            return {}
        return {action: self.may[action] for action in ORDER}


def rulers(draft: Draft, action: Action) -> set[str]:
    """Return the roles that may do this with everything."""
    names = {name for grant, actions in draft.over_all if action in actions for name in grant.principals}
    return names - {ADMIN}


class Ruling:
    """What was said about one entity, action by action; then what follows for the rest."""

    def __init__(self, draft: Draft, item: EntityDraft) -> None:
        self.draft, self.item = draft, item
        self.out = Table()
        self.said: dict[Action, set[str] | None] = {}

    def table(self) -> Table:
        self.said[Action.CREATE] = self._said(Action.CREATE, opened=True)
        self._weigh()
        self._settle(Action.CREATE)
        self._weigh()
        for action in (Action.UPDATE, Action.DELETE, Action.READ):
            self._settle(action)
        self._tell_of_none()
        return self.out

    def _weigh(self) -> None:
        """Find out what was said of rows that are there; whose own they are depends on who adds them."""
        opened = self._opened()
        for action in (Action.READ, Action.UPDATE, Action.DELETE):
            self.said[action] = self._said(action, opened=opened)

    def _opened(self) -> bool:
        """Whether everybody signed in may add rows, as far as can be told before the rest is settled."""
        settled = self.out.may.get(Action.CREATE)
        said = set(settled) if settled else self.said[Action.CREATE]
        return said is None or bool(said & OPEN)

    def _grants(self, action: Action, *, allowed: bool = True) -> list[Grant]:
        return [grant for grant in self.item.grants.get(action, []) if grant.allowed is allowed]

    def _said(self, action: Action, *, opened: bool) -> set[str] | None:
        """Return who may do this as far as it was said; None when nothing was."""
        found: set[str] = set()
        for grant in self._grants(action):
            found |= self._principals(grant, action, opened=opened)
        if self.item.private and action is not Action.CREATE:
            found.add(OWNER)
        if self.item.shared and not found:
            found.add(SIGNED_IN)
        if not found:
            return None
        return self._without(action, self._with_heirs(found))

    def _principals(self, grant: Grant, action: Action, *, opened: bool) -> set[str]:
        own = grant.scope is Scope.OWN or (self._means_own(grant) and opened)
        if grant.scope is Scope.OWN and self._have_none(grant):
            return set()
        if own and grant.loose and action not in self.out.narrowed and action is not Action.CREATE:
            self.out.narrowed.append(action)
        found = {
            OWNER if own and action is not Action.CREATE and name != ADMIN else name
            for name in grant.principals
        }
        if grant.but and SIGNED_IN in found:
            found = (found - {SIGNED_IN}) | self._all_roles(set(grant.but))
        return found

    def _means_own(self, grant: Grant) -> bool:
        """Whether people who may `change notes` are taken to mean their own."""
        if self.item.shared:
            return False
        private = self.item.private and grant.scope is Scope.ALL and grant.principals == (SIGNED_IN,)
        return grant.loose or bool(private)

    def _all_roles(self, but: set[str]) -> set[str]:
        return {"user", *self.draft.roles} - but

    def _with_heirs(self, found: set[str]) -> set[str]:
        grown = True
        while grown:
            more = {heir.role for heir in self.draft.heirs if set(heir.of) & found} - found
            found, grown = found | more, bool(more)
        return found

    def _without(self, action: Action, found: set[str]) -> set[str]:
        """Take out those who may not; who may nothing else is left to administrators."""
        for grant in self._grants(action, allowed=False):
            if grant.scope is Scope.OTHERS and SIGNED_IN in grant.principals and found & _EVERYBODY:
                found = (found - _EVERYBODY) | {OWNER}
            for name in grant.principals:
                found = self._minus(found, name)
        return found

    def _minus(self, found: set[str], name: str) -> set[str]:
        if name == GUESTS and found & {ANYONE, GUESTS}:
            return (found - {ANYONE, GUESTS}) | {SIGNED_IN}
        if name not in _EVERYBODY and SIGNED_IN in found:
            return (found - {SIGNED_IN}) | self._all_roles({name})
        return found - {name}

    def _settle(self, action: Action) -> None:
        said = self.said[action]
        if said is None:
            self.out.assumed[action] = ""
            said = self._unsaid(action)
        elif action is Action.READ and not self._is_closed():
            said = self._readers(said)
        made = set(self.out.may.get(Action.CREATE, ()))
        if made and not made & OPEN and made <= said:
            said = said - {OWNER}
        self.out.may[action] = self._ordered(said)

    def _ordered(self, found: set[str]) -> Principals:
        if found & {ANYONE, GUESTS}:
            return (ANYONE,)
        if SIGNED_IN in found:
            return (SIGNED_IN,)
        known = [OWNER, "user", *self.draft.roles]
        return tuple(name for name in known if name in found) or (ADMIN,)

    def _unsaid(self, action: Action) -> set[str]:
        """Return who may do what nobody spoke of, less those who were said not to."""
        default = {
            Action.CREATE: self._creators,
            Action.UPDATE: self._editors,
            Action.DELETE: self._deleters,
            Action.READ: self._viewers,
        }[action]()
        denied = {name for grant in self._grants(action, allowed=False) for name in grant.principals}
        others = any(grant.scope is Scope.OTHERS for grant in self._grants(action, allowed=False))
        if not denied or others or denied == {GUESTS}:
            return default
        made = set(self.out.may.get(Action.CREATE, ()))
        apart = action is not Action.CREATE and not made & (OPEN | denied) and not denied & _EVERYBODY
        taken = denied if apart else {SIGNED_IN, OWNER, "user", ANYONE, *denied}
        return default - taken or {ADMIN}

    def _is_closed(self) -> bool:
        return any(grant.only and grant.scope is not Scope.OWN for grant in self._grants(Action.READ))

    def _roles_of(self, action: Action) -> set[str]:
        """Return the roles that were said to do this, where nobody else was."""
        said = self.said.get(action)
        return said if said and not said & (_EVERYBODY | {OWNER, "user"}) else set[str]()

    def _creators(self) -> set[str]:
        if any(grant.only and not grant.principals for grant in self._grants(Action.CREATE)):
            return {ADMIN}
        seen = self._roles_of(Action.READ) if self._is_closed() else set[str]()
        named = self._roles_of(Action.UPDATE) or seen or self._who_have_their_own()
        ruling = set[str]() if self._speaks_of_owners() else rulers(self.draft, Action.CREATE)
        return ruling or named or {SIGNED_IN}

    def _who_have_their_own(self) -> set[str]:
        """Return the roles that were said to do something with their own, where only roles were."""
        own = [
            grant
            for action in (Action.READ, Action.UPDATE, Action.DELETE)
            for grant in self._grants(action)
            if grant.scope is Scope.OWN
        ]
        names = {name for grant in own for name in grant.principals}
        return names if own and not names & (_EVERYBODY | {OWNER}) and not self.item.private else set[str]()

    def _editors(self) -> set[str]:
        editors = self._rulers(Action.UPDATE) or self._usual()
        seen = self.said[Action.READ]
        if self._is_closed() and seen and not (editors <= seen or seen & _EVERYBODY):
            return seen
        return editors

    def _rulers(self, action: Action) -> set[str]:
        """Return the roles that may do this with everything, where only roles add rows."""
        opened = set(self.out.may[Action.CREATE]) & OPEN or self._speaks_of_owners()
        return set[str]() if opened else rulers(self.draft, action)

    def _usual(self) -> set[str]:
        """Return who changes and sees a row where nobody says so: whoever added it, or roles that run all rows anyhow."""
        made = set(self.out.may[Action.CREATE])
        if made & OPEN or self._speaks_of_owners():
            return self._owners()
        alone = Action.CREATE in self.out.assumed or any(grant.only for grant in self._grants(Action.CREATE))
        rule = any(made <= (self.said[action] or set[str]()) for action in (Action.UPDATE, Action.DELETE))
        return made if alone or rule else self._owners()

    def _owners(self) -> set[str]:
        """Return who changes what everybody may add; not its owner where a value is the only one among all rows.

        Rows of an owner differ from each other only, so what all see and no two may share belongs to nobody.
        """
        seen = self.said[Action.READ] or set[str]()
        unique = any(one.get("unique") for one in self.item.fields.values())
        if not unique or self._speaks_of_owners() or not seen & _EVERYBODY:
            return {OWNER}
        made = set(self.out.may[Action.CREATE]) - OPEN
        return made or (self.said[Action.DELETE] or set[str]()) - _EVERYBODY or {ADMIN}

    def _speaks_of_owners(self) -> bool:
        """Whether people are said to have rows of their own."""
        own = any(
            (grant.scope is Scope.OWN and not self._have_none(grant))
            or OWNER in grant.principals
            or grant.loose
            for grants in self.item.grants.values()
            for grant in grants
            if grant.allowed
        )
        return bool(own or self.item.owned or self.item.private)

    def _deleters(self) -> set[str]:
        usual = self._rulers(Action.DELETE) or self._editors()
        edited = set(self.out.may[Action.UPDATE]) | (usual & rulers(self.draft, Action.UPDATE))
        return usual if usual <= edited or edited & _EVERYBODY else edited

    def _viewers(self) -> set[str]:
        changing = set(self.out.may[Action.UPDATE]) | set(self.out.may[Action.DELETE])
        made = set(self.out.may[Action.CREATE])
        added = self._usual() if made & OPEN or not made <= changing else made
        return added | changing

    def _readers(self, said: set[str]) -> set[str]:
        """Let those see rows who add, change or delete them."""
        more = self._viewers() - said - {ADMIN}
        if said & _EVERYBODY or not more:
            return said
        denied = {name for grant in self._grants(Action.READ, allowed=False) for name in grant.principals}
        if denied & {SIGNED_IN, ANYONE} or self.out.may[Action.CREATE] == (ADMIN,):
            more -= {OWNER}
        more -= denied | self._kept_to_their_own()
        if more:
            self.out.more = people(self._ordered(more))
        return said | more

    def _kept_to_their_own(self) -> set[str]:
        kept = [grant for grant in self._grants(Action.READ) if grant.only and grant.scope is Scope.OWN]
        return {name for grant in kept for name in grant.principals}

    def _have_none(self, grant: Grant) -> bool:
        """Whether a right to their own rows is of people who add none."""
        settled = self.out.may.get(Action.CREATE)
        made = set(settled) if settled else self.said.get(Action.CREATE)
        return made is not None and not made & (OPEN | set(grant.principals) | {GUESTS})

    def _tell_of_none(self) -> None:
        """Tell of rights to people's own rows where they can have none."""
        made = self.out.may[Action.CREATE]
        for action in (Action.READ, Action.UPDATE, Action.DELETE):
            for grant in self._grants(action):
                if grant.scope is Scope.OWN and self._have_none(grant):
                    noun = plural(self.item.noun)
                    text = f"{noun} belong to the account that adds them, and {people(made)} add them: {people(grant.principals)} have none of their own"
                    self.draft.note(grant.said, Reading.UNREAD, text)
                    return
