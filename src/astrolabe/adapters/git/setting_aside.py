"""Keeping a person's uncommitted work under a ref, in the shape of a stash, without touching work tree, index or stash."""

import asyncio
import shlex
import shutil
from pathlib import Path

from astrolabe.adapters.git.command import GitFailedError
from astrolabe.adapters.git.references import References
from astrolabe.adapters.git.target import Theirs
from astrolabe.adapters.git.trees import decoded, encoded, zero_separated
from astrolabe.ports.history import Snapshot

_MOST_UNTRACKED_BYTES = 100_000_000
"""Of untracked files: more is no work of hands, and nothing that we do touches it."""


async def set_aside(theirs: Theirs, name: str, at: int, *, new_files: bool = True) -> Snapshot | None:
    """Keep what is staged, changed and untracked under `refs/astrolabe/snapshots/<name>`; None when there is nothing.

    `at` is the time it bears, in seconds since the epoch: equal work at an equal time has an equal id. Without `new_files` untracked ones are left out: what only moves a branch never touches them.

    Where nothing is committed yet, what is staged cannot be told from what is not when it is brought back.
    """
    changed = await theirs.dirty()
    untracked = await _untracked(theirs) if new_files else ()
    if theirs.repository.worktree is None or not (changed or untracked):
        return None
    ref, head = f"refs/astrolabe/snapshots/{name}", await theirs.head()
    commit = await _Aside(theirs, theirs.repository.folder / "astrolabe-aside", head, at).commit(
        changed, untracked
    )
    await References(theirs).point(ref, commit)
    where = ["git", "-C", str(theirs.repository.worktree)]
    words = ["stash", "apply", "--index", ref] if head else ["restore", f"--source={ref}", "--worktree", ":/"]
    return Snapshot(ref, commit, shlex.join([*where, *words]))


class _Aside:
    """Commits made by way of an index of our own."""

    def __init__(self, theirs: Theirs, index: Path, head: str | None, at: int) -> None:
        self._theirs = theirs
        self._index = index
        self._head = head
        self._dates = {f"GIT_{role}_DATE": f"@{at} +0000" for role in ("AUTHOR", "COMMITTER")}

    async def commit(self, changed: tuple[str, ...], untracked: tuple[str, ...]) -> str:
        """Return a commit as `git stash` makes it: its parents are HEAD, what is staged, and what is untracked."""
        try:
            staged = await self._staged()
            if self._head is None:
                changed, untracked = (*changed, *untracked), ()
            tree = await self._with(changed)
            if self._head is None:
                return await self._committed(tree, "uncommitted work")
            parents = [self._head, await self._committed(staged, "what was staged", self._head)]
            if untracked:
                await asyncio.to_thread(self._index.unlink)
                parents.append(await self._committed(await self._with(untracked), "what was untracked"))
            return await self._committed(tree, "uncommitted work", *parents)
        finally:
            await asyncio.to_thread(self._index.unlink, missing_ok=True)

    async def _staged(self) -> str:
        """Return the tree of what is staged; HEAD's where a conflict leaves none."""
        await asyncio.to_thread(self._copy)
        try:
            return await self._tree()
        except GitFailedError:
            if self._head is None:
                raise
            await self._theirs.run("read-tree", self._head, index=self._index)
            return await self._tree()

    def _copy(self) -> None:
        self._index.unlink(missing_ok=True)
        own = self._theirs.repository.folder / "index"
        if own.exists():
            shutil.copy2(own, self._index)
            self._theirs.give(self._index)

    async def _with(self, paths: tuple[str, ...]) -> str:
        asked = b"".join(encoded(path) + b"\0" for path in paths if not path.endswith("/"))
        command = ("update-index", "--add", "--remove", "-z", "--stdin")
        await self._theirs.run(*command, stdin=asked, index=self._index)
        return await self._tree()

    async def _tree(self) -> str:
        return (await self._theirs.run("write-tree", index=self._index)).output.decode().strip()

    async def _committed(self, tree: str, what: str, *parents: str) -> str:
        named = [word for parent in parents for word in ("-p", parent)]
        text = f"astrolabe: {what}\n".encode()
        command = ("commit-tree", tree, *named, "-F", "-")
        reply = await self._theirs.run(*command, stdin=text, variables=self._dates)
        return reply.output.decode().strip()


async def _untracked(theirs: Theirs) -> tuple[str, ...]:
    """Return the untracked files that are not ignored; none where they are more than work of hands can be."""
    worktree = theirs.repository.worktree
    if worktree is None:
        return ()
    reply = await theirs.run("ls-files", "--others", "--exclude-standard", "-z")
    paths = tuple(path for path in map(decoded, zero_separated(reply.output)) if not path.endswith("/"))
    total = await asyncio.to_thread(_total, worktree, paths)
    return paths if total <= _MOST_UNTRACKED_BYTES else ()


def _total(worktree: Path, paths: tuple[str, ...]) -> int:
    return sum((worktree / path).lstat().st_size for path in paths)
