"""What a command reads: given whole, or fetched piece by piece while it runs."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable

from astrolabe.adapters.sandboxes.patience import waited
from astrolabe.ports.sandbox import Input

_PIECE = 1 << 16


class Feed:
    """A command's input. Not more of it is held than a piece, and one that stops reading loses the rest, as in a shell."""

    def __init__(self, source: Input) -> None:
        self.fault: Exception | None = None
        self.on_fault: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self.reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._task = asyncio.create_task(self._pass_on(source))

    async def _pass_on(self, source: Input) -> None:
        """What the source raises belongs to the caller of `run`; the command is ended first."""
        try:
            async with contextlib.aclosing(_pieces(source)) as pieces:
                async for piece in pieces:
                    await self._write(memoryview(piece))
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - raised again by the session
            self.fault = error
            if self.on_fault:
                self.on_fault()
        finally:
            os.close(self._writing)

    async def _write(self, rest: memoryview) -> None:
        while rest:
            try:
                rest = rest[os.write(self._writing, rest) :]
            except BlockingIOError:
                await self._writable()

    async def _writable(self) -> None:
        ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_writer(self._writing, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            self._loop.remove_writer(self._writing)

    async def close(self) -> None:
        """Ask for no more, and wait until nothing is under way."""
        self._task.cancel()
        await waited(self._task)


async def _pieces(source: Input) -> AsyncGenerator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), _PIECE):
            yield source[start : start + _PIECE]
        return
    async for piece in source:
        yield piece
