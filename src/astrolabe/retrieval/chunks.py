"""Texts in pieces small enough for a model of meaning: cut where a heading or a definition begins, else between paragraphs.

Every line that is not blank lies in a piece. Where a cut falls into the middle of something, the next piece begins with the
last lines of the one before, so that what stands on both sides of it is found.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from astrolabe.domain.memory import Chunk

MOST_CHARACTERS = 1000
"""Of a piece: about what the models of meaning read of a text before they stop."""
LEAST_CHARACTERS = 240
"""A shorter piece says too little: it goes on into the next section."""
OVERLAP_CHARACTERS = 200
VERSION = "1"
"""Changes whenever a text would be cut otherwise."""

_MARKDOWN = (".md", ".markdown", ".mdx")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE = re.compile(
    r"\.(py|pyi|js|jsx|mjs|cjs|ts|tsx|go|rs|java|kt|kts|scala|c|h|cc|cpp|hpp|cs|rb|php|swift|sh|bash|lua|ex|exs|dart)\Z"
)
_DEFINITION = re.compile(
    r"[ \t]{0,8}(?:(?:export|default|public|private|protected|internal|static|final|abstract|sealed|override|async|"
    r"unsafe|pub(?:\([^)]*\))?|open|data|inline|suspend)\s+)*"
    r"(?:(?:def|class|function\*?|func|fn|interface|struct|enum|trait|impl|module|namespace|object|protocol|extension|"
    r"defmodule|defp)\s+(?:\([^)]*\)\s*)?(?:self\.)?([\w.$]+(?:::\w+)*)"
    r"|(?:const|let|var)\s+([\w$]+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|\w+\s*=>)"
    r"|type\s+([\w$]+))"
)
_ABOVE = re.compile(r"[ \t]*(@|#\[|//|/\*|\*|#(?!!))")
"""Decorators, attributes and comments belong to the definition below them."""


@dataclass(frozen=True)
class _Start:
    """Where a section begins (a line, from 0), and what it is called."""

    line: int
    heading: str


def chunked(path: str, text: str) -> tuple[Chunk, ...]:
    """Return a text's pieces, in order. `path` tells by its ending how it is cut; lines end with a line feed."""
    lines = text.split("\n")
    starts = _sections(path.lower())(lines)
    return tuple(_pieces(lines, starts))


def _sections(path: str) -> Callable[[Sequence[str]], list[_Start]]:
    if path.endswith(_MARKDOWN):
        return _headings
    return _definitions if _CODE.search(path) else lambda _: []


def _headings(lines: Sequence[str]) -> list[_Start]:
    found: list[_Start] = []
    above: dict[int, str] = {}
    fence = ""
    for at, line in enumerate(lines):
        if fenced := _FENCE.match(line):
            mark = fenced[1]
            closes = fence and mark[0] == fence[0] and len(mark) >= len(fence)
            fence = "" if closes else fence or mark
        elif not fence and (heading := _HEADING.match(line)):
            level = len(heading[1])
            above = {one: told for one, told in above.items() if one < level} | {level: heading[2]}
            found.append(_Start(at, " > ".join(filter(None, above.values()))))
    return found


def _definitions(lines: Sequence[str]) -> list[_Start]:
    found: list[_Start] = []
    for at, line in enumerate(lines):
        if definition := _DEFINITION.match(line):
            begin, end = at, found[-1].line if found else -1
            while begin - 1 > end and _ABOVE.match(lines[begin - 1]):
                begin -= 1
            found.append(_Start(begin, next(filter(None, definition.groups()), "")))
    return found


def _pieces(lines: Sequence[str], starts: Sequence[_Start]) -> Iterator[Chunk]:
    """Yield pieces: each ends at a section once it says enough, else where it is full."""
    begins = [start.line for start in starts]
    known = frozenset(begins)
    at = section = 0
    while at < len(lines):
        if len(lines[at]) > MOST_CHARACTERS:
            yield from _of_long_line(lines[at], at, _heading_at(starts, at))
            at += 1
            continue
        full = _full(lines, at)
        while section < len(begins) and begins[section] <= at:
            section += 1
        end = _end(lines, at, full, begins, section)
        last = end
        while last > at and not lines[last - 1].strip():
            last -= 1
        if last > at:
            yield Chunk("\n".join(lines[at:last]), at + 1, last, _heading_at(starts, at))
        clean = end == len(lines) or end in known or not lines[end - 1].strip()
        at = end if clean else _again(lines, at, end)


def _full(lines: Sequence[str], at: int) -> int:
    """Return the line before which a piece that begins at `at` is full."""
    size = 0
    for end in range(at, len(lines)):
        size += len(lines[end]) + 1
        if size > MOST_CHARACTERS + 1:
            return max(end, at + 1)
    return len(lines)


def _end(lines: Sequence[str], at: int, full: int, begins: Sequence[int], section: int) -> int:
    """Return where a piece ends: at the first of the sections from `section` on before which it says enough."""
    size, last = 0, at
    while section < len(begins) and begins[section] <= full:
        size += sum(len(line) + 1 for line in lines[last : begins[section]])
        last = begins[section]
        if size >= LEAST_CHARACTERS:
            return last
        section += 1
    if full == len(lines):
        return full
    if last > at:
        return last
    blank = (end for end in range(full, (at + full) // 2, -1) if not lines[end - 1].strip())
    return next(blank, full)


def _again(lines: Sequence[str], at: int, end: int) -> int:
    """Return where the next piece begins: some lines before the end of this one."""
    room = min(OVERLAP_CHARACTERS, MOST_CHARACTERS - len(lines[end]))
    size, begin = 0, end
    while begin - 1 > at and size + len(lines[begin - 1]) + 1 <= room:
        begin -= 1
        size += len(lines[begin]) + 1
    return begin


def _of_long_line(line: str, at: int, heading: str) -> Iterator[Chunk]:
    step = MOST_CHARACTERS - OVERLAP_CHARACTERS
    for begin in range(0, max(1, len(line) - OVERLAP_CHARACTERS), step):
        piece = line[begin : begin + MOST_CHARACTERS]
        if piece.strip():
            yield Chunk(piece, at + 1, at + 1, heading)


def _heading_at(starts: Sequence[_Start], at: int) -> str:
    """Return under which heading a line stands."""
    low, high = 0, len(starts)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if starts[middle].line <= at else (low, middle)
    return starts[low - 1].heading if low else ""
