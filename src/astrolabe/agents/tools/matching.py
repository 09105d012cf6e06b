"""Finding the place an edit means: exactly, or but for white space and line numbers; never one of several."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from astrolabe.errors import InputError

_NUMBERED = re.compile(r"^\s*\d+(?:  |\t|[:|] ?)")
_NEAR = 0.6
_SHOWN = 12


@dataclass(frozen=True)
class Place:
    """Where a text stands (characters `start` to `end`), and what is to be written there."""

    start: int
    end: int
    new: str


def places(content: str, old: str, new: str) -> tuple[Place, ...]:
    """Return every place `old` can mean, overlapping ones too, by the strictest way of comparing that finds any.

    The ways: as it is, or with the file's line endings; line by line without white space at their ends; without
    indentation, which `new` then gets as the file has it; and all these without line numbers that came from reading.
    """
    for readings in _readings(content, old, new):
        for compare in (_exactly, partial(_by_lines, key=str.rstrip), partial(_by_lines, key=str.strip)):
            for meant_old, meant_new in readings:
                if found := tuple(compare(content, meant_old, meant_new)):
                    return found
    return ()


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


def _exactly(content: str, old: str, new: str) -> Iterator[Place]:
    at = content.find(old) if old else -1
    while at >= 0:
        yield Place(at, at + len(old), new)
        at = content.find(old, at + 1)


def _by_lines(content: str, old: str, new: str, key: Callable[[str], str]) -> Iterator[Place]:
    """Give the runs of whole lines that are those of `old` under `key`."""
    lines = content.splitlines(keepends=True)
    wanted = [key(line) for line in _without_blank_edges(old.splitlines())]
    if not any(wanted):
        return
    keys = [key(line) for line in lines]
    ending = "\r\n" if "\r\n" in content else "\n"
    starts = _offsets(lines)
    for at in range(len(lines) - len(wanted) + 1):
        if keys[at : at + len(wanted)] == wanted:
            end = at + len(wanted)
            yield Place(starts[at], starts[end], _fitted(lines[at:end], old, new, ending))


def _offsets(lines: Sequence[str]) -> list[int]:
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return offsets


def _without_blank_edges(lines: Sequence[str]) -> list[str]:
    first = next((at for at, line in enumerate(lines) if line.strip()), 0)
    last = next((at for at in range(len(lines) - 1, -1, -1) if lines[at].strip()), -1)
    return list(lines[first : last + 1])


def _fitted(found: Sequence[str], old: str, new: str, ending: str) -> str:
    """Return `new` with the indentation and the line ends that the file has where `old` was found."""
    meant = _without_blank_edges(old.splitlines())
    known = {_indent(there): _indent(here) for there, here in zip(meant, found, strict=True) if there.strip()}
    first = _indent(meant[0]), _indent(found[0])
    lines = [_indented(line, known, first) for line in _without_blank_edges(new.splitlines())]
    last = found[-1]
    end = last[len(last.rstrip("\r\n")) :]
    return f"{ending.join(lines)}{end}" if lines else ""


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
    found = places(content, old, new)
    if not found:
        raise InputError(f"{path} does not contain the text in `old`", hint=nearest(content, old))
    if len(found) > 1 and not everywhere:
        lines = ", ".join(str(content.count("\n", 0, place.start) + 1) for place in found[:10])
        raise InputError(
            f"{path} contains the text in `old` {len(found)} times, at lines {lines}",
            hint="Add lines around it to `old` so that it is the only one, or set everywhere.",
        )
    out, at = "", 0
    for place in found:
        if place.start >= at:  # places may overlap: the first one counts
            out += content[at : place.start] + place.new
            at = place.end
    return out + content[at:]


def nearest(content: str, old: str) -> str:
    """Say which lines are most like those that were meant."""
    wanted = [line.strip() for line in _without_blank_edges(old.splitlines())][:_SHOWN]
    lines = content.splitlines()
    if not wanted or not lines:
        return "Read the file first."
    anchors = difflib.get_close_matches(max(wanted, key=len), [line.strip() for line in lines], 1, _NEAR)
    if not anchors:
        return "No line is like it: read the file first."
    offset = wanted.index(max(wanted, key=len))
    first = max(0, next(at for at, line in enumerate(lines) if line.strip() == anchors[0]) - offset)
    shown = "\n".join(lines[first : first + len(wanted)])
    return f"The lines most like it, from line {first + 1}, are:\n{shown}\nCopy them exactly, without line numbers."
