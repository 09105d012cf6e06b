"""One HTTP request to one address that was resolved before: no proxy, no cookies, no compression, a bound on everything."""

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.adapters.search.addresses import Place
from astrolabe.errors import FetchError

_AGENT = "astrolabe (research)"
_PIECE = 65_536


@dataclass(frozen=True)
class Request:
    """What is asked, of whom; `address` is the IP address the host's name was resolved to."""

    place: Place
    address: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    """What came: the status, headers with their names in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return what the body holds; FetchError when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise FetchError(f"what came is no JSON: {error}") from error


class _Pinned(http.client.HTTPConnection):
    """A connection to one IP address; the name is only what is asked for there, and what its certificate must be for."""

    def __init__(self, request: Request, seconds: float) -> None:
        super().__init__(request.place.host, request.place.port, timeout=seconds)
        self._address = request.address
        self._secure = request.place.scheme == "https"
        self._opened: socket.socket | None = None

    def connect(self) -> None:
        self.sock = self._opened = socket.create_connection((self._address, self.port), self.timeout)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = self._opened = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut(self) -> None:
        """End it from another thread, also while the body comes: whatever waits for it returns."""
        if self._opened is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                self._opened.shutdown(socket.SHUT_RDWR)


async def asked(request: Request, *, most_bytes: int, seconds: float) -> Answer:
    """Return the answer.

    Raises:
        FetchError: there is none in time, or it is larger than `most_bytes`, compressed or broken.
    """
    connection = _Pinned(request, seconds)
    where = request.place.host
    try:
        return await asyncio.wait_for(asyncio.to_thread(_exchanged, connection, request, most_bytes), seconds)
    except TimeoutError as error:
        raise FetchError(f"{where} did not answer within {seconds:g} s") from error
    except ssl.SSLError as error:
        raise FetchError(f"{where} could not be trusted: {error.reason or error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{where} could not be read: {type(error).__name__}: {error}") from error
    finally:
        connection.cut()


def _exchanged(connection: _Pinned, request: Request, most_bytes: int) -> Answer:
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity", "Connection": "close", **request.headers}
    try:
        connection.request(request.method, request.place.target, request.body, headers)
        with contextlib.closing(connection.getresponse()) as response:
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, _body(response, told, request.place.host, most_bytes))
    finally:
        connection.close()


def _body(
    response: http.client.HTTPResponse, headers: Mapping[str, str], host: str, most_bytes: int
) -> bytes:
    if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise FetchError(f"{host} sent it compressed, which was not asked for")
    pieces: list[bytes] = []
    size = 0
    while piece := response.read(_PIECE):
        size += len(piece)
        if size > most_bytes:
            raise FetchError(f"{host} sent more than {most_bytes:,} bytes")
        pieces.append(piece)
    return b"".join(pieces)
