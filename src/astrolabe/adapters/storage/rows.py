"""Rows to be written, gathered and then written a statement at a time."""

import contextlib
import json
from collections.abc import Collection, Hashable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Select, Table, bindparam, insert, or_
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.expression import UpdateBase

from astrolabe.domain.event import Event

Row = Mapping[str, Any]
_MOST_NAMES = 256
"""Names that one statement asks for."""


class Statement:
    """An insert or update whose values are all named; `columns` are those of an insert."""

    def __init__(self, expression: UpdateBase, columns: tuple[str, ...] | None = None) -> None:
        self._expression = expression
        self._columns = columns

    @lru_cache  # noqa: B019 - there are a dozen statements, each a constant of its module
    def text(self, dialect: Dialect) -> str:
        """Return it in a database's own words."""
        return str(self.words(dialect).compile(dialect=dialect, column_keys=self._columns))

    def words(self, dialect: Dialect) -> UpdateBase:
        """Return it as SQLAlchemy has it; most are the same for every database."""
        del dialect
        return self._expression


class Lookup:
    """A query for the rows that bear one of many names in a column; what else it needs is bound by name."""

    def __init__(self, query: Select[*tuple[Any, ...]], column: ColumnElement[str]) -> None:
        self._query = query
        self._column = column

    def rows(self, connection: Connection, names: Collection[str], **values: Any) -> list[tuple[Any, ...]]:
        """Return them, those of earlier names first where many are asked for."""
        found: list[tuple[Any, ...]] = []
        left = sorted(names)
        cursor = connection.connection.cursor()
        try:
            while left:
                some, left = left[:_MOST_NAMES], left[_MOST_NAMES:]
                size = 1 << (len(some) - 1).bit_length()  # few sizes, so that few statements are compiled
                named = {f"name{number}": some[min(number, len(some) - 1)] for number in range(size)}
                cursor.execute(self._text(connection.dialect, size), {**named, **values})
                found += cursor.fetchall()
        finally:
            cursor.close()
        return found

    @lru_cache  # noqa: B019 - there are a few, each a constant of its module
    def _text(self, dialect: Dialect, size: int) -> str:
        names = [self._column == bindparam(f"name{number}") for number in range(size)]
        return str(self._query.where(or_(*names)).compile(dialect=dialect))


class Rows:
    """What one transaction is to write. Statements about one row keep the order in which they were added."""

    def __init__(self) -> None:
        self._waves: list[dict[Statement, list[Row]]] = [{}]
        self._touched: dict[Hashable, Statement] = {}

    def add(self, statement: Statement, row: Row, key: Hashable) -> None:
        """Have `statement` executed with the values of `row`; `key` names the row it is about."""
        if self._touched.setdefault(key, statement) is not statement:
            self._waves.append({})
            self._touched = {key: statement}
        self._waves[-1].setdefault(statement, []).append(row)

    def write(self, connection: Connection) -> None:
        """Execute everything."""
        if not self._touched:
            return
        with _in_one_go(connection), contextlib.closing(connection.connection.cursor()) as cursor:
            for wave in self._waves:
                for statement, rows in wave.items():
                    cursor.executemany(statement.text(connection.dialect), rows)


def _in_one_go(connection: Connection) -> contextlib.AbstractContextManager[Any]:
    """Where the database is a server's, send all before waiting for the first answer."""
    driver: Any = connection.connection.driver_connection
    return driver.pipeline() if connection.dialect.name == "postgresql" else contextlib.nullcontext()


def json_text(data: Mapping[str, Any]) -> str:
    """Return JSON as it is stored."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def insert_once(connection: Connection, table: Table, row: Row) -> bool:
    """Insert a row unless one with its key is there; tell whether it was inserted."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(**row))
    except IntegrityError:
        return False
    return True


def event_of(row: Found[Any]) -> Event:
    """Return the event that a row of the log holds."""
    return Event(
        run=row.run,
        seq=row.seq,
        type=row.type,
        v=row.v,
        at=row.at,
        task=row.task,
        attempt=row.attempt,
        actor=row.actor,
        data=json.loads(row.data),
    )
