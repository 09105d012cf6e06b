"""What a TLS client says first."""

import contextlib
import ssl


def hello(name: str | None) -> bytes:
    """Return the ClientHello of a real client that asks for `name`, or for nobody."""
    context = ssl.create_default_context()
    context.check_hostname = False
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def with_extension(data: bytes, kind: int, content: bytes = b"\0\0") -> bytes:
    """Return a hello that has one more extension."""
    more = kind.to_bytes(2) + len(content).to_bytes(2) + content
    at = 5 + 4 + 34
    at += 1 + data[at]
    at += 2 + int.from_bytes(data[at : at + 2])
    at += 1 + data[at]
    extensions = data[at + 2 :] + more
    body = data[9:at] + len(extensions).to_bytes(2) + extensions
    message = b"\1" + len(body).to_bytes(3) + body
    return data[:3] + len(message).to_bytes(2) + message


def in_records_of(data: bytes, size: int) -> bytes:
    """Return a hello cut into records."""
    message = data[5:]
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(data[:3] + len(piece).to_bytes(2) + piece for piece in pieces)
