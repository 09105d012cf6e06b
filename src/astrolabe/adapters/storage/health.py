"""How agents and providers have fared: rows that follow from the events of attempts, written in their transaction."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Float,
    Row,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import UpdateBase

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import Rows, Statement
from astrolabe.domain.event import Event
from astrolabe.domain.health import Kind, Record
from astrolabe.domain.run import RunStatus
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.health import Underway

_health = schema.health
_ZERO: ColumnElement[int] = literal_column("0")
_ONE: ColumnElement[int] = literal_column("1")
"""Written out: in a statement that is compiled once, all values given are named."""
_KEY = ("tenant", "kind", "name")
_LAST = ("failed_at", "failure", "reason", "run", "task", "attempt")


def worked(rows: Rows, tenant: str, event: Event) -> None:
    """Whoever did its work is well."""
    for kind, name in _who(event):
        rows.add(HEAL, {"_tenant": tenant, "_kind": kind, "_name": name}, ("health", tenant, kind, name))


def failed(rows: Rows, tenant: str, event: Event) -> None:
    """Whoever an attempt failed of is a little less well."""
    for kind, name in _who(event):
        row = {
            "tenant": tenant,
            "kind": kind,
            "name": name,
            "failures": 1,
            "since": event.at,
            "failed_at": event.at,
            "failure": event.data["failure"],
            "reason": event.data["reason"],
            "run": event.run,
            "task": event.task,
            "attempt": event.attempt,
        }
        rows.add(WORSEN, row, ("health", tenant, kind, name))


def _who(event: Event) -> list[tuple[str, str]]:
    """Return whom an event tells about, always in the same order, since rows are locked in it."""
    by: Mapping[str, str] = event.data.get("by") or {}
    return sorted(by.items())


class _Worsen(Statement):
    """An insert that counts on when the row is there; each database has its own words for that, and its own clock."""

    def __init__(self) -> None:
        columns = tuple(column.name for column in _health.c if column.name != "reset_at")
        super().__init__(_health.insert(), columns)
        self._named: dict[str, Any] = {name: bindparam(name) for name in columns}

    def words(self, dialect: Dialect) -> UpdateBase:
        server = dialect.name == "postgresql"
        values = dict(self._named)
        if server:
            values |= dict.fromkeys(("since", "failed_at"), _server_time())
        insert = (postgresql if server else sqlite).insert(_health).values(values)
        told = {name: insert.excluded[name] for name in _LAST}
        since = case((_health.c.failures == _ZERO, insert.excluded.since), else_=_health.c.since)
        return insert.on_conflict_do_update(
            index_elements=_KEY, set_={**told, "since": since, "failures": _health.c.failures + _ONE}
        )


HEAL = Statement(
    update(_health)
    .where(
        _health.c.tenant == bindparam("_tenant"),
        _health.c.kind == bindparam("_kind"),
        _health.c.name == bindparam("_name"),
        _health.c.failures > _ZERO,
    )
    .values(failures=_ZERO)
)
WORSEN = _Worsen()


class SqlHealth:
    """The records of one tenant."""

    def __init__(self, database: Database, determinism: Determinism, tenant: str) -> None:
        self._database = database
        self._determinism = determinism
        self._tenant = tenant

    async def records(self) -> tuple[Record, ...]:
        return await self._database.read(lambda connection: self.read(connection, 0))

    async def ill(self, failures: int) -> tuple[Record, ...]:
        return await self._database.read(lambda connection: self.read(connection, failures))

    async def underway(self) -> tuple[Underway, ...]:
        attempts, runs = schema.attempts, schema.runs
        going_on = (runs.c.tenant == self._tenant) & (runs.c.status == RunStatus.RUNNING)
        query = (
            select(
                attempts.c.run, attempts.c.task, attempts.c.number, attempts.c.agent, attempts.c.started_at
            )
            .join(runs, runs.c.id == attempts.c.run)
            .where(going_on, attempts.c.ended_at.is_(None))
            .order_by(attempts.c.started_at)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(Underway(*row) for row in rows)

    async def reset(self, name: str) -> bool:
        """Count anew for whoever has that name; tell whether anything is known of it."""
        now = self._determinism.now()
        named = update(_health).where(_health.c.tenant == self._tenant, _health.c.name == name)
        change = named.values(failures=0, reset_at=now)
        return await self._database.writer.change(
            lambda connection: bool(connection.execute(change).rowcount)
        )

    def everywhere(self, connection: Connection, failures: int) -> dict[tuple[str, str, str], Record]:
        """Return the records of all tenants with at least that many failures in a row, by tenant, kind and name."""
        rows = self._rows(connection, _health.c.failures >= failures)
        return {(tenant, record.kind.value, record.name): record for tenant, record in rows}

    def read(self, connection: Connection, failures: int) -> tuple[Record, ...]:
        """Return the records with at least that many failures in a row."""
        mine = (_health.c.tenant == self._tenant) & (_health.c.failures >= failures)
        return tuple(record for _, record in self._rows(connection, mine))

    def _rows(self, connection: Connection, which: ColumnElement[bool]) -> list[tuple[str, Record]]:
        rows = connection.execute(select(_health).where(which).order_by(_health.c.kind, _health.c.name)).all()
        if not rows:
            return []
        server = connection.dialect.name == "postgresql"
        now: Any = (
            connection.execute(select(_server_time())).scalar_one() if server else self._determinism.now()
        )
        return [(row.tenant, _record(row, now)) for row in rows]


def _record(row: Row[Any], now: float) -> Record:
    return Record(
        kind=Kind(row.kind),
        name=row.name,
        failures=row.failures,
        since=row.since,
        failed_at=row.failed_at,
        ago_seconds=abs(now - row.failed_at),  # a clock that was set back must not keep a breaker open
        failure=row.failure,
        reason=row.reason,
        run=row.run,
        task=row.task,
        attempt=row.attempt,
        reset_at=row.reset_at,
    )


def _server_time() -> Any:
    return cast(extract("epoch", func.clock_timestamp()), Float)
