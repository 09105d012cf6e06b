"""S6: `true` in an open session against bare bubblewrap with the same isolation, both with and without an application."""

import asyncio
import base64
import os
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import chains

from astrolabe.adapters.sandboxes.command_line import specification
from astrolabe.adapters.sandboxes.enforcement import Enforcement
from astrolabe.adapters.sandboxes.holder import spec as places
from astrolabe.bootstrap import open_installation
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import FileEntry, MountKind, Session, Setup
from astrolabe.settings import load_settings

COMMAND = "true"


async def measure(app: Path, samples: int) -> dict[str, list[float]]:
    """Return seconds a command for each side, taken in turns."""
    async with open_installation(load_settings()) as installation:
        images = [
            await installation.images.toolchain("node"),
            await installation.images.dependencies("package-lock.json", chains.manifests(app)),
        ]
        bubblewrap = (await installation.images.bubblewraps())[0]
        files, full = await asyncio.to_thread(entries, app), setup_of(images)
        sandbox = installation.sandbox
        with tempfile.TemporaryDirectory() as folder:
            bare = Bare.made(Setup(), bubblewrap, Path(folder, "empty"), ())
            bare_full = Bare.made(full, bubblewrap, Path(folder, "full"), files)
            async with sandbox.open(Setup()) as empty, sandbox.open(full) as filled:
                await filled.put(files)
                sides: dict[str, Callable[[], Awaitable[None]]] = {
                    "empty": lambda: in_session(empty),
                    "bare": bare.run,
                    "full": lambda: in_session(filled),
                    "bare full": bare_full.run,
                    "open": lambda: opened(sandbox, Setup(), ()),
                    "put": lambda: opened(sandbox, full, files),
                }
                return await in_turns(sides, samples)


async def in_turns(sides: dict[str, Callable[[], Awaitable[None]]], samples: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(samples + 1):
        for name, side in sides.items():
            began = time.perf_counter()
            await side()
            if number > 0:  # the first of each warms up
                taken[name].append(time.perf_counter() - began)
    return taken


async def in_session(session: Session) -> None:
    outcome = await session.run([COMMAND])
    if outcome.exit_code != 0:
        raise SystemExit(f"`{COMMAND}` ended with {outcome.exit_code}: {outcome.stderr.decode()}")


async def opened(sandbox: object, setup: Setup, files: Sequence[FileEntry]) -> None:
    async with sandbox.open(setup) as session:
        await session.put(files)


def setup_of(images: Sequence[Image]) -> Setup:
    return Setup(
        mounts=tuple(mount for image in images for mount in image.mounts),
        environment={name: value for image in images for name, value in image.environment.items()},
        path=tuple(place for image in images for place in image.path),
    )


def entries(app: Path) -> list[FileEntry]:
    told = subprocess.run(["git", "-C", app, "ls-files", "-z"], check=True, capture_output=True, text=True)
    found = [Path(app, name) for name in told.stdout.split("\0") if name]
    return [
        FileEntry(
            str(path.relative_to(app)), 0o100755 if os.access(path, os.X_OK) else 0o100644, path.read_bytes()
        )
        for path in found
        if path.is_file() and not path.is_symlink()
    ]


@dataclass(frozen=True)
class Bare:
    """Bubblewrap alone, started by hand for each command, with the flags a session uses."""

    words: tuple[str, ...]
    filter: Path

    @classmethod
    def made(cls, setup: Setup, bubblewrap: Path, folder: Path, files: Sequence[FileEntry]) -> "Bare":
        """Turn a session's specification into one command line; its workspace is a folder with the files."""
        spec = specification(setup, bubblewrap, Enforcement())
        workspace, etc, program = folder / "workspace", folder / "etc", folder / "filter"
        workspace.mkdir(parents=True)
        etc.mkdir()
        program.write_bytes(base64.b64decode(spec.seccomp))
        for point in spec.mount_points:
            (workspace / point).mkdir(parents=True, exist_ok=True)
        for entry in files:
            (workspace / entry.path).parent.mkdir(parents=True, exist_ok=True)
            (workspace / entry.path).write_bytes(entry.content)
        overlaid = [str(mount.source) for mount in setup.mounts if mount.kind is MountKind.OVERLAY]
        words = (str(bubblewrap), *_translated(spec, workspace, etc, overlaid), COMMAND)
        return cls(words, program)

    async def run(self) -> None:
        done = await asyncio.to_thread(self._run)
        if done.returncode != 0:
            raise SystemExit(f"bare bubblewrap ended with {done.returncode}: {done.stderr.decode()}")

    def _run(self) -> subprocess.CompletedProcess[bytes]:
        with self.filter.open("rb") as program:
            number = program.fileno()
            words = [str(number) if word == "FILTER" else word for word in self.words]
            return subprocess.run(
                words,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=(number,),
                env={},
            )


def _translated(spec: places.Spec, workspace: Path, etc: Path, overlaid: Sequence[str]) -> Iterator[str]:
    """Give the session's options with the holder's own places replaced by those of the host, and with its network."""
    yield "--unshare-net"
    words = iter(spec.backend[1:])
    for word in words:
        if word in {"--ro-bind", "--bind"}:
            yield from _bound(word, next(words), next(words), spec, workspace, etc, overlaid)
        elif word == "--info-fd":
            next(words)
        elif word == "--dev-bind":
            next(words), next(words)  # terminals; bare bubblewrap has its own
        elif word == "--seccomp":
            next(words)
            yield from (word, "FILTER")
        else:
            yield word


def _bound(
    word: str,
    source: str,
    target: str,
    spec: places.Spec,
    workspace: Path,
    etc: Path,
    overlaid: Sequence[str],
) -> Iterator[str]:
    if source == places.BOX:
        yield from _root(spec, etc)
    elif source in {places.TEMPORARY, places.SHARED_MEMORY}:
        yield from ("--tmpfs", target)
    elif source == places.WORKSPACE:
        yield from ("--bind", str(workspace), target)
    elif source.startswith(places.OVERLAYS + "/"):
        yield from ("--overlay-src", overlaid[int(source.rsplit("/", 1)[1])], "--tmp-overlay", target)
    else:
        yield from (word, {held: found for found, held in spec.binds}.get(source, source), target)


def _root(spec: places.Spec, etc: Path) -> Iterator[str]:
    for source, held in spec.binds:
        if held.startswith(places.BOX + "/"):
            yield from ("--ro-bind", source, held.removeprefix(places.BOX))
    for held, target in spec.links:
        if held.startswith(places.BOX + "/"):
            yield from ("--symlink", target, held.removeprefix(places.BOX))
    for held, content in spec.files:
        path = held.removeprefix(places.BOX)
        (etc / Path(path).name).write_text(content)
        yield from ("--ro-bind", str(etc / Path(path).name), path)
