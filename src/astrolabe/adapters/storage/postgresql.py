"""A PostgreSQL server, shared by any number of processes on any number of hosts (extra `astrolabe[postgresql]`).

Three things differ from a file. Rows are locked, in the order of their ids, instead of the whole database; a deadlock that
comes about nevertheless is begun anew. The server may be restarted: whoever waits is served once it is back. And a
connection may break while a commit is under way: each process therefore counts its commits in a row of its own (table
`writers`), written in the same transaction, and looks there afterwards whether the last one happened.
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.backups import Backups
from astrolabe.adapters.storage.faults import RefusedRowsError
from astrolabe.adapters.storage.snapshot import export, load
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.errors import RefusedError, StorageError

T = TypeVar("T")
PATIENCE_SECONDS = 60.0
"""How long a server may be away before those who wait are told."""
_PAUSE_SECONDS = 0.05, 2.0
"""The shortest and the longest pause between two tries."""
_CONNECTIONS = 8
_AWAY = {"08", "57"}
"""Classes of SQLSTATE: connection exception, operator intervention (the server is being stopped, or is starting)."""
_AGAIN = {"40001", "40P01", "53300", "55P03"}
"""Serialization failure, deadlock, too many connections, lock not available: nothing was written."""
_REFUSED = {"21", "22", "23"}
"""Cardinality violation, data exception, integrity constraint violation."""
_CONNECT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""For libpq: a server that cannot be reached any more is noticed after 15 to 25 s."""
_HINTS = {
    "28": "Check user and password in ASTROLABE_DATABASE_URL.",
    "3D": "Create it first (createdb NAME), or name another in ASTROLABE_DATABASE_URL.",
    "42501": "Let the user of ASTROLABE_DATABASE_URL create and write tables in that database.",
    "42P07": "Name a database or schema of Astrolabe's own in ASTROLABE_DATABASE_URL.",
    "25006": "Name the server that takes writes in ASTROLABE_DATABASE_URL: this one is a copy of it, or set to read-only.",
    "53": "Free disk space, memory or connections of the server, then type: astrolabe resume",
    "58": "See the server's log: its disk may be failing. Once that is mended, type: astrolabe resume",
}
_WAIT = "See whether the server runs and can be reached, then type: astrolabe resume"


