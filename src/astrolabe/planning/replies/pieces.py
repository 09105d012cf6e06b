"""The pieces of a reply that may hold a value: blocks in fences, brackets that close, and those cut off. One pass each."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_THOUGHT = re.compile(r"<(/?)(?:think|thinking|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]{0,8}(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*$", re.MULTILINE)
_MARKS = re.compile(r'["\\{}\[\]\n]')
_PARTNER = {"}": "{", "]": "["}
MOST_PIECES = 3000
"""Of one reply, the last ones: a reply with more is noise."""
DEEPEST = 64
"""Levels of brackets: no plan has more, and what has thousands is made to break a reader."""


@dataclass(frozen=True)
class Block:
    """What stands in a fence; `word` follows its opening (`json`), `closed` is false when the reply ends inside it."""

    word: str
    text: str
    closed: bool


@dataclass(frozen=True)
class Brackets:
    """Pieces of a text in brackets: `closed` lie in no other one that closes, `cut` begins one that does not."""

    closed: tuple[str, ...]
    cut: str = ""


def spoken(reply: str) -> str:
    """Return a reply without the thoughts that some models write before they speak; one that never ends hides the rest."""
    kept: list[str] = []
    start: int | None = 0
    for tag in _THOUGHT.finditer(reply):
        if tag[1]:
            start = tag.end()
        elif start is not None:
            kept.append(reply[start : tag.start()])
            start = None
    kept.append("" if start is None else reply[start:])
    return "".join(kept)


def blocks(text: str) -> Iterator[Block]:
    """Yield what stands in fences."""
    mark, word, start = "", "", 0
    for fence in _FENCE.finditer(text):
        if not mark:
            mark, word, start = fence[1], fence[2].lower(), fence.end()
        elif fence[1].startswith(mark) and not fence[2]:
            yield Block(word, text[start : fence.start()].strip(), closed=True)
            mark = ""
    if mark:
        yield Block(word, text[start:].strip(), closed=False)


def brackets(text: str, *, strings_end_with_lines: bool = False) -> Brackets:
    """Return the pieces of a text that stand in brackets; those in strings do not count, where a string is inside of any.

    `strings_end_with_lines` is for a text with a quote too many: a string is then taken to end with its line.
    """
    scan = _Scan()
    skip = -1
    for found in _MARKS.finditer(text):
        at, sign = found.start(), found[0]
        if at == skip:
            continue
        if sign == "\\":
            skip = at + 1
        elif sign == '"':
            scan.quote()
        elif sign == "\n":
            scan.quoted = scan.quoted and not strings_end_with_lines
        elif not scan.quoted:
            scan.bracket(at, sign)
    pieces = tuple(text[start:end] for start, end in scan.found[-MOST_PIECES:])
    return Brackets(pieces, text[scan.open[0][0] :] if scan.open else "")


def deepest(text: str) -> int:
    """Return how many brackets are open at once at most, strings not told apart."""
    most = depth = 0
    for found in re.finditer(r"[{}\[\]()]", text):
        depth = depth + 1 if found[0] in "{[(" else max(0, depth - 1)
        most = max(most, depth)
    return most


class _Scan:
    """Brackets that are open, and what lies between those that have closed."""

    def __init__(self) -> None:
        self.open: list[tuple[int, str]] = []
        self.found: list[tuple[int, int]] = []
        self.quoted = False
        self._count = {"{": 0, "[": 0}

    def quote(self) -> None:
        self.quoted = bool(self.open) and not self.quoted

    def bracket(self, at: int, sign: str) -> None:
        if sign in self._count:
            self.open.append((at, sign))
            self._count[sign] += 1
            return
        if not self._count[_PARTNER[sign]]:
            return
        while True:
            start, opened = self.open.pop()
            self._count[opened] -= 1
            if opened == _PARTNER[sign]:
                break
        while self.found and self.found[-1][0] > start:
            self.found.pop()
        self.found.append((start, at + 1))
