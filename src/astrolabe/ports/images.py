"""Toolchains and installed dependencies as immutable folders in the cache, fetched on first need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from astrolabe.ports.sandbox import Mount


@dataclass(frozen=True)
class Image:
    """Mounts with the variables and PATH folders that make them usable; `digest` names the content."""

    name: str
    digest: str
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a fetch or an installation is; `fraction` is None while unknown."""

    subject: str
    text: str
    fraction: float | None = None


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class ToolchainStatus:
    """What an operator wants to know of one toolchain, without fetching it.

    `origin` is `system`, `cache`, `registry` (fetched when first needed) or `none` (nothing for this machine).
    `size_bytes` is what it takes on disk, or what would have to be fetched.
    """

    name: str
    summary: str
    version: str
    origin: str
    size_bytes: int
    licence: str
    detail: str = ""


class Images(Protocol):
    """The cache. Several processes may ask for the same image at once; one makes it, all get it."""

    async def toolchain(self, name: str, report: Report | None = None) -> Image:
        """Return a toolchain of the pinned lock, fetching it if needed: its hash is checked before it is used.

        Raises:
            MissingError: there is no toolchain of that name, or none for this machine's architecture.
            FetchError: it could not be fetched, or its hash is not the pinned one.
        """
        ...

    async def dependencies(
        self, lockfile: str, files: Mapping[str, bytes], report: Report | None = None
    ) -> Image:
        """Return the dependencies a lock file pins, fetched without running scripts and installed in a sandbox.

        `files` holds the lock file and the manifests it belongs to, by their path in the workspace. The image's mounts
        lie at the folders where the ecosystem looks for them (`/workspace/node_modules`), or its variables name them
        (`PYTHONPATH`).

        Raises:
            InputError: the lock file is broken, or names a source that is not a registry.
            FetchError: a package could not be fetched, or its hash is not the locked one.
        """
        ...

    async def status(self) -> tuple[ToolchainStatus, ...]:
        """Tell where each toolchain would come from, without fetching any."""
        ...