class PostgresServer:
    """A database on a server. Its URL is `postgresql://user:password@host/database`, as libpq understands it."""

    def __init__(self, url: str, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._url = _psycopg_url(url)
        self._patience = patience_seconds
        self._engine: Engine | None = None
        self._readers: Engine | None = None
        self._writing: Connection | None = None
        self._token = uuid.uuid4().hex[:26]
        self._application = f"astrolabe {self._token}"
        self._number = 0
        self._closing = threading.Event()

    @property
    def name(self) -> str:
        return self._url.set(query={}, drivername="postgresql").render_as_string(hide_password=True)

    @property
    def url(self) -> str:
        """The whole URL for libpq, with the password."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    def open(self) -> None:
        engine = _engine(self._url, self._application)
        event.listen(engine, "checkin", self._given_back)
        try:
            with self._faults():
                _bring_up(engine)
                with engine.begin() as connection:
                    connection.execute(_ENTER, {"token": self._token})
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine
        self._readers = engine.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        self._closing.set()
        if self._engine is not None:
            with contextlib.suppress(StorageError), self._faults(), self._engine.begin() as connection:
                connection.execute(_LEAVE, {"token": self._token})
            self._forget_connection()
            self._engine.dispose()
            self._engine = self._readers = None

    def _given_back(self, _connection: Any, entry: ConnectionPoolEntry) -> None:
        """Close a connection that a thread has still had when this was closed: nobody else would."""
        if self._closing.is_set():
            entry.invalidate()

    def read(self, do: Callable[[Connection], T]) -> T:
        def once() -> T:
            if self._readers is None:
                raise StorageError("the database is closed")
            with self._readers.connect() as connection:
                return do(connection)

        with self._faults():
            return self._patiently(once)

    def write(self, do: Callable[[Connection], None]) -> None:
        self._number += 1
        with self._faults():
            self._patiently(lambda: self._commit(do))

    def probe(self) -> str:
        version = self.read(lambda connection: connection.execute(text("SHOW server_version")).scalar())
        return f"PostgreSQL {version}"

    def listen(self, channel: str) -> "psycopg.Connection[Any]":
        """Return a connection of its own on which notifications of a channel arrive; raises psycopg.Error."""
        connection = psycopg.connect(
            self.url, autocommit=True, application_name=self._application, **_CONNECT
        )
        connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
        return connection

    def notify(self, channel: str) -> None:
        """Notify whoever listens on a channel. Raises StorageError."""
        with self._faults(), self._opened().begin() as connection:
            connection.execute(select(func.pg_notify(channel, "")))

    def size(self) -> int:
        size = text("SELECT pg_database_size(current_database())")
        return int(self.read(lambda connection: connection.execute(size).scalar_one()))

    def damages(self) -> tuple[str, ...]:
        return ()  # a server sees to its own files

    def copy_to(self, file: Path) -> None:
        self.read(lambda connection: export(connection, file))

    def replace_by(self, copy: Path | None, backups: Backups) -> Path | None:
        self.open()
        try:
            kept = backups.make("replaced", self.copy_to)
            if copy is not None:
                upgraded = SqliteFile(copy)
                upgraded.open()
                upgraded.close()
            with self._faults(), self._opened().begin() as connection:
                self._replace_by(copy, connection)
        finally:
            self.close()
        return kept

    def _replace_by(self, copy: Path | None, connection: Connection) -> None:
        tables = ", ".join(schema.metadata.tables)
        connection.execute(text(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"))
        others = connection.execute(_OTHERS, {"mine": self._application}).scalar_one()
        if others:
            raise RefusedError(
                f"other processes have the database {self.name} open (connections: {others})",
                hint="End what runs on it, on every host, then try again.",
            )
        load(copy, connection)

    def _commit(self, do: Callable[[Connection], None]) -> None:
        """Do and commit; where a former try broke off in its commit, first see what became of that."""
        connection = self._writing
        if connection is None:
            connection = self._opened().connect()
            if self._committed(connection):
                connection.close()
                return
            self._writing = connection
        try:
            connection.begin()
            do(connection)
            connection.execute(_COUNT, {"token": self._token, "number": self._number})
            connection.commit()
        except BaseException as error:
            self._take_back(connection, error)
            raise

    def _committed(self, connection: Connection) -> bool:
        """Tell whether the transaction of the current number happened; one that is still under way is waited for."""
        with connection.begin():
            number = connection.execute(_LAST, {"token": self._token}).scalar()
        if number is None:
            raise StorageError(
                "whether the last transaction was written cannot be told: this process's row is gone",
                hint="What is in the log holds. Type: astrolabe resume",
            )
        return number >= self._number

    def _take_back(self, connection: Connection, error: BaseException) -> None:
        if _is_lost(error):
            self._forget_connection()
            return
        try:
            connection.rollback()
            connection.connection.rollback()
        except (DBAPIError, psycopg.Error):  # lost as well: the server takes it back by itself
            self._forget_connection()

    def _forget_connection(self) -> None:
        if self._writing is not None:
            self._writing.invalidate()
            self._writing.close()
            self._writing = None

    def _patiently(self, once: Callable[[], T]) -> T:
        """Try until it works, it fails for good, or patience is over."""
        deadline = time.monotonic() + self._patience
        pause, longest = _PAUSE_SECONDS
        while True:
            try:
                return once()
            except (DBAPIError, psycopg.Error, PoolTimeoutError) as error:
                if not _passes(error) or time.monotonic() + pause > deadline or self._closing.is_set():
                    raise
            time.sleep(pause)
            pause = min(pause * 2, longest)

    def _opened(self) -> Engine:
        if self._engine is None:
            raise StorageError("the database is closed")
        return self._engine

    @contextlib.contextmanager
    def _faults(self) -> Generator[None]:
        """Turn the server's own errors into ours, each with what can be done."""
        try:
            yield
        except (DBAPIError, psycopg.Error, PoolTimeoutError) as error:
            state = _state(error)
            if state[:2] in _REFUSED:
                raise RefusedRowsError(_cause(error)) from error
            raise StorageError(
                f"the database {self.name} failed: {_cause(error)}", hint=_hint(error)
            ) from error


class _Text(StrDumperUnknown):
    """Text as PostgreSQL takes it.

    It has no NUL, which becomes U+FFFD here, and no lone surrogates, which are written as escapes. JSON, in which all that is
    told in full is kept, is not changed by either: it writes NUL as an escape, and reads that of a surrogate.
    """

    def dump(self, obj: str) -> Any:
        try:
            return super().dump(obj)
        except (psycopg.DataError, UnicodeEncodeError):
            return obj.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "backslashreplace")


