"""What lies among the blobs, and removing what nobody needs: a file or row somebody has put since then stays."""

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, delete, exists, func, insert, select

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Place
from astrolabe.adapters.storage.snapshot import make_durable

LEFT_BEHIND_SECONDS = 3600.0
"""No process writes a blob for longer than this: what is older was left by one that was killed."""
NEW = ".new-"
"""How files are called while they are written."""
PIECE_BYTES = 4 * 1024**2
"""A blob is kept on a server in rows of at most this size."""
_DIGEST_LENGTH = 64


class Shelf(Protocol):
    """Where blobs lie, whatever tenant they are of."""

    def known(self, written_before: float) -> tuple[str, ...]: ...

    def remove(self, digest: str, written_before: float) -> int:
        """Remove a blob if nobody has put it since; return its size in bytes."""
        ...

    def sweep(self) -> None:
        """Remove what killed processes left half written."""
        ...

    def adopt(self, place: Place) -> None:
        """Take over the blobs of a copy that came from the other kind of database; `place` is open."""
        ...


class FileShelf:
    """A folder of blobs; see `FileBlobs`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def known(self, written_before: float) -> tuple[str, ...]:
        found: list[str] = []
        for file in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            with contextlib.suppress(FileNotFoundError):
                if file.stat().st_mtime < written_before and not file.name.startswith("."):
                    found.append(file.parent.name + file.name)
        return tuple(sorted(digest for digest in found if len(digest) == _DIGEST_LENGTH))

    def remove(self, digest: str, written_before: float) -> int:
        file = self._folder / digest[:2] / digest[2:]
        with shelf_lock(self._folder, fcntl.LOCK_EX), contextlib.suppress(FileNotFoundError):
            status = file.stat()
            if status.st_mtime < written_before:
                file.unlink()
                return status.st_size
        return 0

    def adopt(self, place: Place) -> None:
        table = schema.blobs
        query = select(table.c.digest).distinct()
        digests = place.read(lambda connection: connection.execute(query).scalars().all())
        for digest in digests:
            pieces = (
                select(table.c.content)
                .where(table.c.digest == digest)
                .order_by(table.c.tenant, table.c.piece)
            )
            parts = place.read(lambda connection, query=pieces: connection.execute(query).scalars().all())
            write_blob(self._folder / digest[:2] / digest[2:], b"".join(parts))
        if digests:
            place.write(lambda connection: _run(connection, delete(table)))

    def sweep(self) -> None:
        for file in (*self._folder.glob(f"{NEW}*"), *self._folder.glob(f"[0-9a-f][0-9a-f]/{NEW}*")):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > LEFT_BEHIND_SECONDS:
                    file.unlink()


class TableShelf:
    """A table of blobs; see `ServerBlobs`. `folder` is where they lay while the state was kept in a file."""

    def __init__(self, place: Place, folder: Path) -> None:
        self._place = place
        self._folder = folder

    def known(self, written_before: float) -> tuple[str, ...]:
        table = schema.blobs
        query = select(table.c.digest).where(table.c.piece == 0, table.c.at < written_before).distinct()
        return self._place.read(
            lambda connection: tuple(connection.execute(query.order_by(table.c.digest)).scalars())
        )

    def remove(self, digest: str, written_before: float) -> int:
        table = schema.blobs
        removed: list[int] = []

        def do(connection: Connection) -> None:
            removed.clear()
            firsts = select(table.c.tenant, table.c.at).where(table.c.digest == digest, table.c.piece == 0)
            for first in connection.execute(firsts.with_for_update()).all():
                if first.at < written_before:
                    pieces = (table.c.tenant == first.tenant) & (table.c.digest == digest)
                    size = select(func.coalesce(func.sum(func.length(table.c.content)), 0)).where(pieces)
                    removed.append(int(connection.execute(size).scalar_one()))
                    connection.execute(delete(table).where(pieces))

        self._place.write(do)
        return sum(removed)

    def adopt(self, place: Place) -> None:
        for digest in FileShelf(self._folder).known(float("inf")):
            content = (self._folder / digest[:2] / digest[2:]).read_bytes()
            rows = pieces_of(content, {"tenant": "default", "digest": digest, "at": time.time()})
            place.write(lambda connection, rows=rows: _run(connection, insert(schema.blobs), rows))

    def sweep(self) -> None:
        table, first = schema.blobs, schema.blobs.alias()
        whole = exists().where(
            first.c.tenant == table.c.tenant, first.c.digest == table.c.digest, first.c.piece == 0
        )
        left = delete(table).where(table.c.at < time.time() - LEFT_BEHIND_SECONDS, ~whole)
        self._place.write(lambda connection: _run(connection, left))


def pieces_of(content: bytes, row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows a blob is kept in on a server, the first one last."""
    parts = [content[begin : begin + PIECE_BYTES] for begin in range(0, len(content), PIECE_BYTES)] or [b""]
    made = [
        {**row, "piece": number, "pieces": len(parts), "content": part} for number, part in enumerate(parts)
    ]
    return made[::-1]


def write_blob(place: Path, content: bytes) -> None:
    """Write a blob aside, make it durable, then give it its name; raises OSError."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent.parent, prefix=NEW, delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(place)
            make_durable(place.parent)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _run(connection: Connection, query: Any, rows: list[dict[str, Any]] | None = None) -> None:
    connection.execute(query, rows)


@contextlib.contextmanager
def shelf_lock(folder: Path, how: int) -> Generator[None]:
    """Hold the lock on a folder of blobs: shared to say that one is needed, exclusive to remove one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield
