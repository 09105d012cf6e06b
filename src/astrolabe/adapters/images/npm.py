"""Fetch archives with npm, with the registries, proxies and keys this machine has set up for it. No script ever runs."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from astrolabe.adapters.images.clients import Finished, Watch, refuse_full_disk, run_client
from astrolabe.adapters.images.package_lock import PUBLIC_REGISTRY, LockedPackage, Registries
from astrolabe.adapters.images.pypi import check_hashes
from astrolabe.adapters.images.shelf import ABANDONED_SECONDS, in_thread, remove_tree
from astrolabe.adapters.images.toolchain_lock import Pinned
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import FetchError

_PASSED_ON = re.compile(
    r"(npm_config_.*|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|lang|lc_.*)\Z",
    re.IGNORECASE,
)
_NOT_PASSED_ON = frozenset(
    {"npm_config_cache", "npm_config_prefix", "npm_config_userconfig", "npm_config_tmp"}
)
_REFERENCE = re.compile(r"\$\{(\w+)\??\}")
_GLOBAL_PLACES = ("/etc/npmrc", "/usr/local/etc/npmrc", "/usr/etc/npmrc")
_AT_ONCE = 1000
_DESK = "astrolabe-npm-"
_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--no-progress", "--ignore-scripts")


@dataclass(frozen=True)
class NodeProgram:
    """A Node on the host with its npm; `folder` holds both when they are ours, and is None for the system's."""

    node: Path
    npm_cli: Path
    folder: Path | None = None


@dataclass(frozen=True)
class Npm:
    """npm on the host. `environment` is this process's; `uid` is who npm runs as when this process is root."""

    program: NodeProgram
    environment: Mapping[str, str]
    stall_seconds: float
    uid: int
    contacts: Contacts = field(default_factory=Contacts)

    async def registries(self, work: Path) -> Registries:
        """Return the registries npm is set up with; `work` takes npm's temporary files, as everywhere here.

        Raises:
            FetchError: npm cannot read its configuration.
        """
        async with self._desk(work) as desk:
            done = await desk.npm("config", "ls", "--json")
            if done.exit_code != 0:
                raise _fault("npm's configuration", done)
            settings = cast("dict[str, Any]", json.loads(done.stdout))
        scopes = {
            key.removesuffix(":registry"): value
            for key, value in settings.items()
            if key.startswith("@") and key.endswith(":registry") and isinstance(value, str)
        }
        return Registries(settings.get("registry") or PUBLIC_REGISTRY, tuple(sorted(scopes.items())))

    async def fetch(
        self, pinned: Sequence[Pinned], work: Path, on_bytes: Callable[[int], None]
    ) -> list[Path]:
        """Fetch pinned packages into `work` and return their paths; their hashes are the pinned ones.

        Raises:
            FetchError: the registry does not answer, does not have one, or has another file of that name.
            StorageError: the disk is full.
            OfflineError: nothing may be fetched.
        """
        self.contacts.require(f"fetching {', '.join(package.name for package, _ in pinned)}")
        wanted = [f"{package.name}@{package.version}" for package, _ in pinned]
        async with self._desk(work) as desk:
            done = await desk.npm(
                "pack", *wanted, "--pack-destination", str(desk.folder), on_progress=on_bytes
            )
            found = [desk.folder / file.name for _, file in pinned]
            if done.exit_code != 0 or not await in_thread(lambda: all(path.is_file() for path in found)):
                raise _fault(", ".join(wanted), done)
            fetched = [await in_thread(lambda path=path: _copied(path, work)) for path in found]
        await in_thread(lambda: check_hashes(fetched, pinned))
        return fetched

    async def fetch_all(
        self,
        wanted: Sequence[LockedPackage],
        registries: Registries,
        store: Path,
        work: Path,
        on_count: Callable[[int], None],
    ) -> None:
        """Fetch archives into `store`, each named by its SHA-512 in hex; those that are there are left alone.

        `work` lies on the same file system. `on_count` hears how many of `wanted` there are.

        Raises:
            FetchError: one could not be fetched, or is not the one the lock pins; the others are kept.
            OfflineError: one is missing, and nothing may be fetched.
        """
        missing = await in_thread(lambda: [each for each in wanted if not (store / each.sha512).exists()])
        if missing:
            self.contacts.require(f"fetching {missing[0].name} and others ({len(missing)} packages)")
        async with self._desk(work) as desk:
            for start in range(0, len(missing), _AT_ONCE):
                have = len(wanted) - len(missing) + start
                batch = _Batch(
                    desk, missing[start : start + _AT_ONCE], registries, lambda n, h=have: on_count(h + n)
                )
                try:
                    await batch.fetch()
                finally:
                    await in_thread(lambda batch=batch: batch.hand_over(store, work))
        on_count(len(wanted))

    @asynccontextmanager
    async def _desk(self, work: Path) -> AsyncGenerator["_Desk"]:
        folder = await in_thread(lambda: _free_folder(work))
        try:
            yield await in_thread(lambda: _furnish(folder, self))
        finally:
            await in_thread(lambda: remove_tree(folder))


