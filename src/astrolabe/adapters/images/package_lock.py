"""npm's package-lock.json, read and judged before anything of it is fetched or run.

The format is npm's `lockfileVersion` 3 (docs.npmjs.com, package-lock.json): `packages` maps a folder to what lies in it.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast
from urllib.parse import urlsplit

from astrolabe.domain.paths import path_fault
from astrolabe.errors import InputError, Problem

PUBLIC_REGISTRY = "https://registry.npmjs.org/"
LOCK_VERSION = 3
MAX_LOCK_BYTES = 64 * 1024 * 1024
MAX_PACKAGES = 20_000

_NAME = re.compile(r"(?:@[a-z0-9~_-][a-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*\Z")
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/[!-~]*\Z")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_NOT_CONTENT = ("name", "version", "license", "engines", "bin", "funding")

Json = dict[str, Any]


@dataclass(frozen=True)
class Registries:
    """Where npm fetches from on this machine: the default registry and those of single scopes (`@scope`)."""

    default: str = PUBLIC_REGISTRY
    scopes: tuple[tuple[str, str], ...] = ()

    def of(self, name: str) -> str:
        """Return the registry a package name belongs to, with a slash at its end."""
        scope = name.split("/", 1)[0]
        return dict(self.scopes).get(scope, self.default).rstrip("/") + "/"

    def origins(self) -> frozenset[str]:
        """Return scheme and host of every registry, and of npm's public one."""
        return frozenset(map(_origin, (PUBLIC_REGISTRY, self.default, *dict(self.scopes).values())))


@dataclass(frozen=True)
class NodeMachine:
    """A machine in npm's words: `linux`, `x64` or `arm64`, `glibc` or `musl`."""

    cpu: str
    libc: str
    system: str = "linux"

    def fits(self, entry: Mapping[str, Any]) -> bool:
        """Tell whether npm would install that package here."""
        asked = (("os", self.system), ("cpu", self.cpu), ("libc", self.libc))
        return all(_listed(mine, entry.get(field)) for field, mine in asked)


@dataclass(frozen=True)
class LockedPackage:
    """One package to fetch; `sha512` is the digest of its archive in hex, `resolved` where the lock has it from."""

    name: str
    version: str
    sha512: str
    resolved: str | None

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"

    def url(self, registries: Registries) -> str:
        """Return where its archive lies; npm's public registry stands for the configured one, as it does for npm."""
        if self.resolved is not None and _origin(self.resolved) != _origin(PUBLIC_REGISTRY):
            return self.resolved
        return archive_url(registries.of(self.name), self.name, self.version)


@dataclass(frozen=True)
class PackageLock:
    """A lock without faults, at `place` in the workspace, with the package.json files it locks by path."""

    place: str
    packages: Mapping[str, Json]
    manifests: Mapping[str, bytes]

    @property
    def folder(self) -> str:
        """The folder the lock lies in; `.` for the workspace itself."""
        return str(PurePosixPath(self.place).parent)

    @property
    def node_modules(self) -> tuple[str, ...]:
        """The folders, relative to `folder`, in which npm may install."""
        places = (key for key in self.packages if "node_modules" not in key.split("/"))
        return tuple(f"{place}/node_modules".removeprefix("/") for place in sorted(places))

    def archives(self, machine: NodeMachine) -> tuple[LockedPackage, ...]:
        """Return what that machine needs, each archive once."""
        found = {
            package.sha512: package
            for key, entry in self.packages.items()
            if _has_archive(key, entry) and machine.fits(entry) and (package := _locked(key, entry))
        }
        return tuple(sorted(found.values(), key=lambda package: (package.name, package.version)))

    def content_digest(self) -> str:
        """Name what gets installed: equal for two projects that differ in name, version or scripts alone."""
        entries = {key: _content(key, entry) for key, entry in self.packages.items()}
        overrides = [_json(manifest).get("overrides") for _, manifest in sorted(self.manifests.items())]
        return hashlib.sha256(json.dumps([entries, overrides], sort_keys=True).encode()).hexdigest()

    def for_installation(self) -> bytes:
        """Return the lock with every archive's address filled in, so that npm asks no registry for it."""
        packages = {key: _with_address(key, entry) for key, entry in self.packages.items()}
        root = packages[""]
        head = {"name": root.get("name", ""), "version": root.get("version", ""), "lockfileVersion": 3}
        return json.dumps({**head, "requires": True, "packages": packages}, indent=1).encode()


