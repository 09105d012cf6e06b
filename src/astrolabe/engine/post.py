"""What other processes ask of the runs this one owns: one reader for all of them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from astrolabe.errors import StorageError
from astrolabe.ports.store import Message, Owner, Store

REREAD_SECONDS = 5.0
"""The inbox is read again after this long even when no wake-up came."""

Woken = Callable[[str, float], Awaitable[None]]
"""Waits until something may lie in the inbox, or that many seconds."""


class Box:
    """The messages for one run, each once."""

    def __init__(self, after: int) -> None:
        self._after = after
        self._waiting: asyncio.Queue[Message | StorageError] = asyncio.Queue()

    async def take(self) -> Message:
        """Wait for the next message; raises StorageError when the inbox can no longer be read."""
        message = await self._waiting.get()
        if isinstance(message, StorageError):
            raise message
        return message

    def put(self, message: Message) -> None:
        """Take in a message, unless it has been taken in before."""
        if message.id > self._after:
            self._after = message.id
            self._waiting.put_nowait(message)

    def fail(self, error: StorageError) -> None:
        """Have whoever waits told that nothing will come."""
        self._waiting.put_nowait(error)


class Post:
    """Hands messages to the runs they are for."""

    def __init__(self, store: Store, owner: Owner, woken: Woken) -> None:
        self._store = store
        self._owner = owner
        self._woken = woken
        self._boxes: dict[str, Box] = {}
        self._reading: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def box(self, run: str, after: int) -> AsyncGenerator[Box]:
        """Collect what comes for a run after the message numbered `after`, for as long as the context lasts."""
        self._boxes[run] = box = Box(after)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        else:
            await self._distribute()
        try:
            yield box
        finally:
            del self._boxes[run]
            if not self._boxes:
                self._reading.cancel()

    async def _read(self) -> None:
        try:
            while True:
                await self._distribute()
                await self._woken("", REREAD_SECONDS)
        except StorageError as error:
            for box in self._boxes.values():
                box.fail(error)

    async def _distribute(self) -> None:
        for message in await self._store.inbox(self._owner):
            if message.run in self._boxes:
                self._boxes[message.run].put(message)
