"""Copies of a database: always one SQLite file, so that each database can be restored from a copy of the other."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, create_engine, func, insert, literal, select, text

from astrolabe.adapters.storage import schema
from astrolabe.errors import InputError, StorageError

NOT_COPIED = frozenset({"processes", "writers"})
"""What tells of processes, none of which works on the copy."""
_ROWS_AT_ONCE = {"blobs": 4}
_MANY = 500


def copy_file(source: sqlite3.Connection, file: Path) -> None:
    """Copy a SQLite database as it is at one instant, while others write it; `file` is whole or not there.

    Raises:
        StorageError: it cannot be written, or what was copied is damaged.
    """
    with _aside(file) as aside:
        copy = sqlite3.connect(aside)
        try:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            fault = first_fault(copy)
        finally:
            copy.close()
        if fault:
            raise StorageError(
                f"the database is damaged, so that no copy was made: {fault}",
                hint="See: astrolabe database check",
            )


def export(source: Connection, file: Path) -> None:
    """Write every table of a server, as its transaction sees it, into a SQLite file."""
    with _aside(file) as aside, _engine(aside) as engine, engine.begin() as copy:
        schema.metadata.create_all(copy)
        copy.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        copy.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": schema.REVISION})
        _copy_rows(source, copy)


def load(file: Path | None, target: Connection) -> None:
    """Replace every row of a server by those of a SQLite file of the newest schema; by none without a file."""
    for table in schema.metadata.tables.values():
        target.execute(table.delete())
    if file is None:
        return
    with _engine(file) as engine, engine.connect() as source:
        _copy_rows(source, target)
    for table in schema.metadata.tables.values():
        number = table.autoincrement_column
        if number is not None and table.name not in NOT_COPIED:
            _number_on(target, table, number)


def _number_on(target: Connection, table: Table, number: Column[Any]) -> None:
    """Let a server number on after the rows that were put into a table with their numbers."""
    sequence = func.pg_get_serial_sequence(table.name, number.name)
    newest = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
    target.execute(select(func.setval(sequence, newest, literal(False))))


def revision_of(file: Path) -> str:
    """Return the schema a copy has; raises InputError when it is none of ours, or damaged."""
    hint = "Name a file that `astrolabe database backup` made."
    if not file.is_file():
        raise InputError(f"there is no file {file}", hint=hint)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            fault = first_fault(copy)
            (revision,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
            copy.execute("SELECT count(*) FROM runs").fetchone()
    except (sqlite3.Error, TypeError) as error:
        raise InputError(f"{file} is no backup of Astrolabe's: {error}", hint=hint) from error
    if fault:
        raise InputError(f"the backup {file} is damaged: {fault}", hint="Name another.")
    return str(revision)


def copied_whole(file: Path, copy: Path) -> Path:
    """Copy a SQLite file, with what a companion of it holds that was not yet written into it; return the copy."""
    shutil.copyfile(file, copy)
    companion = file.with_name(f"{file.name}-wal")
    if companion.exists():
        shutil.copyfile(companion, copy.with_name(f"{copy.name}-wal"))
        with contextlib.closing(sqlite3.connect(copy)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")
    return copy


def first_fault(connection: sqlite3.Connection) -> str:
    """Return the first damage of a SQLite database; empty when it is whole."""
    try:
        (told,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if told == "ok" else " ".join(str(told).split())


def _copy_rows(source: Connection, target: Connection) -> None:
    for table in schema.metadata.sorted_tables:
        if table.name not in NOT_COPIED:
            for rows in _parts(source, table):
                target.execute(insert(table), rows)


def _parts(source: Connection, table: Table) -> Iterable[list[dict[str, Any]]]:
    many = _ROWS_AT_ONCE.get(table.name, _MANY)
    result = source.execution_options(stream_results=True, yield_per=many).execute(select(table))
    for rows in result.mappings().partitions():
        yield [dict(row) for row in rows]


@contextlib.contextmanager
def _engine(file: Path) -> Generator[Engine]:
    engine = create_engine(f"sqlite:///{file}")
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def _aside(file: Path) -> Generator[Path]:
    """Give a name to write to; what was written there is made durable and gets its own name in the end."""
    aside = file.with_name(f".new-{file.name}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        yield aside
        make_durable(aside)
        aside.replace(file)
        make_durable(file.parent)
    except (OSError, sqlite3.OperationalError) as error:
        raise StorageError(
            f"the copy {file} could not be written: {error}",
            hint="Free disk space, or name a place that can be written.",
        ) from error
    finally:
        aside.unlink(missing_ok=True)


def make_durable(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, survive a loss of power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
