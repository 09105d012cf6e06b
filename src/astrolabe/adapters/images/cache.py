"""The Images port: pinned toolchains and locked dependencies, made on first need, kept for ever after."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from astrolabe.adapters.images import requirements
from astrolabe.adapters.images.dependencies import (
    INSTALL_VERSION,
    image_of,
    install,
    installed_folders,
    lay_out,
)
from astrolabe.adapters.images.interpreter import interpreter
from astrolabe.adapters.images.layout import finish, inflate, lay
from astrolabe.adapters.images.npm import NodeProgram, Npm, sweep_abandoned
from astrolabe.adapters.images.options import ImageOptions
from astrolabe.adapters.images.package_lock import (
    NodeMachine,
    PackageLock,
    read_package_lock,
    refuse_other_sources,
)
from astrolabe.adapters.images.pypi import Pip
from astrolabe.adapters.images.shelf import Draft, Kept, Shelf, folder_bytes, in_thread
from astrolabe.adapters.images.system_tools import SystemTool, SystemTools, has_overlay
from astrolabe.adapters.images.toolchain_lock import (
    Pinned,
    Toolchain,
    shipped_lock,
    this_machine,
)
from astrolabe.domain.contacts import Contacts
from astrolabe.errors import InputError, MissingError, OfflineError, UnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.images import Image, Progress, Report, ToolchainStatus
from astrolabe.ports.sandbox import Mount, Sandbox

_NODE_CPUS = {"x86_64": "x64", "aarch64": "arm64"}
_COUNT_SECONDS = 0.5


def _unheard(_: Progress) -> None:
    """Stand in for a caller who does not want to know."""


class ImageCache:
    """Images in one cache folder, shared by every process that uses the folder.

    `sandbox` is asked for only when something has to be unpacked or installed; `environment` is this process's, for
    the settings of pip and npm in it.
    """

    def __init__(
        self,
        cache: Path,
        sandbox: Callable[[], Sandbox],
        determinism: Determinism,
        environment: Mapping[str, str],
        *,
        options: ImageOptions | None = None,
        lock: Mapping[str, Toolchain] | None = None,
        machine: str | None = None,
        contacts: Contacts | None = None,
    ) -> None:
        self._contacts = contacts or Contacts()
        self._sandbox = sandbox
        self._determinism = determinism
        self._environment = environment
        self._options = options or ImageOptions()
        self._lock = lock if lock is not None else shipped_lock()
        self._machine = machine or this_machine()
        self._shelf = Shelf(cache, determinism)
        self._system = SystemTools(enabled=self._options.use_system_tools)

    async def toolchain(self, name: str, report: Report | None = None) -> Image:
        """See `Images.toolchain`; beside those of the lock there is `python`, the one that runs this program."""
        if name == "python":
            return await in_thread(interpreter)
        toolchain = self._lock.get(name)
        if toolchain is None:
            raise MissingError(
                f"There is no toolchain {name!r}.",
                hint=f"There are: {', '.join(sorted([*self._lock, 'python']))}.",
            )
        if tool := await self._system.find(name):
            return _system_image(name, tool)
        kept = await self._fetched(toolchain, report or _unheard)
        return self._image(toolchain, kept.content)

    async def folder(self, name: str, *, fetch: bool) -> Path | None:
        """Return where a toolchain of the lock lies for this process's own use; None when it is not there nor fetched."""
        toolchain = self._lock[name]
        if fetch:
            return (await self._fetched(toolchain, _unheard)).content
        kept = await in_thread(lambda: self._shelf.find(_key(toolchain, self._machine)))
        return kept.content if kept else None

    async def bubblewraps(self, report: Report | None = None) -> Sequence[Path]:
        """Return the bwrap programs to try, best first: those that can mount overlays before those that cannot.

        Raises:
            UnavailableError, MissingError, OfflineError: the system has none, and it could not be fetched.
        """
        system = await self._system.bubblewrap()
        paths = [system.executable] if system else []
        if system and has_overlay(system.version):
            return paths
        try:
            kept = await self._fetched(self._lock["bubblewrap"], report or _unheard)
        except (UnavailableError, MissingError, OfflineError) as fault:
            if not paths:
                raise
            (report or _unheard)(Progress("bubblewrap", f"using the system's: {fault.message}"))
            return paths
        return [kept.content / self._lock["bubblewrap"].executables[0], *paths]

    async def dependencies(
        self, lockfile: str, files: Mapping[str, bytes], report: Report | None = None
    ) -> Image:
        """See `Images.dependencies`; `package-lock.json` of npm and `requirements.txt` of pip are known."""
        told = report or _unheard
        match PurePosixPath(lockfile).name:
            case "package-lock.json":
                return await self._of_npm(lockfile, files, told)
            case "requirements.txt":
                return await self._of_pip(lockfile, files, told)
            case _:
                raise InputError(
                    f"{lockfile} is not a kind of lock file that can be installed.",
                    hint="Lock the project with npm or pip: package-lock.json and requirements.txt are known.",
                )

    async def _of_pip(self, lockfile: str, files: Mapping[str, bytes], told: Report) -> Image:
        lines = requirements.pinned_lines(lockfile, files.get(lockfile))
        python = await in_thread(interpreter)
        key = f"pip-{_digest(requirements.LAYOUT_VERSION, *lines, python.digest, self._machine)}"

        async def make(draft: Draft) -> dict[str, Any]:
            told(Progress(lockfile, f"fetching {len(lines)} packages"))
            wheels = await self._pip().fetch_locked(lines, draft.work, lambda _size: None)
            told(Progress(lockfile, "unpacking"))
            return await requirements.lay_out(wheels, python, self._sandbox(), draft)

        kept = await self._shelf.obtain(key, make, lambda: told(_waiting(lockfile)))
        return requirements.image_of(lockfile, key, kept.content)

    async def _of_npm(self, lockfile: str, files: Mapping[str, bytes], told: Report) -> Image:
        lock = await in_thread(lambda: read_package_lock(lockfile, files))
        node = await self.toolchain("node", told)
        program = await self._node_program(node)
        key = (
            f"npm-{_digest(INSTALL_VERSION, lock.content_digest(), node.digest, self._machine, lock.folder)}"
        )

        async def make(draft: Draft) -> dict[str, Any]:
            return await self._install(lock, node, program, draft, told)

        kept = await self._shelf.obtain(key, make, lambda: told(_waiting(lockfile)))
        return image_of(lockfile, key, kept.content, kept.facts)

    async def status(self) -> tuple[ToolchainStatus, ...]:
        """Tell where each toolchain would come from, without fetching any."""
        return tuple([await self._status(self._lock[name]) for name in sorted(self._lock)])

    async def _status(self, toolchain: Toolchain) -> ToolchainStatus:
        def status(version: str, origin: str, size: int, detail: str) -> ToolchainStatus:
            name, licence = toolchain.name, toolchain.licence
            return ToolchainStatus(name, toolchain.summary, version, origin, size, licence, detail)

        if tool := await self._system.find(toolchain.name):
            size = await in_thread(lambda: tool.executable.stat().st_size)
            return status(tool.version, "system", size, str(tool.executable))
        try:
            key = _key(toolchain, self._machine)
            kept = await in_thread(lambda: self._shelf.find(key))
        except MissingError as fault:
            return status(toolchain.version, "none", 0, fault.hint)
        if kept:
            return status(toolchain.version, "cache", kept.facts["size_bytes"], str(kept.content))
        size = sum(file.size_bytes for _, file in toolchain.files_for(self._machine))
        packages = ", ".join(f"{package.registry}: {package.name}" for package in toolchain.packages)
        return status(toolchain.version, "registry", size, packages)

    async def _fetched(self, toolchain: Toolchain, told: Report) -> Kept:
        async def make(draft: Draft) -> dict[str, Any]:
            await self._lay(toolchain, draft, told)
            return {
                "name": toolchain.name,
                "version": toolchain.version,
                "size_bytes": await in_thread(lambda: folder_bytes(draft.content)),
            }

        key = _key(toolchain, self._machine)
        return await self._shelf.obtain(key, make, lambda: told(_waiting(toolchain.name)))

    async def _lay(self, toolchain: Toolchain, draft: Draft, told: Report) -> None:
        for archive, (package, _) in await self._archives(toolchain, draft.work, told):
            await in_thread(lambda archive=archive, package=package: lay(archive, package, draft.content))
        if toolchain.inflate:
            node = await self.toolchain("node", told)
            await inflate(toolchain, draft, node, self._sandbox())
        await in_thread(lambda: finish(toolchain, draft.content))

    async def _archives(self, toolchain: Toolchain, work: Path, told: Report) -> list[tuple[Path, Pinned]]:
        wanted = toolchain.files_for(self._machine)
        total = sum(file.size_bytes for _, file in wanted)

        def on_bytes(size: int) -> None:
            megabytes = f"{min(size, total) / 1e6:.1f} of {total / 1e6:.1f} MB"
            told(Progress(toolchain.name, f"fetching {megabytes}", min(1.0, size / total)))

        on_bytes(0)
        wheels = [pinned for pinned in wanted if pinned[0].registry == "pypi"]
        found = (
            list(zip(await self._pip().fetch(wheels, work, on_bytes), wheels, strict=True)) if wheels else []
        )
        if archives := [pinned for pinned in wanted if pinned[0].registry == "npm"]:
            npm = self._npm(await self._node_program(await self.toolchain("node", told)))
            found += zip(await npm.fetch(archives, work, on_bytes), archives, strict=True)
        told(Progress(toolchain.name, "unpacking"))
        return found

    async def _install(
        self, lock: PackageLock, node: Image, program: NodeProgram, draft: Draft, told: Report
    ) -> dict[str, Any]:
        lockfile, store = lock.place, self._shelf.archives
        await in_thread(lambda: sweep_abandoned(self._determinism.now()))
        npm = self._npm(program)
        registries = await npm.registries(draft.work)
        refuse_other_sources(lock, registries)
        cpu, libc = self._machine.split("-")
        wanted = lock.archives(NodeMachine(_NODE_CPUS.get(cpu, cpu), libc))

        def on_count(have: int) -> None:
            told(Progress(lockfile, f"fetched {have} of {len(wanted)} packages", have / max(1, len(wanted))))

        on_count(0)
        await npm.fetch_all(wanted, registries, store, draft.work, on_count)
        await in_thread(lambda: lay_out(wanted, store, draft.work / "archives"))
        async with _counting(draft.work / "output", len(wanted), lockfile, told):
            return await install(lock, node, self._sandbox(), draft)

    def _pip(self) -> Pip:
        return Pip(self._environment, self._options.stall_seconds, self._contacts)

    def _npm(self, program: NodeProgram) -> Npm:
        options = self._options
        return Npm(program, self._environment, options.stall_seconds, options.fetch_uid, self._contacts)

    async def _node_program(self, node: Image) -> NodeProgram:
        if (tool := await self._system.find("node")) and tool.npm_cli:
            return NodeProgram(tool.executable, tool.npm_cli)
        folder = node.mounts[0].source
        return NodeProgram(folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js", folder)

    def _image(self, toolchain: Toolchain, content: Path) -> Image:
        home = toolchain.home
        return Image(
            toolchain.name,
            toolchain.digest(self._machine),
            (Mount(content, home),),
            {name: value.replace("{home}", home) for name, value in toolchain.environment.items()},
            tuple(f"{home}/{folder}" for folder in toolchain.path),
        )


def _system_image(name: str, tool: SystemTool) -> Image:
    environment = {"ASTROLABE_CHROMIUM": str(tool.executable)} if name == "chromium" else {}
    return Image(name, tool.digest, (), environment, tool.folders)


def _key(toolchain: Toolchain, machine: str) -> str:
    return f"{toolchain.name}-{toolchain.digest(machine)[:32]}"


def _digest(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def _waiting(subject: str) -> Progress:
    return Progress(subject, "waiting for another process that is making it")


@asynccontextmanager
async def _counting(output: Path, total: int, subject: str, told: Report) -> AsyncGenerator[None]:
    """Report how many packages are laid out while the body installs them."""

    async def count() -> None:
        done = 0
        while True:
            done = max(done, min(total, await in_thread(lambda: installed_folders(output))))
            told(Progress(subject, f"installing: {done} of {total} packages", done / max(1, total)))
            await asyncio.sleep(_COUNT_SECONDS)

    counting = asyncio.ensure_future(count())
    try:
        yield
    finally:
        counting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await counting
