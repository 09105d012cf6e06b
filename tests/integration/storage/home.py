"""Where a store's tests keep it: SQLite in a folder, or a database of a PostgreSQL server."""

import itertools
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from astrolabe.adapters.storage.blobs import Blobs, FileBlobs, ServerBlobs
from astrolabe.adapters.storage.database import Database, Place
from astrolabe.adapters.storage.notification import ServerWakeUps
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.postgresql import PostgresServer
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.shelves import FileShelf, TableShelf
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.adapters.storage.tasks import SqlTaskJournal
from astrolabe.adapters.storage.upkeep import SqlUpkeep
from astrolabe.adapters.storage.wakeup import SocketWakeUps
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.wakeups import WakeUps

IDS = itertools.count()


def fresh_id() -> str:
    return f"{next(IDS):026d}"


DETERMINISM = Determinism(now=time.time, monotonic=time.monotonic, new_id=fresh_id)

LEASE_SECONDS = 300.0
"""Long enough for nobody to count as dead because the machine is busy."""


@dataclass(frozen=True)
class Home:
    """One state: `url` is empty where it is a file in the folder."""

    folder: Path
    url: str = ""
    lease_seconds: float = LEASE_SECONDS

    @property
    def file(self) -> Path:
        return self.folder / "state" / "astrolabe.db"

    def place(self) -> Place:
        return PostgresServer(self.url) if self.url else SqliteFile(self.file)

    def blobs(self, database: Database) -> Blobs:
        return ServerBlobs(database, DETERMINISM) if self.url else FileBlobs(self.folder / "state" / "blobs")

    def wakeups(self, place: Place, token: str) -> WakeUps:
        if isinstance(place, PostgresServer):
            return ServerWakeUps(place, token)
        return SocketWakeUps(self.folder / "state" / "wake", token)

    @asynccontextmanager
    async def store(self, token: str = "token") -> AsyncGenerator[SqlStore]:
        async with self._opened(token) as (store, _, _):
            yield store

    @asynccontextmanager
    async def journal(self, token: str = "token") -> AsyncGenerator[tuple[SqlTaskJournal, SqlStore]]:
        """Open a store, and the log that several processes continue in it."""
        async with self._opened(token) as (store, database, wakeups):
            yield SqlTaskJournal(database, wakeups, DETERMINISM, f"worker-{token}"), store

    @asynccontextmanager
    async def _opened(self, token: str) -> AsyncGenerator[tuple[SqlStore, Database, WakeUps]]:
        database = Database(self.place())
        database.open()
        wakeups = self.wakeups(database.place, token)
        wakeups.open()
        owner = this_process(token)
        processes = SqlProcesses(
            database,
            self.folder / "state" / "processes",
            owner,
            DETERMINISM,
            self.lease_seconds if self.url else None,
        )
        store = SqlStore(database, self.blobs(database), wakeups, processes, DETERMINISM)
        try:
            yield store, database, wakeups
        finally:
            await store.close()

    def upkeep(self) -> SqlUpkeep:
        state = self.folder / "state"
        if self.url:
            server = PostgresServer(self.url)
            return SqlUpkeep(server, TableShelf(server, state / "blobs"), state)
        return SqlUpkeep(SqliteFile(self.file), FileShelf(state / "blobs"), state)

    def run(self, query: str) -> list[tuple[Any, ...]]:
        """Run a statement beside whatever is open; return its rows."""
        place = self.place()
        place.open()
        found: list[tuple[Any, ...]] = []

        def do(connection: Any) -> None:
            result = connection.execute(text(query))
            if result.returns_rows:
                found.extend(tuple(row) for row in result)

        try:
            place.write(do)
        finally:
            place.close()
        return found
