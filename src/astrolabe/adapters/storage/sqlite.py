"""One SQLite file: one writer a process, and readers beside it.

Two processes may write the same file. Without a lock of our own one of them starves (SQLite's busy handler polls without
fairness), and SQLite before 3.51.3 has a fault when two writers reset the log at once; hence one cross-process file lock
around every transaction, checkpoint and close.
"""

import contextlib
import fcntl
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.pool import QueuePool

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.faults import RefusedRowsError
from astrolabe.errors import StorageError

T = TypeVar("T")
BUSY_MILLISECONDS = 30_000


class SqliteFile:
    """A file in the state folder. What is committed is committed with `synchronous=FULL`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock_file = file.with_suffix(".lock")
        self._engine: Engine | None = None
        self._writing: Connection | None = None

    @property
    def name(self) -> str:
        return str(self._file)

    def open(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file.touch()
        except OSError as error:
            raise StorageError(
                f"the state folder {self._file.parent} cannot be written: {error.strerror}",
                hint="Set ASTROLABE_HOME to a folder you can write to.",
            ) from error
        engine = _engine(self._file)
        try:
            with _faults(self._file), self._exclusively():
                _bring_up(engine)
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine

    def close(self) -> None:
        if self._engine is not None:
            with _faults(self._file), self._exclusively():
                if self._writing is not None:
                    self._writing.close()
                self._engine.dispose()
            self._engine = self._writing = None

    def read(self, do: Callable[[Connection], T]) -> T:
        with _faults(self._file), self._opened().connect() as connection:
            return do(connection)

    def write(self, do: Callable[[Connection], None]) -> None:
        with _faults(self._file), self._transaction() as connection:
            do(connection)

    def probe(self) -> str:
        version = self.read(lambda connection: connection.execute(text("SELECT sqlite_version()")).scalar())
        return f"SQLite {version}"

    def _opened(self) -> Engine:
        if self._engine is None:
            raise StorageError("the database is closed")
        return self._engine

    @contextlib.contextmanager
    def _exclusively(self) -> Generator[None]:
        with self._lock_file.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _transaction(self) -> Generator[Connection]:
        """Begin on the writer's own connection; commit, or roll back when what is done in it fails."""
        with self._exclusively():
            connection = self._writing
            if connection is None or connection.invalidated:
                connection = self._writing = self._opened().connect()
            driver = connection.connection
            driver.cursor().execute("BEGIN IMMEDIATE")
            try:
                yield connection
                driver.commit()
            except BaseException:
                driver.rollback()
                raise
            finally:
                connection.rollback()  # ends what SQLAlchemy believes to have begun; the database knows of nothing more


def _engine(file: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        paramstyle="named",
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

    with engine.begin() as connection:  # of all migrations or none: half of one could never be upgraded again
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection, found)


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
    except (
        IntegrityError,
        DataError,
        sqlite3.IntegrityError,
        sqlite3.DataError,
        UnicodeEncodeError,
    ) as error:
        raise RefusedRowsError(_cause(error)) from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = _cause(error)
        raise StorageError(f"the database {file} failed: {cause}", hint=_hint(cause)) from error
    except OSError as error:
        raise StorageError(f"the database {file} failed: {error.strerror}", hint=_hint(str(error))) from error


def _cause(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _hint(cause: str) -> str:
    lowered = cause.lower()
    if "full" in lowered or "no space" in lowered:
        return "Free disk space, then type: astrolabe resume"
    if "i/o error" in lowered:
        return "See whether the disk is full or failing, then type: astrolabe resume"
    if "malformed" in lowered or "not a database" in lowered:
        return "Move the file away to start anew, or put back a copy of it."
    if "readonly" in lowered or "permission" in lowered:
        return "Make the file and its folder writable, or set ASTROLABE_HOME to another folder."
    return "Nothing that was reported as done is lost; try again."
