"""What is remembered of projects, in rows.

A source and all that belongs to it are written in one transaction, which also raises its project's number: whoever holds
an index of the project sees by that one number whether it is still whole.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, tuple_, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import insert_once
from astrolabe.domain.memory import Chunk, Origin, Source
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.memory import Findable, NewSource, Remembering

_projects, _sources, _chunks = schema.memory_projects, schema.memory_sources, schema.memory_chunks
_AT_ONCE = 400
"""Rows that one statement names or adds."""
_TOLD = [_sources.c[name] for name in ("id", "origin", "name", "title", "digest", "model", "chunks", "at")]
_FINDABLE = [_sources.c[name] for name in ("id", "model", "chunks", "directions", "words")]


class SqlMemory:
    """The memory of one tenant."""

    def __init__(self, database: Database, determinism: Determinism, tenant: str) -> None:
        self._database = database
        self._determinism = determinism
        self._tenant = tenant

    async def revision(self, project: str) -> int:
        query = select(_projects.c.revision).where(self._here(_projects, project))
        return await self._database.read(lambda connection: connection.execute(query).scalar()) or 0

    async def sources(self, project: str) -> tuple[Source, ...]:
        query = select(*_TOLD).where(self._here(_sources, project))
        query = query.order_by(_sources.c.origin, _sources.c.name)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(map(_source, rows))

    async def findable(
        self, project: str, without: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[Findable, ...]]:
        here = self._here(_sources, project)

        def read(connection: Connection) -> tuple[tuple[str, ...], tuple[Findable, ...]]:
            ids = tuple(
                connection.execute(select(_sources.c.id).where(here).order_by(_sources.c.id)).scalars()
            )
            found: list[Findable] = []
            for some in _parts([one for one in ids if one not in without]):
                query = select(*_FINDABLE).where(here, _sources.c.id.in_(some)).order_by(_sources.c.id)
                found += [Findable(*row) for row in connection.execute(query)]
            return ids, tuple(found)

        return await self._database.read(read)

    async def pieces(
        self, project: str, wanted: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], tuple[Source, Chunk]]:
        columns = [_chunks.c[name] for name in ("number", "text", "first", "last", "heading")]
        query = select(*_TOLD, *columns).join(_chunks, _chunks.c.source == _sources.c.id)
        query = query.where(self._here(_sources, project))

        def read(connection: Connection) -> dict[tuple[str, int], tuple[Source, Chunk]]:
            rows: list[Row[Any]] = []
            for some in _parts(wanted):
                named = tuple_(_chunks.c.source, _chunks.c.number).in_(some)
                rows += connection.execute(query.where(named)).all()
            return {(row.id, row.number): (_source(row), _chunk(row)) for row in rows}

        return await self._database.read(read)

    async def keep(self, project: str, sources: Sequence[NewSource]) -> None:
        at = self._determinism.now()
        kept = [(self._determinism.new_id(), source) for source in sources]

        def write(connection: Connection) -> None:
            self._advance(connection, project)
            self._drop(
                connection, _sources.c.key.in_([_key(one.origin, one.name) for one in sources]), project
            )
            connection.execute(insert(_sources), [self._row(project, one, told, at) for one, told in kept])
            chunks = [
                self._chunk_row(one, number, chunk)
                for one, told in kept
                for number, chunk in enumerate(told.chunks)
            ]
            for some in _parts(chunks):
                connection.execute(insert(_chunks), some)

        if sources:
            await self._database.writer.change(write)

    async def forget(self, project: str, ids: Sequence[str]) -> int:
        def write(connection: Connection) -> int:
            self._advance(connection, project)
            return sum(self._drop(connection, _sources.c.id.in_(some), project) for some in _parts(ids))

        return await self._database.writer.change(write) if ids else 0

    async def projects(self) -> tuple[Remembering, ...]:
        same = (_sources.c.tenant == _projects.c.tenant) & (_sources.c.scope == _projects.c.scope)
        query = (
            select(_projects.c.project, func.count(), func.sum(_sources.c.chunks))
            .join(_sources, same)
            .where(_projects.c.tenant == self._tenant)
            .group_by(_projects.c.project)
            .order_by(_projects.c.project)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(Remembering(project, count, int(chunks)) for project, count, chunks in rows)

    def _advance(self, connection: Connection, project: str) -> None:
        """Raise a project's number, and have others who would change its memory wait until this is done."""
        raised = update(_projects).where(self._here(_projects, project))
        raised = raised.values(revision=_projects.c.revision + 1)
        if not connection.execute(raised).rowcount:
            row = {"tenant": self._tenant, "scope": _scope(project), "project": project, "revision": 0}
            insert_once(connection, _projects, row)
            connection.execute(raised)

    def _drop(self, connection: Connection, which: ColumnElement[bool], project: str) -> int:
        gone = select(_sources.c.id).where(self._here(_sources, project), which)
        connection.execute(delete(_chunks).where(_chunks.c.source.in_(gone)))
        return connection.execute(delete(_sources).where(self._here(_sources, project), which)).rowcount

    def _row(self, project: str, identity: str, source: NewSource, at: float) -> dict[str, Any]:
        return {
            "id": identity,
            "tenant": self._tenant,
            "scope": _scope(project),
            "key": _key(source.origin, source.name),
            "origin": source.origin.value,
            "name": source.name,
            "title": source.title,
            "digest": source.digest,
            "model": source.model,
            "chunks": len(source.chunks),
            "at": at,
            "directions": source.directions,
            "words": source.words,
        }

    def _chunk_row(self, source: str, number: int, chunk: Chunk) -> dict[str, Any]:
        return {"source": source, "number": number, "tenant": self._tenant, **asdict(chunk)}

    def _here(self, table: Any, project: str) -> ColumnElement[bool]:
        return (table.c.tenant == self._tenant) & (table.c.scope == _scope(project))


def _scope(project: str) -> str:
    return _digest(project)


def _key(origin: Origin, name: str) -> str:
    return _digest(f"{origin.value}\0{name}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _source(row: Row[Any]) -> Source:
    return Source(row.id, Origin(row.origin), row.name, row.title, row.digest, row.model, row.chunks, row.at)


def _chunk(row: Row[Any]) -> Chunk:
    return Chunk(row.text, row.first, row.last, row.heading)


def _parts(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))
