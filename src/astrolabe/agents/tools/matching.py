"""Finding the place an edit means: exactly, or but for white space and line numbers; never one of several."""

import difflib
import heapq
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice

from astrolabe.errors import InputError

_NUMBERED = re.compile(r"^\s*\d+(?:  |\t|[:|] ?)")
_NEAR = 0.6
_SHOWN = 12
_COUNTED = 100
"""Places of an edit that can mean several: more are not told apart."""
_COMPARED, _CANDIDATES = 200, 50
"""Characters of a line, and lines of a file, that are compared letter by letter with the one that was meant."""


@dataclass(frozen=True)
class Place:
    """Where a text stands (characters `start` to `end`), and what is to be written there."""

    start: int
    end: int
    fit: Callable[[], str]

    @cached_property
    def new(self) -> str:
        """What is to be written, made when it is asked for: of many places most are only counted."""
        return self.fit()


def places(content: str, old: str, new: str, *, apart: bool = False) -> Iterator[Place]:
    """Give every place `old` can mean, overlapping ones too unless they are to lie `apart`, by the strictest way of comparing that finds any.

    The ways: as it is, or with the file's line endings; line by line without white space at their ends; without
    indentation, which `new` then gets as the file has it; and all these without line numbers that came from reading.
    """
    for readings in _readings(content, old, new):
        for compare in (_exactly, partial(_by_lines, key=str.rstrip), partial(_by_lines, key=str.strip)):
            for meant_old, meant_new in readings:
                found = compare(content, meant_old, meant_new, apart=apart)
                if (first := next(found, None)) is not None:
                    yield first
                    yield from found
                    return


def _readings(content: str, old: str, new: str) -> Iterator[list[tuple[str, str]]]:
    """Give what may have been meant by the words of an edit: as they are, with the file's line ends, without line numbers."""
    ends, all_ends = content.count("\r\n"), content.count("\n")
    ending = "\r\n" if ends else "\n"
    with_ending = _with_ending(old, ending), _with_ending(new, ending)
    yield [with_ending] if ends and ends == all_ends else [(old, new), with_ending]
    bare = _unnumbered(with_ending[0])
    if bare is not None:
        yield [(bare, _unnumbered(with_ending[1]) or with_ending[1])]


def _with_ending(text: str, ending: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", ending)


def _unnumbered(text: str) -> str | None:
    """Return a text without the line numbers at its lines, if all that are not blank have one."""
    lines = text.splitlines(keepends=True)
    written = [line for line in lines if line.strip()]
    if not written or not all(_NUMBERED.match(line) for line in written):
        return None
    return "".join(_NUMBERED.sub("", line) for line in lines)


def _exactly(content: str, old: str, new: str, *, apart: bool) -> Iterator[Place]:
    at = content.find(old) if old else -1
    while at >= 0:
        yield Place(at, at + len(old), lambda: new)
        at = content.find(old, at + (len(old) if apart else 1))


def _by_lines(content: str, old: str, new: str, *, key: Callable[[str], str], apart: bool) -> Iterator[Place]:
    """Give the runs of whole lines that are those of `old` under `key`."""
    lines = content.splitlines(keepends=True)
    wanted = [key(line) for line in _without_blank_edges(old.splitlines())]
    if not any(wanted):
        return
    keys = [f"{key(line)}\n" for line in lines]
    ending = "\r\n" if "\r\n" in content else "\n"
    whole, sought = ("".join(("\n", *each)) for each in (keys, (f"{line}\n" for line in wanted)))
    starts, marks = _offsets(lines), _offsets(keys)
    place = whole.find(sought)
    while place >= 0:
        at = bisect_left(marks, place)
        end = at + len(wanted)
        yield Place(starts[at], starts[end], partial(_fitted, lines, (at, end), old, new, ending))
        place = whole.find(sought, marks[end if apart else at + 1])


def _offsets(lines: Sequence[str]) -> list[int]:
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return offsets


def _without_blank_edges(lines: Sequence[str]) -> list[str]:
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), -1)
    return list(lines[first : last + 1])


def _fitted(lines: Sequence[str], where: tuple[int, int], old: str, new: str, ending: str) -> str:
    """Return `new` with the indentation and the line ends that the file has where `old` was found."""
    found = lines[where[0] : where[1]]
    meant = _without_blank_edges(old.splitlines())
    known = {_indent(there): _indent(here) for there, here in zip(meant, found, strict=True) if there.strip()}
    first = _indent(meant[0]), _indent(found[0])
    written = [_indented(line, known, first) for line in _without_blank_edges(new.splitlines())]
    last = found[-1]
    end = last[len(last.rstrip("\r\n")) :]
    return f"{ending.join(written)}{end}" if written else ""


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())].strip("\r\n")


def _indented(line: str, known: Mapping[str, str], first: tuple[str, str]) -> str:
    """Return a line with the indentation the file has for what is written with this one, or moved as the first line is."""
    own = _indent(line)
    if not line.strip():
        return line
    if own in known:
        return known[own] + line.lstrip()
    meant, there = first
    return there + line.removeprefix(meant) if line.startswith(meant) else line


def edited(path: str, content: str, old: str, new: str, *, everywhere: bool = False) -> str:
    """Return the content with `old` replaced.

    Raises:
        InputError: `old` is not there, or in several places; says what is near, or where.
    """
    if old == new:
        raise InputError("old and new are the same", hint="Say in `new` what is to stand there instead.")
    found = list(islice(places(content, old, new, apart=everywhere), None if everywhere else _COUNTED))
    if not found:
        raise InputError(f"{path} does not contain the text in `old`", hint=nearest(content, old))
    if len(found) > 1 and not everywhere:
        lines = ", ".join(str(content.count("\n", 0, place.start) + 1) for place in found[:10])
        count = f"{_COUNTED} times or more" if len(found) == _COUNTED else f"{len(found)} times"
        raise InputError(
            f"{path} contains the text in `old` {count}, at lines {lines}",
            hint="Add lines around it to `old` so that it is the only one, or set everywhere.",
        )
    out, at = list[str](), 0
    for place in found:
        out += (content[at : place.start], place.new)
        at = place.end
    return "".join((*out, content[at:]))


def nearest(content: str, old: str) -> str:
    """Say which lines are most like those that were meant."""
    wanted = [line.strip() for line in _without_blank_edges(old.splitlines())][:_SHOWN]
    lines = content.splitlines()
    if not wanted or not lines:
        return "Read the file first."
    anchor = max(wanted, key=len)
    like = _most_like(anchor[:_COMPARED], [line.strip()[:_COMPARED] for line in lines])
    if like is None:
        return "No line is like it: read the file first."
    first = max(0, like - wanted.index(anchor))
    shown = "\n".join(lines[first : first + len(wanted)])
    return f"The lines most like it, from line {first + 1}, are:\n{shown}\nCopy them exactly, without line numbers."


def _most_like(wanted: str, lines: Sequence[str]) -> int | None:
    """Return the line that is most like the wanted one, of those that share most of its triples of characters."""
    triples = {wanted[at : at + 3] for at in range(max(1, len(wanted) - 2))}

    def shared(number: int) -> int:
        line = lines[number]
        return sum(line[at : at + 3] in triples for at in range(max(1, len(line) - 2)))

    candidates = sorted(heapq.nlargest(_CANDIDATES, range(len(lines)), key=shared))
    close = difflib.get_close_matches(wanted, [lines[number] for number in candidates], 1, _NEAR)
    return next((number for number in candidates if lines[number] == close[0]), None) if close else None
