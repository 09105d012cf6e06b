"""The ledger in the database: accounts that are never overdrawn, and the charges they consist of.

An account is changed by one conditional UPDATE, which the database applies to the newest row, whoever else has changed it
meanwhile; accounts of one change are taken in the order of `Account`, so that two changes never wait for each other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.rows import insert_once, json_text
from astrolabe.domain.budget import (
    Account,
    Amounts,
    Balance,
    Charge,
    ChargeState,
    Limit,
    Refusal,
    Resource,
)
from astrolabe.errors import ConflictError, LeaseLostError
from astrolabe.ports.leases import Lease, TaskLease


class _RefusedError(ConflictError):
    """Takes back what a refused reservation has changed so far."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("no room")
        self.refusal = refusal


class SqlBudgets:
    """The ledger of one tenant."""

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._tenant = tenant

    async def reserve(
        self, charge: Charge, limits: Sequence[Limit], lease: Lease | TaskLease
    ) -> Refusal | None:
        most = {limit.account: limit.most for limit in limits}

        def write(connection: Connection) -> None:
            self._must_own(connection, lease)
            if self._known(connection, charge):
                return
            self._charge_held(connection, self._held(charge.run) & (schema.charges.c.key == charge.key), {})
            for account in sorted(charge.accounts):
                self._take(connection, account, charge.reserved, most.get(account, {}))
            connection.execute(insert(schema.charges).values(**self._row(charge)))

        try:
            await self._database.writer.change(write)
        except _RefusedError as refused:
            return refused.refusal
        return None

    async def settle(self, charge: Charge, used: Amounts | None, seconds: float) -> None:
        settled = replace(_ended(charge, used), seconds=seconds)
        await self._database.writer.change(lambda connection: self._settle(connection, settled))

    async def give_up(
        self,
        run: str,
        used: Mapping[str, Amounts],
        task: str | None = None,
        attempt: int | None = None,
    ) -> None:
        held = self._held(run)
        if task is not None:
            held &= (schema.charges.c.task == task) & (schema.charges.c.attempt == attempt)
        if await self._database.read(
            lambda connection: connection.execute(select(schema.charges.c.id).where(held)).first()
        ):
            await self._database.writer.change(lambda connection: self._charge_held(connection, held, used))

    async def charges(self, run: str) -> tuple[Charge, ...]:
        table = schema.charges
        query = (
            select(table)
            .where(table.c.tenant == self._tenant, table.c.run == run)
            .order_by(table.c.at, table.c.id)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(_charge(row) for row in rows)

    async def balances(self, run: str) -> tuple[Balance, ...]:
        table = schema.accounts
        query = (
            select(table)
            .where(table.c.tenant == self._tenant, table.c.run == run)
            .order_by(table.c.task, table.c.period)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            Balance(Account(row.run, row.task, row.period), _amounts(row, "reserved"), _amounts(row, "spent"))
            for row in rows
        )

    def _must_own(self, connection: Connection, lease: Lease | TaskLease) -> None:
        """Refuse a process that was taken over: what it would reserve nobody would ever settle."""
        runs, leases = schema.runs, schema.task_leases
        mine = (runs.c.id == lease.run) & (runs.c.tenant == self._tenant)
        fence = connection.execute(select(runs.c.fence).where(mine).with_for_update()).scalar()
        if isinstance(lease, TaskLease):
            taken = (leases.c.run == lease.run) & (leases.c.task == lease.task)
            fence = connection.execute(select(leases.c.fence).where(taken)).scalar()
        if fence != lease.fence:
            raise LeaseLostError(
                f"run {lease.run} is now owned by another process",
                hint="Nothing more was written here; the new owner goes on from the log.",
            )

    def _known(self, connection: Connection, charge: Charge) -> bool:
        mine = (schema.charges.c.tenant == self._tenant) & (schema.charges.c.id == charge.id)
        return connection.execute(select(schema.charges.c.id).where(mine)).first() is not None

    def _take(self, connection: Connection, account: Account, asked: Amounts, most: Amounts) -> None:
        """Reserve in one account; raise _RefusedError when there is no room in it."""
        table, here = schema.accounts, self._is(account)
        room = [
            _spent(name) + _reserved(name) + amount <= most[name]
            for name, amount in asked.items()
            if name in most
        ]
        values = {_reserved(name): _reserved(name) + amount for name, amount in asked.items()}
        change = update(table).where(here, *room).values(values)
        while not connection.execute(change).rowcount:
            insert_once(connection, table, self._key(account) | _NOTHING)
            row = connection.execute(select(table).where(here).with_for_update()).one()
            if (refusal := _refusal(account, row, asked, most)) is not None:
                raise _RefusedError(refusal)

    def _charge_held(
        self, connection: Connection, held: ColumnElement[bool], used: Mapping[str, Amounts]
    ) -> None:
        query = select(schema.charges).where(held).order_by(schema.charges.c.id).with_for_update()
        for charge in map(_charge, connection.execute(query).all()):
            self._settle(connection, _ended(charge, used.get(charge.key)))

    def _settle(self, connection: Connection, charge: Charge) -> None:
        values = {"state": charge.state, "used": json_text(charge.used or {}), "seconds": charge.seconds}
        ended = (
            update(schema.charges)
            .where(self._held(charge.run), schema.charges.c.id == charge.id)
            .values(**values)
        )
        if connection.execute(ended).rowcount == 0:
            return
        for account in sorted(charge.accounts):
            self._book(connection, account, charge.reserved, charge.used or {})

    def _book(self, connection: Connection, account: Account, reserved: Amounts, used: Amounts) -> None:
        values: dict[Any, Any] = {
            _reserved(name): _reserved(name) - amount for name, amount in reserved.items()
        }
        values |= {_spent(name): _spent(name) + amount for name, amount in used.items()}
        if values:
            connection.execute(update(schema.accounts).where(self._is(account)).values(values))

    def _held(self, run: str) -> ColumnElement[bool]:
        table = schema.charges
        return and_(table.c.tenant == self._tenant, table.c.run == run, table.c.state == ChargeState.RESERVED)

    def _is(self, account: Account) -> ColumnElement[bool]:
        return and_(*(schema.accounts.c[name] == value for name, value in self._key(account).items()))

    def _key(self, account: Account) -> dict[str, Any]:
        return {"tenant": self._tenant, "run": account.run, "task": account.task, "period": account.period}

    def _row(self, charge: Charge) -> dict[str, Any]:
        same = ("id", "run", "task", "attempt", "key", "kind", "state", "at", "seconds")
        return {name: getattr(charge, name) for name in same} | {
            "tenant": self._tenant,
            "accounts": json.dumps([astuple(account) for account in charge.accounts]),
            "reserved": json_text(charge.reserved),
        }


def _reserved(resource: str) -> Any:
    return schema.accounts.c[f"{resource}_reserved"]


def _spent(resource: str) -> Any:
    return schema.accounts.c[f"{resource}_spent"]


def _refusal(account: Account, row: Row[Any], asked: Amounts, most: Amounts) -> Refusal | None:
    """Return which resource there is no room for, if there is one."""
    reserved, spent = _amounts(row, "reserved"), _amounts(row, "spent")
    for name, amount in asked.items():
        if name in most and spent[name] + reserved[name] + amount > most[name]:
            return Refusal(account, Resource(name), most[name], spent[name], reserved[name], amount)
    return None


def _ended(charge: Charge, used: Amounts | None) -> Charge:
    if used is None:
        return replace(charge, state=ChargeState.IN_DOUBT, used=charge.reserved)
    return replace(charge, state=ChargeState.SETTLED, used=used)


def _amounts(row: Row[Any], side: str) -> dict[str, int]:
    return {resource.value: getattr(row, f"{resource}_{side}") for resource in Resource}


def _charge(row: Row[Any]) -> Charge:
    return Charge(
        id=row.id,
        run=row.run,
        task=row.task,
        attempt=row.attempt,
        key=row.key,
        kind=row.kind,
        accounts=tuple(Account(*account) for account in json.loads(row.accounts)),
        reserved=json.loads(row.reserved),
        at=row.at,
        state=ChargeState(row.state),
        used=None if row.used is None else json.loads(row.used),
        seconds=row.seconds,
    )


_NOTHING = dict.fromkeys((f"{resource}_{side}" for resource in Resource for side in ("reserved", "spent")), 0)
