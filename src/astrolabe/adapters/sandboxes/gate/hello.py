"""The host a TLS client asks for: the server name in its ClientHello (RFC 8446, section 4; RFC 6066, section 3)."""

from collections.abc import Generator

MOST_BYTES = 32_768
"""A ClientHello has about 500; with keys that quantum computers do not break, about 2,000."""
_MOST_RECORDS = 16
"""So that looking again with each byte that comes costs nothing."""
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_HEAD, _RECORD_BYTES = 5, 16_384
_SERVER_NAME, _ENCRYPTED_HELLO = 0, 0xFE0D
_HOST_NAME = 0


class NoHelloError(Exception):
    """What came is no beginning of a TLS connection that can be judged; says why."""


class _Short(Exception):  # noqa: N818 - not a fault: more is to come
    """What came ends before the hello does."""


def server_name(data: bytes) -> str | None:
    """Return the host a client asks for, in small letters; None while what came so far is not all of its hello.

    Raises:
        NoHelloError: it is none, names no host, or hides the host it means.
    """
    try:
        return _name_in(_Reader(_message(data)))
    except _Short:
        if len(data) > MOST_BYTES:
            raise NoHelloError("its hello is too long") from None
        return None


class _Reader:
    """Takes numbers and pieces, each told how long it is, off the front of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, count: int) -> bytes:
        if len(self._data) < count:
            raise _Short
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def piece(self, size: int) -> bytes:
        """Take a length of so many bytes, and what it says."""
        return self.take(self.number(size))


def _message(data: bytes) -> bytes:
    """Return the whole hello, put together of the records it came in."""
    records, message, count = _Reader(data), b"", 0
    while len(message) < 4 or len(message) < 4 + int.from_bytes(message[1:4]):  # noqa: PLR2004 - a handshake's head
        if records.number(1) != _HANDSHAKE or records.take(2)[0] != 3:  # noqa: PLR2004 - TLS, whichever version
            raise NoHelloError("it does not speak TLS")
        count += 1
        if count > _MOST_RECORDS:
            raise NoHelloError("its hello is cut into too many pieces")
        record = records.piece(2)
        if not 0 < len(record) <= _RECORD_BYTES:
            raise NoHelloError("it does not speak TLS")
        message += record
        if message[0] != _CLIENT_HELLO or int.from_bytes(message[1:4]) > MOST_BYTES:
            raise NoHelloError("it does not begin with a hello")
    return message[4 : 4 + int.from_bytes(message[1:4])]


def _name_in(hello: _Reader) -> str:
    try:
        hello.take(34)  # version and random
        for size in (1, 2, 1):  # session, ciphers, compression
            hello.piece(size)
        kinds = dict(_extensions(_Reader(hello.piece(2))))
    except _Short:
        raise NoHelloError("its hello is broken") from None
    if _ENCRYPTED_HELLO in kinds:
        raise NoHelloError("it hides the host it means (encrypted client hello)")
    if _SERVER_NAME not in kinds:
        raise NoHelloError("it names no host (SNI)")
    return _host(_Reader(kinds[_SERVER_NAME]))


def _extensions(reader: _Reader) -> Generator[tuple[int, bytes]]:
    seen: set[int] = set()
    while reader:
        kind = reader.number(2)
        if kind in seen:
            raise NoHelloError("its hello says something twice")
        seen.add(kind)
        yield kind, reader.piece(2)


def _host(extension: _Reader) -> str:
    try:
        names = _Reader(extension.piece(2))
        kind, name = names.number(1), names.piece(2)
    except _Short:
        raise NoHelloError("its hello is broken") from None
    if names or kind != _HOST_NAME or not name.isascii():
        raise NoHelloError("it does not name one host")
    return name.decode("ascii").lower()
