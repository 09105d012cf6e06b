"""Trees and commits packed for the hub and unpacked from it; see `hub.py` for what a parcel is."""

import asyncio
import os
from collections.abc import Collection, Iterable, Mapping, Sequence

from astrolabe.adapters.git.clone import Clone
from astrolabe.adapters.git.hub import REFS, Hub, ref_of
from astrolabe.adapters.git.locking import locked
from astrolabe.adapters.git.trees import FILE, FOLDER, Stored, object_id
from astrolabe.errors import MissingError

_FEW = 3
"""How many generations of missing commits are fetched one by one."""
_COMMIT, _CUT = ".commit", ".cut"
"""What a commit's file is called after its id; the second when its parents are not to be had."""


class Parcels:
    """Of one run, between one clone and the hub."""

    def __init__(self, clone: Clone, hub: Hub, run: str) -> None:
        self._clone = clone
        self._hub = hub
        self._run = run
        self._there: set[str] = set()
        self._received = f"refs/astrolabe-hub/{os.getpid()}-{id(self):x}"
        self._sending = asyncio.Lock()

    async def send(self, ids: Sequence[str]) -> None:
        """Let the hub have what ids name, with all commits before those that it has not got; in one push."""
        if set(ids) <= self._there:
            return
        async with self._sending:
            kinds = await self._kinds(set(ids) - self._there)
            trees = {oid for oid, kind in kinds.items() if kind == "tree"}
            commits = await self._with_history(oid for oid, kind in kinds.items() if kind == "commit")
            named = [*trees, *commits]
            if not named:
                return
            parcel = await self._packed(trees, commits)
            await self._hub.push(self._clone.folder, {ref_of(self._run, oid): parcel for oid in named})
            self._there.update(named)

    async def receive(self, ids: Sequence[str]) -> None:
        """Have in the clone what ids name.

        Raises:
            MissingError: neither the hub nor the clone has one of them.
        """
        wanted: Collection[str] = ids
        for _ in range(_FEW):
            fetched = await self._fetched(wanted)
            wanted = await self._unpacked({oid: f"{self._received}/{oid}" for oid in fetched})
            self._there.update(fetched)
            if not wanted:
                break
        else:  # much is missing: all there is of the run is fetched at once
            await self._receive_all()
        lacking = await self._lacking(ids)
        if lacking:
            raise MissingError(
                f"the workspace has no object {min(lacking)!r}, and the hub {self._hub.name} has not either",
                hint="Do all hosts that work on this run name the same hub (ASTROLABE_HUB)?",
            )

    async def _receive_all(self) -> None:
        known = await self._hub.refs(self._clone.folder, f"{REFS}/{self._run}")
        ids = [ref.rpartition("/")[2] for ref in known]
        await self._hub.fetch(self._clone.folder, self._places(ids))
        await self._unpacked({oid: f"{self._received}/{oid}" for oid in ids})
        self._there.update(ids)

    async def forget(self, keep: Collection[str]) -> None:
        """Take all of the run's refs but those to `keep` from the hub."""
        refs = await self._hub.refs(self._clone.folder, f"{REFS}/{self._run}")
        await self._hub.push(self._clone.folder, {ref: "" for ref in refs if ref not in keep})

    # sending

    async def _kinds(self, ids: Iterable[str]) -> dict[str, str]:
        asked = "".join(f"{oid}\n" for oid in sorted(ids)).encode()
        told = await self._clone.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
        return dict(line.split(" ") for line in told.splitlines() if not line.endswith(" missing"))

    async def _with_history(self, commits: Iterable[str]) -> dict[str, bytes]:
        """Return the text of commits, and of those before them that the hub may not have."""
        texts: dict[str, bytes] = {}
        cut = await asyncio.to_thread(self._clone.ends)
        wanted = set(commits)
        while wanted:
            texts |= await self._texts(wanted)
            parents = {p for oid in wanted if oid not in cut for p in _parents(texts[oid])}
            wanted = parents - texts.keys() - self._there
        return texts

    async def _texts(self, commits: Collection[str]) -> dict[str, bytes]:
        return await self._clone.objects.blobs(commits)

    async def _packed(self, trees: Iterable[str], commits: dict[str, bytes]) -> str:
        cut = await asyncio.to_thread(self._clone.ends)
        hash_name = "sha1" if len(next(iter((*trees, *commits)))) == len("0" * 40) else "sha256"
        entries = [(oid.encode(), FOLDER, oid) for oid in {*trees, *map(_tree, commits.values())}]
        blobs: dict[str, Stored] = {}
        for oid, text in commits.items():
            blob = object_id("blob", text, hash_name)
            blobs[blob] = Stored("blob", text)
            entries.append(((oid + (_CUT if oid in cut else _COMMIT)).encode(), FILE, blob))
        raw = b"".join(
            b"%o %s\0" % (mode, name) + bytes.fromhex(oid)
            for name, mode, oid in sorted(entries, key=lambda entry: entry[0] + b"/" * (entry[1] == FOLDER))
        )
        parcel = object_id("tree", raw, hash_name)
        await self._clone.objects.write({**blobs, parcel: Stored("tree", raw)})
        return parcel

    # receiving

    async def _fetched(self, ids: Collection[str]) -> list[str]:
        """Fetch parcels; return the ids whose parcel the hub had."""
        found = sorted(ids)
        if not await self._hub.fetch(self._clone.folder, self._places(found)):
            known = await self._hub.refs(self._clone.folder, f"{REFS}/{self._run}")
            found = [oid for oid in found if ref_of(self._run, oid) in known]
            if found:
                await self._hub.fetch(self._clone.folder, self._places(found))
        return found

    def _places(self, ids: Iterable[str]) -> dict[str, str]:
        return {ref_of(self._run, oid): f"{self._received}/{oid}" for oid in ids}

    async def _unpacked(self, refs: Mapping[str, str]) -> set[str]:
        """Make commits of what has been fetched under refs; return the commits before them that are not here yet."""
        if not refs:
            return set()
        clone = self._clone
        commits: dict[str, bytes] = {}
        cut: set[str] = set()
        for parcel in {await clone.run("rev-parse", ref) for ref in refs.values()}:
            entries = await clone.run("ls-tree", parcel)
            files = {
                line.split("\t")[1]: line.split()[2] for line in entries.splitlines() if " blob " in line
            }
            texts = await clone.objects.blobs(files.values())
            commits |= {name.partition(".")[0]: texts[oid] for name, oid in files.items()}
            cut |= {name.removesuffix(_CUT) for name in files if name.endswith(_CUT)}
        await clone.objects.write({oid: Stored("commit", text) for oid, text in commits.items()})
        if cut:
            async with locked(clone.lock_file, clone.determinism):
                await asyncio.to_thread(clone.cut_off, cut)
        await clone.run(
            "update-ref", "--stdin", stdin="".join(f"delete {ref}\n" for ref in refs.values()).encode()
        )
        parents = {parent for oid, text in commits.items() if oid not in cut for parent in _parents(text)}
        return await self._lacking(parents)

    async def _lacking(self, ids: Iterable[str]) -> set[str]:
        wanted = set(ids)
        return wanted - set(await self._clone.held(wanted)) if wanted else set()


def _tree(commit: bytes) -> str:
    return commit.split(b"\n", 1)[0].removeprefix(b"tree ").decode()


def _parents(commit: bytes) -> list[str]:
    head = commit.split(b"\n\n", 1)[0]
    return [line[7:].decode() for line in head.split(b"\n") if line.startswith(b"parent ")]
