"""The History of `ports/history.py`: read from the clone by way of the person's objects, so that no setting of theirs counts."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence

from astrolabe.adapters.git import looking
from astrolabe.adapters.git.clone import Clone, quoted
from astrolabe.adapters.git.command import Git, Reply
from astrolabe.adapters.git.locking import locked
from astrolabe.adapters.git.merging import Merging
from astrolabe.adapters.git.publishing import Publisher
from astrolabe.adapters.git.setting_aside import set_aside
from astrolabe.adapters.git.target import Repository, Target, Theirs
from astrolabe.adapters.git.trees import decoded, zero_separated
from astrolabe.errors import InputError, MissingError, Problem, TargetError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.history import Blamed, Branch, Commit, Merged, Snapshot, WorkTree

_READ_BYTES = 8_000_000
_MESSAGE = 2000
_LINE = 400
_FORMAT = "--format=%H%x00%P%x00%an%x00%ct%x00%B%x00"
_FIELDS = 5
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv")
_BLAMED = re.compile(rb"^(?P<id>[0-9a-f]{40,64}) \d+ (?P<line>\d+)(?: \d+)?$")


class GitHistory:
    """The past of one target; every call looks at it anew."""

    def __init__(self, git: Git, clone: Clone, target: Target, determinism: Determinism) -> None:
        self._git = git
        self._clone = clone
        self._target = target
        self._determinism = determinism

    async def commit_at(self, revision: str) -> str:
        return await self._commit(await self._repository(), revision)

    async def log(self, revision: str, paths: Sequence[str] = (), most: int = 20) -> tuple[Commit, ...]:
        repository = await self._repository()
        commit = await self._commit(repository, revision)
        options = [f"--max-count={most}", "--no-show-signature", "--no-mailmap", "--no-patch", _FORMAT]
        raw = await self._read(repository, "log", *options, commit, "--", *paths)
        return tuple(_commits(raw))

    async def blame(self, revision: str, path: str, first: int = 1, lines: int = 200) -> tuple[Blamed, ...]:
        repository = await self._repository()
        commit = await self._commit(repository, revision)
        options = ["--line-porcelain", "--no-textconv", f"-L{first},+{lines}"]
        raw = await self._read(repository, "blame", *options, commit, "--", path)
        return tuple(_blamed(raw))

    async def show(self, revision: str, paths: Sequence[str] = (), most_bytes: int = 100_000) -> str:
        repository = await self._repository()
        commit = await self._commit(repository, revision)
        options = [
            "-m",
            "--first-parent",
            "--no-show-signature",
            "--no-mailmap",
            "--patch",
            "--stat",
            "--no-renames",
        ]
        reply, more = await self._begun(
            repository, "show", *options, *_PLAIN, commit, "--", *paths, most=most_bytes
        )
        text = reply.output.decode("utf-8", "replace")
        return f"{text}\n[it goes on: only its first {most_bytes:,} bytes are shown]\n" if more else text

    async def branches(self) -> tuple[Branch, ...]:
        theirs = await self._theirs()
        out = {tree.branch for tree in await self.worktrees()}
        shape = "--format=%(objectname)%00%(committerdate:unix)%00%(refname)%00%(contents:subject)%00"
        raw = (await theirs.run("for-each-ref", "--sort=-committerdate", shape, "refs/heads")).output
        fields = [decoded(field).removeprefix("\n") for field in zero_separated(raw)]
        return tuple(
            Branch(
                name.removeprefix("refs/heads/"),
                oid,
                int(at),
                subject,
                name.removeprefix("refs/heads/") in out,
            )
            for oid, at, name, subject in zip(*(fields[start::4] for start in range(4)), strict=True)
        )

    async def worktrees(self) -> tuple[WorkTree, ...]:
        raw = (await (await self._theirs()).run("worktree", "list", "--porcelain", "-z")).output
        return tuple(_worktree(block) for block in decoded(raw).split("\0\0") if block)

    async def merged(self, ours: str, revision: str) -> Merged:
        repository = await self._repository()
        commit = await self._commit(repository, revision)
        objects = repository.common / "objects"
        async with locked(self._clone.lock_file, self._determinism):
            await self._clone.take_in(commit, objects)
            merging = Merging(self._clone, await self._beside(repository))
            joined = await merging.merged(ours, commit, ("this run", revision))
            await self._clone.complete(joined.tree, [ours, commit], objects)
        return Merged(commit, joined.tree, joined.conflicts)

    async def make_branch(self, name: str, commit: str) -> None:
        reply = await self._clone.reply("check-ref-format", "--branch", name, accept=(0, 128))
        if reply.code or name == "HEAD" or re.match(r"astrolabe(?:[/-]|\Z)", name):
            fault = (
                "is no name for a branch"
                if reply.code or name == "HEAD"
                else "is a name that Astrolabe uses itself"
            )
            raise InputError("that branch cannot be made", [Problem(name, fault, "choose another name")])
        oid = await self._commit(await self._repository(), commit)
        async with locked(self._clone.lock_file, self._determinism) as lock:
            publisher = Publisher(self._git, self._clone, self._target, self._determinism, lock)
            await publisher.branch(name, oid)

    async def set_aside(self, name: str) -> Snapshot | None:
        theirs = await self._theirs()
        async with locked(theirs.repository.folder, self._determinism):
            return await set_aside(theirs, name, int(self._determinism.now()))

    async def _repository(self) -> Repository:
        state, repository = await self._target.examined()
        if repository is None:
            problem = Problem(str(state.path), "is no repository")
            raise TargetError(
                "there is no history to look at", [problem], hint="Name a repository with --repo."
            )
        return repository

    async def _theirs(self) -> Theirs:
        return Theirs(self._git, await self._repository(), await self._target.person())

    async def _commit(self, repository: Repository, revision: str) -> str:
        """Return the commit a revision names: in the person's repository by their refs, else one of the workspace's own."""
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if revision and "\0" not in revision:
            theirs = Theirs(self._git, repository, await self._target.person())
            told = decoded((await theirs.run(*asked, accept=(0, 1, 128))).output).strip()
            told = told or await self._clone.run(*asked, accept=(0, 1, 128))
            if _OID.fullmatch(told):  # a range is told as more than that
                return told
        raise MissingError(f"there is no commit {revision!r}", hint="Look at the branches, or at the log.")

    async def _beside(self, repository: Repository) -> dict[str, str]:
        """Return the variables with which the clone sees the person's history: it is cut off only where theirs is."""
        shallow = repository.common / "shallow"
        cut = str(shallow) if await asyncio.to_thread(shallow.exists) else ""
        return {
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": quoted(repository.common / "objects"),
            "GIT_SHALLOW_FILE": cut,
        }

    async def _begun(self, repository: Repository, *arguments: str, most: int) -> tuple[Reply, bool]:
        variables = await self._beside(repository)
        reply, more = await looking.in_time(
            self._git, self._clone.folder, *arguments, most_bytes=most, variables=variables
        )
        if reply.code and not more:
            said = reply.complaint.strip().removeprefix("fatal: ")[-300:]
            raise MissingError(
                f"git {arguments[0]} found nothing: {said}", hint="Look at the log, or list the files."
            )
        return reply, more

    async def _read(self, repository: Repository, *arguments: str) -> bytes:
        return (await self._begun(repository, *arguments, most=_READ_BYTES))[0].output


