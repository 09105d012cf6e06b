"""What may come out of a workspace, and what may go in; decided from names and sizes before any content moves."""

import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from astrolabe.domain.paths import LONGEST_PATH, covered
from astrolabe.domain.policy import Policy
from astrolabe.errors import PolicyViolationError
from astrolabe.ports.sandbox import FileEntry

LINK = 0o120000
_FILE, _EXECUTABLE = 0o100644, 0o100755
_SHOWN = 120


@dataclass(frozen=True)
class Listed:
    """One entry as the holder lists it; `place` is its index there."""

    place: int
    path: str
    kind: str
    executable: bool
    size: int
    target: str = ""

    @classmethod
    def read(cls, place: int, raw: Sequence[Any]) -> "Listed":
        return cls(place, *raw)

    def entry(self, content: bytes) -> FileEntry:
        mode = LINK if self.kind == "link" else _EXECUTABLE if self.executable else _FILE
        return FileEntry(self.path, mode, content)


def way_in(files: Sequence[FileEntry]) -> list[tuple[str, int, int]]:
    """Return path, mode and size of each file; PolicyViolationError for a path that leaves the workspace."""
    for file in files:
        if fault := _path_fault(file.path) or _mode_fault(file.mode):
            raise PolicyViolationError(f"{_shown(file.path)} cannot go into the workspace: {fault}")
    return [(file.path, file.mode, len(file.content)) for file in files]


@dataclass(frozen=True)
class Selection:
    """Which entries are wanted. `mounts` are paths below the workspace where something else is mounted.

    `links` are those put in, by path with their targets: they may leave as they came, wherever they lead. `came_in` are all
    paths put in: a large project may be as large as it is, only what is new is counted.
    """

    patterns: tuple[str, ...]
    leave_out: tuple[str, ...]
    mounts: tuple[str, ...]
    links: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    came_in: AbstractSet[str] = frozenset()

    def wants(self, path: str) -> bool:
        return (
            (not self.patterns or covered(self.patterns, path))
            and not (self.leave_out and covered(self.leave_out, path))
            and not any(path == mount or path.startswith(mount + "/") for mount in self.mounts)
        )

    def fault(self, entry: Listed) -> str:
        """Return why an entry may not leave, or nothing."""
        if entry.kind == "link" and self.links.get(entry.path) == os.fsencode(entry.target):
            return ""
        if entry.kind == "file" and entry.path in self.came_in:  # its path was looked at on its way in
            return ""
        return _path_fault(entry.path) or _kind_fault(entry)


def chosen(entries: Iterable[Listed], selection: Selection, policy: Policy) -> list[Listed]:
    """Return the files and links to take, sorted by path.

    Raises:
        PolicyViolationError: one of them may not leave, or they are too many or too large.
    """
    wanted = [entry for entry in entries if selection.wants(entry.path)]
    for entry in wanted:
        if fault := selection.fault(entry):
            raise PolicyViolationError(
                f"{_shown(entry.path)} may not leave the sandbox: {fault}",
                hint="Have the command remove it, or leave it out of what is taken.",
            )
    files = sorted((entry for entry in wanted if entry.kind != "folder"), key=lambda entry: entry.path)
    _check_amount(files, selection.came_in, policy)
    return files


def _check_amount(files: Sequence[Listed], came_in: AbstractSet[str], policy: Policy) -> None:
    new = sum(entry.path not in came_in for entry in files)
    if new > policy.files:
        raise PolicyViolationError(
            f"{new} new files came out of the workspace, {policy.files} are allowed",
            hint="Take fewer paths, or raise `files` in the policy.",
        )
    for entry in files:
        if entry.size > policy.file_bytes:
            raise PolicyViolationError(
                f"{_shown(entry.path)} has {entry.size} bytes, {policy.file_bytes} are allowed",
                hint="Raise `file_bytes` in the policy.",
            )
    total = sum(entry.size for entry in files)
    if total > policy.workspace_bytes:
        raise PolicyViolationError(
            f"the files have {total} bytes together, {policy.workspace_bytes} are allowed",
            hint="Raise `workspace_bytes` in the policy.",
        )


def _kind_fault(entry: Listed) -> str:
    if entry.kind == "link":
        return _link_fault(entry.path, entry.target)
    return "" if entry.kind in {"file", "folder"} else f"it is a {entry.kind}"


def _link_fault(path: str, target: str) -> str:
    if not _is_text(target):
        return "its link's target is not UTF-8"
    if target.startswith("/"):
        return f"it is a link to the absolute path {_shown(target)}"
    steps = [step for step in target.split("/") if step not in {"", "."}]
    climb = len(list(itertools.takewhile(lambda step: step == "..", steps)))
    if climb > path.count("/"):
        return f"it is a link to {_shown(target)}, outside the workspace"
    if ".." in steps[climb:]:
        # What was gone down into may itself be a link, so that the way up leads elsewhere than it reads.
        return (
            f"it is a link to {_shown(target)}, which goes down and up again, maybe to outside the workspace"
        )
    if ".git" in (step.lower() for step in steps):
        return "it is a link into .git"
    return ""


def _path_fault(path: str) -> str:
    parts = path.split("/")
    if not _is_text(path):
        return "its name is not UTF-8"
    if "\0" in path or len(path.encode()) > LONGEST_PATH:
        return "its name is too long or has a null byte"
    if any(part in {"", ".", ".."} for part in parts):
        return "its path has an empty part, '.' or '..'"
    if any(part.lower() == ".git" for part in parts):
        return "it is named .git"
    return ""


def _is_text(name: str) -> bool:
    """The holder writes bytes that are not UTF-8 as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def _mode_fault(mode: int) -> str:
    return "" if mode in {_FILE, _EXECUTABLE, LINK} else f"mode {mode:o} is none of git's"


def _shown(path: str) -> str:
    shown = repr(path)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…'"