class _Batch:
    """Archives fetched by one npm. Each is asked for at the address npm's convention gives, then by name."""

    def __init__(
        self,
        desk: "_Desk",
        packages: Sequence[LockedPackage],
        registries: Registries,
        on_count: Callable[[int], None],
    ) -> None:
        self._desk = desk
        self._asked = {package: package.url(registries) for package in packages}
        self._on_count = on_count

    async def fetch(self) -> None:
        for retrying in (False, True, True):
            missing = await in_thread(self._missing)
            if not missing:
                break
            done = await self._desk.npm(
                *("cache", "add", *(self._asked[each] for each in missing)),
                on_progress=self._on_count,
                enough=lambda: not self._missing(),
                count=self._have,
            )
            missing = await in_thread(self._missing)
            blamed = [each for each in missing if self._asked[each] in done.stderr] or missing
            if missing and (retrying or "E404" not in done.stderr):
                raise _fault_of(blamed, done)
            self._asked.update({each: each.spec for each in missing})
        self._on_count(await in_thread(self._have))

    def hand_over(self, store: Path, work: Path) -> None:
        for package in self._asked:
            if self._desk.archive(package.sha512).exists():
                _accept(self._desk.archive(package.sha512), package, store, work)

    def _missing(self) -> list[LockedPackage]:
        return [package for package in self._asked if not self._desk.archive(package.sha512).exists()]

    def _have(self) -> int:
        return len(self._asked) - len(self._missing())


@dataclass(frozen=True)
class _Desk:
    """A folder of its own for one use of npm: home, cache and temporary files."""

    folder: Path
    node: Path
    npm_cli: Path
    environment: Mapping[str, str]
    uid: int | None
    stall_seconds: float

    def archive(self, sha512: str) -> Path:
        """Return where npm's cache (cacache's content folder) keeps an archive of that digest."""
        return self.folder / "cache/_cacache/content-v2/sha512" / sha512[:2] / sha512[2:4] / sha512[4:]

    async def npm(
        self,
        *arguments: str,
        on_progress: Callable[[int], None] = lambda _: None,
        enough: Callable[[], bool] = lambda: False,
        count: Callable[[], int] | None = None,
    ) -> Finished:
        """Run npm; `enough` may end it as soon as it has brought what is wanted, before its own further work."""
        watch = Watch(self.folder, self.stall_seconds, on_progress, enough, count)
        done = await run_client(
            [str(self.node), str(self.npm_cli), *arguments, "--cache", str(self.folder / "cache"), *_QUIET],
            cwd=self.folder,
            environment=self.environment,
            uid=self.uid,
            watch=watch,
        )
        if done.exit_code != 0:
            refuse_full_disk(done, self.folder)
        return done


def _free_folder(work: Path) -> Path:
    """Make a folder in `work`, or in the system's for temporary files where npm's user could not reach `work`."""
    shared = os.geteuid() != 0 or _open_to_all(work)
    return Path(tempfile.mkdtemp(prefix=f"{_DESK}{os.getpid()}-", dir=work if shared else None))


