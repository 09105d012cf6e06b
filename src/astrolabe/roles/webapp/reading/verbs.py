"""What verbs let people do: `edit` is to update, `manage` is everything; passives, gerunds and adjectives of the same."""

import re
from functools import lru_cache

from astrolabe.roles.webapp.model import Action
from astrolabe.roles.webapp.reading.words import CACHED, word_set

_VERBS = {
    Action.CREATE: "create add write post publish submit make enter record register log insert save start open place upload contribute",
    Action.READ: "read see view browse look find list access check display search consult inspect",
    Action.UPDATE: "update edit change modify correct alter revise amend",
    Action.DELETE: "delete remove destroy erase discard",
}
MANAGING = word_set("manage administer maintain administrate handle")
"""Verbs for all four. That only some manage a thing does not keep others from seeing it."""
_ALL = tuple(Action)
WRITING = (Action.CREATE, Action.UPDATE, Action.DELETE)
_ACTIONS: dict[str, tuple[Action, ...]] = {
    **{word: (action,) for action, words in _VERBS.items() for word in words.split()},
    **dict.fromkeys(MANAGING, _ALL),
}
_PAST = {
    "seen": "see",
    "written": "write",
    "made": "make",
    "found": "find",
    "read": "read",
    "shown": "see",
    "begun": "start",
}
_ADJECTIVES: dict[str, tuple[Action, ...]] = {
    "visible": (Action.READ,),
    "readable": (Action.READ,),
    "viewable": (Action.READ,),
    "accessible": (Action.READ,),
    "available": (Action.READ,),
    "editable": (Action.UPDATE,),
    "changeable": (Action.UPDATE,),
    "modifiable": (Action.UPDATE,),
    "writable": WRITING,
    "writeable": WRITING,
    "deletable": (Action.DELETE,),
    "removable": (Action.DELETE,),
}
_LOOSE = word_set(
    "open place start make find check look list display log enter save upload register contribute"
)
"""Verbs that stand for a right only where a modal says so: `doors open` and `orders place` do not."""
_AMBIGUOUS = word_set("list")
"""Sellers list what they sell, readers list what there is."""
PUTTING = word_set("publish post submit open start place register enter record log save")
"""Verbs that add a row, or bring one that is there into a state called by the same word."""
CHANGES_OF_STATE = word_set("""
    approve reject close reopen complete finish assign reassign confirm cancel archive restore pin lock unlock verify
    accept decline resolve moderate hide flag promote mark rename sign award grade rate score tag
""")
"""Verbs for one change among those an update can make; the model has no right to a single one of them."""


@lru_cache(maxsize=CACHED)
def verb_of(word: str) -> str:
    """Return the plain form of a verb: `edits`, `edited` and `editing` are `edit`; another word stays as it is."""
    known = _ACTIONS.keys() | CHANGES_OF_STATE
    if word in known:
        return word
    if word in _PAST:
        return _PAST[word]
    for ending, new in (
        ("ies", "y"), ("es", ""), ("es", "e"), ("s", ""), ("ied", "y"), ("ed", "e"), ("ed", ""), ("tted", "t"),
        ("nned", "n"), ("ing", ""), ("ing", "e"), ("tting", "t"), ("nning", "n"),
    ):  # fmt: skip
        if word.endswith(ending) and word[: -len(ending)] + new in known:
            return word[: -len(ending)] + new
    return word


def actions_of(words: list[str], *, firm: bool = True) -> tuple[Action, ...]:
    """Return what verbs of any form stand for, nothing when one is not known; `firm` says that a modal stood before."""
    plain = [verb_of(word) for word in words]
    if not plain or any(verb not in _ACTIONS for verb in plain):
        return ()
    if set(plain) <= _AMBIGUOUS or (not firm and set(plain) & _LOOSE):
        return ()
    return tuple(dict.fromkeys(action for verb in plain for action in _ACTIONS[verb]))


def adjective_actions(words: list[str]) -> tuple[Action, ...]:
    """Return what `visible`, `editable` and the like stand for, nothing when one is not known."""
    if not words or any(word not in _ADJECTIVES for word in words):
        return ()
    return tuple(dict.fromkeys(action for word in words for action in _ADJECTIVES[word]))


_OBJECTLESS = {
    "read": (Action.READ,),
    "view": (Action.READ,),
    "browse": (Action.READ,),
    "look": (Action.READ,),
    "look around": (Action.READ,),
    "write": WRITING,
    "edit": (Action.UPDATE,),
    "update": (Action.UPDATE,),
    "change": (Action.UPDATE,),
    "modify": (Action.UPDATE,),
    "delete": (Action.DELETE,),
    "create": (Action.CREATE,),
    "add": (Action.CREATE,),
}


def actions_without_object(text: str) -> tuple[Action, ...]:
    """Return what `read` or `read and write` stand for where nothing is named that it is done with."""
    words = re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+|/", text.lower().strip())
    if any(word not in _OBJECTLESS for word in words):
        return ()
    return tuple(dict.fromkeys(action for word in words for action in _OBJECTLESS[word]))