def read_package_lock(lockfile: str, files: Mapping[str, bytes]) -> PackageLock:
    """Read a lock with its manifests; `files` maps paths of the workspace to their content.

    Where its packages come from is judged by `refuse_other_sources`, once the machine's registries are known.

    Raises:
        InputError: with every fault found, each with its place.
    """
    folder = str(PurePosixPath(lockfile).parent)
    raw = _parsed(lockfile, files.get(lockfile))
    packages = raw.get("packages")
    if raw.get("lockfileVersion") != LOCK_VERSION or not _is_packages(packages):
        raise InputError(
            f"{lockfile} is not a package lock of version {LOCK_VERSION}.",
            hint="Write it again with npm 7 or newer: npm install --package-lock-only",
        )
    entries = cast("Mapping[str, Json]", packages)
    manifests = {key: _beside(folder, key) for key in entries if "node_modules" not in key.split("/")}
    problems = [
        *_entry_problems(lockfile, entries),
        *_manifest_problems(lockfile, entries, manifests, files),
    ]
    if problems:
        raise InputError(f"{lockfile} cannot be installed:", problems)
    return PackageLock(lockfile, entries, {path: files[path] for path in manifests.values()})


def refuse_other_sources(lock: PackageLock, registries: Registries) -> None:
    """Judge the addresses a lock holds.

    Raises:
        InputError: one of them is not on a registry this machine is set up with.
    """
    known = registries.origins()
    problems = [
        Problem(
            f'{lock.place}: packages["{key}"].resolved',
            f"{entry['resolved']!r} is not on a registry set up here",
            "lock it from a registry, or set that registry in .npmrc",
        )
        for key, entry in lock.packages.items()
        if "resolved" in entry and not entry.get("link") and _origin(entry["resolved"]) not in known
    ]
    if problems:
        raise InputError(f"{lock.place} names sources that are no registry:", problems)


def archive_url(registry: str, name: str, version: str) -> str:
    """Return where a registry keeps an archive, by npm's convention."""
    return f"{registry.rstrip('/')}/{name}/-/{name.rsplit('/', 1)[-1]}-{version}.tgz"


def _parsed(lockfile: str, content: bytes | None) -> Json:
    if content is None:
        raise InputError(f"{lockfile} is missing.", hint="Write it with npm install --package-lock-only")
    if len(content) > MAX_LOCK_BYTES:
        raise InputError(f"{lockfile} is larger than {MAX_LOCK_BYTES} bytes.")
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise InputError(f"{lockfile} is not JSON: {fault}.") from fault
    return cast("Json", raw) if isinstance(raw, dict) else {}


def _is_packages(packages: object) -> bool:
    if not isinstance(packages, dict):
        return False
    entries = cast("dict[str, object]", packages)
    return (
        "" in entries and len(entries) <= MAX_PACKAGES and all(isinstance(e, dict) for e in entries.values())
    )


def _entry_problems(lockfile: str, packages: Mapping[str, Json]) -> Iterator[Problem]:
    for key, entry in packages.items():
        place = f'{lockfile}: packages["{key}"]'
        if key and (fault := path_fault(key)):
            yield Problem(place, f"the path {fault}")
        elif entry.get("link"):
            yield from _link_problems(place, entry, packages)
        elif "node_modules" in key.split("/"):
            yield from _package_problems(place, key, entry, packages)
        elif "resolved" in entry:
            yield Problem(f"{place}.resolved", "a workspace comes from its folder, not from elsewhere")


def _link_problems(place: str, entry: Json, packages: Mapping[str, Json]) -> Iterator[Problem]:
    target = entry.get("resolved")
    if not isinstance(target, str) or target not in packages or "node_modules" in target.split("/"):
        yield Problem(f"{place}.resolved", f"links to {target!r}, which is no workspace of this lock")


def _package_problems(place: str, key: str, entry: Json, packages: Mapping[str, Json]) -> Iterator[Problem]:
    name = entry.get("name", _folder_name(key))
    if not isinstance(name, str) or not _NAME.match(name) or not _NAME.match(_folder_name(key)):
        yield Problem(place, f"{name!r} is no package name")
    yield from _source_problems(place, entry)
    if entry.get("inBundle"):
        if not any(_has_archive(parent, packages[parent]) for parent in _parents(key) if parent in packages):
            yield Problem(f"{place}.inBundle", "no package around it brings it along")
        return
    if not isinstance(version := entry.get("version"), str) or not _VERSION.match(version):
        yield Problem(f"{place}.version", f"{version!r} is no exact version")
    if _sha512(entry) is None:
        yield Problem(f"{place}.integrity", "there is no SHA-512 to check the package against")


