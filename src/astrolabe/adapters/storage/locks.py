"""Locks by name, held until the transaction ends."""

from sqlalchemy import Connection, func, select


def one_at_a_time(connection: Connection, name: str) -> None:
    """Let only one transaction at a time come past here with the same name, in all processes.

    It is for rules no constraint can hold, of rows that are not there yet. On SQLite there is one transaction at a time.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
