"""This process's own standard streams, handed to a command in the sandbox and back."""

import asyncio
import os
import queue
import re
import threading
from collections.abc import AsyncGenerator

_PIECE = 1 << 16
_HARMLESS = rb"\x1b\[[0-9;:]*[mK]"
_STEERING = re.compile(b"(" + _HARMLESS + rb")|\x1b|\xc2[\x80-\x9f]|[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
"""Colours pass; all else that moves a terminal's cursor, renames its window or fills its clipboard does not."""
_TORN = re.compile(rb"(?:\x1b(?:\[[0-9;:]{0,32})?|\xc2)\Z")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
_PLAIN_AGAIN = b"\x1b[0m"


async def standard_input() -> AsyncGenerator[bytes]:
    """Yield what comes in, as it comes; nothing when there is no input, or a terminal others are typing into."""
    descriptor = 0
    if not _may_read(descriptor):
        return
    while piece := await _read(descriptor):
        yield piece


def _may_read(descriptor: int) -> bool:
    """Reading a terminal in the background would stop this process."""
    try:
        return not os.isatty(descriptor) or os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        return False


async def _read(descriptor: int) -> bytes:
    """Read what is there; waits in the event loop for what can be waited for, for a file in a thread."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    try:
        loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    except PermissionError:  # a regular file, which is always ready
        return await asyncio.to_thread(os.read, descriptor, _PIECE)
    except OSError:  # closed
        return b""
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, _PIECE)


class Passing:
    """Passes output on to one of this process's streams without ever waiting for whoever reads that.

    What waits to be read is as much as the sandbox lets out at most. A terminal gets no sequence that steers it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._written: asyncio.Future[None] = self._loop.create_future()
        self._pieces: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._cleaning = Cleaning() if os.isatty(descriptor) else None
        self._unread = False
        threading.Thread(target=self._write, daemon=True).start()

    def put(self, piece: bytes) -> None:
        """Take a piece; BrokenPipeError when nobody reads any more."""
        if self._unread:
            raise BrokenPipeError
        self._pieces.put(self._cleaning.clean(piece) if self._cleaning else piece)

    async def end(self) -> None:
        """Wait until everything is written, or nobody reads any more."""
        if self._cleaning:
            self._pieces.put(self._cleaning.end())
        self._pieces.put(b"")
        await self._written

    def _write(self) -> None:
        try:
            while rest := memoryview(self._pieces.get()):
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._unread = True
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._written.set_result, None)


class Cleaning:
    """Takes what steers a terminal out of a stream, whichever pieces it comes in."""

    def __init__(self) -> None:
        self._held = b""
        self._coloured = False

    def clean(self, piece: bytes) -> bytes:
        """Return what may be shown; the start of a sequence whose rest is still to come is held back."""
        whole = self._held + piece
        torn = _TORN.search(whole)
        self._held = whole[torn.start() :] if torn else b""
        shown = _STEERING.sub(
            lambda found: found[1] or _REPLACEMENT, whole[: torn.start()] if torn else whole
        )
        self._coloured = self._coloured or b"\x1b" in shown
        return shown

    def end(self) -> bytes:
        """Return the last of it, and what undoes colours that may still be on."""
        return _STEERING.sub(_REPLACEMENT, self._held) + (_PLAIN_AGAIN if self._coloured else b"")