def _source_problems(place: str, entry: Json) -> Iterator[Problem]:
    source = entry.get("resolved")
    if source is None:
        return
    if not isinstance(source, str) or not _WEB_ADDRESS.match(source):
        hint = "only registries are allowed: no git, file or other address"
        yield Problem(f"{place}.resolved", f"{source!r} is not the address of a registry's archive", hint)


def _manifest_problems(
    lockfile: str, packages: Mapping[str, Json], manifests: Mapping[str, str], files: Mapping[str, bytes]
) -> Iterator[Problem]:
    for key, path in manifests.items():
        if path not in files:
            yield Problem(path, f"is missing, though {lockfile} locks it")
            continue
        try:
            manifest = _json(files[path])
        except (ValueError, RecursionError) as fault:
            yield Problem(path, f"is not JSON: {fault}")
            continue
        yield from _differences(lockfile, path, manifest, packages[key])


def _differences(lockfile: str, path: str, manifest: Json, entry: Json) -> Iterator[Problem]:
    asked, locked = _wishes(manifest), _wishes(entry)
    for name in sorted(asked.keys() | locked.keys()):
        if asked.get(name) != locked.get(name):
            yield Problem(
                f"{path}: {name}",
                f"{lockfile} was written for {locked.get(name, 'none')!r}, not {asked.get(name, 'none')!r}",
                "npm install --package-lock-only",
            )


def _wishes(manifest: Json) -> dict[str, str]:
    """Return what a manifest asks for; an optional dependency counts as that alone, as npm records it."""
    out: dict[str, str] = {}
    for field in _DEPENDENCIES:
        wishes = manifest.get(field)
        for name, wish in cast("Json", wishes).items() if isinstance(wishes, dict) else ():
            key = "dependencies" if field == "optionalDependencies" else field
            out[f"{key}.{name}"] = str(wish)
    return out


def _json(content: bytes) -> Json:
    raw = json.loads(content)
    if not isinstance(raw, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - said with the other faults of the file
    return cast("Json", raw)


def _beside(folder: str, key: str) -> str:
    return str(PurePosixPath(folder, key, "package.json"))


def _has_archive(key: str, entry: Json) -> bool:
    return "node_modules" in key.split("/") and not entry.get("link") and not entry.get("inBundle")


def _locked(key: str, entry: Json) -> LockedPackage:
    name = entry.get("name", _folder_name(key))
    return LockedPackage(name, entry["version"], _sha512(entry) or "", entry.get("resolved"))


def _with_address(key: str, entry: Json) -> Json:
    if not _has_archive(key, entry):
        return entry
    package = _locked(key, entry)
    return {**entry, "resolved": archive_url(PUBLIC_REGISTRY, package.name, package.version)}


def _content(key: str, entry: Json) -> Json:
    dropped = ("resolved",) if _has_archive(key, entry) else () if entry.get("link") else _NOT_CONTENT
    return {field: value for field, value in entry.items() if field not in dropped}


def _folder_name(key: str) -> str:
    return key.rsplit("node_modules/", 1)[-1]


def _parents(key: str) -> Iterable[str]:
    while "/node_modules/" in key:
        key = key.rsplit("/node_modules/", 1)[0]
        yield key


def _sha512(entry: Json) -> str | None:
    integrity = entry.get("integrity")
    for part in integrity.split() if isinstance(integrity, str) else ():
        algorithm, _, digest = part.partition("-")
        if (
            algorithm == "sha512"
            and (decoded := _decoded(digest.split("?")[0]))
            and len(decoded) == hashlib.sha512().digest_size
        ):
            return decoded.hex()
    return None


def _decoded(digest: str) -> bytes | None:
    try:
        return base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _listed(mine: str, wanted: object) -> bool:
    """Follow npm's rule: one of the names, or `any`, and none of those with `!` before them."""
    names = (
        [wanted] if isinstance(wanted, str) else cast("list[Any]", wanted) if isinstance(wanted, list) else []
    )
    if f"!{mine}" in names:
        return False
    positive = [name for name in names if not str(name).startswith("!")]
    return not positive or mine in positive or positive == ["any"]