def _psycopg_url(url: str) -> URL:
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        raise StorageError(
            "ASTROLABE_DATABASE_URL is no URL", hint="Write it as postgresql://user:password@host/database"
        ) from None  # the cause would show the password
    return made.set(drivername="postgresql+psycopg")


def _engine(url: URL, application: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=_CONNECTIONS - 2,
        pool_timeout=PATIENCE_SECONDS,
        hide_parameters=True,
        connect_args={**_CONNECT, "application_name": application},
    )
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: "psycopg.Connection[Any]", _record: object) -> None:
    connection.adapters.register_dumper(str, _Text)
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') <> 'remote_apply'"
    )
    # a process that was frozen within a transaction must not hold its locks for longer than it may be away
    connection.execute("SET idle_in_transaction_session_timeout = '10s'")
    connection.commit()


def _bring_up(engine: Engine) -> None:
    """Make the schema the newest; of processes that begin at once, one does and the others wait for it."""
    with engine.connect() as connection:
        if _revision(connection) == schema.REVISION:
            return
    from astrolabe.adapters.storage.migrations import upgrade  # noqa: PLC0415 - slow to import, rarely needed

    with engine.begin() as connection:  # of all migrations or none
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('astrolabe migration', 0))"))
        found = _revision(connection)
        if found != schema.REVISION:
            upgrade(connection, found)


def _revision(connection: Connection) -> str | None:
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _original(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _state(error: BaseException) -> str:
    """Return the SQLSTATE, empty when the server has not said any."""
    return getattr(_original(error), "sqlstate", None) or ""


def _cause(error: BaseException) -> str:
    return " ".join(str(_original(error)).split())


def _hint(error: BaseException) -> str:
    state, cause = _state(error), _cause(error)
    if not state and "FATAL" in cause:  # refused a connection: libpq tells why in words only
        state = "3D" if "database" in cause and "not exist" in cause else "28"
    return _HINTS.get(state) or _HINTS.get(state[:2]) or _WAIT


def _is_lost(error: BaseException) -> bool:
    """Tell whether the connection is gone with the error; without a SQLSTATE, it is the connection that failed."""
    original = _original(error)
    if not isinstance(original, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return not _state(error) or _state(error)[:2] in _AWAY or _state(error) == "25P03"


def _passes(error: BaseException) -> bool:
    """Tell whether trying again may work by itself."""
    return _state(error) in _AGAIN or _is_lost(error)


_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name LIKE 'astrolabe %' AND application_name <> :mine"
)
_ENTER = text(
    "INSERT INTO writers (token, number, at) VALUES (:token, 0, extract(epoch FROM clock_timestamp()))"
)
_COUNT = text(
    "UPDATE writers SET number = :number, at = extract(epoch FROM clock_timestamp()) WHERE token = :token"
)
_LAST = text("SELECT number FROM writers WHERE token = :token FOR UPDATE")
_LEAVE = text("DELETE FROM writers WHERE token = :token")
