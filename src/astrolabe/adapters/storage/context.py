"""The shared context of runs in the database.

A version is a row that is only ever added, under its number: of two writers that add the same number the database lets one,
so no update is lost and none is torn. Each row carries the digest of its content. One that no longer agrees with it is kept
as it is, marked, and left out.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import insert_once
from astrolabe.domain.context import Shared
from astrolabe.errors import ConflictError, DeadlineError
from astrolabe.ports.determinism import Determinism

T = TypeVar("T")
WAIT_SECONDS, TRIES = 20.0, 3
_table = schema.context
_LAST = select(func.max(_table.c.version))


class SqlContexts:
    """The contexts of one tenant's runs."""

    def __init__(self, database: Database, determinism: Determinism, tenant: str) -> None:
        self._database = database
        self._determinism = determinism
        self._tenant = tenant

    async def get(self, run: str, key: str) -> Shared | None:
        newest = self._of(run, key).order_by(_table.c.version.desc())
        first = await self._rows(newest.limit(1))
        if not first or _is_sound(first[0]):
            return _shared(first[0]) if first else None
        rows = await self._rows(newest)
        await self._set_aside(rows)
        return _newest_sound(rows)

    async def set(
        self, run: str, key: str, text: str, *, by: str, step: str, expected: int | None = None
    ) -> Shared:
        row = {
            "tenant": self._tenant,
            "run": run,
            "key": key,
            "value": text,
            "digest": _digest(text),
            "by": by,
            "step": step,
            "at": self._determinism.now(),
            "damaged": 0,
        }

        def write(connection: Connection) -> Shared:
            return self._add(connection, row, expected)

        return await _patiently(lambda: self._database.writer.change(write))

    async def every(self, run: str) -> tuple[Shared, ...]:
        rows = await self._rows(self._of(run).order_by(_table.c.key, _table.c.version.desc()))
        await self._set_aside(rows)
        keys: dict[str, list[Row[Any]]] = {}
        for row in rows:
            keys.setdefault(row.key, []).append(row)
        found = (_newest_sound(versions) for versions in keys.values())
        return tuple(shared for shared in found if shared is not None)

    async def history(self, run: str, key: str) -> tuple[Shared, ...]:
        rows = await self._rows(self._of(run, key).order_by(_table.c.version))
        await self._set_aside(rows)
        return tuple(_shared(row) for row in rows if _is_sound(row))

    def _add(self, connection: Connection, row: dict[str, Any], expected: int | None) -> Shared:
        """Add a version; another writer that is faster makes it the one after that, unless one was expected."""
        mine = self._is(row["run"]) & (_table.c.step == row["step"])
        while True:
            known = connection.execute(select(_table).where(mine)).first()
            if known is not None:
                return _shared(known)
            here = self._is(row["run"], row["key"])
            number = connection.execute(_LAST.where(here)).scalar() or 0
            newest = connection.execute(_LAST.where(here, _table.c.damaged == 0)).scalar() or 0
            if expected is not None and newest != expected:
                raise ConflictError(
                    f"{row['key']!r} is at version {newest}, not {expected}",
                    hint="Read it again and decide anew; `update` does that by itself.",
                )
            insert_once(connection, _table, row | {"version": number + 1})

    async def _set_aside(self, rows: Sequence[Row[Any]]) -> None:
        """Mark what has become damaged, which stays as it is for whoever wants to mend it."""
        found = [row for row in rows if not row.damaged and not _is_sound(row)]
        if not found:
            return

        def write(connection: Connection) -> None:
            for row in found:
                here = self._is(row.run, row.key) & (_table.c.version == row.version)
                connection.execute(update(_table).where(here).values(damaged=1))

        await _patiently(lambda: self._database.writer.change(write))

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        return await _patiently(
            lambda: self._database.read(lambda connection: connection.execute(query).all())
        )

    def _of(self, run: str, key: str | None = None) -> Any:
        return select(_table).where(self._is(run, key))

    def _is(self, run: str, key: str | None = None) -> ColumnElement[bool]:
        here = and_(_table.c.tenant == self._tenant, _table.c.run == run)
        return here if key is None else here & (_table.c.key == key)


async def _patiently(once: Callable[[], Awaitable[T]]) -> T:
    """Wait a while, and again: what is asked for twice happens once, for it carries its step."""
    for _ in range(TRIES):
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await once()
        except TimeoutError:
            continue
    raise DeadlineError(
        f"the shared context could not be reached within {TRIES * WAIT_SECONDS:g} s",
        hint="The database is held by another process, or too slow. Once that is mended, type: astrolabe resume",
    )


def _newest_sound(rows: Sequence[Row[Any]]) -> Shared | None:
    """Return the first that can be trusted, of versions of one key from the newest on; it tells of those that cannot."""
    damaged: list[int] = []
    for row in rows:
        if _is_sound(row):
            return _shared(row, tuple(sorted(damaged)))
        damaged.append(row.version)
    return None


def _is_sound(row: Row[Any]) -> bool:
    return not row.damaged and _digest(row.value) == row.digest


def _shared(row: Row[Any], damaged: tuple[int, ...] = ()) -> Shared:
    return Shared(row.key, row.version, json.loads(row.value), row.by, row.at, damaged)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
