"""How a gate comes by its socket: the one a command's own network listens on, lent by the process that became the command."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Sequence

from astrolabe.adapters.sandboxes.gate.gate import Gate
from astrolabe.adapters.sandboxes.patience import waited


@contextlib.asynccontextmanager
async def lent(gate: Gate | None) -> AsyncGenerator[Sequence[socket.socket]]:
    """Give what a command is to be started with, and serve over what comes back until the context ends."""
    if gate is None:
        yield ()
        return
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        serving = asyncio.create_task(_serve(gate, ours))
        try:
            yield (theirs,)
        finally:
            serving.cancel()
            await waited(serving)
            if not serving.cancelled():
                serving.result()


async def _serve(gate: Gate, ours: socket.socket) -> None:
    listening = await _received(ours)
    if listening is None:
        return
    with listening:
        async with gate.serving(listening):
            await asyncio.get_running_loop().create_future()


async def _received(ours: socket.socket) -> socket.socket | None:
    """Wait for the socket; None from a command that was not started."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(ours, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(ours)
    try:
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return None
    return socket.socket(fileno=descriptors[0]) if descriptors else None
