"""Whether a regular expression means the same in Python and JavaScript, and whether it can be made to run for ever.

A pattern is read with Python's own parser, then turned into Glushkov's position automaton. It backtracks exponentially
when some loop of the automaton can be walked in two ways on the same text (Weber and Seidl's criterion EDA), and
badly when three or more unbounded loops that share characters follow each other.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

_op: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

MOST_POSITIONS = 300
MOST_LINKS = 20_000
MOST_PAIRS = 200_000
_COPIES = 4
_LONGEST_CHAIN = 2
_LAST = 0x10FFFF
_FOREIGN = (
    (re.compile(r"\(\?P[<=>]"), "named groups are written `(?<name>…)` in JavaScript; use `(…)`"),
    (re.compile(r"\(\?#"), "JavaScript has no comments in patterns"),
    (re.compile(r"\(\?[aiLmsux]+[-:)]"), "JavaScript has no inline flags"),
    (re.compile(r"\(\?>"), "JavaScript has no atomic groups"),
    (re.compile(r"\(\?\("), "JavaScript has no conditions"),
    (re.compile(r"[*+?}]\+"), "JavaScript has no possessive repeats"),
    (re.compile(r"\{,\d+\}"), "JavaScript takes `{,n}` literally; write `{0,n}`"),
    (re.compile(r"\[\^?\]"), "in JavaScript `[]` is an empty class; write `\\]`"),
    (re.compile(r"\[\^?\[:"), "JavaScript has no named classes"),
    (re.compile(r"\\[AZzQEGaNU]"), "this escape has another meaning in JavaScript"),
)

Ranges = tuple[tuple[int, int], ...]
_ANY: Ranges = ((0, _LAST),)
_CATEGORIES: dict[str, Ranges] = {
    "CATEGORY_DIGIT": ((48, 57),),
    "CATEGORY_WORD": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "CATEGORY_SPACE": ((9, 13), (28, 32), (0x85, 0x85), (0xA0, 0xA0), (0x2000, 0x200A)),
}


def pattern_fault(pattern: str) -> str:
    """Return what is wrong with a pattern, or nothing when it is portable and safe."""
    bare = re.sub(r"\\\\", "  ", pattern)
    for sign, reason in _FOREIGN:
        if _outside(sign, bare):
            return f"is not portable: {reason}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern, re.ASCII)
            tree = _parser.parse(_kept_apart(pattern), re.ASCII)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return _cost(tree)


def _outside(sign: re.Pattern[str], pattern: str) -> bool:
    """Whether a sign stands where it is not itself escaped."""
    return any(found.start() == 0 or pattern[found.start() - 1] != "\\" for found in sign.finditer(pattern))


def _kept_apart(pattern: str) -> str:
    """Put a different look-ahead into every alternative: Python's parser joins equal ones, JavaScript walks both."""
    out: list[str] = []
    in_class = escaped = False
    for number, letter in enumerate(pattern):
        out.append(letter)
        if not escaped and letter == "|" and not in_class:
            out.append(f"(?=~{{{number + 2}}})")
        in_class = in_class if escaped else letter == "[" or (in_class and letter != "]")
        escaped = letter == "\\" and not escaped
    return "".join(out)


def _cost(tree: Any) -> str:
    automaton = _Automaton()
    try:
        automaton.sequence(tree)
        if automaton.exponential():
            return "can take for ever on a hostile text: a repeat in a repeat can match the same text in two ways"
    except _TooLargeError:
        return "is too large to be judged safe; shorten its repeats"
    if automaton.longest_chain() > _LONGEST_CHAIN:
        return "can take very long on a hostile text: open repeats of the same characters follow each other"
    return next((fault for inner in automaton.apart if (fault := _cost(inner))), "")


class _TooLargeError(Exception):
    pass


@dataclass
class _Piece:
    """A part of an expression: where it can begin and end, and whether it can match nothing."""

    first: list[int]
    last: list[int]
    empty: bool


