"""The person's repository as it has grown: its commits and branches are read, and what is made there is only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Commit:
    """One commit; `at` is seconds since the epoch, `message` the whole of it, cut where it is very long."""

    id: str
    parents: tuple[str, ...]
    author: str
    at: int
    message: str


@dataclass(frozen=True)
class Blamed:
    """A line of a file and the commit that it came with; lines count from 1."""

    line: int
    commit: str
    author: str
    at: int
    text: str


@dataclass(frozen=True)
class Branch:
    """A branch of the person's. `checked_out` tells whether one of their work trees is on it."""

    name: str
    commit: str
    at: int
    subject: str
    checked_out: bool = False


@dataclass(frozen=True)
class WorkTree:
    """One of the person's work trees; `branch` is None where HEAD is detached."""

    path: str
    commit: str
    branch: str | None


@dataclass(frozen=True)
class Merged:
    """What a merge with `commit` came to: a tree, in which files at `conflicts` have both sides between markers."""

    commit: str
    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """Uncommitted work that is kept under a ref of the person's repository, and the shell line that brings it back."""

    ref: str
    commit: str
    restore: str


class History(Protocol):
    """What can be known of a repository's past, and made beside its present.

    No program that the repository names takes part, nothing is fetched, and no work tree, index or existing ref changes.
    Revisions are those git knows (`main`, `HEAD~2`, an id). Ids that the workspace has made are revisions as well.

    All raise TargetError where there is no repository, and MissingError for a revision or path that there is not.
    """

    async def commit_at(self, revision: str) -> str:
        """Return the id of the commit that a revision names."""
        ...

    async def log(self, revision: str, paths: Sequence[str] = (), most: int = 20) -> tuple[Commit, ...]:
        """Return the newest commits behind a revision, the newest first; those that touch `paths` if some are given."""
        ...

    async def blame(self, revision: str, path: str, first: int = 1, lines: int = 200) -> tuple[Blamed, ...]:
        """Return who wrote which of a file's lines, from `first` on."""
        ...

    async def show(self, revision: str, paths: Sequence[str] = (), most_bytes: int = 100_000) -> str:
        """Return a commit's message and what it changed, against its first parent, and say so where it is cut."""
        ...

    async def branches(self) -> tuple[Branch, ...]:
        """Return the branches, the newest first."""
        ...

    async def worktrees(self) -> tuple[WorkTree, ...]:
        """Return the work trees, the main one first."""
        ...

    async def merged(self, ours: str, revision: str) -> Merged:
        """Merge a revision into a commit of the workspace; commit and tree of the outcome are the workspace's then."""
        ...

    async def make_branch(self, name: str, commit: str) -> None:
        """Make a branch in the person's repository; done already, it is done.

        Raises:
            ConflictError: there is one of that name, or in its way.
            InputError: it is no name for a branch, or one of ours.
        """
        ...

    async def set_aside(self, name: str) -> Snapshot | None:
        """Keep all that is uncommitted, staged and untracked under `refs/astrolabe/snapshots/<name>`; None when nothing is."""
        ...
