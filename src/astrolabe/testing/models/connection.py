"""One client's connection: a small reader and writer of HTTP/1.1."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

_MOST_HEAD_BYTES = 1 << 16
_MOST_BODY_BYTES = 1 << 26
_PIECE = 1 << 16


class RequestError(Exception):
    """What came is no HTTP that is understood here."""


@dataclass(frozen=True)
class Received:
    """A request as it came: `headers` with lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """Reads requests and writes replies, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._came = bytearray()
        self.cut_off = False

    async def receive(self) -> Received | None:
        """Return the next request, None when the client has closed; RequestError for anything that is none."""
        head = await self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ")
        if len(words) != 3:  # noqa: PLR2004 - method, target, version
            raise RequestError(f"{first!r} is no request line")
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        return Received(words[0], words[1], headers, await self._body(headers))

    async def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole reply."""
        await self._write(_head(status, {**headers, "content-length": str(len(body))}) + body)

    async def send_half(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Promise a whole reply, and send half of it."""
        await self._write(
            _head(status, {**headers, "content-length": str(len(body))}) + body[: len(body) // 2]
        )

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a reply that comes in chunks."""
        await self._write(_head(status, {**headers, "transfer-encoding": "chunked"}))

    async def chunk(self, data: bytes) -> None:
        """Send the next chunk; an empty one ends the reply."""
        await self._write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def cut(self, how: Literal["closed", "reset"], data: bytes = b"") -> None:
        """End the connection with half of a chunk sent."""
        self.cut_off = True
        if how == "reset":
            taken: socket.socket = self._writer.get_extra_info("socket")
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
            return
        if data:
            await self._write(f"{len(data):x}\r\n".encode() + data[: len(data) // 2])
        self._writer.close()

    async def hung_up(self) -> None:
        """Return when the client has closed the connection."""
        with contextlib.suppress(OSError):
            while piece := await self._reader.read(_PIECE):
                self._came += piece

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _body(self, headers: Mapping[str, str]) -> bytes:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await self._chunks()
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
            raise RequestError(f"a body of {length!r} bytes is not taken")
        return await self._exactly(int(length))

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._line() or "0", 16):
            body += await self._exactly(size)
            await self._exactly(2)
        while await self._line():
            pass
        return body

    async def _line(self) -> str:
        return (await self._until(b"\r\n") or b"").decode("latin-1").partition(";")[0].strip()

    async def _until(self, mark: bytes) -> bytes | None:
        while (place := self._came.find(mark)) < 0:
            if len(self._came) > _MOST_HEAD_BYTES:
                raise RequestError("the head of the request has no end")
            if not await self._more():
                return None
        taken = bytes(self._came[:place])
        del self._came[: place + len(mark)]
        return taken

    async def _exactly(self, count: int) -> bytes:
        while len(self._came) < count:
            if not await self._more():
                raise RequestError("the client closed within its request")
        taken = bytes(self._came[:count])
        del self._came[:count]
        return taken

    async def _more(self) -> bool:
        piece = await self._reader.read(_PIECE)
        self._came += piece
        return bool(piece)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
