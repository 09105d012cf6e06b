"""The Workspace of `ports/workspace.py` on the git command line."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from astrolabe.adapters.git import looking
from astrolabe.adapters.git.clone import Clone, Identity
from astrolabe.adapters.git.command import NOTHING, Git, storage_error
from astrolabe.adapters.git.history import History
from astrolabe.adapters.git.ignoring import ignored, is_rule_file
from astrolabe.adapters.git.locking import locked
from astrolabe.adapters.git.merging import Merging
from astrolabe.adapters.git.past import GitHistory
from astrolabe.adapters.git.publishing import Publisher, Work
from astrolabe.adapters.git.target import Target
from astrolabe.adapters.git.trees import FILE, SUBMODULE, Draft, Listing, decoded, encoded, zero_separated
from astrolabe.domain.paths import covered
from astrolabe.errors import MissingError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Change, Found, Joined, Published, TargetState

T = TypeVar("T")
_OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?\Z")
_EMPTY_TREES = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


def _silent(_: str) -> None: ...


class GitWorkspace:
    """One target folder and its private clone; making one touches nothing.

    `environment` is the person's own (HOME, XDG_CONFIG_HOME and PATH are used); commits carry `identity`, else the
    person's from their git configuration, else Astrolabe's. `report` is told in a sentence when a damaged clone was
    set aside.
    """

    def __init__(
        self,
        clone: Path,
        target: Path,
        determinism: Determinism,
        *,
        identity: Identity | None = None,
        environment: Mapping[str, str] = NOTHING,
        report: Callable[[str], None] = _silent,
        program: str = "git",
    ) -> None:
        self._determinism = determinism
        self._git = Git(environment, program)
        self._clone = Clone(self._git, clone, determinism, report)
        self._target = Target(self._git, target, identity)
        self._merging = Merging(self._clone)
        self._who: Identity | None = identity
        self._format: str | None = None

    @property
    def clone(self) -> Clone:
        """Where the trees and commits are."""
        return self._clone

    @property
    def history(self) -> GitHistory:
        """The past of the person's repository."""
        return GitHistory(self._git, self._clone, self._target, self._determinism)

    async def prepare(self, object_format: str) -> None:
        """Make the clone ready without looking at the target, which may be on another host."""
        async with locked(self._clone.lock_file, self._determinism):
            await self._clone.prepare(object_format)
            self._format = object_format

    async def object_format(self) -> str:
        """Return which hash names the objects; call `start` before."""
        if self._format is None:
            self._format = await self._clone.run("rev-parse", "--show-object-format")
        return self._format

    async def identity(self) -> Identity:
        """Return whom commits name."""
        if self._who is None:
            self._who = (await self._target.person()).identity
        return self._who

    # the target

    async def inspect(self) -> TargetState:
        return await self._target.state()

    async def start(self) -> str | None:
        async with locked(self._clone.lock_file, self._determinism) as lock:
            state, repository = await self._publisher(lock).recover()
            self._format = repository.object_format if repository else "sha1"
            await self._clone.prepare(self._format)
            if repository is None or state.head is None:
                return None
            await self._clone.take_in(state.head, repository.common / "objects")
            return state.head

    async def publish(self, run: str, commits: Mapping[str, str], final: str | None) -> Published | None:
        if final is None and not commits:
            return None
        work = Work(run, {name: _checked(oid) for name, oid in commits.items()}, final and _checked(final))
        return await _whole(self._publish(work))

    async def _publish(self, work: Work) -> Published:
        async with locked(self._clone.lock_file, self._determinism) as lock:
            try:
                return await self._publisher(lock).publish(work)
            except OSError as error:
                raise storage_error("hand the result over", error) from error

    def _publisher(self, lock: int) -> Publisher:
        return Publisher(self._git, self._clone, self._target, self._determinism, lock)

    # trees

    async def tree_of(self, commit: str | None) -> str:
        if commit is None:
            return await self._empty_tree()
        tree = await self._clone.run(
            "rev-parse", "--verify", "--quiet", f"{_checked(commit)}^{{tree}}", accept=(0, 1)
        )
        if not tree:
            raise _missing(commit)
        return tree

    async def paths(self, tree: str, patterns: Sequence[str] = ()) -> tuple[str, ...]:
        return tuple((await self._listing(tree)).files(patterns))

    async def left_out(self, tree: str) -> tuple[str, ...]:
        listing = await self._listing(tree)
        return tuple(sorted(listing.leaves.keys() - listing.files(()).keys()))

    async def files(self, tree: str, patterns: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        return await self._clone.objects.entries((await self._listing(tree)).files(patterns))

    async def digest(self, tree: str, patterns: Sequence[str] = ()) -> str:
        digest = hashlib.sha256()
        for path, entry in (await self._listing(tree)).chosen(patterns).items():
            digest.update(b"%o %s %s\0" % (entry.mode, entry.oid.encode(), encoded(path)))
        return digest.hexdigest()

    async def changed(self, tree: str, changes: Sequence[Change]) -> str:
        draft = Draft(await self._listing(tree))
        for change in changes:
            if change.entry is None:
                draft.remove(change.path)
            else:
                draft.put(FileEntry(change.path, change.entry.mode, change.entry.content))
        return await self._written(draft)

    async def snapshot(self, base: str, files: Sequence[FileEntry], scope: Sequence[str] = ()) -> str:
        before = await self._listing(base)
        wanted = tuple(scope)
        found = {file.path: file for file in files if not wanted or covered(wanted, file.path)}
        left_out = await self._ignored(before, found, wanted)
        draft = Draft(before)
        for path, entry in before.files(wanted).items():
            if path not in found and entry.mode != SUBMODULE:
                draft.leaves.pop(path)
        for path, file in found.items():
            if path not in left_out:
                draft.put(file)
        return await self._written(draft)

    async def _ignored(
        self, before: Listing, found: Mapping[str, FileEntry], scope: tuple[str, ...]
    ) -> frozenset[str]:
        new = [path for path in found if path not in before.leaves]
        rules = {
            path: file.content
            for path, file in found.items()
            if is_rule_file(path) and file.mode & FILE == FILE
        }
        if new and scope:
            outside = {
                path: entry
                for path, entry in before.leaves.items()
                if is_rule_file(path) and entry.mode & FILE == FILE and not covered(scope, path)
            }
            rules |= {entry.path: entry.content for entry in await self._clone.objects.entries(outside)}
        return await ignored(self._git, self._clone.folder, rules, new)

    async def difference(self, old: str, new: str) -> tuple[str, ...]:
        reply = await self._clone.reply(
            "diff-tree", "-r", "-z", "--name-only", "--no-renames", _checked(old), _checked(new)
        )
        return tuple(sorted(map(decoded, zero_separated(reply.output))))

    async def search(
        self, tree: str, pattern: str, patterns: Sequence[str] = (), *, ignore_case: bool = False
    ) -> tuple[Found, ...]:
        folder = self._clone.folder
        return await looking.search(
            self._git, folder, _checked(tree), pattern, patterns, ignore_case=ignore_case
        )

    async def patch(self, old: str, new: str, most_bytes: int) -> str:
        return await looking.patch(self._git, self._clone.folder, _checked(old), _checked(new), most_bytes)

    async def _listing(self, tree: str) -> Listing:
        return await self._clone.objects.listing(_checked(tree))

    async def _written(self, draft: Draft) -> str:
        return await self._clone.objects.written_tree(draft.leaves, draft.base, draft.new)

    async def _empty_tree(self) -> str:
        return _EMPTY_TREES[await self.object_format()]

    # commits

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        if len(set(commits)) < len(("one", "other")):
            return tuple(dict.fromkeys(commits))
        told = await self._clone.run("merge-base", "--independent", *map(_checked, commits))
        independent = set(told.split())
        return tuple(commit for commit in dict.fromkeys(commits) if commit in independent)

    async def join(self, commits: Sequence[str], base: str | None) -> Joined:
        if not commits:
            return Joined(await self.tree_of(base))
        return await self._merging.join([*dict.fromkeys(map(_checked, commits))], await self._empty_tree())

    async def carry_edits(self, edited: str, generated: str, previous: str | None) -> Joined:
        origin = _checked(previous) if previous else await self._empty_tree()
        return await self._merging.carry(_checked(edited), _checked(generated), origin)

    async def last_naming(self, commit: str, trailer: str) -> tuple[str | None, str] | None:
        _, repository = await self._target.examined()
        if repository is None:
            return None
        history = History(self._git, self._clone.folder, repository.common)
        found = await history.last_naming(_checked(commit), trailer)
        if found is None:
            return None
        named, tree = found
        objects = repository.common / "objects"
        async with locked(self._clone.lock_file, self._determinism):
            if await history.tree_of(named) == tree:
                await self._clone.take_in(named, objects)
                return named, tree
            if not await history.has_tree(tree):
                return None
            await self._clone.take_in_tree(tree, objects)
            return None, tree

    async def commit(self, tree: str, parents: Sequence[str], message: str, at: float) -> str:
        who = await self.identity()
        return await self._clone.commit(_checked(tree), [*map(_checked, parents)], message, who, int(at))

    async def keep(self, name: str, commit: str) -> None:
        await self._clone.point(name, _checked(commit))

    async def kept(self, name: str) -> str | None:
        return await self._clone.pointed(name)

    async def forget(self, run: str) -> int:
        return await self._clone.unpoint(f"runs/{run}")


def _checked(oid: str) -> str:
    if not _OID.match(oid):
        raise _missing(oid)
    return oid


def _missing(oid: str) -> MissingError:
    return MissingError(
        f"the workspace has no object {oid!r}", hint="Was its clone in the state folder replaced meanwhile?"
    )


async def _whole(work: Awaitable[T]) -> T:
    """Let work finish even when the caller is cancelled meanwhile: the person's files are never left in between."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
