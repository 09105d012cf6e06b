"""The folder a result goes to: what stands there, and git commands on the person's repository with its own programs disarmed."""

import asyncio
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from astrolabe.adapters.git.clone import NOBODY, Identity
from astrolabe.adapters.git.command import NOTHING, Git, GitFailedError, Owner, Reply
from astrolabe.adapters.git.place import LEFTOVER, look, may_write, nearest_folder
from astrolabe.adapters.git.trees import decoded, zero_separated
from astrolabe.errors import Problem, TargetError, UnavailableError
from astrolabe.ports.workspace import TargetKind, TargetState

_PERSONAL = r"^(user\.(name|email)|core\.(excludesfile|attributesfile|autocrlf|eol))$"
_DRIVERS = r"^filter\..*\.(clean|smudge|process|required)$"


@dataclass(frozen=True)
class Repository:
    """Where the parts of the person's repository lie; `worktree` is None for a bare one.

    `folder` is this work tree's own git folder, `common` the one it shares with linked work trees.
    """

    worktree: Path | None
    folder: Path
    common: Path
    object_format: str


@dataclass(frozen=True)
class Person:
    """What counts of the person's configuration: who they are, and how their files look in a work tree."""

    identity: Identity = NOBODY
    settings: Mapping[str, str] = field(default_factory=dict[str, str])


class Target:
    """The person's folder."""

    def __init__(self, git: Git, path: Path, identity: Identity | None = None) -> None:
        self._git = git
        self._path = path
        self._identity = identity
        self._person: Person | None = None

    async def state(self) -> TargetState:
        """Look at the target without changing anything; raises TargetError for a repository that git cannot read."""
        return (await self.examined())[0]

    async def examined(self) -> tuple[TargetState, Repository | None]:
        """Return the state, and the repository when the target is the root of one."""
        self._person = None
        found = await asyncio.to_thread(look, self._path)
        if found.kind is TargetKind.FILE:
            return found, None
        repository = await self._repository_at(found)
        if repository is None:
            return found, None
        if found.path != (repository.worktree or repository.folder):
            return _inside(found, repository), None
        return await self._described(found, repository), repository

    async def _repository_at(self, found: TargetState) -> Repository | None:
        directory = await asyncio.to_thread(nearest_folder, found.path)
        try:
            reply = await self._git.run(
                directory,
                "rev-parse",
                "--path-format=absolute",
                "--is-inside-work-tree",
                "--is-bare-repository",
                "--show-object-format",
                "--git-dir",
                "--git-common-dir",
                accept=(0, 128),
            )
        except GitFailedError as error:
            raise _unreadable(found.path, error.complaint) from error
        if reply.code:
            if "not a git repository" in reply.complaint and "gitfile" not in reply.complaint:
                return None
            raise _unreadable(found.path, reply.complaint)
        return await self._layout(directory, reply)

    async def _layout(self, directory: Path, reply: Reply) -> Repository:
        # Paths may hold line breaks, so they are asked for one by one unless the count of lines is right.
        lines = decoded(reply.output).split("\n")[:-1]
        inside, bare, object_format = lines[:3]
        folder, common = (
            lines[3:] if len(lines) == len(("", "", "", "", "")) else await self._folders(directory)
        )
        worktree = None
        if inside == "true":
            worktree = Path(await self._line(directory, "--show-toplevel"))
        elif bare != "true" and directory.is_relative_to(folder):
            worktree = Path(folder).parent
        elif bare != "true":
            raise _unreadable(
                directory, f"its work tree is another folder (core.worktree in {folder}/config)"
            )
        return Repository(worktree, Path(folder), Path(common), object_format)

    async def _folders(self, directory: Path) -> tuple[str, str]:
        return await self._line(directory, "--git-dir"), await self._line(directory, "--git-common-dir")

    async def _line(self, directory: Path, question: str) -> str:
        reply = await self._git.run(directory, "rev-parse", "--path-format=absolute", question)
        return decoded(reply.output).removesuffix("\n")

    async def _described(self, found: TargetState, repository: Repository) -> TargetState:
        objects = repository.common / "objects"
        state = replace(
            found,
            kind=TargetKind.REPOSITORY,
            bare=repository.worktree is None,
            repository=found.path,
            writable=found.writable and await asyncio.to_thread(may_write, objects),
        )
        theirs = Theirs(self._git, repository, await self.person())
        try:
            branch, head = await theirs.branch(), await theirs.head()
            return replace(state, branch=branch, head=head, dirty=await theirs.dirty(untracked="normal"))
        except GitFailedError as error:
            raise _unreadable(found.path, error.complaint) from error

    async def person(self) -> Person:
        """Read what counts of the person's configuration, the repository's included.

        Raises:
            TargetError: the configuration is broken.
        """
        if self._person is None:
            where = await asyncio.to_thread(lambda: self._path if self._path.is_dir() else Path("/"))
            reply = await self._git.of_person(where, "config", "-z", "--get-regexp", _PERSONAL)
            if reply.code not in (0, 1):
                raise TargetError(
                    f"git cannot read your configuration: {reply.complaint.strip()}",
                    hint="Mend the file it names; `git config --list` shows the same error.",
                )
            person = _person(reply.output, *await self._git.homes())
            self._person = replace(person, identity=self._identity or person.identity)
        return self._person


