"""The adapter's end of the channels to a holder; the holder's end is in `holder.channel`."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from astrolabe.adapters.sandboxes.holder.channel import LENGTH_BYTES, frame, length

_PIECE = 1 << 18


class ClosedError(Exception):
    """The holder closed the channel without the answer that was due."""


class Channel:
    """One request to the holder: opened by sending its kind and descriptors over the control socket.

    The holder ends the request, with all it has started, when this side stops speaking or goes away.
    """

    def __init__(self, control: socket.socket, kind: bytes, descriptors: Sequence[int] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket, theirs = socket.socketpair()
        self._buffer = bytearray()
        self._socket.setblocking(False)
        with theirs:
            socket.send_fds(control, [kind], [theirs.fileno(), *descriptors])

    async def send(self, value: object, content: Sequence[bytes] = ()) -> None:
        """Send a frame and what follows it; one that is no longer listened to is dropped, the answer says why."""
        try:
            await self._loop.sock_sendall(self._socket, b"".join((frame(value), *content)))
        except (BrokenPipeError, ConnectionResetError):
            return

    async def receive(self) -> Any:
        head = await self.read(LENGTH_BYTES)
        return json.loads(await self.read(length(head)))

    async def read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._buffer += await self._more()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    async def _more(self) -> bytes:
        try:
            piece = await self._loop.sock_recv(self._socket, _PIECE)
        except ConnectionResetError:
            piece = b""
        if not piece:
            raise ClosedError
        return piece

    def stop(self) -> None:
        """Have the request ended; the answer still comes."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError as error:
            if self._socket.fileno() >= 0 and error.errno not in _GONE:
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


_GONE = frozenset({107, 32, 104})
"""ENOTCONN, EPIPE, ECONNRESET: there is nobody left to tell."""


class Intake:
    """One output of a command: its first `most` bytes are kept, the rest read and dropped, so that nothing blocks."""

    def __init__(self, name: str, most: int, tell: Callable[[str, bytes], None] | None) -> None:
        self.kept = bytearray()
        self.cut = False
        self.fault: Exception | None = None
        self.on_fault: Callable[[], None] | None = None
        self._name, self._most, self._tell = name, most, tell
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._reading, self.writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._loop.add_reader(self._reading, self._readable)

    def _readable(self) -> None:
        data = os.read(self._reading, 1 << 16)
        if data:
            self._take_in(data)
        else:
            self.close()

    def _take_in(self, data: bytes) -> None:
        room = self._most - len(self.kept)
        if len(data) > room:
            self.cut, data = True, data[:room]
        self.kept += data
        if data and self._tell:
            self._pass_on(self._tell, data)

    def _pass_on(self, tell: Callable[[str, bytes], None], data: bytes) -> None:
        """What the listener raises belongs to the caller of `run`; the command is ended first."""
        try:
            tell(self._name, data)
        except Exception as error:  # noqa: BLE001 - raised again by the session
            self.fault, self._tell = error, None
            if self.on_fault:
                self.on_fault()

    async def ended(self) -> None:
        await asyncio.shield(self._ended)

    def close(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)
            self._loop.remove_reader(self._reading)
            os.close(self._reading)
