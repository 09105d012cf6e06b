"""Frames between adapter and holder: a length of four bytes, then JSON; file contents follow their frame bare."""

import json
import struct
from typing import Any, BinaryIO

_LENGTH = struct.Struct("!I")
LENGTH_BYTES = _LENGTH.size


def frame(value: object) -> bytes:
    body = json.dumps(value).encode()
    return _LENGTH.pack(len(body)) + body


def length(head: bytes) -> int:
    return int(_LENGTH.unpack(head)[0])


def read_frame(stream: BinaryIO) -> Any:
    """Return the next value; EOFError when the other side is gone."""
    head = read_exactly(stream, LENGTH_BYTES)
    return json.loads(read_exactly(stream, length(head)))


def read_exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError("the other side closed the channel")
    return data