class Theirs:
    """Git commands on the person's repository: no hook, filter, monitor or submodule's program takes part."""

    def __init__(self, git: Git, repository: Repository, person: Person, holding: Sequence[int] = ()) -> None:
        self._git = git
        self._settings: dict[str, str] | None = None
        self._owner: Owner | None = None
        self.repository = repository
        self.person = person
        self.holding = holding

    async def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        index: Path | None = None,
        accept: Sequence[int] = (0,),
        variables: Mapping[str, str] = NOTHING,
    ) -> Reply:
        """Run git on the repository, with another index if one is given."""
        repository = self.repository
        places = {"GIT_DIR": str(repository.folder)}
        if repository.worktree:
            places["GIT_WORK_TREE"] = str(repository.worktree)
        if index:
            places["GIT_INDEX_FILE"] = str(index)
        who = self.person.identity
        named = {f"GIT_{role}_NAME": who.name for role in ("AUTHOR", "COMMITTER")}
        named |= {f"GIT_{role}_EMAIL": who.email for role in ("AUTHOR", "COMMITTER")}
        return await self._git.run(
            repository.worktree or repository.folder,
            *arguments,
            stdin=stdin,
            settings={**self.person.settings, **await self._disarmed()},
            variables={**places, **named, **variables},
            accept=accept,
            holding=self.holding,
            user=self._owner,
        )

    def give(self, file: Path) -> None:
        """Let a file that this process made belong to the repository's owner."""
        if self._owner:
            os.chown(file, self._owner.user, self._owner.group)

    async def _disarmed(self) -> dict[str, str]:
        """Name every filter the repository's configuration defines, as one that does nothing."""
        if self._settings is None:
            self._owner = await self._found_owner()
            reply = await self._git.run(
                self.repository.folder,
                "config",
                "-z",
                "--name-only",
                "--get-regexp",
                _DRIVERS,
                variables={"GIT_DIR": str(self.repository.folder)},
                accept=(0, 1),
                user=self._owner,
            )
            keys = [decoded(key) for key in zero_separated(reply.output)]
            self._settings = {key: "false" if key.endswith(".required") else "" for key in keys}
        return self._settings

    async def _found_owner(self) -> Owner | None:
        """Return whom git must run as, so that root leaves no files of its own in a repository of somebody else."""
        found = await asyncio.to_thread(self.repository.folder.stat)
        if os.geteuid() != 0 or found.st_uid == 0:
            return None
        owner = Owner(found.st_uid, found.st_gid)
        try:
            await self._git.run(self.repository.folder, "rev-parse", "--git-dir", user=owner)
        except UnavailableError:  # they cannot get there themselves, or this root cannot become somebody else
            return None
        return owner

    async def head(self) -> str | None:
        """Return the commit that is checked out, None before the first."""
        reply = await self.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1))
        if reply.code and await self.branch() is None:
            raise GitFailedError("rev-parse", replace(reply, complaint="HEAD names no commit"))
        return reply.output.decode().strip() or None

    async def branch(self) -> str | None:
        """Return the name of the branch that is checked out, None when HEAD is detached."""
        reply = await self.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        return decoded(reply.output).strip().removeprefix("refs/heads/") or None

    async def dirty(self, *, untracked: str = "no") -> tuple[str, ...]:
        """Return the paths whose state is not the checked-out commit's."""
        if self.repository.worktree is None:
            return ()
        reply = await self.run(
            "status",
            "--porcelain",
            "-z",
            "--no-renames",
            "--ignore-submodules=all",
            f"--untracked-files={untracked}",
        )
        paths = (decoded(record[3:]) for record in zero_separated(reply.output))
        return tuple(sorted(path for path in paths if not LEFTOVER.match(path.rstrip("/"))))

    async def tips(self) -> dict[str, str]:
        """Return every branch, without `refs/heads/`, and the commit it points at."""
        reply = await self.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")
        pairs = (line.split(" ", 1) for line in decoded(reply.output).splitlines())
        return {ref.removeprefix("refs/heads/"): oid for oid, ref in pairs}


def _unreadable(path: Path, complaint: str) -> TargetError:
    said = complaint.strip().removeprefix("fatal: ")
    hint = f"`git -C {path} status` shows the same error; mend the repository, or name another folder."
    return TargetError(f"git cannot read the repository at {path}", [Problem(str(path), said)], hint=hint)


def _inside(found: TargetState, repository: Repository) -> TargetState:
    return replace(
        found, kind=TargetKind.INSIDE_REPOSITORY, repository=repository.worktree or repository.folder
    )


def _person(raw: bytes, home: str, configuration: str) -> Person:
    values = {
        "core.excludesfile": f"{configuration}/git/ignore",
        "core.attributesfile": f"{configuration}/git/attributes",
    }
    for record in zero_separated(raw):
        key, _, value = decoded(record).partition("\n")
        values[key] = value
    name, email = values.pop("user.name", ""), values.pop("user.email", "")
    # A file given as `~/…` is found from the person's home, which git itself does not get to see here.
    settings = {key: home + value[1:] if value.startswith("~/") else value for key, value in values.items()}
    return Person(_identity(name, email), settings)


def _identity(name: str, email: str) -> Identity:
    """Return what a commit can carry: git drops these characters, and refuses a name without others."""
    name, email = (re.sub(r"[\x00-\x1f\x7f<>]", "", text).strip(" .,:;\"'\\") for text in (name, email))
    return Identity(name or NOBODY.name, email or NOBODY.email) if name or email else NOBODY
