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
from astrolabe.adapters.sandboxes.patience import to_the_end, waited
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
        starting = asyncio.create_task(_start(theirs, enforcement))
        try:
            process = await asyncio.shield(starting)
            with Channel(ours, SET_UP) as channel:
                await _set_up(process, channel, spec)
            yield ours
        finally:
            ours.close()
            await to_the_end(_gone(starting))


async def _start(control: socket.socket, enforcement: Enforcement) -> asyncio.subprocess.Process:
    with control:
        return await asyncio.create_subprocess_exec(
            *(*enforcement.prefix, sys.executable, "-I", "-S", "-c", _HOLDER, str(control.fileno())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(control.fileno(),),
            start_new_session=True,
            env=dict(enforcement.environment),
            cwd="/",
        )


async def _gone(starting: asyncio.Task[asyncio.subprocess.Process]) -> None:
    """Wait for the holder, even for one that is just being started: what comes next relies on nothing being left."""
    await waited(starting)
    if starting.exception() is None:
        # To the end of what it says, too: until then the loop holds a pipe, and whoever ends the loop leaves it open.
        await starting.result().communicate()


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
