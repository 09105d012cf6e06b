"""The database a process has open: one writer, any number of readers, whatever it is kept in."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from astrolabe.adapters.storage.writer import Writer
from astrolabe.errors import StorageError

T = TypeVar("T")


class Place(Protocol):
    """What a database is kept in: a file of SQLite's, or a server. Its methods block, and raise StorageError."""

    @property
    def name(self) -> str:
        """How a person knows it; without a password."""
        ...

    def open(self) -> None:
        """Create or upgrade the schema.

        Raises:
            StorageError: it cannot be reached or written, is damaged, or comes from a newer Astrolabe.
        """
        ...

    def close(self) -> None: ...

    def read(self, do: Callable[[Connection], T]) -> T:
        """Run `do` on a snapshot; it may be run again when the connection was lost."""
        ...

    def write(self, do: Callable[[Connection], None]) -> None:
        """Run `do` in a transaction of its own; return when it is durable. Called from one thread only.

        `do` may be run again, after all it did was taken back.

        Raises:
            RefusedRowsError: what `do` wrote breaks a rule of the schema; nothing of it was written.
        """
        ...

    def probe(self) -> str:
        """Ask the database something, and return its kind and version."""
        ...


class Database:
    """Opened once a process, closed once. Everything it says it has written is durable."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._writer: Writer | None = None

    def open(self) -> None:
        """Make the place ready and start the writer; raises as `Place.open` does."""
        self.place.open()
        self._writer = Writer(self.place.write)
        self._writer.start()

    async def close(self) -> None:
        """Commit what waits, then close."""
        if self._writer is not None:
            await self._writer.close()
            self._writer = None
            await asyncio.to_thread(self.place.close)  # a server that does not answer must not hold the loop

    @property
    def writer(self) -> Writer:
        """The way to write. Raises StorageError when the database is closed."""
        if self._writer is None:
            raise StorageError("the database is closed")
        return self._writer

    async def read(self, do: Callable[[Connection], T]) -> T:
        """Run `do` on a snapshot of what is committed."""
        if self._writer is None:
            raise StorageError("the database is closed")
        return await asyncio.to_thread(self.place.read, do)
