"""One SQLite file: a writer that commits whatever waits in one transaction, and readers beside it.

Two processes may write the same file. Without a lock of our own one of them starves (SQLite's busy handler polls without
fairness), and SQLite before 3.51.3 has a fault when two writers reset the log at once; hence one cross-process file lock
around every transaction, checkpoint and close.
"""

import asyncio
import contextlib
import fcntl
import queue
import sqlite3
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from astrolabe.adapters.storage import schema
from astrolabe.errors import AstrolabeError, StorageError

T = TypeVar("T")
BUSY_MILLISECONDS = 30_000


@dataclass
class _Work:
    """A change and the future its caller waits on."""

    do: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"
    outcome: Any = None
    error: BaseException | None = None


class Database:
    """Opened once a process, closed once. Everything it returns has been committed with `synchronous=FULL`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock_file = file.with_suffix(".lock")
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._writer: threading.Thread | None = None

    def open(self) -> None:
        """Create or upgrade the file and start the writer.

        Raises:
            StorageError: the folder cannot be written, the file is damaged, or it comes from a newer Astrolabe.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file.touch()
        except OSError as error:
            raise StorageError(
                f"the state folder {self._file.parent} cannot be written: {error.strerror}",
                hint="Set ASTROLABE_HOME to a folder you can write to.",
            ) from error
        self._engine = _engine(self._file)
        with _faults(self._file), self._exclusively():
            _bring_up(self._engine)
        self._writer = threading.Thread(target=self._write_forever, name="journal-writer", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Commit what waits, then close."""
        if self._writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        if self._engine is not None:
            with self._exclusively():
                self._engine.dispose()
            self._engine = None

    async def write(self, do: Callable[[Connection], T]) -> T:
        """Run `do` in the writer's next transaction, in a savepoint of its own; return when that is committed."""
        loop = asyncio.get_running_loop()
        work = _Work(do, loop, loop.create_future())
        self._queue.put(work)
        return await work.done

    async def read(self, do: Callable[[Connection], T]) -> T:
        """Run `do` on a snapshot of what is committed."""
        return await asyncio.to_thread(self._read, do)

    def _read(self, do: Callable[[Connection], T]) -> T:
        with _faults(self._file), self._connected() as connection:
            return do(connection)

    @contextlib.contextmanager
    def _connected(self) -> Generator[Connection]:
        if self._engine is None:
            raise StorageError("the database is closed")
        with self._engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def _exclusively(self) -> Generator[None]:
        with self._lock_file.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)

    def _write_forever(self) -> None:
        with self._connected() as connection:
            ended = False
            while not ended:
                batch, ended = self._waiting()
                if batch:
                    self._commit(connection, batch)
                    _answer(batch)

    def _waiting(self) -> tuple[list[_Work], bool]:
        """Wait for the first piece of work, then take all that has come meanwhile."""
        first = self._queue.get()
        batch: list[_Work] = []
        while True:
            if first is None:
                return batch, True
            batch.append(first)
            try:
                first = self._queue.get_nowait()
            except queue.Empty:
                return batch, False

    def _commit(self, connection: Connection, batch: list[_Work]) -> None:
        try:
            with _faults(self._file), self._exclusively():
                connection.execute(text("BEGIN IMMEDIATE"))
                try:
                    for work in batch:
                        _in_savepoint(connection, work)
                    connection.commit()
                except BaseException:
                    connection.rollback()
                    raise
        except Exception as error:  # noqa: BLE001 - the writer serves every caller: each of them is told
            for work in batch:
                work.error = work.error or error


def _in_savepoint(connection: Connection, work: _Work) -> None:
    """Do one piece of work; when it is refused, only its own rows are taken back."""
    try:
        with connection.begin_nested():
            work.outcome = work.do(connection)
    except (AstrolabeError, IntegrityError) as error:
        work.error = error


def _answer(batch: list[_Work]) -> None:
    for loop in {work.loop for work in batch}:
        mine = [work for work in batch if work.loop is loop]
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, mine)


def _resolve(batch: list[_Work]) -> None:
    for work in batch:
        if work.done.done():
            continue
        if work.error is not None:
            work.done.set_exception(work.error)
        else:
            work.done.set_result(work.outcome)


def _engine(file: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=8,
        connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
    )

    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by us, so that a batch is exactly one
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MILLISECONDS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", configure)
    return engine


def _bring_up(engine: Engine) -> None:
    """Make the schema the newest; a fresh or current database needs no migration tool, which takes long to import."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found == schema.REVISION:
        return
    from astrolabe.adapters.storage.migrations import upgrade  # noqa: PLC0415 - slow to import, rarely needed

    upgrade(engine, found)


def _revision(connection: Connection) -> str | None:
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    if "alembic_version" not in tables:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextlib.contextmanager
def _faults(file: Path) -> Generator[None]:
    """Turn the database's own errors into ours, each with what can be done."""
    try:
        yield
    except DBAPIError as error:
        cause = str(error.orig)
        raise StorageError(f"the database {file} failed: {cause}", hint=_hint(cause)) from error
    except OSError as error:
        raise StorageError(f"the database {file} failed: {error.strerror}", hint=_hint(str(error))) from error


def _hint(cause: str) -> str:
    lowered = cause.lower()
    if "full" in lowered or "no space" in lowered:
        return "Free disk space, then type: astrolabe resume"
    if "malformed" in lowered or "not a database" in lowered:
        return "Move the file away to start anew, or put back a copy of it."
    if "readonly" in lowered or "permission" in lowered:
        return "Make the file and its folder writable, or set ASTROLABE_HOME to another folder."
    return "Nothing that was reported as done is lost; try again."
