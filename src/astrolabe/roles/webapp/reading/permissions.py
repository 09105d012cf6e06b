"""Who may do what with every entity: as was said, else as with what it is linked with, else only whoever added it."""

from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN, Action
from astrolabe.roles.webapp.reading.assumptions import tell_assumptions
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.grants import ADMIN, GUESTS
from astrolabe.roles.webapp.reading.ruling import OPEN, Principals, Ruling, Table, rulers
from astrolabe.roles.webapp.reading.words import plural


def resolve(draft: Draft) -> dict[str, Table]:
    """Return the table of each entity by its key; what was assumed goes into the draft's account."""
    tables = {key: Ruling(draft, item).table() for key, item in draft.entities.items() if _is_ruled(item)}
    left = [key for key in draft.entities if key not in tables]
    while left:
        near = {key: _near(draft, key, tables) for key in left}
        found = {key: _like(draft, others, tables) for key, others in near.items() if others}
        found = found or {key: Ruling(draft, draft.entities[key]).table() for key in left}
        tables |= found
        left = [key for key in left if key not in found]
    for key, table in tables.items():
        _see_remarks(draft.entities[key], table, tables)
        _add_rulers(draft, table)
    tell_assumptions(draft, tables)
    return {key: tables[key] for key in draft.entities}


def _is_ruled(item: EntityDraft) -> bool:
    """Whether anything is said of who may do what with it; that people without an account may not says nothing of the rest."""
    said = any(
        grant.allowed or set(grant.principals) != {GUESTS}
        for grants in item.grants.values()
        for grant in grants
    )
    return bool(said or item.private or item.owned or item.shared)


def _near(draft: Draft, key: str, tables: dict[str, Table]) -> list[str]:
    """Return the settled entities that are linked with this one and that roles run."""
    links = [
        (one.key, link.to)
        for one in draft.entities.values()
        for link in one.links.values()
        if one.about != link.to
    ]
    found = [other for one, other in links if one == key] + [one for one, other in links if other == key]
    return [other for other in dict.fromkeys(found) if other in tables and _roles(tables[other])]


def _roles(table: Table, *actions: Action) -> set[str]:
    found = {name for action in actions or tuple(Action) for name in table.may[action]}
    return found - {ANYONE, SIGNED_IN, OWNER, ADMIN, "user"}


def _like(draft: Draft, others: list[str], tables: dict[str, Table]) -> Table:
    """Return a table for what nothing is said about: whoever adds it, and the roles that run what it is linked with."""
    near = [tables[other] for other in others]
    opened = any(set(table.may[Action.CREATE]) & OPEN for table in near)
    writers = {role for table in near for role in _roles(table, Action.CREATE, Action.UPDATE, Action.DELETE)}
    seers = {role for table in near for role in _roles(table)}
    own = {OWNER} if opened else set[str]()

    def ordered(names: set[str]) -> Principals:
        return tuple(name for name in (OWNER, *draft.roles) if name in names) or (ADMIN,)

    like = " and ".join(plural(draft.entities[other].noun) for other in others)
    out = Table()
    out.may = {
        Action.CREATE: (SIGNED_IN,) if opened else ordered(rulers(draft, Action.CREATE) or writers),
        Action.READ: ordered(seers | own),
        Action.UPDATE: ordered((rulers(draft, Action.UPDATE) or writers) | own),
        Action.DELETE: ordered((rulers(draft, Action.DELETE) or writers) | own),
    }
    out.assumed = dict.fromkeys(Action, f"as for {like}")
    return out


def _see_remarks(item: EntityDraft, table: Table, tables: dict[str, Table]) -> None:
    """Let everybody signed in see remarks on what everybody sees, where nothing was said of that."""
    seen = tables[item.about].may[Action.READ] if item.about else ()
    if set(seen) & {ANYONE, SIGNED_IN} and Action.READ in table.assumed:
        table.may[Action.READ] = (SIGNED_IN,)


def _add_rulers(draft: Draft, table: Table) -> None:
    """Let those who may do something with everything do it here too."""
    for action, principals in table.may.items():
        more = rulers(draft, action)
        if more and not set(principals) & {ANYONE, SIGNED_IN}:
            names = {*principals, *more}
            table.may[action] = tuple(name for name in (OWNER, "user", *draft.roles) if name in names)
    changing = {name for action in (Action.UPDATE, Action.DELETE) for name in rulers(draft, action)}
    seen = set(table.may[Action.READ])
    if changing and not seen & {ANYONE, SIGNED_IN}:
        names = seen | changing
        table.may[Action.READ] = tuple(name for name in (OWNER, "user", *draft.roles) if name in names)
