"""What is kept by the SHA-256 of its content: as files, or on a server as rows."""

import asyncio
import contextlib
import fcntl
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.shelves import NEW, pieces_of, shelf_lock, write_blob
from astrolabe.errors import MissingError, StorageError
from astrolabe.ports.determinism import Determinism

LEFT_SECONDS = 60.0
"""When a file that is being written counts as left behind."""
MOST_BYTES = 1024**3
"""Of one blob on a server."""


class Blobs(Protocol):
    """Contents by digest. What can be read is whole."""

    async def put(self, content: bytes) -> str:
        """Keep `content` durably; return its digest in hex. Raises StorageError."""
        ...

    async def get(self, digest: str) -> bytes:
        """Return the content; MissingError when there is no such blob, StorageError when it cannot be read."""
        ...


class FileBlobs:
    """A folder of blobs: each is written aside, made durable, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def tidy(self, now: float) -> int:
        """Remove what writers that were killed have left behind for a minute; return how many files."""
        left = [file for file in self._folder.glob(f"{NEW}*") if _age(file, now) > LEFT_SECONDS]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)

    async def put(self, content: bytes) -> str:
        return await asyncio.to_thread(self._put, content)

    async def get(self, digest: str) -> bytes:
        return await asyncio.to_thread(self._get, digest)

    def _put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        try:
            if not self._is_kept(place):
                write_blob(place, content)
        except OSError as error:
            raise StorageError(
                f"a result could not be kept in {self._folder}: {error.strerror}",
                hint="Free disk space or make the folder writable, then type: astrolabe resume",
            ) from error
        return digest

    def _is_kept(self, place: Path) -> bool:
        """Tell whether a blob is there already, and have it stay: it counts as written now."""
        if not place.exists():
            return False
        with shelf_lock(self._folder, fcntl.LOCK_SH), contextlib.suppress(FileNotFoundError):
            os.utime(place)
            return True
        return False

    def _get(self, digest: str) -> bytes:
        try:
            return self._place(digest).read_bytes()
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise StorageError(
                f"a result kept in {self._folder} cannot be read: {error.strerror}",
                hint="See whether the disk is failing, and who may read the folder.",
            ) from error

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]


def _age(file: Path, now: float) -> float:
    """Return for how many seconds a file has not been written; none for one that is gone."""
    try:
        return now - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


class ServerBlobs:
    """Blobs in a table on a server, so that every host reaches them: in pieces, of which the first is written last."""

    def __init__(self, database: Database, determinism: Determinism, tenant: str = "default") -> None:
        self._database = database
        self._determinism = determinism
        self._tenant = tenant

    async def put(self, content: bytes) -> str:
        if len(content) > MOST_BYTES:
            raise StorageError(
                f"a result of {len(content):,} bytes is too large to be kept on a server ({MOST_BYTES:,})",
                hint="Let the check leave less, or print less.",
            )
        digest = await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest())
        if not await self._database.writer.change(lambda connection: self._is_kept(connection, digest)):
            row = {"tenant": self._tenant, "digest": digest, "at": self._determinism.now()}
            for piece in pieces_of(content, row):
                query = insert(schema.blobs).values(**piece).on_conflict_do_nothing()
                await self._database.writer.change(lambda connection, query=query: connection.execute(query))
        return digest

    async def get(self, digest: str) -> bytes:
        rows = await self._database.read(lambda connection: self._pieces(connection, digest))
        if not rows or rows[0].piece != 0 or len(rows) != rows[0].pieces:
            raise _missing(digest)
        return b"".join(row.content for row in rows)

    def _is_kept(self, connection: Connection, digest: str) -> bool:
        """Tell whether a blob is there already, and have it stay: it counts as written now."""
        table = schema.blobs
        first = (table.c.tenant == self._tenant) & (table.c.digest == digest) & (table.c.piece == 0)
        return bool(
            connection.execute(update(table).where(first).values(at=self._determinism.now())).rowcount
        )

    def _pieces(self, connection: Connection, digest: str) -> Sequence[Row[Any]]:
        table = schema.blobs
        mine = (table.c.tenant == self._tenant) & (table.c.digest == digest)
        return connection.execute(select(table).where(mine).order_by(table.c.piece)).all()


def _missing(digest: str) -> MissingError:
    return MissingError(f"there is no blob {digest}")
