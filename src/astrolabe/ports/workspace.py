"""A workspace's content as git trees in a private bare clone. The person's own work tree is never the place of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from astrolabe.ports.sandbox import FileEntry


@dataclass(frozen=True)
class Change:
    """A path's new state; `entry` is None when it is gone."""

    path: str
    entry: FileEntry | None


@dataclass(frozen=True)
class Joined:
    """The tree of several commits merged; `conflicts` are the paths that need a decision (the tree then has markers)."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """What the person's repository received.

    `moved` tells whether the checked-out branch and its files advanced; if not, `reason` says why, and the work waits on `branch`.
    """

    branch: str
    commit: str
    moved: bool
    reason: str = ""


class Workspace(Protocol):
    """Trees, commits and hidden refs of one workspace. Ids are git object ids in hex.

    Everything that returns an id has made the object durable first. Nothing here runs hooks, filters or anything else
    that a workspace's content or the person's git configuration could name.
    """

    async def start(self) -> str | None:
        """Bring the person's committed state into the clone; return its commit, or None when there is none yet."""
        ...

    async def tree_of(self, commit: str | None) -> str:
        """Return a commit's tree; the empty tree for None."""
        ...

    async def paths(self, tree: str, patterns: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the paths in a tree that the patterns cover (all when empty), sorted."""
        ...

    async def files(self, tree: str, patterns: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        """Return those files with their content, ready for a sandbox."""
        ...

    async def digest(self, tree: str, patterns: Sequence[str] = ()) -> str:
        """Name the content the patterns select: equal for two trees exactly when they agree on it."""
        ...

    async def changed(self, tree: str, changes: Sequence[Change]) -> str:
        """Return the tree with the changes applied."""
        ...

    async def snapshot(self, base: str, files: Sequence[FileEntry], scope: Sequence[str] = ()) -> str:
        """Return the tree whose content within `scope` (all when empty) is exactly `files`, and `base` elsewhere.

        Untracked files that the tree's own .gitignore files name are left out.
        """
        ...

    async def difference(self, old: str, new: str) -> tuple[str, ...]:
        """Return the paths in which two trees differ, sorted."""
        ...

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        """Return those commits that none of the others contains, in the order given."""
        ...

    async def join(self, commits: Sequence[str], base: str | None) -> Joined:
        """Merge commits that grew from `base` (None: from nothing) into one tree."""
        ...

    async def commit(self, tree: str, parents: Sequence[str], message: str, at: float) -> str:
        """Make a commit; equal arguments give the same id. `at` is seconds since the epoch."""
        ...

    async def keep(self, name: str, commit: str) -> None:
        """Point the hidden ref `refs/astrolabe/<name>` at a commit, so that it is never collected."""
        ...

    async def kept(self, name: str) -> str | None:
        """Return what a hidden ref points at."""
        ...

    async def publish(self, run: str, commits: Mapping[str, str], final: str | None) -> Published | None:
        """Hand finished work to the person's repository: one fetch, then their branch, if that loses nothing.

        `commits` are the passed tasks' checkpoints by ref name, `final` the run's last one. A run without a final commit
        leaves a branch a task. Doing it again changes nothing more.
        """
        ...
