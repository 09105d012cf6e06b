"""What is kept by the SHA-256 of its content: as files, or on a server as rows."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.errors import MissingError, StorageError
from astrolabe.ports.determinism import Determinism

PIECE_BYTES = 4 * 1024**2
NEW, LEFT_SECONDS = ".new-", 60.0
"""How files are called while they are written, and when one of them was left behind."""
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
        if place.exists():
            return digest
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._write(place, content)
        except OSError as error:
            raise StorageError(
                f"a result could not be kept in {self._folder}: {error.strerror}",
                hint="Free disk space or make the folder writable, then type: astrolabe resume",
            ) from error
        return digest

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

    def _write(self, place: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=NEW, delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(place)
                _make_durable(place.parent)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def _age(file: Path, now: float) -> float:
    """Return for how many seconds a file has not been written; none for one that is gone."""
    try:
        return now - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _make_durable(folder: Path) -> None:
    """Make durable which names a folder holds: without it a loss of power may take back a rename."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


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
        if not await self._database.read(lambda connection: self._known(connection, digest)):
            pieces = max(1, -(-len(content) // PIECE_BYTES))
            for piece in reversed(range(pieces)):
                part = content[piece * PIECE_BYTES : (piece + 1) * PIECE_BYTES]
                await self._add({"digest": digest, "piece": piece, "pieces": pieces, "content": part})
        return digest

    async def get(self, digest: str) -> bytes:
        rows = await self._database.read(lambda connection: self._pieces(connection, digest))
        if not rows or rows[0].piece != 0 or len(rows) != rows[0].pieces:
            raise _missing(digest)
        return b"".join(row.content for row in rows)

    async def _add(self, row: dict[str, object]) -> None:
        values = {**row, "tenant": self._tenant, "at": self._determinism.now()}
        query = insert(schema.blobs).values(**values).on_conflict_do_nothing()
        await self._database.writer.change(lambda connection: connection.execute(query))

    def _known(self, connection: Connection, digest: str) -> bool:
        table = schema.blobs
        first = select(table.c.piece).where(
            table.c.tenant == self._tenant, table.c.digest == digest, table.c.piece == 0
        )
        return connection.execute(first).first() is not None

    def _pieces(self, connection: Connection, digest: str) -> Sequence[Row[Any]]:
        table = schema.blobs
        mine = (table.c.tenant == self._tenant) & (table.c.digest == digest)
        return connection.execute(select(table).where(mine).order_by(table.c.piece)).all()


def _missing(digest: str) -> MissingError:
    return MissingError(f"there is no blob {digest}")
