"""Locks that the kernel takes back when their holder dies, and that a git process started under them keeps until its end."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncGenerator
from pathlib import Path

from astrolabe.adapters.git.command import storage_error
from astrolabe.errors import ConflictError
from astrolabe.ports.determinism import Determinism

_POLL_SECONDS = 0.02


@contextlib.asynccontextmanager
async def locked(path: Path, determinism: Determinism, wait_seconds: float = 120) -> AsyncGenerator[int]:
    """Hold a file (made if missing) or a folder for this process alone; yields the descriptor for `Git.run(holding=…)`.

    Raises:
        ConflictError: another process held it all the while.
    """
    try:
        descriptor = await asyncio.to_thread(_opened, path)
    except OSError as error:
        raise storage_error(f"lock {path}", error) from error
    try:
        deadline = determinism.monotonic() + wait_seconds
        while not _taken(descriptor):
            if determinism.monotonic() > deadline:
                raise ConflictError(
                    f"another process has been holding {path} for {wait_seconds:.0f} s",
                    hint="Wait for it to finish.",
                )
            await asyncio.sleep(_POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    if path.is_dir():
        return os.open(path, os.O_RDONLY)
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
