"""Schedules in the database. Of many processes that look at once, the one whose UPDATE finds the old time fires."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import insert_once
from astrolabe.domain.schedule import CatchUp, Firing, FiringState, Overlap, Schedule
from astrolabe.errors import ConflictError, MissingError


class SqlSchedules:
    """The schedules of one tenant."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._tenant = tenant

    async def add(self, schedule: Schedule) -> None:
        row = asdict(schedule) | {"tenant": self._tenant, "paused": int(schedule.paused)}

        def write(connection: Connection) -> None:
            if not insert_once(connection, schema.schedules, row):
                raise ConflictError(
                    f"there is a schedule {schedule.name!r} already",
                    hint=f"Give it another name, or type: astrolabe schedules remove {schedule.name}",
                )

        await self._database.writer.change(write)

    async def remove(self, name: str) -> None:
        firings = schema.firings

        def write(connection: Connection) -> None:
            if not connection.execute(delete(schema.schedules).where(self._named(name))).rowcount:
                raise _missing(name)
            mine = (firings.c.tenant == self._tenant) & (firings.c.schedule == name)
            connection.execute(delete(firings).where(mine))

        await self._database.writer.change(write)

    async def one(self, name: str) -> Schedule:
        query = select(schema.schedules).where(self._named(name))
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise _missing(name)
        return _schedule(row)

    async def every(self) -> tuple[Schedule, ...]:
        table = schema.schedules
        query = select(table).where(table.c.tenant == self._tenant).order_by(table.c.name)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(_schedule(row) for row in rows)

    async def set_paused(self, name: str, *, paused: bool, at: float) -> None:
        values: dict[str, Any] = {"paused": int(paused)} | ({} if paused else {"looked_at": at})
        change = update(schema.schedules).where(self._named(name)).values(**values)

        def write(connection: Connection) -> None:
            if not connection.execute(change).rowcount:
                raise _missing(name)

        await self._database.writer.change(write)

    async def fire(self, schedule: Schedule, looked_at: float, firings: Sequence[Firing]) -> bool:
        table = schema.schedules
        change = (
            update(table)
            .where(self._named(schedule.name), table.c.looked_at == schedule.looked_at, table.c.paused == 0)
            .values(looked_at=looked_at)
        )
        rows = [asdict(firing) | {"tenant": self._tenant} for firing in firings]

        def write(connection: Connection) -> bool:
            if not connection.execute(change).rowcount:
                return False
            if rows:
                connection.execute(insert(schema.firings), rows)
            return True

        return await self._database.writer.change(write)

    async def due(self) -> tuple[Firing, ...]:
        table = schema.firings
        query = (
            select(table)
            .where(table.c.tenant == self._tenant, table.c.state == FiringState.DUE)
            .order_by(table.c.due_at, table.c.schedule)
        )
        return await self._found(query)

    async def firings(self, name: str, limit: int = 20) -> tuple[Firing, ...]:
        table = schema.firings
        mine = (table.c.tenant == self._tenant) & (table.c.schedule == name)
        return await self._found(select(table).where(mine).order_by(table.c.due_at.desc()).limit(limit))

    async def settle(self, firing: Firing, state: FiringState, reason: str = "") -> None:
        table = schema.firings
        change = (
            update(table)
            .where(
                table.c.tenant == self._tenant,
                table.c.schedule == firing.schedule,
                table.c.due_at == firing.due_at,
                table.c.state == FiringState.DUE,
            )
            .values(state=state, reason=reason)
        )
        await self._database.writer.change(lambda connection: connection.execute(change))

    async def _found(self, query: Any) -> tuple[Firing, ...]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            Firing(row.schedule, row.due_at, row.run, FiringState(row.state), row.reason) for row in rows
        )

    def _named(self, name: str) -> ColumnElement[bool]:
        return (schema.schedules.c.tenant == self._tenant) & (schema.schedules.c.name == name)


def _missing(name: str) -> MissingError:
    return MissingError(f"there is no schedule {name!r}", hint="List them with: astrolabe schedules list")


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(
        name=row.name,
        cron=row.cron,
        timezone=row.timezone,
        plan_id=row.plan_id,
        plan_version=row.plan_version,
        workspace=row.workspace,
        catch_up=CatchUp(row.catch_up),
        overlap=Overlap(row.overlap),
        paused=bool(row.paused),
        created_at=row.created_at,
        looked_at=row.looked_at,
    )