def _furnish(folder: Path, npm: Npm) -> _Desk:
    uid = _existing(npm.uid) if os.geteuid() == 0 else None
    node, npm_cli = npm.program.node, npm.program.npm_cli
    if uid is not None and npm.program.folder is not None and not _open_to_all(npm.program.folder):
        shutil.copytree(npm.program.folder, folder / "node", symlinks=True)
        node, npm_cli = (folder / "node" / path.relative_to(npm.program.folder) for path in (node, npm_cli))
    text = _user_configuration(npm.environment)
    (folder / ".npmrc").write_text(text, "utf-8")
    (folder / ".npmrc").chmod(0o600)
    environment = {**_passed_on(npm.environment, text), "HOME": str(folder), "TMPDIR": str(folder)}
    environment["PATH"] = f"{node.parent}:/usr/local/bin:/usr/bin:/bin"
    if uid is not None:
        for path in (folder, folder / ".npmrc"):
            os.chown(path, uid, uid)
    return _Desk(folder, node, npm_cli, environment, uid, npm.stall_seconds)


def _existing(uid: int) -> int | None:
    """Return the uid, or the highest there is where a container maps few; None where root is all there is."""
    ranges = [
        list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text("ascii").splitlines()
    ]
    if any(first <= uid < first + count for first, _, count in ranges):
        return uid
    return max(first + count - 1 for first, _, count in ranges) or None


def _user_configuration(environment: Mapping[str, str]) -> str:
    named = environment.get("npm_config_userconfig") or environment.get("NPM_CONFIG_USERCONFIG")
    path = Path(named) if named else Path(environment.get("HOME", "/nonexistent"), ".npmrc")
    try:
        return path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _passed_on(environment: Mapping[str, str], configuration: str) -> dict[str, str]:
    referred = set(_REFERENCE.findall(configuration))
    passed = {
        name: value
        for name, value in environment.items()
        if name in referred or (_PASSED_ON.match(name) and name.lower() not in _NOT_PASSED_ON)
    }
    found = next((place for place in _GLOBAL_PLACES if Path(place).is_file()), None)
    return {"npm_config_globalconfig": found, **passed} if found else passed


def _open_to_all(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _copied(path: Path, work: Path) -> Path:
    return Path(shutil.copyfile(path, work / path.name))


def _accept(archive: Path, package: LockedPackage, store: Path, work: Path) -> None:
    """Take an archive over once its digest is the locked one; from then on nobody but us can change it."""
    draft = work / f"{package.sha512}.part"
    digest = hashlib.sha512()
    with archive.open("rb") as source, draft.open("wb") as target:
        while piece := source.read(1024 * 1024):
            digest.update(piece)
            target.write(piece)
    if digest.hexdigest() != package.sha512:
        raise _mismatch([package])
    draft.chmod(0o444)
    draft.rename(store / package.sha512)


def sweep_abandoned(now: float) -> None:
    """Remove what npm was given in the system's folder for temporary files, where its owner died over an hour ago."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_DESK}*"):
        pid = folder.name.removeprefix(_DESK).split("-", 1)[0]
        dead = pid.isdecimal() and not Path("/proc", pid).exists()
        if dead and not folder.is_symlink() and now - folder.stat().st_mtime > ABANDONED_SECONDS:
            remove_tree(folder)


def _fault_of(missing: Sequence[LockedPackage], done: Finished) -> FetchError:
    if done.exit_code == 0 or "EINTEGRITY" in done.stderr:
        return _mismatch(missing)
    return _fault(_names(missing), done)


def _mismatch(packages: Sequence[LockedPackage]) -> FetchError:
    return FetchError(
        f"What the registry has is not what the lock pins; nothing of it was used: {_names(packages)}.",
        hint="Use another registry or mirror, or report it: this may be an attack.",
    )


def _names(packages: Sequence[LockedPackage]) -> str:
    names = [f"{package.name}@{package.version}" for package in packages[:5]]
    return ", ".join(names) + (f" and {len(packages) - 5} more" if len(packages) > 5 else "")  # noqa: PLR2004


def _fault(subject: str, done: Finished) -> FetchError:
    lines = [
        line.split("npm error", 1)[1].strip() for line in done.stderr.splitlines() if "npm error" in line
    ]
    reason = " ".join(line for line in lines if line and "complete log" not in line)[:400]
    reason = reason or " ".join(done.stderr.splitlines()[-1:])
    return FetchError(
        f"{subject} could not be fetched with npm: {reason or f'npm ended with {done.exit_code}'}",
        hint="Check the connection, the proxy, and npm's settings (`npm config list`), then try again.",
    )
