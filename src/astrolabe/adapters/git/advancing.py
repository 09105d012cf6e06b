"""Moving the person's checked-out branch forward, as `git merge --ff-only` would, so that nothing uncommitted is lost.

It happens under the repository's own `index.lock`, whose content says what is being done. A process that is killed in
between leaves that lock, and whoever comes next takes the work tree back to where it was, or finishes.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from astrolabe.adapters.git.command import GitFailedError
from astrolabe.adapters.git.obstacles import Obstacle, uncommitted
from astrolabe.adapters.git.references import References, write_anew
from astrolabe.adapters.git.setting_aside import set_aside
from astrolabe.adapters.git.target import Theirs
from astrolabe.adapters.git.trees import Entry, decoded, encoded, zero_separated
from astrolabe.ports.history import Snapshot

_SHOWN_PATHS = 5
_UNFINISHED = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
_SIGN = "astrolabe"
_OVERWRITES = re.compile(r"would be overwritten|not uptodate|would lose untracked files")


@dataclass(frozen=True)
class Step:
    """From which commit (None: from nothing) to which.

    `settled` are changed paths whose files, uncommitted, are already what the new commit has: they are never written.
    """

    run: str
    old: str | None
    new: str
    settled: tuple[str, ...] = ()

    def written(self) -> str:
        told = {"held by": _SIGN, "run": self.run, "old": self.old, "new": self.new}
        return json.dumps({**told, "settled": self.settled})


@dataclass(frozen=True)
class Difference:
    """A path that a step changes; a side is None where the path does not exist."""

    path: str
    old: Entry | None
    new: Entry | None


class Advance:
    """One repository with a work tree. Two processes never work on it at once: the caller holds a lock on its folder.

    `kept` is what was uncommitted, and not new, when the branch was about to move.
    """

    def __init__(self, theirs: Theirs, worktree: Path) -> None:
        self._theirs = theirs
        self._worktree = worktree
        self._folder = theirs.repository.folder
        self._index = self._folder / "index"
        self._lock = self._folder / "index.lock"
        self._fresh = self._folder / "astrolabe-index"
        self.kept: Snapshot | None = None

    async def forward(self, run: str, new: str) -> Obstacle | None:
        """Move the branch and its files to a commit that contains what is checked out; return why not, or None.

        Raises:
            StorageError: the work tree could not be written; it is as it was before.
        """
        obstacle = await asyncio.to_thread(self._unfinished)
        if obstacle:
            return Obstacle(f"{obstacle} is in progress, which has to be finished first")
        step = Step(run, await self._theirs.head(), new)
        if not await asyncio.to_thread(self._take_lock, step):
            return Obstacle("another git command is at work there, or was killed (.git/index.lock exists)")
        return await self._forward(step)

    async def _forward(self, step: Step) -> Obstacle | None:
        """Go forward under our lock, and leave it; only going back that fails keeps it, to be done again."""
        obstacle: Obstacle | None = Obstacle("unknown")
        try:
            differences = await self._differences(step)
            step = await self._settle(step, differences)
            obstacle = await self._obstacle(step, differences) or await self._keep(step)
        finally:
            if obstacle:
                await asyncio.to_thread(self._leave)
        if obstacle:
            return obstacle
        try:
            await self._check_out(step, differences)
        except (GitFailedError, OSError) as error:
            await self._go_back(step, differences)
            if _OVERWRITES.search(str(getattr(error, "complaint", ""))):
                return Obstacle(f"git would overwrite files: {error}", beside=True)
            raise
        await self._arrive(step)
        return None

    async def _keep(self, step: Step) -> None:
        """Keep what is uncommitted: the step touches none of it, and should that ever be wrong, nothing is lost."""
        told = await self._theirs.run("rev-list", "--max-count=1", "--timestamp", step.new)
        at = int(told.output.split()[0])  # a hand-over that was killed and is done again keeps the same
        self.kept = await set_aside(self._theirs, step.run, at, new_files=False)

    async def recover(self) -> bool:
        """Finish or undo what a killed process began; tell whether there was such a thing."""
        step = await asyncio.to_thread(self._begun)
        if step is None:
            return False
        head = await self._theirs.head()
        if head == step.old != step.new:
            differences = await self._differences(step)
            if await self._staged(step, differences):
                await self._arrive(step)
                return True
            await self._go_back(step, differences)
        await asyncio.to_thread(self._leave)
        return True

    # what could be lost

    async def _settle(self, step: Step, differences: Sequence[Difference]) -> Step:
        """Find the uncommitted files that are already as the step would leave them, and note them in the lock."""
        dirty = set(await self._theirs.dirty())
        after = {difference.path: difference.new for difference in differences if difference.path in dirty}
        if not after:
            return step
        reply = await self._theirs.run(
            "diff-index",
            "--cached",
            "--name-only",
            "-z",
            "--no-renames",
            step.old or await self._empty_tree(),
        )
        staged = set(map(decoded, zero_separated(reply.output)))
        async with self._compared("after", after) as (apart, _):
            settled = tuple(sorted(path for path in after if path not in apart and path not in staged))
        noted = replace(step, settled=settled)
        await asyncio.to_thread(self._note, noted)
        return noted

    async def _obstacle(self, step: Step, differences: Sequence[Difference]) -> Obstacle | None:
        differences = [difference for difference in differences if difference.path not in step.settled]
        changing = {difference.path for difference in differences}
        dirty = [path for path in await self._theirs.dirty() if path in changing]
        if dirty:
            reason = f"uncommitted changes to {_told(dirty)} would be lost"
            return uncommitted(reason, await asyncio.to_thread(self._present, dirty))
        untracked = await asyncio.to_thread(self._in_the_way, differences)
        if untracked:
            return uncommitted(f"untracked files would be overwritten: {_told(untracked)}", untracked)
        filtered = await self._filtered(step, changing)
        if filtered:
            return Obstacle(f".gitattributes puts a filter on {_told(filtered)}, and no filter is run here")
        return None

    def _present(self, paths: Sequence[str]) -> list[str]:
        return [path for path in paths if os.path.lexists(self._worktree / path)]

    def _in_the_way(self, differences: Sequence[Difference]) -> list[str]:
        """Return what stands, untracked or ignored, where a file or folder is to come."""
        going = {difference.path for difference in differences if difference.old}
        found: set[str] = set()
        for path in (difference.path for difference in differences if difference.old is None):
            at = self._worktree / path
            parents = [str(parent) for parent in reversed(Path(path).parents) if str(parent) != "."]
            found.update(
                parent for parent in parents if parent not in going and _is_no_folder(self._worktree / parent)
            )
            if _is_no_folder(at):
                found.add(path)
            elif at.is_dir():
                found.update(file for file in _files_below(self._worktree, at) if file not in going)
        return sorted(found)

    async def _filtered(self, step: Step, changing: set[str]) -> list[str]:
        """Return changing paths that have a filter by the attributes before or after the step."""
        asked = b"".join(encoded(path) + b"\0" for path in sorted(changing))
        command = ("check-attr", "-z", "--stdin", "filter")
        now = await self._theirs.run(*command, stdin=asked)
        async with self._spare("attributes") as index:
            await self._theirs.run("read-tree", step.new, index=index)
            then = await self._theirs.run(*command, "--cached", stdin=asked, index=index)
        fields = [*zero_separated(now.output), *zero_separated(then.output)]
        triples = zip(fields[::3], fields[2::3], strict=True)
        return sorted(
            {decoded(path) for path, value in triples if value not in (b"unspecified", b"unset", b"set")}
        )

    # the step itself

    async def _differences(self, step: Step) -> tuple[Difference, ...]:
        old = step.old or await self._empty_tree()
        reply = await self._theirs.run(
            "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, step.new
        )
        fields = zero_separated(reply.output)
        return tuple(_difference(meta, path) for meta, path in zip(fields[::2], fields[1::2], strict=True))

    async def _empty_tree(self) -> str:
        reply = await self._theirs.run("hash-object", "-t", "tree", "--stdin")
        return reply.output.decode().strip()

    async def _check_out(self, step: Step, differences: Sequence[Difference]) -> None:
        """Bring index and files to the new commit; git itself refuses before it would overwrite anything."""
        await asyncio.to_thread(self._copy_index)
        lines = _index_lines({d.path: d.new for d in differences if d.path in step.settled})
        await self._theirs.run("update-index", "-z", "--index-info", stdin=lines, index=self._fresh)
        await self._theirs.run("update-index", "-q", "--refresh", index=self._fresh, accept=(0, 1))
        old = step.old or await self._empty_tree()
        await self._theirs.run("read-tree", "-m", "-u", old, step.new, index=self._fresh)
        await asyncio.to_thread(self._fresh.replace, self._index)

    def _copy_index(self) -> None:
        """Copy with its time: git tells by it which files may have changed within the same tick."""
        self._clear()
        if self._index.exists():
            shutil.copy2(self._index, self._fresh)
            self._theirs.give(self._fresh)

    async def _arrive(self, step: Step) -> None:
        why = f"astrolabe: fast-forward to run {step.run}"
        await References(self._theirs).advance_head(step.new, step.old, why)
        await asyncio.to_thread(self._leave)

    async def _staged(self, step: Step, differences: Sequence[Difference]) -> bool:
        """Tell whether the index is at the new commit already, which it is only after all files are."""
        reply = await self._theirs.run(
            "diff-index", "--cached", "--name-only", "-z", "--no-renames", step.new
        )
        apart = set(map(decoded, zero_separated(reply.output)))
        return not any(difference.path in apart for difference in differences)

    async def _go_back(self, step: Step, differences: Sequence[Difference]) -> None:
        """Put back what a step had begun to change, except what the person has changed, and leave the lock."""
        differences = [difference for difference in differences if difference.path not in step.settled]
        before = {difference.path: difference.old for difference in differences}
        async with self._compared("before", before) as (not_before, index):
            async with self._compared("after", {d.path: d.new for d in differences}) as (not_after, _):
                apart = [difference for difference in differences if difference.path in not_before]
                ours = [d for d in apart if d.path not in not_after or await self._half_written(d)]
            await asyncio.to_thread(self._take_out, [d.path for d in ours if d.old is None])
            back = b"".join(encoded(d.path) + b"\0" for d in ours if d.old)
            await self._theirs.run("checkout-index", "-f", "-q", "-z", "--stdin", stdin=back, index=index)
        await asyncio.to_thread(self._leave)

    @contextlib.asynccontextmanager
    async def _compared(
        self, name: str, side: Mapping[str, Entry | None]
    ) -> AsyncGenerator[tuple[set[str], Path]]:
        """Yield the paths whose file is not the one of that side, and an index of that side."""
        lines = _index_lines({path: entry for path, entry in side.items() if entry})
        async with self._spare(name) as index:
            await self._theirs.run("update-index", "-z", "--index-info", stdin=lines, index=index)
            await self._theirs.run("update-index", "-q", "--refresh", index=index, accept=(0, 1))
            reply = await self._theirs.run(
                "diff-files", "--name-only", "-z", "--no-renames", "--ignore-submodules=all", index=index
            )
            extra = await asyncio.to_thread(
                self._standing, [path for path, entry in side.items() if not entry]
            )
            yield {*map(decoded, zero_separated(reply.output)), *extra}, index

    async def _half_written(self, difference: Difference) -> bool:
        """Tell whether a file is gone, or the beginning of the new one: what a killed git leaves."""
        content = await asyncio.to_thread(self._content, difference.path)
        if content is None or difference.new is None:
            return content is None
        reply = await self._theirs.run("cat-file", "blob", difference.new.oid)
        return reply.output.startswith(content)

    def _content(self, path: str) -> bytes | None:
        """Return a file's content, or None when nothing is there that could be lost."""
        at = self._worktree / path
        if not self._standing([path]):
            return None
        return os.fsencode(at.readlink()) if at.is_symlink() else at.read_bytes()

    def _standing(self, paths: Iterable[str]) -> list[str]:
        """Return those paths at which there is a file or a link, not reached through a link."""
        return [path for path in paths if _is_no_folder(self._worktree / path) and not self._linked(path)]

    def _linked(self, path: str) -> bool:
        return any((self._worktree / parent).is_symlink() for parent in Path(path).parents)

    def _take_out(self, paths: Iterable[str]) -> None:
        for path in paths:
            at = self._worktree / path
            if self._standing([path]):
                at.unlink()
            for parent in at.relative_to(self._worktree).parents:
                with contextlib.suppress(OSError):  # not empty, or not there
                    (self._worktree / parent).rmdir()

    # the lock and our files beside it

    def _unfinished(self) -> str:
        return next((what for name, what in _UNFINISHED.items() if (self._folder / name).exists()), "")

    def _take_lock(self, step: Step) -> bool:
        """Take the index's lock as git does, but never with part of the content: whose it is must be certain."""
        draft = self._folder / "astrolabe-lock"
        write_anew(draft, step.written().encode())
        try:
            self._lock.hardlink_to(draft)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    def _note(self, step: Step) -> None:
        """Say more in the lock that is ours, at once or not at all."""
        draft = self._folder / "astrolabe-lock"
        write_anew(draft, step.written().encode())
        draft.replace(self._lock)

    def _begun(self) -> Step | None:
        """Return what the lock says, if the lock is ours."""
        try:
            told = cast("object", json.loads(self._lock.read_bytes()))
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(told, dict):
            return None
        fields = cast("dict[str, Any]", told)
        if fields.get("held by") != _SIGN:
            return None
        return Step(fields["run"], fields["old"], fields["new"], tuple(fields.get("settled", ())))

    def _clear(self) -> None:
        for name in ("index", "attributes", "before", "after", "aside", "lock"):
            for ending in ("", ".lock"):
                (self._folder / f"astrolabe-{name}{ending}").unlink(missing_ok=True)

    def _leave(self) -> None:
        self._clear()
        self._lock.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def _spare(self, name: str) -> AsyncGenerator[Path]:
        """Yield the place of an index that is gone afterwards."""
        index = self._folder / f"astrolabe-{name}"
        await asyncio.to_thread(index.unlink, missing_ok=True)
        try:
            yield index
        finally:
            await asyncio.to_thread(index.unlink, missing_ok=True)


