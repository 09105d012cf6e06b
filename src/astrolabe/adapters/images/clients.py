"""Run a registry's own client as a process: watched while it fetches, killed whole when it stalls or is cancelled."""

import asyncio
import contextlib
import errno
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.images.shelf import folder_bytes, in_thread, storage_error
from astrolabe.errors import FetchError

_WATCH_SECONDS = 0.5
_ALIVE_TICKS = 20
_KEPT_OUTPUT_BYTES = 256 * 1024
_START = """
import ctypes, os, sys
parent, uid = map(int, sys.argv[1:3])
if uid:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
if os.getppid() == parent:
    os.execv(sys.argv[3], sys.argv[3:])
"""
"""Drop to a user, ask the kernel (PR_SET_PDEATHSIG) for SIGKILL when Astrolabe dies, become the client."""


@dataclass(frozen=True)
class Finished:
    """How a client ended, with the end of what it wrote to each stream."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Watch:
    """What a client fetches into, and who wants to know how many bytes, or how many of what `count` counts, are there.

    A client that neither adds a byte nor computes for `stall_seconds` is killed. One that has brought all that is
    wanted of it is ended, successfully, once `enough` says so.
    """

    folder: Path
    stall_seconds: float
    on_progress: Callable[[int], None]
    enough: Callable[[], bool] = lambda: False
    count: Callable[[], int] | None = None


async def run_client(
    command: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    uid: int | None = None,
    watch: Watch | None = None,
) -> Finished:
    """Run a client to its end, as user `uid` when one is given; it and all it started are gone afterwards.

    Raises:
        FetchError: it stalled.
        OSError: it cannot be started.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _START, str(os.getpid()), str(uid or 0), *command),
        cwd=cwd,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        umask=0o022,
    )
    streams = asyncio.gather(_tail(process.stdout), _tail(process.stderr))
    watching = asyncio.ensure_future(_watch(process.pid, command[0], watch)) if watch else None
    try:
        if await _is_enough(streams, watching):
            return Finished(0, "", "")
        stdout, stderr = await streams
        return Finished(await process.wait(), stdout, stderr)
    finally:
        if watching:
            watching.cancel()
        await _end(process, streams)


def refuse_full_disk(done: Finished, folder: Path) -> None:
    """Raise StorageError when a client failed because the disk is full."""
    if any(sign in done.stderr + done.stdout for sign in ("ENOSPC", "No space left on device", "EDQUOT")):
        raise storage_error(folder, OSError(errno.ENOSPC, "no space left on device"))


async def _is_enough(streams: asyncio.Future[tuple[str, str]], watching: asyncio.Task[None] | None) -> bool:
    if watching is None:
        return False
    await asyncio.wait([streams, watching], return_when=asyncio.FIRST_COMPLETED)
    if streams.done():
        return False
    await watching
    return True


async def _end(process: asyncio.subprocess.Process, streams: asyncio.Future[tuple[str, str]]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    streams.cancel()
    await asyncio.wait([streams])


async def _tail(stream: asyncio.StreamReader | None) -> str:
    kept = b""
    while stream and (piece := await stream.read(65536)):
        kept = (kept + piece)[-_KEPT_OUTPUT_BYTES:]
    return kept.decode("utf-8", "replace")


async def _watch(pid: int, client: str, watch: Watch) -> None:
    """Return once there is enough; raise when the client stalls."""
    loop = asyncio.get_running_loop()
    last_bytes, last_ticks, alive_at = -1, 0, loop.time()
    while not await in_thread(watch.enough):
        size, ticks, done = await in_thread(lambda: _measured(pid, watch))
        if size != last_bytes or ticks - last_ticks > _ALIVE_TICKS:
            last_bytes, last_ticks, alive_at = size, ticks, loop.time()
            watch.on_progress(done)
        if loop.time() - alive_at > watch.stall_seconds:
            raise FetchError(
                f"{Path(client).name} received nothing for {watch.stall_seconds:g} s.",
                hint="Check the connection to the package registry and its proxy settings, then try again.",
            )
        await asyncio.sleep(_WATCH_SECONDS)


def _measured(pid: int, watch: Watch) -> tuple[int, int, int]:
    size = _growing_bytes(watch.folder)
    return size, _processor_ticks(pid), watch.count() if watch.count else size


def _growing_bytes(folder: Path) -> int:
    """Measure a folder whose files come and go meanwhile."""
    while True:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return folder_bytes(folder)


def _processor_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(fields[11]) + int(fields[12])
