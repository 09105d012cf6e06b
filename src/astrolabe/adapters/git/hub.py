"""A repository through which the clones of several hosts give each other trees and commits: a folder, or any git remote.

What one event of a log names travels as one *parcel*: a tree in which every tree that is meant stands under its own id, and
every commit as a file with the commit's text. A ref a named id points at the parcel. So one push is enough for an event,
no ref is ever moved (processes on any number of hosts cannot get in each other's way), nothing of a history has to travel
that the sender has not got itself, and nothing that a ref leads to can be collected on the way.
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from astrolabe.adapters.git.command import Git, GitFailedError
from astrolabe.errors import StorageError, UnavailableError

REFS = "refs/astrolabe"
_PROTOCOLS = "file:git:http:https:ssh"
_QUIET = {
    "fetch.recurseSubmodules": "false",
    "fetch.writeCommitGraph": "false",
    "push.recurseSubmodules": "no",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "protocol.version": "2",
}
_MOST_REFS = 500
"""Refs one git command names."""
_SETTINGS = (
    "[gc]\n\tauto = 0\n\tpruneExpire = never\n[maintenance]\n\tauto = false\n[receive]\n\tautogc = false\n"
)
_HINT = "See whether it can be reached from this host, and by this user. Nothing that was done is lost."


@dataclass(frozen=True)
class _Address:
    """Where a hub is; `header` carries what the address had of credentials, which no process shows in its arguments."""

    place: str
    folder: Path | None = None
    header: str = field(default="", repr=False)


class Hub:
    """A folder's absolute path, or the address of a repository. `host_environment` may name an agent with keys for ssh."""

    def __init__(self, git: Git, address: str, host_environment: Mapping[str, str]) -> None:
        self._git = git
        self._address = _address(address)
        self._agent = {
            name: host_environment[name]
            for name in ("SSH_AUTH_SOCK", "SSL_CERT_FILE", "GIT_SSL_CAINFO")
            if name in host_environment
        }
        self._format: str | None = None

    @property
    def name(self) -> str:
        """How a person knows it; without credentials."""
        return self._address.place

    async def prepare(self, object_format: str) -> None:
        """Make the hub if it is a folder that is not there yet."""
        folder = self._address.folder
        if folder is None or await asyncio.to_thread((folder / "HEAD").exists):
            return
        fresh = folder.with_name(f".{folder.name}.{id(self):x}")
        try:
            await asyncio.to_thread(folder.parent.mkdir, parents=True, exist_ok=True)
            await self._git.run(
                folder.parent,
                "init",
                "--quiet",
                "--bare",
                "--template=",
                f"--object-format={object_format}",
                str(fresh),
            )
            await asyncio.to_thread(_settle, fresh, folder)
        except OSError as error:
            raise StorageError(
                f"the hub {folder} cannot be made: {error}", hint="Name another in ASTROLABE_HUB."
            ) from error

    async def push(self, clone: Path, refs: Mapping[str, str]) -> None:
        """Set refs to objects of a clone, all of which are there when this returns; an empty id deletes a ref."""
        words = [f"{oid}:{ref}" for ref, oid in refs.items()]
        for first in range(0, len(words), _MOST_REFS):
            some = words[first : first + _MOST_REFS]
            await self._run(clone, "push", "--quiet", "--force", "--no-verify", self._address.place, *some)

    async def fetch(self, clone: Path, refs: Mapping[str, str]) -> bool:
        """Bring what refs of the hub (keys) lead to into a clone, under refs of its own; False when one is not there."""
        words = [f"+{theirs}:{ours}" for theirs, ours in refs.items()]
        options = (
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
            "--no-show-forced-updates",
        )
        for first in range(0, len(words), _MOST_REFS):
            try:
                some = words[first : first + _MOST_REFS]
                await self._run(clone, "fetch", *options, self._address.place, *some)
            except _NoSuchRefError:
                return False
        return True

    async def refs(self, clone: Path, below: str) -> dict[str, str]:
        """Return the refs below a name, and what they point at."""
        told = await self._run(clone, "ls-remote", "--refs", self._address.place, f"{below}/*")
        pairs = (line.split("\t", 1) for line in told.splitlines())
        return {ref: oid for oid, ref in pairs}

    async def _run(self, clone: Path, *arguments: str) -> str:
        settings = dict(_QUIET)
        if self._address.header:
            settings[f"http.{self._address.place}.extraHeader"] = self._address.header
        try:
            reply = await self._git.run(
                clone, *arguments, settings=settings, variables=await self._variables()
            )
        except GitFailedError as error:
            if "couldn't find remote ref" in error.complaint:
                raise _NoSuchRefError(str(error)) from error
            raise UnavailableError(f"the hub {self.name} failed: {error}", hint=_HINT) from error
        return reply.output.decode("utf-8", "surrogateescape")

    async def _variables(self) -> dict[str, str]:
        """Let git reach the hub: over a network with the person's own keys, helpers and proxies."""
        if self._address.folder is not None:
            return {"GIT_ALLOW_PROTOCOL": "file"}
        home, configuration = await self._git.homes()
        mine = [Path(home) / ".gitconfig", Path(configuration) / "git" / "config"]
        there = await asyncio.to_thread(lambda: [file for file in mine if file.exists()])
        found = {"GIT_CONFIG_GLOBAL": str(there[0])} if there else {}
        return {"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "HOME": home, **self._agent, **found}


class _NoSuchRefError(UnavailableError):
    """Internal: the hub has not got what was asked for."""


def _settle(fresh: Path, folder: Path) -> None:
    with (fresh / "config").open("a") as stream:
        stream.write(_SETTINGS)
    try:
        fresh.rename(folder)
    except OSError:
        if not (folder / "HEAD").exists():  # else another process was faster
            raise


def _address(told: str) -> _Address:
    if told.startswith("/"):
        return _Address(told, Path(told))
    parts = urlsplit(told)
    if parts.scheme not in {"http", "https"} or parts.username is None:
        return _Address(told)
    host = parts.netloc.rpartition("@")[2]
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    header = f"Authorization: Basic {base64.b64encode(secret.encode()).decode()}"
    return _Address(urlunsplit(parts._replace(netloc=host)), None, header)


def ref_of(run: str, oid: str) -> str:
    """Return the hub's ref for an id of a run."""
    return f"{REFS}/{run}/{oid}"
