"""Noticing that a conversation gets nowhere: rules only, over what its turns did."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Stuck(StrEnum):
    """The ways of getting nowhere."""

    EMPTY = "empty answers"
    MONOLOGUE = "words without deeds"
    REPEATED = "the same call again and again"
    PING_PONG = "two steps that take each other back"
    SAME_ERROR = "the same error again and again"
    NO_PROGRESS = "nothing new"


@dataclass(frozen=True)
class Turn:
    """What one turn did. `calls` and `results` are texts that are equal exactly when those are; `tree` is what it left."""

    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    failed: bool = False
    tree: str = ""
    words: bool = False


_REPEATS = 3
_EMPTY = 2
_ROUNDS = 3
_ERRORS = 4
_STILL = 10
_NUMBERS = re.compile(r"\d+")

HINTS = {
    Stuck.EMPTY: "You have answered nothing, twice. Use one of the tools now, or finish and say what is in the way.",
    Stuck.MONOLOGUE: "You describe what to do, and nothing is done by that. Use a tool for the next step.",
    Stuck.REPEATED: "You have made the same call several times, and it gave the same answer each time. It will not change: "
    "do something else. What do you need to know that you do not know yet?",
    Stuck.PING_PONG: "You go back and forth between two steps. Neither is the answer: find out why each of them fails, and "
    "do something third.",
    Stuck.SAME_ERROR: "You get the same error again and again. Stop trying variants: read what it says, look at the place it "
    "names, and change your approach.",
    Stuck.NO_PROGRESS: "For many turns nothing has changed and you have learned nothing new. Decide: make a change now, or "
    "finish and say what is in the way.",
}
"""What a model is told the first time."""


def stuck(turns: Sequence[Turn]) -> Stuck | None:
    """Return how the latest turns get nowhere, the plainest way first; None when they do not."""
    return next((kind for kind, rule in _RULES if rule(turns)), None)


def _empty(turns: Sequence[Turn]) -> bool:
    last = turns[-_EMPTY:]
    return len(last) == _EMPTY and all(not turn.calls and not turn.words for turn in last)


def _monologue(turns: Sequence[Turn]) -> bool:
    last = turns[-_REPEATS:]
    return len(last) == _REPEATS and all(not turn.calls for turn in last)


def _repeated(turns: Sequence[Turn]) -> bool:
    last = turns[-_REPEATS:]
    same = {(turn.calls, turn.results, turn.tree) for turn in last}
    return len(last) == _REPEATS and len(same) == 1 and bool(last[0].calls)


def _ping_pong(turns: Sequence[Turn]) -> bool:
    last = [(turn.calls, turn.results) for turn in turns[-2 * _ROUNDS :]]
    if len(last) < 2 * _ROUNDS or not all(calls for calls, _ in last):
        return False
    return len(set(last[::2])) == len(set(last[1::2])) == 1 and last[0] != last[1]


def _same_error(turns: Sequence[Turn]) -> bool:
    last = turns[-_ERRORS:]
    if len(last) < _ERRORS or not all(turn.failed for turn in last):
        return False
    return len({tuple(_NUMBERS.sub("#", result) for result in turn.results) for turn in last}) == 1


def _no_progress(turns: Sequence[Turn]) -> bool:
    last, before = turns[-_STILL:], turns[:-_STILL]
    if len(last) < _STILL or len({turn.tree for turn in (*before[-1:], *last)}) != 1:
        return False
    known = {result for turn in before for result in turn.results}
    first: set[str] = set()
    for turn in last:
        first.update(turn.results)
    return len(first - known) <= 1


_RULES: tuple[tuple[Stuck, Callable[[Sequence[Turn]], bool]], ...] = (
    (Stuck.EMPTY, _empty),
    (Stuck.MONOLOGUE, _monologue),
    (Stuck.REPEATED, _repeated),
    (Stuck.PING_PONG, _ping_pong),
    (Stuck.SAME_ERROR, _same_error),
    (Stuck.NO_PROGRESS, _no_progress),
)
