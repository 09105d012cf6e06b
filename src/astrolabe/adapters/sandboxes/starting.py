"""Start a session's holder, and wait until it is gone."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import astrolabe
from astrolabe.adapters.sandboxes.channel import Channel, ClosedError
from astrolabe.adapters.sandboxes.enforcement import Enforcement
from astrolabe.adapters.sandboxes.holder.jobs import SET_UP
from astrolabe.adapters.sandboxes.holder.spec import Spec
from astrolabe.errors import SandboxUnavailableError

_SHOWN = 2000
_PACKAGES = str(Path(astrolabe.__file__).resolve().parent.parent)
_HOLDER = (
    f"import sys; sys.path.append({_PACKAGES!r}); "
    "from astrolabe.adapters.sandboxes.holder.main import main; main(int(sys.argv[1]))"
)


@contextlib.asynccontextmanager
async def started(spec: Spec, enforcement: Enforcement) -> AsyncGenerator[socket.socket]:
    """Give the control socket of a new holder; in the end, whatever happened, it is closed and the holder waited for."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = await _start(theirs.fileno(), enforcement)
        try:
            with Channel(ours, SET_UP) as channel:
                await _set_up(process, channel, spec)
            yield ours
        finally:
            ours.close()
            await _gone(process)


async def _start(control: int, enforcement: Enforcement) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(*enforcement.prefix, sys.executable, "-I", "-S", "-c", _HOLDER, str(control)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(control,),
        start_new_session=True,
        env=dict(enforcement.environment),
        cwd="/",
    )


async def _gone(process: asyncio.subprocess.Process) -> None:
    """Wait for the holder even if the caller is cancelled meanwhile: what comes next relies on nothing being left."""
    waiting = asyncio.ensure_future(process.wait())
    cancelled = False
    while not waiting.done():
        try:
            await asyncio.wait([waiting])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


async def _set_up(process: asyncio.subprocess.Process, channel: Channel, spec: Spec) -> None:
    try:
        await channel.send(spec.to_json())
        answer = await channel.receive()
    except ClosedError:
        _, said = await process.communicate()
        answer = {"error": said.decode(errors="replace")[-_SHOWN:]}
    if "error" in answer:
        raise SandboxUnavailableError(
            f"no sandbox could be set up: {answer['error']}",
            hint="`astrolabe sandbox selftest` shows what this machine allows.",
        )