def _index_lines(side: Mapping[str, Entry | None]) -> bytes:
    """Return what `update-index --index-info` is told; mode 0 takes a path out."""
    told = {path: (entry.mode, entry.oid) if entry else (0, "0" * 40) for path, entry in side.items()}
    return b"".join(
        b"%o %s\t%s\0" % (mode, oid.encode(), encoded(path)) for path, (mode, oid) in told.items()
    )


def _difference(meta: bytes, path: bytes) -> Difference:
    old_mode, new_mode, old, new, _ = meta.decode().removeprefix(":").split(" ")
    return Difference(decoded(path), _side(old_mode, old), _side(new_mode, new))


def _side(mode: str, oid: str) -> Entry | None:
    return Entry(int(mode, 8), oid) if int(mode, 8) else None


def _is_no_folder(at: Path) -> bool:
    return os.path.lexists(at) and (at.is_symlink() or not at.is_dir())


def _files_below(root: Path, folder: Path) -> list[str]:
    return [str(file.relative_to(root)) for file in folder.rglob("*") if _is_no_folder(file)]


def _told(paths: Sequence[str]) -> str:
    shown = ", ".join(repr(path) for path in paths[:_SHOWN_PATHS])
    more = len(paths) - _SHOWN_PATHS
    return f"{shown} and {more} more" if more > 0 else shown