def _commits(raw: bytes) -> Iterator[Commit]:
    fields = [field.decode("utf-8", "replace") for field in zero_separated(raw)]
    for start in range(0, len(fields) - len(fields) % _FIELDS, _FIELDS):
        oid, parents, author, at, message = fields[start : start + _FIELDS]
        yield Commit(oid.strip(), tuple(parents.split()), author, int(at), message.strip()[:_MESSAGE])


def _blamed(raw: bytes) -> Iterator[Blamed]:
    """Read what `git blame --line-porcelain` wrote: git-scm.com/docs/git-blame."""
    found: Mapping[str, bytes] = {}
    author, at = "", 0
    for line in raw.split(b"\n"):
        if (header := _BLAMED.match(line)) is not None:
            found = header.groupdict()
        elif line.startswith(b"author "):
            author = line[len(b"author ") :].decode("utf-8", "replace")
        elif line.startswith(b"committer-time "):
            at = int(line.split()[1])
        elif line.startswith(b"\t"):
            text = line[1:].decode("utf-8", "replace")[:_LINE]
            yield Blamed(int(found["line"]), found["id"].decode(), author, at, text)


def _worktree(block: str) -> WorkTree:
    told: dict[str, str] = {}
    for field in block.split("\0"):
        name, _, value = field.partition(" ")
        told[name] = value
    branch = told.get("branch", "").removeprefix("refs/heads/")
    return WorkTree(told.get("worktree", ""), told.get("HEAD", ""), branch or None)
