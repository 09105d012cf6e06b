"""The private bare clone in the state folder: made, checked, its hidden refs, and objects in and out as packs."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.git.command import NOTHING, Git, GitFailedError, Reply, storage_error
from astrolabe.adapters.git.trees import Objects
from astrolabe.errors import ConflictError, Problem, StorageError, TargetError
from astrolabe.ports.determinism import Determinism

Report = Callable[[str], None]

# No git process works longer than this on a ref or in a scratch folder: what is older was left by one that was killed.
_LEFT_BEHIND_SECONDS = 60
_LOCK_LEFT_BEHIND_SECONDS = 4
_UNPACK_BELOW_OBJECTS = 100
# A repack gathers small packs into larger ones; it drops nothing, whether a ref leads to it or not.
_REPACK_FROM_PACKS = 50
MISSING_OBJECT = re.compile(
    r"missing|bad object|bad tree|[Cc]ould not read|unable to (read|parse)|not a valid object|Failed to traverse"
)
_STARTS = "refs/astrolabe-start"
_SETTINGS = (
    "[gc]\n\tauto = 0\n\tpruneExpire = never\n[maintenance]\n\tauto = false\n[receive]\n\tautogc = false\n"
)


def clone_folder(state: Path, target: Path) -> Path:
    """Return where the clone of a target lies below the state folder, by a digest of its resolved path."""
    resolved = os.path.realpath(target)
    return state / "workspaces" / f"{hashlib.sha256(os.fsencode(resolved)).hexdigest()[:24]}.git"


@dataclass(frozen=True)
class Identity:
    """Whom commits name as author and committer."""

    name: str
    email: str


NOBODY = Identity("Astrolabe", "astrolabe@localhost")


class Clone:
    """The clone of one target; nobody else's hands are in it."""

    def __init__(self, git: Git, folder: Path, determinism: Determinism, report: Report) -> None:
        self._git = git
        self.determinism = determinism
        self._report = report
        self.folder = folder
        self.objects = Objects(git, folder)
        self.lock_file = folder.with_name(folder.name + ".lock")

    async def run(self, *arguments: str, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> str:
        """Run git in the clone; return what it wrote without white space around it."""
        reply = await self.reply(*arguments, stdin=stdin, accept=accept)
        return reply.output.decode("utf-8", "surrogateescape").strip()

    async def reply(
        self,
        *arguments: str,
        stdin: bytes = b"",
        accept: Sequence[int] = (0,),
        variables: Mapping[str, str] = NOTHING,
    ) -> Reply:
        return await self._git.run(self.folder, *arguments, stdin=stdin, accept=accept, variables=variables)

    async def prepare(self, object_format: str) -> None:
        """Make the clone if there is none, or anew if it is damaged; sweep what killed processes left."""
        if await asyncio.to_thread(self.folder.exists):
            fault = await self._fault(object_format)
            if fault:
                await self._set_aside(fault)
        if not await asyncio.to_thread(self.folder.exists):
            await self._create(object_format)
        await asyncio.to_thread(self._sweep, self.determinism.now() - _LEFT_BEHIND_SECONDS)
        if await asyncio.to_thread(self._packs) >= _REPACK_FROM_PACKS:
            await self.run("repack", "--geometric=2", "-d", "-q")

    def _packs(self) -> int:
        return len(list((self.folder / "objects" / "pack").glob("*.pack")))

    async def _create(self, object_format: str) -> None:
        fresh = self.folder.with_name(f".{self.folder.name}.{self.determinism.new_id()}")
        try:
            await asyncio.to_thread(fresh.parent.mkdir, parents=True, exist_ok=True)
            await self._git.run(
                fresh.parent,
                "init",
                "--quiet",
                "--bare",
                "--template=",
                "--initial-branch=main",
                f"--object-format={object_format}",
                str(fresh),
            )
            await self._git.run(fresh, "hash-object", "-w", "-t", "tree", "--stdin")
            await asyncio.to_thread(_settle, fresh, self.folder)
        except OSError as error:
            raise storage_error(f"make the workspace's clone {self.folder}", error) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)

    async def _fault(self, object_format: str) -> str:
        """Say what is wrong with the clone: every hidden ref must lead to whole commits and trees."""
        try:
            found = await self.run("rev-parse", "--is-bare-repository", "--show-object-format")
            await self.run("rev-list", "--objects", "--quiet", "--all")
        except GitFailedError as error:
            if re.search(
                r"Permission denied|No space left|Too many open files|Cannot allocate", error.complaint
            ):
                raise
            return error.message
        if found.split() != ["true", object_format]:
            return f"it is a repository of another kind ({found.split()})"
        return ""

    async def _set_aside(self, fault: str) -> None:
        aside = self.folder.with_name(f"{self.folder.name}.damaged-{self.determinism.now():.0f}")
        try:
            await asyncio.to_thread(self.folder.rename, aside)
        except OSError as error:
            raise storage_error(f"set the damaged clone {self.folder} aside", error) from error
        self._report(f"The workspace's clone was damaged ({fault}); it lies in {aside} now and is made anew.")

    def _sweep(self, before: float) -> None:
        scratch = self.folder / "scratch"
        packs = (self.folder / "objects" / "pack").glob("tmp_*")
        for path in [*packs, *(scratch.iterdir() if scratch.is_dir() else ())]:
            if path.lstat().st_mtime < before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    # commits and hidden refs

    async def commit(
        self, tree: str, parents: Sequence[str], message: str, who: Identity, at_seconds: int
    ) -> str:
        """Make a commit; the same arguments give the same id."""
        named = {f"GIT_{role}_NAME": who.name for role in ("AUTHOR", "COMMITTER")}
        named |= {f"GIT_{role}_EMAIL": who.email for role in ("AUTHOR", "COMMITTER")}
        named |= {f"GIT_{role}_DATE": f"@{at_seconds} +0000" for role in ("AUTHOR", "COMMITTER")}
        parented = [word for parent in dict.fromkeys(parents) for word in ("-p", parent)]
        text = message.replace("\0", "").encode("utf-8", "surrogateescape")
        reply = await self._git.run(
            self.folder, "commit-tree", tree, *parented, "-F", "-", stdin=text, variables=named
        )
        return reply.output.decode().strip()

    async def point(self, name: str, commit: str) -> None:
        """Point a hidden ref at a commit, atomically."""
        await self._point(f"refs/astrolabe/{name}", commit)

    async def _point(self, ref: str, commit: str) -> None:
        try:
            await self.run("update-ref", ref, commit)
        except GitFailedError as error:
            if "cannot lock ref" not in error.complaint:
                raise
            if not await asyncio.to_thread(self._unlock, ref):
                raise ConflictError(
                    f"the hidden ref {ref} cannot be set: {error.complaint.strip()}"
                ) from error
            await self.run("update-ref", ref, commit)

    def _unlock(self, ref: str) -> bool:
        """Take away the lock a killed git left on a ref; tell whether there was one."""
        lock = self.folder / f"{ref}.lock"
        try:
            left = self.determinism.now() - lock.stat().st_mtime > _LOCK_LEFT_BEHIND_SECONDS
        except (FileNotFoundError, NotADirectoryError):
            return False
        if left:
            lock.unlink(missing_ok=True)
        return left

    async def pointed(self, name: str) -> str | None:
        """Return what a hidden ref points at."""
        ref = f"refs/astrolabe/{name}"
        return await self.run("rev-parse", "--verify", "--quiet", ref, accept=(0, 1)) or None

    async def unpoint(self, folder: str) -> int:
        """Remove every hidden ref below a name, all or none; return how many there were."""
        if not await asyncio.to_thread(self.folder.exists):
            return 0
        refs = (await self.run("for-each-ref", "--format=%(refname)", f"refs/astrolabe/{folder}/")).split()
        if refs:
            lines = "".join(f"delete {ref}\n" for ref in refs)
            await self.run("update-ref", "--stdin", stdin=lines.encode())
        return len(refs)

    # objects from and for other repositories

    async def take_in(self, commit: str, objects: Path) -> None:
        """Copy a commit and its tree from another repository's object folder; its parents stay behind.

        No process reads that repository's configuration, so none of it can take part. Call it under the lock.
        """
        if not await self.held([commit]):
            known = (await self.run("for-each-ref", "--format=^%(objectname)", _STARTS)).split()
            await asyncio.to_thread(self.cut_off, [commit])
            await self._pack_from(objects, [commit, *known])
        await self._point(f"{_STARTS}/{commit}", commit)

    async def take_in_tree(self, tree: str, objects: Path) -> None:
        """Copy a tree from another repository's object folder; commit it before anything else can be swept."""
        if not await self.held([tree]):
            await self._pack_from(objects, [tree])

    async def complete(self, tree: str, held: Sequence[str], objects: Path) -> None:
        """Copy what a tree has beyond those commits, which are here whole, from another repository's object folder."""
        await self._pack_from(objects, [tree, *(f"^{commit}" for commit in held)])

    async def _pack_from(self, objects: Path, wanted: Sequence[str]) -> None:
        try:
            await self._git.run(
                self.folder,
                "pack-objects",
                "--revs",
                "--non-empty",
                "-q",
                str(self.folder / "objects" / "pack" / "pack"),
                stdin="\n".join([*wanted, ""]).encode(),
                variables={"GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted(objects)},
            )
        except GitFailedError as error:
            if not MISSING_OBJECT.search(error.complaint):
                raise
            hint = "`git fsck` there names what is missing; a partial clone is completed by checking its files out."
            problem = Problem(str(objects.parent), error.complaint.strip())
            raise TargetError("the checked-out commit is not whole", [problem], hint=hint) from error

    def cut_off(self, commits: Iterable[str]) -> None:
        """Tell git that the history before commits is elsewhere; call it under the lock."""
        file = self.folder / "shallow"
        fresh = file.with_name("shallow.new")
        with fresh.open("w") as stream:
            stream.writelines(f"{oid}\n" for oid in sorted({*self.ends(), *commits}))
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)

    async def hand_out(self, commits: Iterable[str], known: Iterable[str]) -> bytes:
        """Return a pack with the commits and all they need, less what a repository that has `known` has already."""
        have = await self.held(known)
        asked = [*commits, *(f"^{oid}" for oid in have), ""]
        reply = await self._git.run(
            self.folder, "pack-objects", "--revs", "--stdout", "-q", stdin="\n".join(asked).encode()
        )
        return reply.output

    async def held(self, oids: Iterable[str]) -> list[str]:
        """Return those objects that the clone has."""
        asked = "".join(f"{oid}\n" for oid in sorted(set(oids))).encode()
        told = await self.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
        return [line.split()[0] for line in told.splitlines() if not line.endswith(" missing")]

    async def contains(self, younger: str, older: str) -> bool:
        """Tell whether `older` is `younger` or one of its ancestors, as far as the clone knows."""
        reply = await self._git.run(self.folder, "merge-base", "--is-ancestor", older, younger, accept=(0, 1))
        return reply.code == 0

    def ends(self) -> frozenset[str]:
        """Return the commits whose parents are not here."""
        file = self.folder / "shallow"
        return frozenset(file.read_text().split() if file.exists() else ())

    async def ends_of_history(self, commit: str) -> list[str]:
        """Return those of them below `commit`."""
        cut = sorted(await asyncio.to_thread(self.ends))
        if not cut:
            return []
        below = set((await self.run("rev-list", commit)).split())
        return [oid for oid in cut if oid in below]


def _settle(fresh: Path, final: Path) -> None:
    with (fresh / "config").open("a") as stream:
        stream.write(_SETTINGS)
    fresh.chmod(0o700)
    fresh.rename(final)


def quoted(folder: Path) -> str:
    """Write a path so that colons in it do not separate: https://git-scm.com/docs/git (alternate object directories)."""
    escaped = str(folder).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def command_for(pack: bytes) -> tuple[str, ...]:
    """Return the git command that takes a pack in: few objects are stored singly, as a fetch would."""
    count = int.from_bytes(pack[8:12])
    if pack[:4] != b"PACK":
        raise StorageError("git made no pack", hint="Run the same command again.")
    return ("unpack-objects", "-q") if count < _UNPACK_BELOW_OBJECTS else ("index-pack", "--stdin")
