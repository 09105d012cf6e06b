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
from astrolabe.adapters.storage.backups import Backups
from astrolabe.adapters.storage.faults import RefusedRowsError
from astrolabe.adapters.storage.mending import Use, put_back, put_in_place, set_aside
from astrolabe.adapters.storage.snapshot import copy_file
from astrolabe.errors import RefusedError, StorageError

T = TypeVar("T")
BUSY_MILLISECONDS = 30_000
_COPIED_BYTES = 512 * 1024**2
"""Up to this size a file is copied once a day."""
_GONE = (
    "The state folder {folder} was moved or removed while it was used, and the runs are gone with it. Put back a copy of the "
    "whole folder: in it astrolabe.db-wal belongs to astrolabe.db. Without one, begin the run again."
)
_DAMAGE = ("malformed", "not a database", "disk image")


class SqliteFile:
    """A file in the state folder. What is committed is committed with `synchronous=FULL`.

    `report` is told in a sentence what a person should know: that the file was damaged, and what was done about it.
    """

    def __init__(self, file: Path, report: Callable[[str], None] = lambda _sentence: None) -> None:
        self._file = file
        self._report = report
        self._lock_file = file.with_suffix(".lock")
        self._use = Use(file)
        self._engine: Engine | None = None
        self._writing: Connection | None = None
        self._wrote = False
        self.backups = Backups(file.parent / "backups")

    @property
    def name(self) -> str:
        return str(self._file)

    def open(self) -> None:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._lock_file.touch()
            if self._use.is_suspect():
                self._mend()
            self._use.share()
        except OSError as error:
            raise StorageError(
                f"the state folder {self._file.parent} cannot be written: {error.strerror}",
                hint="Set ASTROLABE_HOME to a folder you can write to.",
            ) from error
        try:
            self._engine = self._brought_up()
        except BaseException:
            self._use.leave()
            raise

    def _brought_up(self) -> Engine:
        engine = _engine(self._file)
        try:
            with self._faults(), self._exclusively():
                _bring_up(engine, self._back_up)
                self._use.note_made()
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _mend(self) -> None:
        """Set a damaged file aside and go on from the newest good copy; raises StorageError when there is none."""
        with self._use.alone() as alone:
            fault = self._use.fault()
            if fault and not alone:
                raise StorageError(
                    f"the database {self._file} is damaged ({fault}), and other processes still have it open",
                    hint="End them, then run the same command again.",
                )
            if fault:
                self._report(put_back(self._file, fault, self.backups))
            self._use.clear()

    def _back_up(self, why: str) -> None:
        self.backups.make(why, self.copy_to)

    def close(self) -> None:
        if self._engine is not None:
            try:
                self._close(self._engine)
            finally:
                self._engine = self._writing = None
                self._use.leave()

    def _close(self, engine: Engine) -> None:
        if self._wrote:
            self._copy_daily()
        with self._faults(), self._exclusively():
            if self._writing is not None:
                self._writing.close()
            engine.dispose()

    def _copy_daily(self) -> None:
        try:
            with self._faults():
                due = self.backups.is_due(self._use.made_at())
                small = self._file.stat().st_size < _COPIED_BYTES
            if due and small:
                self._back_up("daily")
        except StorageError as error:
            self._report(f"Today's copy of the database could not be made: {error}")

    def read(self, do: Callable[[Connection], T]) -> T:
        with self._faults(), self._opened().connect() as connection:
            return do(connection)

    def write(self, do: Callable[[Connection], None]) -> None:
        with self._faults(), self._transaction() as connection:
            do(connection)
        self._wrote = True

    def probe(self) -> str:
        version = self.read(lambda connection: connection.execute(text("SELECT sqlite_version()")).scalar())
        return f"SQLite {version}"

    @contextlib.contextmanager
    def _faults(self) -> Generator[None]:
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
            if any(words in cause for words in _DAMAGE):
                self._use.suspect()
            raise StorageError(
                f"the database {self._file} failed: {cause}", hint=self._hint(cause)
            ) from error
        except OSError as error:
            raise StorageError(
                f"the database {self._file} failed: {error.strerror}", hint=self._hint(str(error))
            ) from error

    def _hint(self, cause: str) -> str:
        return _hint(cause) if self._file.exists() else _GONE.format(folder=self._file.parent)

    def size(self) -> int:
        files = [self._file, self._file.with_name(f"{self._file.name}-wal")]
        return sum(file.stat().st_size for file in files if file.exists())

    def damages(self) -> tuple[str, ...]:
        told = self.read(
            lambda connection: connection.execute(text("PRAGMA integrity_check(20)")).scalars().all()
        )
        return tuple(str(fault) for fault in told if fault != "ok")

    def copy_to(self, file: Path) -> None:
        with self._faults(), contextlib.closing(sqlite3.connect(self._file)) as source:
            copy_file(source, file)

    def replace_by(self, copy: Path | None, backups: Backups) -> Path | None:
        del backups  # what was there is kept as it is
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._use.alone() as alone:
            if not alone:
                raise RefusedError(
                    f"a process has the database {self._file} open", hint="End what runs, then try again."
                )
            aside = set_aside(self._file, "replaced")
            if copy is None:
                self._use.forget_made()
            else:
                put_in_place(copy, self._file)
            self._use.clear()
        return aside

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


def _bring_up(engine: Engine, back_up: Callable[[str], None]) -> None:
    """Make the schema the newest; a fresh or current database needs no migration tool, which takes long to import."""
    with engine.connect() as connection:
        found = _revision(connection)
    if found == schema.REVISION:
        return
    from astrolabe.adapters.storage.migrations import upgrade  # noqa: PLC0415 - slow to import, rarely needed

    if found is not None:
        back_up(f"before-{schema.REVISION}")
    with engine.begin() as connection:  # of all migrations or none: half of one could never be upgraded again
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        upgrade(connection, found)


def _revision(connection: Connection) -> str | None:
    tables = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
    if "alembic_version" not in tables:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _cause(error: Exception) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)


def _hint(cause: str) -> str:
    lowered = cause.lower()
    if "full" in lowered or "no space" in lowered:
        return "Free disk space, then type: astrolabe resume"
    if "i/o error" in lowered:
        return "See whether the disk is full or failing, then type: astrolabe resume"
    if any(words in lowered for words in _DAMAGE):
        return "Run the same command again: the file is set aside then, and the newest copy of it put in its place."
    if "readonly" in lowered or "permission" in lowered:
        return "Make the file and its folder writable, or set ASTROLABE_HOME to another folder."
    return "Nothing that was reported as done is lost; try again."
