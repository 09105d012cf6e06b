"""Handing finished work to the person: into a new folder whole or not at all, into a repository as refs first."""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from astrolabe.adapters.git.advancing import Advance
from astrolabe.adapters.git.clone import MISSING_OBJECT, Clone, command_for
from astrolabe.adapters.git.command import Git, GitFailedError, storage_error
from astrolabe.adapters.git.locking import locked
from astrolabe.adapters.git.obstacles import Obstacle
from astrolabe.adapters.git.place import LEFTOVER, PART, READY, may_write, names_in, refuse, try_out
from astrolabe.adapters.git.references import References
from astrolabe.adapters.git.target import Repository, Target, Theirs
from astrolabe.errors import ConflictError, Problem, TargetError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.workspace import Published, TargetKind, TargetState


@dataclass(frozen=True)
class Work:
    """What a run hands over: its checkpoints by ref name, and its last commit if it has one."""

    run: str
    commits: Mapping[str, str]
    final: str | None

    @property
    def tips(self) -> list[str]:
        return [self.final] if self.final else sorted(set(self.commits.values()))


@dataclass
class _Branches:
    """Branches to delete and to set, from what to what."""

    named: str
    gone: dict[str, str] = field(default_factory=dict[str, str])
    wanted: dict[str, str] = field(default_factory=dict[str, str])


