"""A workspace's content as git trees in a private bare clone. The person's own work tree is never the place of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from astrolabe.ports.history import History
from astrolabe.ports.sandbox import FileEntry


@dataclass(frozen=True)
class Change:
    """A path's new state; `entry` is None when it is gone."""

    path: str
    entry: FileEntry | None


@dataclass(frozen=True)
class Found:
    """A line that a search has found; lines count from 1, long ones are cut."""

    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Joined:
    """A merged tree; `conflicts` are the paths that need a decision (a text file then has markers).

    `kept` are paths that one side dropped and that stay because the other had edited them.
    """

    tree: str
    conflicts: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """What the person's repository received.

    `moved` tells whether the checked-out branch and its files advanced; if not, `reason` says why, and the work waits on
    `branch`: `commands` are the shell lines that take it over from there. `restore` is the shell line that brings back what
    was uncommitted when the branch moved: nothing of it was touched, and it is kept nevertheless.
    """

    branch: str
    commit: str
    moved: bool
    reason: str = ""
    commands: tuple[str, ...] = ()
    restore: str = ""


class TargetKind(StrEnum):
    """What stands where the result should go.

    EMPTY covers a folder that holds nothing but what an interrupted hand-over left. INSIDE_REPOSITORY means that the
    place, existing or not, belongs to a repository whose root is elsewhere.
    """

    MISSING = "missing"
    EMPTY = "empty"
    FOLDER = "folder"
    REPOSITORY = "repository"
    INSIDE_REPOSITORY = "inside-repository"
    FILE = "file"


@dataclass(frozen=True)
class TargetState:
    """The target as it is now. `path` has no links in it.

    `head` is the checked-out commit (None before the first), `branch` its branch (None when detached), `dirty` the paths
    with uncommitted changes, untracked ones included (a folder with only such ends in `/`). `repository` is the root of
    the repository it is or lies in. `owned` tells whether it belongs to the user of this process, or that is root.
    """

    path: Path
    kind: TargetKind
    writable: bool = True
    owned: bool = True
    bare: bool = False
    branch: str | None = None
    head: str | None = None
    dirty: tuple[str, ...] = ()
    repository: Path | None = None

    @property
    def has_commits(self) -> bool:
        return self.head is not None


class Workspace(Protocol):
    """Trees, commits and hidden refs of one workspace. Ids are git object ids in hex.

    Everything that returns an id has made the object durable first. Nothing here runs hooks, filters or anything else
    that a workspace's content or the person's git configuration could name.
    """

    @property
    def history(self) -> History:
        """The past of the repository it is for."""
        ...

    async def inspect(self) -> TargetState:
        """Look at the target without changing anything.

        Raises:
            TargetError: it is a repository that git cannot read.
            UnavailableError: git is missing or too old.
        """
        ...

    async def start(self) -> str | None:
        """Bring the person's committed state into the clone; return its commit, or None when there is none yet.

        Raises:
            TargetError: the target is a file, lies inside another repository, cannot be written or is somebody else's.
            UnavailableError: git is missing or too old.
            StorageError: the clone cannot be written.
        """
        ...

    async def tree_of(self, commit: str | None) -> str:
        """Return a commit's tree; the empty tree for None."""
        ...

    async def paths(self, tree: str, patterns: Sequence[str] = ()) -> tuple[str, ...]:
        """Return the paths in a tree that the patterns cover (all when empty), sorted."""
        ...

    async def left_out(self, tree: str) -> tuple[str, ...]:
        """Return the paths in a tree that are kept, and never shown: submodules, and names that no sandbox can hold."""
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

    async def search(
        self, tree: str, pattern: str, patterns: Sequence[str] = (), *, ignore_case: bool = False
    ) -> tuple[Found, ...]:
        """Return lines of a tree's text files that a Perl-compatible regular expression matches, at most some thousands.

        Raises:
            InputError: it is no such expression, or takes too long.
        """
        ...

    async def patch(self, old: str, new: str, most_bytes: int) -> str:
        """Return what changes one tree into the other, as a unified diff, with a last line that says so where it is cut."""
        ...

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        """Return those commits that none of the others contains, in the order given."""
        ...

    async def join(self, commits: Sequence[str], base: str | None) -> Joined:
        """Merge commits that grew from `base` (None: from nothing) into one tree."""
        ...

    async def carry_edits(self, edited: str, generated: str, previous: str | None) -> Joined:
        """Bring what a person changed in generated files into the tree of a newer generation.

        `edited` is the person's commit, `generated` the new tree, `previous` the generated tree that the commit grew from
        (None when it is not known: then every file that differs is a conflict). Edits in different places of a file merge,
        renames are followed. A file that the new generation drops stays if the person had edited it, and is in `kept`. A
        file that the person removed and the new generation changed is a conflict and is in the tree.
        """
        ...

    async def last_naming(self, commit: str, trailer: str) -> tuple[str | None, str] | None:
        """Bring in the newest commit in the history of a person's `commit` whose `trailer` names a tree, and that tree.

        Returns the commit, or None in its place when its own tree is another (its history was rewritten), and the tree;
        None when no commit has the trailer, or the tree it names is gone. Call `start` before.
        """
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

    async def forget(self, run: str) -> int:
        """Remove the hidden refs of a run, `runs/<run>/…`; return how many there were. Without a clone there are none."""
        ...

    async def publish(self, run: str, commits: Mapping[str, str], final: str | None) -> Published | None:
        """Hand finished work to the person's repository: one fetch, then their branch, if that loses nothing.

        `commits` are the passed tasks' checkpoints by ref name, `final` the run's last one. A run without a final commit
        leaves a branch a task (`branch` is then what their names begin with, `commit` is empty). Doing it again changes
        nothing more, and a hand-over that was killed is completed by doing it again. None: there was nothing to hand over.

        Raises:
            TargetError: the target cannot take it, see `start`, or is a folder with other files that is no repository.
            ConflictError: a branch of that name holds other work.
        """
        ...


class SharedWorkspace(Workspace, Protocol):
    """A workspace whose content reaches every host that works on the same run.

    What is asked for and not here is fetched; what was made here is shared before the log tells of it.
    """

    async def share(self, ids: Sequence[str]) -> None:
        """Let other hosts have what git ids name, of those that were made here; others are passed over."""
        ...

    async def tidy(self, lasting: Collection[str]) -> None:
        """Forget what was shared of a run that is over, but for these ids."""
        ...
