"""Running git so that nothing but git itself takes part: no configuration of a machine or a person, no hooks, no network."""

import asyncio
import contextlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from astrolabe.errors import AstrolabeError, BugError, StorageError, UnavailableError

OLDEST = (2, 38)

NOTHING: Mapping[str, str] = MappingProxyType({})

_VARIABLES = {
    "LC_ALL": "C",
    "HOME": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    # Objects travel as packs through pipes: a fetch could only be one that a planted configuration asks for.
    "GIT_ALLOW_PROTOCOL": "none",
}

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.excludesFile": "/dev/null",
    "core.fsync": "objects,derived-metadata,reference",
    "core.fsyncMethod": "batch",
    "core.filesRefLockTimeout": "5000",
    "core.packedRefsTimeout": "5000",
    "core.alternateRefsCommand": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "safe.directory": "*",
    "submodule.recurse": "false",
    "diff.ignoreSubmodules": "all",
    "commit.gpgSign": "false",
}

_DISK_FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large")
_REFUSED_WRITE = re.compile(r"Permission denied|Read-only file system|insufficient permission")


@dataclass(frozen=True)
class Owner:
    """Ids of a user and their group."""

    user: int
    group: int


@dataclass(frozen=True)
class Reply:
    """What a git process said; `complaint` is its standard error as text."""

    code: int
    output: bytes
    complaint: str


class GitFailedError(StorageError):
    """A git process ended otherwise than it should; `complaint` is what it wrote, `exit_code` is -n after signal n."""

    def __init__(self, command: str, reply: Reply) -> None:
        super().__init__(
            f"git {command} failed with {reply.code}: {_last_lines(reply.complaint)}",
            hint=_hint(reply.complaint),
        )
        self.complaint = reply.complaint
        self.exit_code = reply.code


def _last_lines(complaint: str) -> str:
    return " / ".join(line for line in complaint.strip().splitlines()[-3:]) or "it said nothing"


def _hint(complaint: str) -> str:
    if _DISK_FULL.search(complaint):
        return "The disk is full: free some space, then run the same command again."
    if _REFUSED_WRITE.search(complaint):
        return "Make the folder writable for this user, then run the same command again."
    return "Run the same command again; `astrolabe doctor` checks the state folder."


def storage_error(doing: str, error: OSError) -> StorageError:
    """Translate an error of the file system; `doing` completes 'could not'."""
    return StorageError(f"could not {doing}: {error}", hint=_hint(str(error)))