class Publisher:
    """One target. Every method runs under the clone's lock, whose descriptor the git processes inherit."""

    def __init__(self, git: Git, clone: Clone, target: Target, determinism: Determinism, lock: int) -> None:
        self._git = git
        self._clone = clone
        self._target = target
        self._determinism = determinism
        self._lock = lock
        self._restore = ""

    async def publish(self, work: Work) -> Published:
        """Hand over; raises TargetError when the target cannot take it."""
        state, repository = await self.recover()
        if state.kind is TargetKind.FOLDER:
            raise _not_empty(state.path)
        if repository is None:
            return await self._into_new(state, work)
        async with self._theirs(repository) as theirs:
            return await self._into_repository(theirs, work)

    async def recover(self) -> tuple[TargetState, Repository | None]:
        """Complete what a killed process began at the target; return what stands there then.

        Raises:
            TargetError: no result can go there.
        """
        state, repository = await self._target.examined()
        refuse(state)
        trial = f"{_leftover_stem(state.path)}trial{PART}"
        await asyncio.to_thread(try_out, repository.common if repository else state.path, trial)
        try:
            finished = state.kind is TargetKind.EMPTY and await asyncio.to_thread(
                _finish_in_place, state.path
            )
            await asyncio.to_thread(_sweep, state)
        except OSError as error:
            raise storage_error(f"tidy up {state.path}", error) from error
        if finished:
            return await self._target.examined()
        if repository is None:
            return state, None
        async with self._theirs(repository) as theirs:
            await References(theirs).recover()
            began = repository.worktree and await Advance(theirs, repository.worktree).recover()
        return await self._target.examined() if began else (state, repository)

    async def branch(self, name: str, commit: str) -> None:
        """Make a branch in the repository that stands there.

        Raises:
            ConflictError: there is another one of that name, or in its way.
        """
        _, repository = await self.recover()
        if repository is None:
            raise _not_empty((await self._target.state()).path)
        async with self._theirs(repository) as theirs:
            tips = await theirs.tips()
            if tips.get(name) == commit:
                return
            if inway := next((tip for tip in tips if _in_the_way(tip, name)), None):
                raise ConflictError(f"there is a branch {inway} already", hint="Choose another name.")
            await self._fill(theirs, Work("", {name: commit}, commit), tips.values())
            await _check_connected(theirs, [commit])
            await References(theirs).set_branches({name: commit}, tips)

    @contextlib.asynccontextmanager
    async def _theirs(self, repository: Repository) -> AsyncGenerator[Theirs]:
        """Give git commands on the repository, for this process alone."""
        async with locked(repository.folder, self._determinism) as folder_lock:
            yield Theirs(self._git, repository, await self._target.person(), (self._lock, folder_lock))

    # a folder that is missing or empty

    async def _into_new(self, state: TargetState, work: Work) -> Published:
        name = f"{_leftover_stem(state.path)}{work.run}"
        folder = state.path.parent if state.kind is TargetKind.MISSING else state.path
        part = folder / f"{name}{PART}"
        try:
            await asyncio.to_thread(_made_anew, part)
            published = await self._built(part, work)
            if state.kind is TargetKind.MISSING:
                await asyncio.to_thread(_appear, part, state.path)
            else:
                await asyncio.to_thread(part.rename, folder / f"{name}{READY}")
                await asyncio.to_thread(_finish_in_place, folder)
        except OSError as error:
            raise storage_error(f"write the result to {state.path}", error) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
        return published

    async def _built(self, part: Path, work: Work) -> Published:
        """Make the whole repository, work tree included, at a place nobody looks at yet."""
        object_format = "sha1" if len(work.tips[0]) == len("0" * 40) else "sha256"
        await self._git.run(
            part,
            "init",
            "--quiet",
            "--template=",
            "--initial-branch=main",
            f"--object-format={object_format}",
            holding=(self._lock,),
        )
        folder = part / ".git"
        theirs = Theirs(
            self._git,
            Repository(part, folder, folder, object_format),
            await self._target.person(),
            (self._lock,),
        )
        for commit in work.tips:
            ends = await self._clone.ends_of_history(commit)
            await asyncio.to_thread(_write_ends, folder / "shallow", ends)
        await self._fill(theirs, work, ())
        branches = _branches_of(work, {})
        if work.final:
            await References(theirs).set_branches({**branches.wanted, "main": work.final}, {})
            await theirs.run("read-tree", "-u", "--reset", work.final)
            return Published(branches.named, work.final, moved=True)
        await References(theirs).set_branches(branches.wanted, {})
        return Published(branches.named, "", moved=False, reason=_NO_FINAL)

    # a repository

    async def _into_repository(self, theirs: Theirs, work: Work) -> Published:
        tips = await theirs.tips()
        head = await theirs.head()
        if not set(work.tips) <= set(tips.values()):
            await self._fill(theirs, work, {*tips.values(), *([head] if head else [])})
            await _check_connected(theirs, work.tips)
        branches = await self._settled(theirs, _branches_of(work, tips), tips, work)
        await References(theirs).set_branches(branches.wanted, tips)
        if work.final is None:
            return Published(branches.named, "", moved=False, reason=_NO_FINAL)
        obstacle = await self._advance(theirs, work.run, work.final, head)
        if obstacle is None:
            return Published(branches.named, work.final, moved=True, restore=self._restore)
        place = theirs.repository.worktree or theirs.repository.folder
        commands = obstacle.commands(place, branches.named)
        return Published(branches.named, work.final, moved=False, reason=obstacle.reason, commands=commands)

    async def _fill(self, theirs: Theirs, work: Work, known: Iterable[str]) -> None:
        pack = await self._clone.hand_out(work.tips, known)
        await theirs.run(*command_for(pack), stdin=pack)

    async def _settled(
        self, theirs: Theirs, branches: _Branches, tips: Mapping[str, str], work: Work
    ) -> _Branches:
        """Leave alone the branches that are further on already, and free the name that task branches take up.

        Raises:
            ConflictError: a branch of a wanted name holds other work.
        """
        known = {*work.commits.values(), *([work.final] if work.final else [])}
        for name, oid in branches.gone.items():
            if oid not in known and not (work.final and await _contains(theirs, work.final, oid)):
                raise _other_work(name)
        if branches.gone:
            await References(theirs).delete_branches(branches.gone)
        wanted: dict[str, str] = {}
        for name, oid in branches.wanted.items():
            old = tips.get(name)
            if old is None or await _contains(theirs, oid, old):
                wanted[name] = oid
            elif not await _contains(theirs, old, oid):
                raise _other_work(name)
        return _Branches(branches.named, wanted={n: oid for n, oid in wanted.items() if tips.get(n) != oid})

    async def _advance(self, theirs: Theirs, run: str, final: str, head: str | None) -> Obstacle | None:
        worktree, branch = theirs.repository.worktree, await theirs.branch()
        grown = not head or await _contains(theirs, final, head)
        if worktree is None:
            reason = "the repository is bare: nothing is checked out"
            return Obstacle(reason, bare=branch if grown else None, beside=True)
        if head and await _contains(theirs, head, final):
            return None
        if branch is None:
            return Obstacle("no branch is checked out (HEAD is detached)")
        if not grown:
            return Obstacle(f"{branch} has commits that the run did not start from")
        advance = Advance(theirs, worktree)
        obstacle = await advance.forward(run, final)
        self._restore = advance.kept.restore if advance.kept else ""
        return obstacle


