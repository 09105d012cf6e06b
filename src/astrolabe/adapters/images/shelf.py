"""Immutable folders by key: made once, by one process, whole or not at all."""

import asyncio
import ctypes
import errno
import fcntl
import json
import os
import shutil
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from astrolabe.errors import StorageError
from astrolabe.ports.determinism import Determinism

ABANDONED_SECONDS = 3600
_POLL_SECONDS = 0.1
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Kept:
    """A finished folder: `content` is what was made, `facts` what its maker wrote about it."""

    content: Path
    facts: dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A folder being made: `content` will be kept, `work` is thrown away. Both are empty and on the same file system."""

    content: Path
    work: Path


Make = Callable[[Draft], Awaitable[dict[str, Any]]]


class Shelf:
    """Folders below `root`, which several processes may use at once.

    A folder appears by one rename after everything in it reached the disk; whoever dies before leaves only a draft,
    which the next one to make that folder, or anyone after an hour, removes.
    """

    def __init__(self, root: Path, determinism: Determinism) -> None:
        self._root = root
        self._determinism = determinism

    @property
    def archives(self) -> Path:
        """Where fetched archives lie, named by their digest; there once anything was obtained."""
        return self._root / "archives"

    def find(self, key: str) -> Kept | None:
        """Return the folder kept under a key, or None."""
        folder = self._root / "images" / key
        try:
            facts = json.loads((folder / "facts.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            raise StorageError(
                f"{folder} cannot be read: {fault}.", hint="Remove that folder; it is made again."
            ) from fault
        return Kept(folder / "content", facts)

    async def obtain(self, key: str, make: Make, waiting: Callable[[], None]) -> Kept:
        """Return the folder of that key, letting `make` fill it if there is none yet.

        `make` returns facts that JSON can hold. `waiting` is called when another process is making it.

        Raises:
            StorageError: the cache cannot be written, or the disk is full.
            AstrolabeError: whatever `make` raises; nothing is kept then.
        """
        if kept := await in_thread(lambda: self.find(key)):
            return kept
        with storage_faults(self._root):
            await in_thread(self._prepare)
            async with self._locked(key, waiting):
                return await in_thread(lambda: self.find(key)) or await self._made(key, make)

    async def _made(self, key: str, make: Make) -> Kept:
        await in_thread(lambda: self._sweep(key))
        folder = self._root / "drafts" / f"{key}.{self._determinism.new_id()}"
        draft = Draft(folder / "content", folder / "work")
        try:
            await in_thread(lambda: _make_folders(folder, draft.content, draft.work))
            facts = await make(draft)
            await in_thread(lambda: self._keep(key, folder, draft, facts))
        finally:
            await in_thread(lambda: remove_tree(folder))
        return Kept(self._root / "images" / key / "content", facts)

    def _keep(self, key: str, folder: Path, draft: Draft, facts: dict[str, Any]) -> None:
        remove_tree(draft.work)
        (folder / "facts.json").write_text(json.dumps(facts, indent=1), "utf-8")
        flush(folder)
        folder.rename(self._root / "images" / key)
        flush(self._root / "images")

    def _prepare(self) -> None:
        for name in ("", "images", "drafts", "locks", "archives"):
            folder = self._root / name
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o755)

    def _sweep(self, key: str) -> None:
        """Remove the drafts of dead makers: all of `key`, whose lock we hold, and others that are old and not locked."""
        now = self._determinism.now()
        for folder in sorted((self._root / "drafts").iterdir()):
            owner = folder.name.rsplit(".", 1)[0]
            if owner == key or (_age(folder, now) > ABANDONED_SECONDS and self._unlocked(owner)):
                remove_tree(folder)

    def _unlocked(self, key: str) -> bool:
        with (self._root / "locks" / key).open("ab") as file:
            return _try_lock(file.fileno())

    @asynccontextmanager
    async def _locked(self, key: str, waiting: Callable[[], None]) -> AsyncGenerator[None]:
        with (self._root / "locks" / key).open("ab") as file:
            told = False
            while not _try_lock(file.fileno()):
                if not told:
                    waiting()
                told = True
                await asyncio.sleep(_POLL_SECONDS)
            yield


def _make_folders(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir()
        folder.chmod(0o755)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _age(folder: Path, now: float) -> float:
    try:
        return now - folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def flush(folder: Path) -> None:
    """Wait until everything on the file system that holds `folder` has reached the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "syncfs failed", str(folder))
    finally:
        os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Remove a folder, its write-protected parts too; nothing happens when there is none. Links are not followed."""
    for path, folders, _ in os.walk(folder):
        for name in (".", *folders):
            inner = Path(path, name)
            if not inner.is_symlink() and inner.stat().st_mode & stat.S_IRWXU != stat.S_IRWXU:
                inner.chmod(0o755)
    if folder.exists():
        shutil.rmtree(folder)


def write_protect(folder: Path) -> None:
    """Take every right to write from a folder and all below it, and let everyone read it. Links stay as they are."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            entry = Path(path, name)
            if not entry.is_symlink():
                executable = entry.stat().st_mode & stat.S_IXUSR
                entry.chmod(0o555 if executable else 0o444)
    folder.chmod(0o555)


def open_up(folder: Path) -> None:
    """Make all below a folder ours, whoever wrote it, and writable for everyone, behind a parent only we may enter.

    Each sandbox runs as a user of its own, and tools ask whether they may write before they do: through an overlay they
    may, and nothing of it reaches this folder. Links are not followed.
    """
    folder.parent.chmod(0o700)
    owner, group = os.geteuid(), os.getegid()
    for path, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            entry = Path(path, name)
            status = entry.lstat()
            if status.st_uid != owner:
                os.lchown(entry, owner, group)
            if not stat.S_ISLNK(status.st_mode):
                entry.chmod(0o777 if status.st_mode & stat.S_IXUSR else 0o666)


def folder_bytes(folder: Path) -> int:
    """Return the size of the regular files below a folder, in bytes."""
    return sum(entry.stat(follow_symlinks=False).st_size for entry in _entries(folder))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry


@contextmanager
def storage_faults(place: Path) -> Generator[None]:
    """Turn what the operating system says about the cache into a StorageError that says what to do."""
    try:
        yield
    except OSError as fault:
        raise storage_error(place, fault) from fault


def storage_error(place: Path, fault: OSError) -> StorageError:
    """Say what is wrong with the cache, and what to do about it."""
    match fault.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return StorageError(
                f"The disk that holds {place} is full.",
                hint=f"Free some space, or set ASTROLABE_HOME to a folder on another disk ({fault}).",
            )
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return StorageError(
                f"The cache {place} cannot be written.",
                hint=f"Make it writable, or set ASTROLABE_HOME to a folder that is ({fault}).",
            )
        case _:
            return StorageError(
                f"The cache {place} failed: {fault}.", hint="Check that disk, then try again."
            )


async def in_thread(work: Callable[[], _Result]) -> _Result:
    """Run blocking work in a thread; when cancelled, wait for it to end first, so that it never works unseen."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
