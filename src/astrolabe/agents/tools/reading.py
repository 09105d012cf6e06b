"""Looking at the workspace: list, read, search."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from pydantic import Field

from astrolabe.agents.tools.guard import may_see
from astrolabe.agents.tools.tool import SHELF, Arguments, Desk, Tool, Touch, bounded
from astrolabe.domain.paths import path_fault
from astrolabe.errors import InputError, MissingError
from astrolabe.ports.workspace import Found

_MOST_LISTED = 300
_PAGE = 400
_LINE = 500
"""Characters of a line that is shown; longer ones were written by programs."""
_SNIFFED = 8000
_POINTER = b"version https://git-lfs.github.com/spec/"


class List(Arguments):
    """What `list` takes."""

    path: str = Field(default="", description="A folder; everything when empty.")
    pattern: str = Field(default="", description="Only paths like this: `**/*.py`, `src/*.ts`.")


class Read(Arguments):
    """What `read` takes."""

    path: str = Field(description="A file, or the name of a long output.")
    first: int = Field(default=1, ge=1, description="The first line to show, from 1.")
    lines: int = Field(default=_PAGE, ge=1, le=_PAGE, description="How many lines.")


class Search(Arguments):
    """What `search` takes."""

    pattern: str = Field(
        min_length=1, max_length=500, description="A regular expression, matched line by line."
    )
    paths: str = Field(default="", description="Only in paths like this: `src`, `**/*.py`.")
    ignore_case: bool = False


async def _list(given: List, desk: Desk) -> str:
    folder = _folder(given.path)
    chosen = [pattern for pattern in (folder, given.pattern) if pattern]
    paths = await desk.bench.paths(*chosen[:1])
    if len(chosen) > 1:
        wanted = set(await desk.bench.paths(given.pattern))
        paths = tuple(path for path in paths if path in wanted)
    if not paths:
        raise MissingError(
            f"nothing is at {given.path or 'the root'}"
            + (f" like {given.pattern!r}" if given.pattern else ""),
            hint="List without path and pattern to see what there is.",
        )
    return "\n".join(paths) if len(paths) <= _MOST_LISTED else _by_folder(paths, folder)


def _by_folder(paths: Sequence[str], folder: str) -> str:
    """Say how many files each folder one level down has, for they are too many to be named."""
    depth = len(folder.split("/")) if folder else 0
    counted = Counter("/".join(path.split("/")[: depth + 1]) for path in paths)
    lines = [f"{name}/ ({count:,} files)" if count > 1 else name for name, count in counted.items()]
    shown = lines[:_MOST_LISTED]
    if len(lines) > len(shown):
        shown.append(f"[and {len(lines) - len(shown):,} more; give a pattern]")
    return f"{len(paths):,} files; list a folder to see those in it:\n" + "\n".join(shown)


def _folder(path: str) -> str:
    return "" if path.strip() in {"", ".", "./", "/"} else path.strip().removeprefix("./").rstrip("/")


async def text_in(path: str, desk: Desk) -> bytes:
    """Return a text file's content.

    Raises:
        InputError: it is no text, or leads elsewhere.
        MissingError: there is none; the hint names files that are called alike.
    """
    try:
        content = await desk.bench.read(path)
    except MissingError as missing:
        raise MissingError(str(missing), hint=await _alike(path, desk)) from missing
    if (target := await desk.bench.link(path)) is not None:
        raise InputError(
            f"{path!r} is a link to {target!r}",
            hint="Use the path it leads to; what lies outside the workspace cannot be used.",
        )
    if content.startswith(_POINTER):
        raise InputError(
            f"{path!r} is only a pointer: its content is kept by Git LFS, elsewhere",
            hint="Leave it as it is, and do without its content.",
        )
    if b"\0" in content[:_SNIFFED]:
        raise InputError(
            f"{path!r} is a binary file of {len(content):,} bytes",
            hint="Look at it by a command, if you must.",
        )
    return content


async def _alike(path: str, desk: Desk) -> str:
    name = path.rstrip("/").rpartition("/")[2]
    paths = await desk.bench.paths()
    inside = [known for known in paths if known.startswith(path.rstrip("/") + "/")]
    if inside:
        return f"It is a folder with {len(inside):,} files: list it."
    alike = [known for known in paths if known.rpartition("/")[2] == name][:5]
    return f"Is it {' or '.join(alike)}?" if alike else "List the folder to see what there is."


async def _text(path: str, desk: Desk) -> str:
    if path.startswith(SHELF):
        return desk.shelf.get(path)
    content = await text_in(path, desk)
    desk.seen.note(path, content)
    return content.decode("utf-8", "replace")


async def _read(given: Read, desk: Desk) -> str:
    lines = (await _text(given.path, desk)).splitlines()
    if not lines:
        return f"{given.path} is empty."
    if given.first > len(lines):
        raise InputError(f"{given.path} has {len(lines):,} lines", hint="Ask for an earlier one.")
    return _page(given, lines)


def _page(given: Read, lines: Sequence[str]) -> str:
    """Return the lines asked for, so many as one result holds, and say where the next ones begin."""
    shown: list[str] = []
    size, at = 0, given.first - 1
    while at < min(len(lines), given.first - 1 + given.lines) and size < _PAGE_CHARACTERS:
        shown.append(f"{at + 1:>5}  {_cut(lines[at])}")
        size += len(shown[-1]) + 1
        at += 1
    if at < len(lines):
        shown.append(f"[{len(lines):,} lines in all; go on with first={at + 1}]")
    return "\n".join(shown)


_PAGE_CHARACTERS = 7_500


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]} [… {len(line):,} characters]"


async def _search(given: Search, desk: Desk) -> str:
    lines = _told(await _found(given.pattern, given, desk), desk)
    if lines:
        return bounded("\n".join(lines), desk.shelf)
    literal = re.escape(given.pattern)
    if literal != given.pattern:
        # small models search for a line as it stands, whatever it means as an expression: `DAY = 12 * HOUR`
        lines = _told(await _found(literal, given, desk), desk)
    if not lines:
        return "Nothing matches."
    told = ["[nothing matches the expression; the same characters as they stand are found here]", *lines]
    return bounded("\n".join(told), desk.shelf)


async def _found(pattern: str, given: Search, desk: Desk) -> Sequence[Found]:
    where = [_folder(given.paths)] if _folder(given.paths) else []
    return await desk.bench.search(pattern, *where, ignore_case=given.ignore_case)


def _told(found: Sequence[Found], desk: Desk) -> list[str]:
    """Return lines by file; what may hold secrets is named, and not shown."""
    lines: list[str] = []
    for path, hits in groupby(found, key=lambda one: one.path):
        if may_see(desk.task, path):
            lines.append(path)
            lines += [f"{hit.line:>5}  {_cut(hit.text.rstrip())}" for hit in hits]
        else:
            lines.append(f"{path} [may hold secrets: not shown]")
    return lines


def _reads(given: Read) -> Touch:
    return Touch(reads=() if given.path.startswith(SHELF) and not path_fault(given.path) else (given.path,))


LIST = Tool("list", "List the files of the workspace.", List, _list)
READ = Tool("read", "Read a text file by pages of numbered lines.", Read, _read, _reads)
SEARCH = Tool("search", "Find lines in the workspace's files by a regular expression.", Search, _search)