def variables_of(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that give git these settings, above every configuration file."""
    out = {"GIT_CONFIG_COUNT": str(len(settings))}
    for index, (key, value) in enumerate(settings.items()):
        out[f"GIT_CONFIG_KEY_{index}"] = key
        out[f"GIT_CONFIG_VALUE_{index}"] = value
    return out


class Git:
    """The git program. `environment` is the person's own; only where programs and their configuration lie is taken from it."""

    def __init__(self, environment: Mapping[str, str] = NOTHING, program: str = "git") -> None:
        self._program = program
        self._path = environment.get("PATH")
        self._person = {
            name: environment[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in environment
        }
        self._found: str | None = None

    async def run(
        self,
        directory: Path,
        *arguments: str,
        stdin: bytes = b"",
        settings: Mapping[str, str] = NOTHING,
        variables: Mapping[str, str] = NOTHING,
        accept: Sequence[int] = (0,),
        holding: Sequence[int] = (),
        user: Owner | None = None,
    ) -> Reply:
        """Run git in a folder and wait for it.

        `settings` come on top of ours, `holding` are file descriptors (locks) that live as long as the process, `user` is
        whom it runs as (root only).

        Raises:
            GitFailedError: its exit code is none of `accept`.
            UnavailableError: git is missing or too old.
        """
        program = await self._git()
        ours = {**_VARIABLES, **variables_of({**_SETTINGS, **settings}), **variables}
        environment = self._with_path(program, ours)
        reply = await _ran([program, *arguments], directory, environment, stdin, holding, user)
        if reply.code not in accept:
            raise GitFailedError(arguments[0], reply)
        return reply

    async def begun(
        self,
        directory: Path,
        *arguments: str,
        most_bytes: int,
        seconds: float,
        variables: Mapping[str, str] = NOTHING,
    ) -> tuple[Reply, bool]:
        """Run git and return what it says up to `most_bytes`, and whether there was more; then, or in time, it is killed.

        Raises:
            UnavailableError: git is missing or too old.
            TimeoutError: it said less than that in `seconds`.
        """
        program = await self._git()
        environment = self._with_path(program, {**_VARIABLES, **variables_of(_SETTINGS), **variables})
        return await _ran_up_to([program, *arguments], directory, environment, most_bytes, seconds)

    async def of_person(self, directory: Path, *arguments: str) -> Reply:
        """Run git with the person's own configuration in force; only for commands that read that configuration."""
        program = await self._git()
        home, configuration = await self.homes()
        places = {"HOME": home, "XDG_CONFIG_HOME": configuration}
        theirs = {"LC_ALL": "C", **places, **variables_of({"safe.directory": "*"})}
        return await _ran([program, *arguments], directory, self._with_path(program, theirs), b"")

    async def homes(self) -> tuple[str, str]:
        """Return the person's home folder, and the one below which their configuration lies."""
        home = self._person.get("HOME") or await asyncio.to_thread(os.path.expanduser, "~")
        return home, self._person.get("XDG_CONFIG_HOME") or f"{home}/.config"

    async def _git(self) -> str:
        if self._found is None:
            program = await asyncio.to_thread(shutil.which, self._program, path=self._path)
            if program is None:
                raise _unavailable("git was not found")
            reply = await _ran([program, "version"], Path("/"), self._with_path(program, _VARIABLES), b"")
            _refuse_old(reply.output.decode("utf-8", "replace").strip())
            self._found = program
        return self._found

    def _with_path(self, program: str, variables: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": self._path or f"{Path(program).parent}{os.pathsep}{os.defpath}", **variables}


def _refuse_old(answer: str) -> None:
    version = re.match(r"git version (\d+)\.(\d+)", answer)
    if version is None:
        raise _unavailable(f"git does not say its version: {answer[:80]!r}")
    if (int(version[1]), int(version[2])) < OLDEST:
        raise _unavailable(f"{answer} is too old")


def _unavailable(message: str) -> UnavailableError:
    oldest = ".".join(map(str, OLDEST))
    return UnavailableError(
        message, hint=f"Install git {oldest} or newer (Debian and Ubuntu: `apt-get install git`)."
    )


async def _ran(
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    stdin: bytes,
    holding: Sequence[int] = (),
    owner: Owner | None = None,
) -> Reply:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=holding,
            start_new_session=True,
            user=owner.user if owner else None,
            group=owner.group if owner else None,
            extra_groups=[] if owner else None,
        )
    except OSError as error:
        raise _not_started(command, directory, error) from error
    try:
        output, complaint = await process.communicate(stdin)
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself in this very moment
            process.kill()
        await process.wait()
        raise
    return Reply(await process.wait(), output, complaint.decode("utf-8", "replace"))


async def _ran_up_to(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], most_bytes: int, seconds: float
) -> tuple[Reply, bool]:
    nothing, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env=environment,
            stdin=nothing,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except OSError as error:
        raise _not_started(command, directory, error) from error
    if process.stdout is None or process.stderr is None:
        raise BugError("a process was begun without its outputs")
    complaint = asyncio.ensure_future(process.stderr.read())
    try:
        async with asyncio.timeout(seconds):
            output = await _read_up_to(process.stdout, most_bytes + 1)
            if len(output) <= most_bytes:
                await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself in this very moment
                process.kill()
            await process.stdout.read()  # until its end, so that nothing of it stays open
            await process.wait()
        said = (await complaint).decode("utf-8", "replace")
    return Reply(process.returncode or 0, output[:most_bytes], said), len(output) > most_bytes


async def _read_up_to(stream: asyncio.StreamReader, most: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < most and (piece := await stream.read(most - len(pieces))):
        pieces += piece
    return bytes(pieces)


def _not_started(command: Sequence[str], directory: Path, error: OSError) -> AstrolabeError:
    if str(error.filename) == str(directory):
        return StorageError(
            f"the folder {directory} cannot be entered: {error.strerror}",
            hint="Has it been moved or removed meanwhile?",
        )
    return UnavailableError(
        f"{command[0]} could not be started: {error.strerror}", hint="Is git installed whole?"
    )
