"""Merging without a work tree: disjoint changes by putting trees together, others by `git merge-tree`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from astrolabe.adapters.git.clone import NOBODY, Clone
from astrolabe.adapters.git.command import NOTHING, GitFailedError
from astrolabe.adapters.git.trees import (
    Draft,
    Entry,
    Listing,
    Stored,
    decoded,
    hash_of,
    object_id,
    zero_separated,
)
from astrolabe.ports.workspace import Joined

_MARKERS = re.compile(rb"^(<{7,}|>{7,}) [0-9a-f]{40,64}(?=:|\r?$)", re.MULTILINE)


@dataclass(frozen=True)
class _Merged:
    tree: str
    conflicts: tuple[str, ...]


class Merging:
    """Merges within one clone; `beside` are variables of git's that let it see more history than the clone has."""

    def __init__(self, clone: Clone, beside: Mapping[str, str] = NOTHING) -> None:
        self._clone = clone
        self._beside = beside
        self._objects = clone.objects

    async def join(self, commits: Sequence[str], tree_of_nothing: str) -> Joined:
        """Merge commits one after the other, each from what it really shares with those before."""
        joined, conflicts = await self._tree_of(commits[0]), set[str]()
        for count, commit in enumerate(commits[1:], 1):
            bases = await self._shared(commit, commits[:count])
            base = await self._tree_of(bases[0]) if bases else tree_of_nothing
            tree = (
                await self._united(joined, await self._tree_of(commit), base)
                if len(bases) < len("ab")
                else None
            )
            if tree is None:
                mark = commits[0] if count == 1 else await self._mark(joined, commits[:count])
                merged = await self._merged(mark, commit, (mark[:12], commit[:12]))
                tree = merged.tree
                conflicts.update(merged.conflicts)
            joined = tree
        return Joined(joined, tuple(sorted(conflicts)))

    async def merged(self, ours: str, theirs: str, names: tuple[str, str]) -> Joined:
        """Merge two commits as git itself does, from what they share."""
        merged = await self._merged(ours, theirs, names)
        return Joined(merged.tree, merged.conflicts)

    async def carry(self, edited: str, generated: str, previous: str) -> Joined:
        """Merge a commit with a tree whose common origin is the tree `previous`."""
        mine = await self._tree_of(edited)
        origin = await self._mark(previous, [])
        ours, theirs = await self._mark(mine, [origin]), await self._mark(generated, [origin])
        merged = await self._merged(ours, theirs, ("your edits", "newly generated"))
        if not merged.conflicts:
            return Joined(merged.tree)
        mine_leaves = (await self._objects.listing(mine)).leaves
        generated_leaves = (await self._objects.listing(generated)).leaves
        leaves = (await self._objects.listing(merged.tree)).leaves
        kept = tuple(
            path
            for path in merged.conflicts
            if path not in generated_leaves and leaves.get(path) == mine_leaves.get(path) is not None
        )
        return Joined(merged.tree, tuple(path for path in merged.conflicts if path not in kept), kept)

    async def _tree_of(self, commit: str) -> str:
        return await self._clone.run("rev-parse", "--verify", f"{commit}^{{tree}}")

    async def _shared(self, commit: str, others: Sequence[str]) -> list[str]:
        """Return the newest commits that `commit` shares with the merge of the others."""
        return (await self._clone.run("merge-base", "--all", commit, *others, accept=(0, 1))).split()

    async def _united(self, one: str, other: str, base: str) -> str | None:
        """Put the changes of both sides into the base's tree; None when some of them touch."""
        before = await self._objects.listing(base)
        ours, theirs = await self._objects.listing(one), await self._objects.listing(other)
        mine, yours = _changes(before, ours), _changes(before, theirs)
        if any(mine[path] != yours[path] for path in mine.keys() & yours.keys()):
            return None
        if _nested(mine, yours) or _nested(yours, mine):
            return None
        draft = Draft(ours)
        # what goes away goes first: a folder may come where a file was
        for path in (path for path, entry in yours.items() if entry is None):
            draft.leaves.pop(path, None)
        for path, entry in yours.items():
            if entry is not None:
                draft.set(path, entry)
        known = Listing(draft.leaves, {*before.trees, *ours.trees, *theirs.trees})
        return await self._objects.written_tree(draft.leaves, known, {})

    async def _merged(self, ours: str, theirs: str, names: tuple[str, str]) -> _Merged:
        """Run git's own merge; the markers of what conflicts carry the names instead of ids."""
        reply = await self._clone.reply(
            "merge-tree",
            "--write-tree",
            "-z",
            "--name-only",
            "--no-messages",
            "--allow-unrelated-histories",
            ours,
            theirs,
            accept=(0, 1),
            variables=self._beside,
        )
        tree, *paths = map(decoded, zero_separated(reply.output))
        if reply.code == 0:
            return _Merged(tree, ())
        if not paths:
            raise GitFailedError("merge-tree", reply)
        conflicts = tuple(sorted(set(paths)))
        return _Merged(await self._named(tree, conflicts, names), conflicts)

    async def _named(self, tree: str, conflicts: Sequence[str], names: tuple[str, str]) -> str:
        listing = await self._objects.listing(tree)
        touched = {path: listing.leaves[path] for path in conflicts if path in listing.leaves}
        blobs = await self._objects.blobs(entry.oid for entry in touched.values() if entry.mode & 0o100000)
        draft = Draft(listing)
        for path, entry in touched.items():
            content = _relabelled(blobs.get(entry.oid, b""), names)
            if content != blobs.get(entry.oid, b""):
                oid = object_id("blob", content, hash_of(listing))
                draft.new[oid] = Stored("blob", content)
                draft.leaves[path] = Entry(entry.mode, oid)
        return await self._objects.written_tree(draft.leaves, listing, draft.new) if draft.new else tree

    async def _mark(self, tree: str, parents: Sequence[str]) -> str:
        """Make a commit that only tells git where a tree comes from; when and by whom must not change its id."""
        return await self._clone.commit(tree, parents, "astrolabe: merging\n", NOBODY, 0)


def _changes(before: Listing, after: Listing) -> dict[str, Entry | None]:
    paths = before.leaves.keys() | after.leaves.keys()
    return {
        path: after.leaves.get(path) for path in paths if before.leaves.get(path) != after.leaves.get(path)
    }


def _nested(upper: Mapping[str, Entry | None], lower: Mapping[str, Entry | None]) -> bool:
    """Tell whether one side puts a file where the other has a folder."""
    files = {path for path, entry in upper.items() if entry is not None}
    parents = {path[:at] for path, entry in lower.items() if entry for at in _slashes(path)}
    return bool(files & parents)


def _slashes(path: str) -> list[int]:
    return [at for at, char in enumerate(path) if char == "/"]


def _relabelled(content: bytes, names: tuple[str, str]) -> bytes:
    def name(match: re.Match[bytes]) -> bytes:
        marker = match[1]
        return marker + b" " + names[0 if marker.startswith(b"<") else 1].encode()

    return _MARKERS.sub(name, content)