@dataclass
class _Automaton:
    """Positions, the characters each takes, and in how many ways one follows another."""

    letters: list[Ranges] = field(default_factory=list[Ranges])
    follow: dict[int, dict[int, int]] = field(default_factory=dict[int, dict[int, int]])
    apart: list[Any] = field(default_factory=list[Any])
    links: int = 0

    def sequence(self, items: Iterable[Any]) -> _Piece:
        whole = _Piece([], [], empty=True)
        for kind, value in items:
            whole = self._joined(whole, self._piece(kind, value))
        return whole

    def _piece(self, kind: Any, value: Any) -> _Piece:
        if kind in {_op.MAX_REPEAT, _op.MIN_REPEAT}:
            return self._repeat(*value)
        if kind is _op.SUBPATTERN:
            return self.sequence(value[-1])
        if kind is _op.BRANCH:
            return self._branch(value[1])
        if kind in {_op.ASSERT, _op.ASSERT_NOT} and len(value[1]):
            self.apart.append(value[1])
        if kind in {_op.ASSERT, _op.ASSERT_NOT, _op.AT}:
            return _Piece([], [], empty=True)
        return self._letter(_ranges(kind, value))

    def _letter(self, ranges: Ranges) -> _Piece:
        if len(self.letters) >= MOST_POSITIONS:
            raise _TooLargeError
        self.letters.append(ranges)
        position = len(self.letters) - 1
        self.follow[position] = {}
        return _Piece([position], [position], empty=False)

    def _joined(self, left: _Piece, right: _Piece) -> _Piece:
        self._link(left, right)
        first = left.first + right.first if left.empty else left.first
        last = right.last + left.last if right.empty else right.last
        return _Piece(first, last, left.empty and right.empty)

    def _branch(self, options: Iterable[Any]) -> _Piece:
        pieces = [self.sequence(option) for option in options]
        first = [position for piece in pieces for position in piece.first]
        last = [position for piece in pieces for position in piece.last]
        return _Piece(first, last, any(piece.empty for piece in pieces))

    def _repeat(self, least: int, most: int, body: Any) -> _Piece:
        open_end = most is _op.MAXREPEAT or most > _COPIES
        whole = _Piece([], [], empty=True)
        for number in range(max(1, min(least, _COPIES) if open_end else most)):
            piece = self.sequence(body)
            if open_end and number == max(0, min(least, _COPIES) - 1):
                self._link(piece, piece)
            whole = self._joined(whole, _Piece(piece.first, piece.last, piece.empty or number >= least))
        return whole

    def _link(self, left: _Piece, right: _Piece) -> None:
        for start in left.last:
            ways = self.follow[start]
            for end in right.first:
                ways[end] = ways.get(end, 0) + 1
                self.links += 1
        if self.links > MOST_LINKS:
            raise _TooLargeError

    def exponential(self) -> bool:
        """Whether two different walks from a position back to itself can read the same text."""
        return any(self._ambiguous(loop) for loop in self._loops())

    def _ambiguous(self, loop: frozenset[int]) -> bool:
        if any(ways > 1 for start in loop for end, ways in self.follow[start].items() if end in loop):
            return True
        apart = {
            (one, other) for start in loop for one, other in self._steps((start, start), loop) if one != other
        }
        reached, left = set(apart), list(apart)
        while left:
            if len(reached) > MOST_PAIRS:
                raise _TooLargeError
            for pair in self._steps(left.pop(), loop):
                if pair[0] == pair[1]:
                    return True
                if pair not in reached:
                    reached.add(pair)
                    left.append(pair)
        return False

    def _steps(self, pair: tuple[int, int], loop: frozenset[int]) -> Iterator[tuple[int, int]]:
        for one in self.follow[pair[0]]:
            for other in self.follow[pair[1]]:
                if one in loop and other in loop and _overlap(self.letters[one], self.letters[other]):
                    yield one, other

    def _loops(self) -> list[frozenset[int]]:
        """The sets of positions that can reach each other and themselves."""
        reach = {start: self._reachable(start) for start in self.follow}
        loops = {
            frozenset(other for other in reach[start] if start in reach[other])
            for start in self.follow
            if start in reach[start]
        }
        return sorted(loops, key=sorted)

    def _reachable(self, start: int, within: frozenset[int] | None = None) -> frozenset[int]:
        seen: set[int] = set()
        left = [start]
        while left:
            for end in self.follow[left.pop()]:
                if end not in seen and (within is None or end in within):
                    seen.add(end)
                    left.append(end)
        return frozenset(seen)

    def longest_chain(self) -> int:
        """Return how many loops can follow each other while all read the same character."""
        singles = sorted(position for position in self.follow if position in self.follow[position])
        best: dict[int, int] = {}
        for start in reversed(singles):
            alike = frozenset(
                position for position in self.follow if _overlap(self.letters[position], self.letters[start])
            )
            later = self._reachable(start, alike) - {start}
            best[start] = 1 + max((best.get(other, 0) for other in later), default=0)
        return max(best.values(), default=0)


def _ranges(kind: Any, value: Any) -> Ranges:
    if kind is _op.LITERAL:
        return ((value, value),)
    if kind is _op.NOT_LITERAL:
        return _inverted(((value, value),))
    if kind is not _op.IN:
        return _ANY
    negated = bool(value) and value[0][0] is _op.NEGATE
    ranges = tuple(part for item in value for part in _class_part(*item))
    return _inverted(ranges) if negated else ranges


def _class_part(kind: Any, value: Any) -> Ranges:
    if kind is _op.NEGATE:
        return ()
    if kind is _op.LITERAL:
        return ((value, value),)
    if kind is _op.RANGE:
        return ((value[0], value[1]),)
    name = str(value)
    known = _CATEGORIES.get(name.replace("_NOT_", "_"), _ANY)
    return _inverted(known) if "_NOT_" in name else known


def _inverted(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    return (*gaps, (start, _LAST)) if start <= _LAST else tuple(gaps)


def _overlap(left: Ranges, right: Ranges) -> bool:
    return any(
        low <= other_high and other_low <= high for low, high in left for other_low, other_high in right
    )
