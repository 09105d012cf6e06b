"""Telling what was assumed about rights: one line for all entities of which the same was."""

from collections.abc import Iterable, Iterator

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading.claims import TOLD
from astrolabe.roles.webapp.reading.draft import Draft, EntityDraft
from astrolabe.roles.webapp.reading.people import people
from astrolabe.roles.webapp.reading.ruling import ORDER, Principals, Table
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.words import plural
from astrolabe.sdk import Reading


def tell_assumptions(draft: Draft, tables: dict[str, Table]) -> None:
    """Tell what was assumed, one line for all entities of which the same was."""
    groups: dict[str, list[EntityDraft]] = {}
    for key, table in tables.items():
        for meaning in _assumptions(table):
            groups.setdefault(meaning, []).append(draft.entities[key])
    for meaning, items in groups.items():
        text = ", ".join(plural(item.noun) for item in items)
        draft.note(Piece(text, min(item.said.line for item in items)), Reading.ASSUMED, meaning)


def _assumptions(table: Table) -> Iterator[str]:
    if table.narrowed:
        yield f"nothing is said about others' rows: everybody may {_verbs(table.narrowed)} their own"
    unsaid = [action for action in ORDER if table.assumed.get(action) is not None]
    if table.more:
        yield f"also seen by {table.more}: who may add, change or delete a row must see it"
    if not unsaid:
        return
    like = next((table.assumed[action] for action in unsaid if table.assumed[action]), "")
    by: dict[Principals, list[Action]] = {}
    for action in unsaid:
        by.setdefault(table.may[action], []).append(action)
    told = "; ".join(f"{_verbs(actions)}: {people(principals)}" for principals, actions in by.items())
    yield f"nothing is said about who may {_verbs(unsaid)} them; {told}{f', {like}' if like else ''}"


def _verbs(actions: Iterable[Action]) -> str:
    words = [TOLD[action] for action in actions]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