_NO_FINAL = "the run has no final commit; each passed task has a branch of its own"


def _branches_of(work: Work, tips: Mapping[str, str]) -> _Branches:
    """Name the branches: a ref cannot be both a name and a folder of names."""
    stem = f"astrolabe-{work.run}" if "astrolabe" in tips else f"astrolabe/{work.run}"
    below = {name: oid for name, oid in tips.items() if name.startswith(f"{stem}/")}
    if work.final:
        return _Branches(stem, gone=below, wanted={stem: work.final})
    if stem in tips:
        stem += "-tasks"
    return _Branches(f"{stem}/", wanted={f"{stem}/{name}": oid for name, oid in work.commits.items()})


def _in_the_way(there: str, wanted: str) -> bool:
    return there == wanted or there.startswith(f"{wanted}/") or wanted.startswith(f"{there}/")


async def _contains(theirs: Theirs, younger: str, older: str) -> bool:
    return (await theirs.run("merge-base", "--is-ancestor", older, younger, accept=(0, 1))).code == 0


async def _check_connected(theirs: Theirs, tips: Sequence[str]) -> None:
    try:
        await theirs.run("rev-list", "--objects", "--quiet", *tips, "--not", "--all")
    except GitFailedError as error:
        if not MISSING_OBJECT.search(error.complaint):
            raise
        place = str(theirs.repository.worktree or theirs.repository.folder)
        hint = "The work is safe in Astrolabe's own clone; begin again with a new folder."
        problem = Problem(place, f"the history the run started from is gone there: {error.complaint.strip()}")
        raise TargetError(f"the result cannot go to {place}", [problem], hint=hint) from error


def _other_work(branch: str) -> ConflictError:
    hint = f"Rename it (`git branch -m {branch} NEW-NAME`), then run the same command again."
    return ConflictError(f"the branch {branch} holds other work", hint=hint)


def _not_empty(path: Path) -> TargetError:
    hint = "Name a new or empty folder, or make it a repository: `git init`, then commit its files."
    problem = Problem(str(path), "is not empty and is no git repository", hint)
    return TargetError(f"the result cannot go to {path}", [problem], hint=hint)


# files, off the event loop


def _made_anew(part: Path) -> None:
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)


def _write_ends(file: Path, ends: Sequence[str]) -> None:
    if ends:
        with file.open("a") as stream:
            stream.writelines(f"{oid}\n" for oid in ends)


def _appear(part: Path, path: Path) -> None:
    """Give the finished folder its name; it is there whole, or not at all."""
    if path.exists() and names_in(path):
        raise _not_empty(path)
    part.rename(path)
    _make_durable(path.parent)


def _finish_in_place(folder: Path) -> bool:
    """Move what is ready into the folder, its `.git` last: as long as that is missing, it is not finished.

    Returns whether there was anything.

    Raises:
        TargetError: something of the same name was put there meanwhile.
    """
    found = [folder / name for name in names_in(folder) if LEFTOVER.match(name) and name.endswith(READY)]
    for ready in found:
        for name in sorted(names_in(ready), key=lambda name: name == ".git"):
            if os.path.lexists(folder / name):
                raise _not_empty(folder)
            (ready / name).rename(folder / name)
        ready.rmdir()
        _make_durable(folder)
    return bool(found)


def _leftover_stem(path: Path) -> str:
    """Begin the names of what is being built for a target, in it or beside it."""
    return f".astrolabe-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}-"


def _sweep(state: TargetState) -> None:
    """Remove what a killed hand-over left: nobody else hands over now, because the caller has the lock."""
    stem = _leftover_stem(state.path)
    for folder in (state.path, state.path.parent):
        left = [name for name in _names_in(folder) if name.startswith(stem)]
        for name in left:
            if name.endswith(PART):
                shutil.rmtree(folder / name)
            elif name.endswith(READY) and not names_in(folder / name):
                (folder / name).rmdir()


def _names_in(folder: Path) -> list[str]:
    return names_in(folder) if folder.is_dir() and may_write(folder) else []


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
