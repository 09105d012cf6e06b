"""The gate: a proxy outside the sandbox that one command reaches, and that is gone with it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from astrolabe.adapters.sandboxes.gate.addresses import Resolve, reachable, resolved
from astrolabe.adapters.sandboxes.gate.asking import MOST_BYTES, Asked, asked
from astrolabe.adapters.sandboxes.gate.hello import NoHelloError, server_name
from astrolabe.domain.egress import EgressOptions, Request, Ruling

MOST_AT_ONCE = 64
MOST_REQUESTS = 2000
"""Of one command; what it asks beyond is refused and counted in one line, so that the record stays readable."""
_PATIENCE_SECONDS = 10.0
"""For a head, a name, a connection and a hello each."""
_PIECE = 1 << 16
_ACCESS_DENIED = bytes((21, 3, 1, 0, 2, 2, 49))
"""A TLS alert (RFC 8446, section 6.2), so that a client can tell being refused from a broken line."""
_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    405: "Method Not Allowed",
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    503: "Service Unavailable",
}


class _RefusedError(Exception):
    def __init__(self, reason: str, status: int = 403, *, ruling: Ruling = Ruling.REFUSED) -> None:
        super().__init__(reason)
        self.reason, self.status, self.ruling = reason, status, ruling


@dataclass(frozen=True)
class Rules:
    """What a gate lets through, and how it finds out where that is; `contact` tells of a host whether it may be contacted."""

    allowed: frozenset[str]
    options: EgressOptions = field(default_factory=EgressOptions)
    contact: Callable[[str], bool] = lambda _host: True
    resolve: Resolve = resolved
    patience_seconds: float = _PATIENCE_SECONDS


@dataclass
class _Talk:
    """One connection on its way; `open` tells whether the client has been told that it stands."""

    at: float
    began: float
    asked: Asked = field(default_factory=lambda: Asked("", 0))
    sent: int = 0
    received: int = 0
    open: bool = False


class Gate:
    """Serves one command. `requests` is the record, in the order in which they ended."""

    def __init__(self, rules: Rules, now: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._rules = rules
        self._now = now
        self._monotonic = monotonic
        self._requests: list[Request] = []
        self._beyond = 0
        self._bytes = 0
        self._over = False
        self._going: set[asyncio.Task[None]] = set()

    @property
    def requests(self) -> tuple[Request, ...]:
        """All that was asked for so far."""
        if not self._beyond:
            return tuple(self._requests)
        reason = f"{self._beyond} more requests than the {MOST_REQUESTS} a command may make"
        told = Request(
            host="", port=0, ruling=Ruling.REFUSED, reason=reason, at=self._now(), duration_seconds=0
        )
        return (*self._requests, told)

    @contextlib.asynccontextmanager
    async def serving(self, listening: socket.socket) -> AsyncGenerator[None]:
        """Serve on a socket until the context ends; then nothing of it goes on."""
        server = await asyncio.start_server(self._accepted, sock=listening, limit=_PIECE)
        try:
            yield
        finally:
            self._over = True
            server.close()
            going = tuple(self._going)
            for task in going:
                task.cancel()
            if going:
                await asyncio.wait(going)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._over:  # accepted in the last moment
            writer.transport.abort()
            return
        self._going.add(task)
        talk = _Talk(self._now(), self._monotonic())
        try:
            await self._serve(talk, reader, writer)
        finally:
            self._going.discard(task)
            writer.transport.abort()

    async def _serve(self, talk: _Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ruling, reason = Ruling.ALLOWED, ""
        try:
            self._must_have_room()
            async with asyncio.timeout(self._rules.options.most_seconds):
                await self._pass(talk, reader, writer)
        except _RefusedError as refused:
            ruling, reason = refused.ruling, refused.reason
            await self._refuse(talk, writer, refused)
        except TimeoutError:
            ruling, reason = Ruling.REFUSED, f"it took longer than {self._rules.options.most_seconds:g} s"
        except OSError as error:
            ruling, reason = Ruling.FAILED, error.strerror or type(error).__name__
        except asyncio.CancelledError:
            reason = "the command was over"
        self._note(talk, ruling, reason)

    def _must_have_room(self) -> None:
        if len(self._requests) >= MOST_REQUESTS:
            raise _RefusedError("too many requests", 429)
        if len(self._going) > MOST_AT_ONCE:
            raise _RefusedError(f"more than {MOST_AT_ONCE} connections at once", 503)

    def _note(self, talk: _Talk, ruling: Ruling, reason: str) -> None:
        if len(self._requests) >= MOST_REQUESTS:
            self._beyond += 1
            return
        self._requests.append(
            Request(
                host=talk.asked.host,
                port=talk.asked.port,
                ruling=ruling,
                reason=reason,
                sent_bytes=talk.sent,
                received_bytes=talk.received,
                at=talk.at,
                duration_seconds=self._monotonic() - talk.began,
            )
        )

    async def _refuse(self, talk: _Talk, writer: asyncio.StreamWriter, refused: _RefusedError) -> None:
        body = f"astrolabe: {refused.reason}\n".encode()
        head = f"HTTP/1.1 {refused.status} {_TITLES[refused.status]}\r\nContent-Type: text/plain\r\n"
        answer = f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        writer.write(_ACCESS_DENIED if talk.open else answer)
        await self._closed(writer)

    async def _closed(self, writer: asyncio.StreamWriter) -> None:
        """Close once all that was written is on its way, unless nobody takes it."""
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(self._rules.patience_seconds):
                await writer.wait_closed()

    async def _pass(self, talk: _Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk.asked = await self._asked(reader)
        if talk.asked.fault:
            raise _RefusedError(talk.asked.fault, talk.asked.status)
        if talk.asked.destination not in self._rules.allowed:
            raise _RefusedError(f"{talk.asked.destination} is not among what the policy's `network` names")
        if not self._rules.contact(talk.asked.host):
            raise _RefusedError("this installation is set to work offline")
        far_reader, far_writer = await self._reached(talk.asked)
        try:
            talk.open = True
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            hello = await self._hello(talk.asked, reader)
            self._count(talk, sent=len(hello))
            far_writer.write(hello)
            await self._both_ways(talk, (reader, writer), (far_reader, far_writer))
            await self._closed(far_writer)
            await self._closed(writer)
        finally:
            far_writer.transport.abort()

    async def _asked(self, reader: asyncio.StreamReader) -> Asked:
        try:
            async with asyncio.timeout(self._rules.patience_seconds):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise _RefusedError("nothing was asked in time", 408) from None
        except asyncio.LimitOverrunError:
            raise _RefusedError("what was asked is too long", 431) from None
        except asyncio.IncompleteReadError:
            raise _RefusedError("nothing was asked", 400) from None
        if len(head) > MOST_BYTES:
            raise _RefusedError("what was asked is too long", 431)
        return asked(head)

    async def _reached(self, target: Asked) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to an address of the host that may be reached: exactly that which was looked at."""
        addresses = await self._addresses(target)
        fault = "it does not answer"
        for address in addresses:
            try:
                async with asyncio.timeout(self._rules.patience_seconds):
                    return await asyncio.open_connection(address, target.port, limit=_PIECE)
            except (OSError, TimeoutError) as error:
                fault = getattr(error, "strerror", None) or fault
        raise _RefusedError(f"{target.destination} cannot be reached: {fault}", 502, ruling=Ruling.FAILED)

    async def _addresses(self, target: Asked) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._rules.patience_seconds):
                found = await self._rules.resolve(target.host.lower(), target.port)
        except (OSError, TimeoutError):
            raise _RefusedError(f"{target.host} has no address", 502, ruling=Ruling.FAILED) from None
        usable = reachable(found, self._rules.options.private_address(target.destination))
        if not usable:
            raise _RefusedError(
                f"{target.host} has no public address; an operator can name another one: ASTROLABE_EGRESS__PRIVATE"
            )
        return usable

    async def _hello(self, target: Asked, reader: asyncio.StreamReader) -> bytes:
        """Return the client's first words, which ask for the very host it was let through to."""
        data, name = b"", None
        try:
            async with asyncio.timeout(self._rules.patience_seconds):
                while name is None:
                    piece = await reader.read(_PIECE)
                    if not piece:
                        raise _RefusedError("it said nothing")
                    data += piece
                    name = server_name(data)
        except TimeoutError:
            raise _RefusedError("it said nothing in time") from None
        except NoHelloError as fault:
            raise _RefusedError(str(fault)) from None
        if name != target.host.lower():
            raise _RefusedError(f"it asks for {name[:200]} (SNI) within a connection to {target.host}")
        return data

    async def _both_ways(
        self,
        talk: _Talk,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(near[0], far[1], lambda count: self._count(talk, sent=count)))
                group.create_task(
                    self._pump(far[0], near[1], lambda count: self._count(talk, received=count))
                )
        except* _RefusedError as refused:
            raise refused.exceptions[0] from None
        except* OSError:
            pass  # a side that goes without a word: many clients end like that

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, count: Callable[[int], None]
    ) -> None:
        while piece := await source.read(_PIECE):
            count(len(piece))
            sink.write(piece)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()

    def _count(self, talk: _Talk, *, sent: int = 0, received: int = 0) -> None:
        talk.sent += sent
        talk.received += received
        self._bytes += sent + received
        if self._bytes > self._rules.options.most_bytes:
            raise _RefusedError(f"the command moved more than {self._rules.options.most_bytes} bytes")
