"""Install what a package-lock.json pins, inside a sandbox, from archives fetched before."""

import os
from pathlib import Path, PurePosixPath
from typing import Any

from astrolabe.adapters.images.package_lock import LockedPackage, PackageLock
from astrolabe.adapters.images.shelf import Draft, folder_bytes, in_thread, open_up
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import FetchError, StorageError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import WORKSPACE, Ending, FileEntry, Mount, MountKind, Outcome, Sandbox, Setup

INSTALL_VERSION = 2
"""Grows whenever the same lock would be installed differently."""

POLICY = Policy(
    wall_seconds=900,
    cpu_seconds=3600,
    open_files=16384,
    file_bytes=2048 * MIB,
    workspace_bytes=256 * MIB,
    files=500_000,
)
_ARCHIVES = "/npm-archives"
_SCRIPT = f"""
set -e
mkdir -p /tmp/npm/_cacache
ln -s {_ARCHIVES} /tmp/npm/_cacache/content-v2
cp -R . /output
cd /output
exec npm ci --offline --ignore-scripts --no-audit --no-fund --no-update-notifier --no-progress \\
  --engine-strict=false --loglevel=error --cache /tmp/npm
"""


def lay_out(archives: tuple[LockedPackage, ...], store: Path, folder: Path) -> None:
    """Show the archives in `store` below `folder` as npm's cache names them (cacache, content by digest)."""
    for package in archives:
        place = folder / "sha512" / package.sha512[:2] / package.sha512[2:4] / package.sha512[4:]
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(store / package.sha512, place)


async def install(lock: PackageLock, node: Image, sandbox: Sandbox, draft: Draft) -> dict[str, Any]:
    """Install into `draft.content`, one numbered folder for each place; `draft.work/archives` holds npm's content.

    Returns the facts to keep: `mounts` (folder to place in the workspace), `files_bytes`, `packages`.

    Raises:
        FetchError: npm refuses the lock.
        SandboxUnavailableError: nothing ran.
    """
    output = draft.work / "output"
    await in_thread(output.mkdir)
    setup = Setup(
        policy=POLICY,
        mounts=(*node.mounts, Mount(draft.work / "archives", _ARCHIVES)),
        environment={**node.environment, "HOME": "/tmp", "LANG": "C.UTF-8"},  # noqa: S108 - the sandbox's own
        path=node.path,
        output=output,
    )
    async with sandbox.open(setup) as session:
        await session.put(_project(lock))
        outcome = await session.run(["/bin/sh", "-c", _SCRIPT])
    _judge(outcome, output)
    return await in_thread(lambda: _collected(lock, output, draft.content))


def image_of(name: str, key: str, content: Path, facts: dict[str, Any]) -> Image:
    """Return a kept installation as mounts."""
    mounts = [
        Mount(content / number, f"{WORKSPACE}/{place}", MountKind.OVERLAY)
        for number, place in facts["mounts"].items()
    ]
    return Image(name, key, tuple(mounts))


def installed_folders(output: Path) -> int:
    """Count the packages npm has laid below `output`, for showing progress."""
    modules = output / "node_modules"
    return sum(1 for pattern in ("*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))


def _project(lock: PackageLock) -> list[FileEntry]:
    root = PurePosixPath(lock.folder)
    manifests = [
        FileEntry(str(PurePosixPath(path).relative_to(root)), 0o100644, content)
        for path, content in lock.manifests.items()
    ]
    return [FileEntry("package-lock.json", 0o100644, lock.for_installation()), *manifests]


def _judge(outcome: Outcome, output: Path) -> None:
    said = outcome.stderr.decode("utf-8", "replace")
    if outcome.ending is Ending.EXITED and outcome.exit_code == 0:
        return
    if "ENOSPC" in said or "No space left" in said:
        raise StorageError(
            f"The disk that holds {output.parent} is full.",
            hint="Free some space, or set ASTROLABE_HOME to a folder on another disk.",
        )
    how = f"exit code {outcome.exit_code}" if outcome.ending is Ending.EXITED else outcome.ending.value
    raise FetchError(
        f"npm could not install the locked dependencies ({how}): {_telling(said)}",
        hint="Check that `npm ci` works with this package.json and package-lock.json.",
    )


def _telling(said: str) -> str:
    """Return what npm says before it lists its options, which it does after a refusal."""
    lines = [line.removeprefix("npm error").strip() for line in said.strip().splitlines()]
    return "\n".join(filter(None, lines)).partition("\nClean install")[0][:1500]


def _collected(lock: PackageLock, output: Path, content: Path) -> dict[str, Any]:
    mounts: dict[str, str] = {}
    for number, place in enumerate(lock.node_modules):
        found = output / place
        if found.is_dir() and found.resolve() == output.resolve() / place:
            found.rename(content / str(number))
            mounts[str(number)] = str(PurePosixPath(lock.folder, place))
    open_up(content)
    return {"mounts": mounts, "size_bytes": folder_bytes(content), "packages": len(lock.packages)}
