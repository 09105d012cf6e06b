"""A workspace whose trees and commits reach other hosts by way of a hub, and whose own may come from there."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from astrolabe.adapters.git.hub import Hub, ref_of
from astrolabe.adapters.git.parcels import Parcels
from astrolabe.adapters.git.workspace import GitWorkspace
from astrolabe.ports.history import History
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Change, Found, Joined, Published, TargetState

T = TypeVar("T")


class HubWorkspace:
    """The workspace of one run on this host. `there` are ids that the hub is known to have, `here` those the clone has."""

    def __init__(self, own: GitWorkspace, hub: Hub, run: str, object_format: str) -> None:
        self._own = own
        self._hub = hub
        self._run = run
        self._format = object_format
        self._parcels = Parcels(own.clone, hub, run)
        self._here: set[str] = set()
        self._fetching = asyncio.Lock()

    @property
    def history(self) -> History:
        """The past of the person's repository, where this host can reach it."""
        return self._own.history

    async def prepare(self) -> None:
        """Make clone and hub where they are missing; the target is not touched."""
        await self._own.prepare(self._format)
        await self._hub.prepare(self._format)

    async def share(self, ids: Sequence[str]) -> None:
        await self._parcels.send(ids)

    async def tidy(self, lasting: Collection[str]) -> None:
        keep = {ref_of(self._run, oid) for oid in lasting}
        await self._parcels.forget(keep)

    # the target

    async def inspect(self) -> TargetState:
        return await self._own.inspect()

    async def start(self) -> str | None:
        return self._seen(await self._own.start())

    async def publish(self, run: str, commits: Mapping[str, str], final: str | None) -> Published | None:
        await self._need(*commits.values(), final)
        return await self._own.publish(run, commits, final)

    # trees

    async def tree_of(self, commit: str | None) -> str:
        await self._need(commit)
        return self._known(await self._own.tree_of(commit))

    async def paths(self, tree: str, patterns: Sequence[str] = ()) -> tuple[str, ...]:
        await self._need(tree)
        return await self._own.paths(tree, patterns)

    async def left_out(self, tree: str) -> tuple[str, ...]:
        await self._need(tree)
        return await self._own.left_out(tree)

    async def files(self, tree: str, patterns: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        await self._need(tree)
        return await self._own.files(tree, patterns)

    async def digest(self, tree: str, patterns: Sequence[str] = ()) -> str:
        await self._need(tree)
        return await self._own.digest(tree, patterns)

    async def changed(self, tree: str, changes: Sequence[Change]) -> str:
        await self._need(tree)
        return self._known(await self._own.changed(tree, changes))

    async def snapshot(self, base: str, files: Sequence[FileEntry], scope: Sequence[str] = ()) -> str:
        await self._need(base)
        return self._known(await self._own.snapshot(base, files, scope))

    async def difference(self, old: str, new: str) -> tuple[str, ...]:
        await self._need(old, new)
        return await self._own.difference(old, new)

    async def search(
        self, tree: str, pattern: str, patterns: Sequence[str] = (), *, ignore_case: bool = False
    ) -> tuple[Found, ...]:
        await self._need(tree)
        return await self._own.search(tree, pattern, patterns, ignore_case=ignore_case)

    async def patch(self, old: str, new: str, most_bytes: int) -> str:
        await self._need(old, new)
        return await self._own.patch(old, new, most_bytes)

    # commits

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        await self._need(*commits)
        return await self._own.heads(commits)

    async def join(self, commits: Sequence[str], base: str | None) -> Joined:
        await self._need(*commits, base)
        joined = await self._own.join(commits, base)
        self._seen(joined.tree)
        return joined

    async def carry_edits(self, edited: str, generated: str, previous: str | None) -> Joined:
        await self._need(edited, generated, previous)
        joined = await self._own.carry_edits(edited, generated, previous)
        self._seen(joined.tree)
        return joined

    async def last_naming(self, commit: str, trailer: str) -> tuple[str | None, str] | None:
        return await self._own.last_naming(commit, trailer)

    async def commit(self, tree: str, parents: Sequence[str], message: str, at: float) -> str:
        await self._need(tree, *parents)
        return self._known(await self._own.commit(tree, parents, message, at))

    async def keep(self, name: str, commit: str) -> None:
        await self._need(commit)
        await self._own.keep(name, commit)

    async def kept(self, name: str) -> str | None:
        return await self._own.kept(name)

    async def forget(self, run: str) -> int:
        return await self._own.forget(run)

    # what is here

    def _known(self, oid: str) -> str:
        self._here.add(oid)
        return oid

    def _seen(self, oid: str | None) -> str | None:
        return None if oid is None else self._known(oid)

    async def _need(self, *ids: str | None) -> None:
        """Have what ids name in the clone."""
        wanted = {oid for oid in ids if oid is not None}
        if wanted <= self._here:
            return
        async with self._fetching:
            missing = sorted(wanted - self._here)
            if missing:
                await self._parcels.receive(missing)
                self._here |= wanted
