"""The deeds a clause names, and the claim it makes with them: `create, edit and delete their own books`."""

import re
from dataclasses import dataclass, replace

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading.claims import Claim, settle
from astrolabe.roles.webapp.reading.draft import Draft, FieldDraft
from astrolabe.roles.webapp.reading.flaw import quoted
from astrolabe.roles.webapp.reading.grants import Scope, Who
from astrolabe.roles.webapp.reading.sentences import Piece
from astrolabe.roles.webapp.reading.targets import Target, is_their_own, targets_of
from astrolabe.roles.webapp.reading.verbs import (
    CHANGES_OF_STATE,
    MANAGING,
    PUTTING,
    actions_of,
    actions_without_object,
    verb_of,
)
from astrolabe.sdk import Reading


@dataclass(frozen=True)
class Deed:
    """Verbs and what they are done with; `states` are verbs that the model has no right for.

    `managed` tells that nothing was said of seeing in particular.
    """

    actions: tuple[Action, ...]
    what: str
    states: tuple[str, ...] = ()
    managed: bool = False
    verbs: tuple[str, ...] = ()


def permit(
    draft: Draft,
    piece: Piece,
    who: Who | None,
    deeds: list[Deed],
    *,
    only: bool = False,
    just: bool = False,
    allowed: bool = True,
    new: bool = False,
) -> bool:
    """Settle what some people may do; False, with nothing done, unless every part of it is known."""
    if who is None or not deeds:
        return False
    claims: list[Claim] = []
    states = set[str]()
    for deed in deeds:
        made = piece if new and allowed and Action.CREATE in deed.actions else None
        again = claims and deed.what.lower() in {"them", "it", "these", "those"}
        targets = [*claims[-1].targets] if again else targets_for(draft, deed, made)
        if claims and is_their_own(deed.what):
            targets = [replace(target, scope=Scope.OWN) for target in claims[-1].targets]
        if not targets:
            return False
        plain = _without_states(deed, targets)
        states |= set(plain.states)
        claim = Claim(who, plain.actions, tuple(targets), only=only, just=just, allowed=allowed)
        claims.append(replace(claim, managed=plain.managed))
    settled = [settle(draft, piece, claim) for claim in claims if claim.actions]
    if states:
        named = " and ".join(map(quoted, sorted(states)))
        draft.note(piece, Reading.UNREAD, f"{named}: a right to a single kind of change cannot be built")
    return bool(states) or any(settled)


def _without_states(deed: Deed, targets: list[Target]) -> Deed:
    """Take verbs that lead to a state the things have for changes of that state: `publish` where an article is published."""
    words = {
        word.lower()
        for target in targets
        for item in target.entity.fields.values()
        for word in (item.noun, *_values(item))
    }
    reached = {verb_of(word) for word in words}
    states = tuple(verb for verb in deed.verbs if verb in reached & PUTTING)
    if not states:
        return deed
    left = [verb for verb in deed.verbs if verb not in states]
    return replace(deed, actions=actions_of(left), states=(*deed.states, *states))


def _values(item: FieldDraft) -> list[str]:
    values = item.get("values")
    return [str(value) for value in values] if isinstance(values, tuple) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def targets_for(draft: Draft, deed: Deed, new: Piece | None) -> list[Target]:
    """Return what a deed is about: what it names, else the thing of its section, else all there is."""
    if deed.what:
        return targets_of(draft, deed.what, new=new)
    return [Target(entity) for entity in ([draft.within] if draft.within else draft.entities.values())]


_SYNONYMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), verb)
    for pattern, verb in (
        (r"\b(?:look\s+(?:up|at|through|for)|have\s+a\s+look\s+at)\b", "see"),
        (r"\bset\s+up\b", "create"),
        (r"\b(?:make\s+changes\s+to|write\s+to)\b", "edit"),
        (r"\bget\s+rid\s+of\b", "delete"),
        (r"\b(?:have\s+)?(?:full\s+(?:control|access)\s+(?:of|over|to))\b", "manage"),
    )
)
_SEARCHING = re.compile(r"\b(?:search(?:\s+(?:for|through|in))?)\b", re.IGNORECASE)


def deeds_in(text: str, *, searching: bool) -> list[Deed]:
    """Cut `create posts and delete comments` into deeds; nothing when a verb is not known.

    That lists can be searched is no right, so searching is one only where it is kept from somebody.
    """
    for pattern, verb in _SYNONYMS:
        text = pattern.sub(verb, text)
    if searching:
        text = _SEARCHING.sub("see", text)
    out: list[Deed] = []
    words = text.split()
    while words:
        verbs, words = _verbs(words)
        if not verbs:
            return []
        end = _next_deed(words)
        out.append(deed_of(verbs, " ".join(words[:end])))
        words = words[end:]
        while words and words[0].strip(",").lower() in {"", "and", "or", "also"}:
            words = words[1:]
    if any(not deed.actions and not deed.states for deed in out) or not all(deed.what for deed in out[:-1]):
        return []
    return out if all(deed.what for deed in out) or len(out) == 1 else []


def deed_of(verbs: list[str], what: str) -> Deed:
    plain = [verb_of(verb) for verb in verbs]
    states = tuple(verb for verb in plain if verb in CHANGES_OF_STATE)
    known = [verb for verb in plain if verb not in CHANGES_OF_STATE]
    if what:
        managed = bool(set(known) & MANAGING) and not any(
            actions_of([verb]) == (Action.READ,) for verb in known
        )
        return Deed(actions_of(known), what.strip(" ,"), states, managed, tuple(known))
    return Deed(actions_without_object(" and ".join(known)), "")


def _verbs(words: list[str]) -> tuple[list[str], list[str]]:
    """Take the verbs at the front of a deed; a second one needs a comma or `and` before it."""
    verbs: list[str] = []
    joined = True
    while words:
        word = words[0].strip(",").lower()
        parts = word.split("/")
        if word in {"and", "or", "also", "and/or"} and verbs:
            joined = True
        elif joined and all(_is_verb(part) for part in parts):
            verbs += parts
            joined = words[0].endswith(",")
        else:
            break
        words = words[1:]
    return ([], words) if joined and verbs and words else (verbs, words)


def _is_verb(word: str) -> bool:
    return verb_of(word) in CHANGES_OF_STATE or bool(actions_of([word]) or word == "list")


def _next_deed(words: list[str]) -> int:
    """Return where another verb with things of its own begins, else the end."""
    for at in range(1, len(words) - 1):
        joint = words[at - 1].endswith(",") or words[at - 1].lower() in {"and", "or"}
        begins = joint and _is_verb(words[at].lower()) and words[at + 1].lower() not in {"and", "or"}
        if begins and at > 1:
            end = at - 1 if words[at - 1].lower() in {"and", "or"} else at
            return end - (words[end - 1].lower() in {"and", "or"})
    return len(words)
