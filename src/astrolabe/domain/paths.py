"""Workspace paths and the patterns that select them.

A path is relative to the workspace, with `/` between parts. A pattern is a path, which covers itself and all
below it, or a glob: `*` and `?` stay within one part, `**` spans parts. Matching is case-sensitive.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

_WILD = re.compile(r"[*?\[]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def path_fault(path: str) -> str | None:
    """Say why `path` may not be used inside a workspace, or None when it may."""
    if not path or path.strip("/") == "":
        return "is empty"
    if path.startswith("/"):
        return "is absolute; paths are relative to the workspace"
    if _CONTROL.search(path):
        return "has a control character"
    parts = path.rstrip("/").split("/")
    if ".." in parts:
        return "leaves the workspace with '..'"
    if "" in parts or "." in parts:
        return "has an empty part or '.'"
    if any(part.lower() == ".git" for part in parts):
        return "names .git, which no task may touch"
    return None


LONGEST_PATH, LONGEST_NAME = 2048, 255
"""Bytes. The system's own limit of 4096 for a path counts what a target folder's path adds."""


def is_holdable(path: str) -> bool:
    """Tell whether a path that a repository has can be shown to a command: it is UTF-8, and not too long."""
    if path.isascii() and len(path) <= LONGEST_NAME:
        return True
    try:
        raw = path.encode()
    except UnicodeEncodeError:
        return False
    return len(raw) <= LONGEST_PATH and all(len(part) <= LONGEST_NAME for part in raw.split(b"/"))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern as an expression that never looks back over what a wildcard has passed.

    What follows a wildcard, up to the next one of its kind, is taken where it is first found: whatever could be found later
    leaves the next one less. So the time does not go with a power of the number of wildcards.
    """
    *stretches, last = _stretches(pattern.rstrip("/").split("/"))
    if not last:  # it ends with `**`
        return re.compile("".join(_found_first(stretches)) + r".*\Z", re.DOTALL)
    ending = "/".join(map(_of_part, last)) + r"(?:/.*)?\Z"
    anywhere = r"(?:[^/]+/)*?" if stretches else ""
    return re.compile("".join(_found_first(stretches)) + anywhere + ending, re.DOTALL)


def _stretches(parts: list[str]) -> list[list[str]]:
    """Return what stands between the parts `**`."""
    found: list[list[str]] = [[]]
    for part in parts:
        if part == "**":
            found.append([])
        else:
            found[-1].append(part)
    return found


def _found_first(stretches: list[list[str]]) -> Iterator[str]:
    for index, parts in enumerate(stretches):
        folders = "".join(f"{_of_part(part)}/" for part in parts)
        yield rf"(?>(?:[^/]+/)*?{folders})" if index and folders else folders


def _of_part(part: str) -> str:
    first, *middle = (
        "".join("[^/]" if char == "?" else re.escape(char) for char in piece)
        for piece in re.split(r"\*+", part)
    )
    if not middle:
        return first
    *between, end = middle
    return first + "".join(f"(?>[^/]*?{piece})" for piece in between) + f"[^/]*{end}"


def is_plain(pattern: str) -> bool:
    """Tell whether a pattern is a path, and covers nothing but that and what is below it."""
    return not _WILD.search(pattern)


def covers(pattern: str, path: str) -> bool:
    """Tell whether `pattern` selects `path`."""
    return _compiled(pattern).match(path) is not None


def covered(patterns: tuple[str, ...], path: str) -> bool:
    """Tell whether any of `patterns` selects `path`."""
    return any(covers(pattern, path) for pattern in patterns)


def _literal(pattern: str) -> tuple[str, ...]:
    out: list[str] = []
    for part in pattern.rstrip("/").split("/"):
        if _WILD.search(part):
            break
        out.append(part)
    return tuple(out)


def may_overlap(one: str, other: str) -> bool:
    """Tell whether some path could be selected by both; never False when there is one, sometimes True without."""
    if not _WILD.search(one):
        return (
            covers(other, one.rstrip("/"))
            or _prefix(_literal(one), _literal(other))
            or _wild_below(other, one)
        )
    if not _WILD.search(other):
        return may_overlap(other, one)
    left, right = _literal(one), _literal(other)
    return _prefix(left, right) or _prefix(right, left)


def _prefix(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    return long[: len(short)] == short


def _wild_below(pattern: str, path: str) -> bool:
    """Tell whether a glob could select something below the plain `path`."""
    return bool(_WILD.search(pattern)) and _prefix(_literal(pattern), tuple(path.rstrip("/").split("/")))
