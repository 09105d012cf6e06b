"""The store, in whatever database it is kept."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Column, Connection, Row, bindparam, delete, func, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.blobs import Blobs
from astrolabe.adapters.storage.budgets import SqlBudgets
from astrolabe.adapters.storage.context import SqlContexts
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.health import SqlHealth
from astrolabe.adapters.storage.journal import Addition, append_all
from astrolabe.adapters.storage.locks import one_at_a_time
from astrolabe.adapters.storage.memory import SqlMemory
from astrolabe.adapters.storage.processes import SqlProcesses
from astrolabe.adapters.storage.rows import event_of, json_text
from astrolabe.adapters.storage.schedules import SqlSchedules
from astrolabe.adapters.storage.skills import SqlSkills
from astrolabe.adapters.storage.slots import SqlSlots
from astrolabe.domain.event import Event, NewEvent
from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import Occasion, Outcome
from astrolabe.errors import ConflictError, MissingError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.store import ApprovalRecord, Lease, Message, Owner, PlanVersion, RunRecord
from astrolabe.ports.wakeups import WakeUps

UNFINISHED = tuple(status for status in RunStatus if not status.final)


class SqlStore:
    """All durable state of one tenant; every query is scoped to it."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        wakeups: WakeUps,
        processes: SqlProcesses,
        determinism: Determinism,
        tenant: str = "default",
    ) -> None:
        self.processes = processes
        self._database = database
        self._blobs = blobs
        self._wakeups = wakeups
        self._determinism = determinism
        self._tenant = tenant
        self.budgets = SqlBudgets(database, tenant)
        self.contexts = SqlContexts(database, determinism, tenant)
        self.schedules = SqlSchedules(database, tenant)
        self.health = SqlHealth(database, determinism, tenant)
        self.skills = SqlSkills(database, determinism, tenant)
        self.memory = SqlMemory(database, determinism, tenant)
        self.slots = SqlSlots(wakeups, processes, self.health, tenant)

    async def add_plan(self, plan: Plan, plan_id: str | None = None) -> PlanVersion:
        at = self._determinism.now()
        identity = plan_id or self._determinism.new_id()

        def write(connection: Connection) -> PlanVersion:
            one_at_a_time(connection, f"plan {self._tenant} {identity}")
            version = connection.execute(COUNT_VERSIONS, self._mine(plan=identity)).scalar_one() + 1
            connection.execute(ADD_PLAN, self._mine(**_plan_row(identity, version, plan, at)))
            return PlanVersion(id=identity, version=version, plan=plan, created_at=at)

        return await self._database.writer.change(write)

    async def plan_versions(self, plan_id: str) -> tuple[PlanVersion, ...]:
        mine = self._mine(plan=plan_id)
        rows = await self._database.read(lambda connection: connection.execute(VERSIONS, mine).all())
        return tuple(
            PlanVersion(row.id, row.version, Plan.model_validate_json(row.data), row.created_at)
            for row in rows
        )

    async def create_run(
        self, record: RunRecord, owner: Owner, *events: NewEvent, plan: Plan | None = None
    ) -> Lease:
        lease = Lease(run=record.id, fence=1, owner=owner)
        row = _run_row(record, owner) | {"tenant": self._tenant}
        at = self._determinism.now()

        def write(connection: Connection) -> Lease:
            self._must_be_alone(connection, record.target)
            if plan is not None:
                kept = _plan_row(record.plan_id, record.plan_version, plan, at)
                connection.execute(ADD_PLAN, self._mine(**kept))
            connection.execute(ADD_RUN, row)
            return self._continued(connection, lease, 0, events, at)

        return await self.processes.change(write)

    async def reopen(self, run: str, owner: Owner, *events: NewEvent) -> Lease:
        at = self._determinism.now()

        def write(connection: Connection) -> Lease:
            row = self._one(connection, run, lock=True)
            if not RunStatus(row.status).final:
                raise ConflictError(f"run {run} is not finished", hint=f"Type: astrolabe resume {run}")
            self._must_be_alone(connection, row.target)
            lease = Lease(run=run, fence=row.fence + 1, owner=owner)
            runs = schema.runs
            values = {"fence": lease.fence, **owner_columns(owner)}
            connection.execute(update(runs).where(runs.c.id == run).values(**values))
            connection.execute(delete(schema.inbox).where(schema.inbox.c.run == run))  # asked of what it was
            return self._continued(connection, lease, row.seq, events, at)

        return await self.processes.change(write)

    def _must_be_alone(self, connection: Connection, target: str) -> None:
        one_at_a_time(connection, f"target {self._tenant} {target}")
        other = connection.execute(UNFINISHED_FOR, self._mine(target=target)).scalar()
        if other is not None:
            raise ConflictError(
                f"run {other} is not finished for {target}",
                hint=f"Wait for it, or type: astrolabe resume {other}   or: astrolabe runs cancel {other}",
            )

    def _continued(
        self, connection: Connection, lease: Lease, seq: int, news: Sequence[NewEvent], at: float
    ) -> Lease:
        events = [
            new.placed(lease.run, place, at=at, actor=lease.actor) for place, new in enumerate(news, seq + 1)
        ]
        append_all(connection, [Addition(self._tenant, lease, events)])
        return lease

    async def claim(self, run: str, owner: Owner) -> Lease:
        def write(connection: Connection) -> Lease:
            row = self._one(connection, run, lock=True)
            holder = _owner(row)
            if RunStatus(row.status).final:
                raise ConflictError(f"run {run} is already {row.status}")
            if _record(row).elsewhere:
                raise ConflictError(
                    f"run {run} is driven by a cluster", hint=f"Type: astrolabe runs follow {run}"
                )
            if holder is not None and holder.token != owner.token and self._lives(connection, holder):
                raise ConflictError(
                    f"run {run} is being worked on by process {holder.pid}",
                    hint=f"Wait for it, or type: astrolabe runs cancel {run}",
                )
            runs = schema.runs
            fence = row.fence + 1
            values = {"fence": fence, **owner_columns(owner)}
            connection.execute(update(runs).where(runs.c.id == run).values(**values))
            return Lease(run=run, fence=fence, owner=owner)

        return await self.processes.change(write)

    async def is_owned(self, record: RunRecord) -> bool:
        if record.elsewhere:  # whoever is its owner only follows it
            return not record.status.final
        owner = record.owner
        if owner is None:
            return False
        return await self._database.read(lambda connection: self._lives(connection, owner))

    async def release(self, lease: Lease) -> None:
        held = {"_run": lease.run, "_fence": lease.fence}
        await self._database.writer.change(lambda connection: connection.execute(RELEASE, held))

    def append(
        self, lease: Lease, events: Sequence[Event], *, patient: bool = False
    ) -> "asyncio.Future[None]":
        addition = Addition(self._tenant, lease, events)
        return self._database.writer.add(addition, append_all, patient=patient)

    async def events(self, run: str, after: int = 0) -> tuple[Event, ...]:
        mine = self._mine(run=run, after=after)
        rows = await self._database.read(lambda connection: connection.execute(EVENTS, mine).all())
        return tuple(event_of(row) for row in rows)

    async def run(self, run: str) -> RunRecord:
        return _record(await self._database.read(lambda connection: self._one(connection, run)))

    async def runs(
        self, *, unfinished: bool = False, target: str | None = None, limit: int = 100
    ) -> tuple[RunRecord, ...]:
        runs = schema.runs
        query = select(runs).where(runs.c.tenant == self._tenant)
        if unfinished:
            query = query.where(runs.c.status.in_(UNFINISHED))
        if target is not None:
            query = query.where(runs.c.target == target)
        query = query.order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return tuple(_record(row) for row in rows)

    async def runs_called(self, name: str, limit: int) -> tuple[str, ...]:
        return await self._called(schema.runs.c.id, name, limit)

    async def plans_called(self, name: str, limit: int) -> tuple[str, ...]:
        return await self._called(schema.runs.c.plan_id, name, limit)

    async def _called(self, column: Column[str], name: str, limit: int) -> tuple[str, ...]:
        """Look an id up: whole and from its beginning by the index, from its end by going through the index."""
        mine = schema.runs.c.tenant == self._tenant
        begins = (column >= name) & (column < name + "\N{LATIN SMALL LETTER Z}")
        ends = column.like(f"%{name}")
        query = select(column).distinct().where(mine, begins | ends).order_by(column.desc()).limit(limit)
        exact = select(column).where(mine, column == name).limit(1)

        def read(connection: Connection) -> tuple[str, ...]:
            whole = connection.execute(exact).scalar()
            return (whole,) if whole is not None else tuple(connection.execute(query).scalars())

        return await self._database.read(read)

    async def evidence_for(self, inputs_digest: str) -> tuple[str, Evidence] | None:
        table = schema.evidence
        query = (
            select(table.c.run, table.c.data)
            .where(
                table.c.tenant == self._tenant,
                table.c.inputs_digest == inputs_digest,
                table.c.verdict == Verdict.PASSED,
            )
            .limit(1)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else (row.run, Evidence.model_validate_json(row.data))

    async def put_blob(self, content: bytes) -> str:
        return await self._blobs.put(content)

    async def blob(self, digest: str) -> bytes:
        return await self._blobs.get(digest)

    async def approvals(
        self, *, run: str | None = None, waiting: bool = False, limit: int = 1000
    ) -> tuple[ApprovalRecord, ...]:
        table, runs = schema.approvals, schema.runs
        query = select(table, runs.c.goal).join(runs, runs.c.id == table.c.run)
        query = query.where(table.c.tenant == self._tenant).order_by(table.c.asked_at, table.c.task)
        if run is not None:
            query = query.where(table.c.run == run)
        if waiting:
            query = query.where(table.c.outcome.is_(None))
        found = await self._database.read(lambda connection: connection.execute(query.limit(limit)).all())
        return tuple(_approval(row) for row in found)

    async def ask(self, run: str, verb: str, data: dict[str, Any] | None = None) -> None:
        row = {
            "run": run,
            "tenant": self._tenant,
            "verb": verb,
            "at": self._determinism.now(),
            "data": json_text(data or {}),
        }

        def write(connection: Connection) -> str | None:
            owner = self._one(
                connection, run, lock=True
            ).owner_token  # so that messages come in the order of their numbers
            connection.execute(insert(schema.inbox).values(**row))
            return owner

        owner = await self._database.writer.change(write)
        if owner is not None:
            await self._wakeups.wake(owner)

    async def inbox(self, owner: Owner) -> tuple[Message, ...]:
        mine = self._mine(token=owner.token)
        rows = await self._database.read(lambda connection: connection.execute(INBOX, mine).all())
        return tuple(Message(row.id, row.run, row.verb, json.loads(row.data)) for row in rows)

    async def probe(self) -> str:
        kind = await asyncio.to_thread(self._database.place.probe)
        return f"{kind} at {self._database.place.name}"

    async def taken(self, message: Message) -> None:
        table = schema.inbox
        mine = (table.c.id == message.id) & (table.c.tenant == self._tenant)
        await self._database.writer.change(lambda connection: connection.execute(delete(table).where(mine)))

    async def close(self) -> None:
        try:
            await self.processes.close()
            await self._database.close()
        finally:
            self._wakeups.close()

    def _lives(self, connection: Connection, owner: Owner) -> bool:
        return owner.token in self.processes.living(connection, [owner])

    def _mine(self, **values: Any) -> dict[str, Any]:
        """Return what a statement below asks for, within this tenant."""
        return {"tenant": self._tenant, **values}

    def _one(self, connection: Connection, run: str, *, lock: bool = False) -> Row[Any]:
        runs = schema.runs
        query = select(runs).where(runs.c.id == run, runs.c.tenant == self._tenant)
        row = connection.execute(query.with_for_update() if lock else query).first()
        if row is None:
            raise MissingError(f"there is no run {run!r}", hint="List them with: astrolabe runs list")
        return row


def owner_columns(owner: Owner | None) -> dict[str, Any]:
    told = dict.fromkeys(("token", "pid", "boot_id", "started_ticks")) if owner is None else asdict(owner)
    return {f"owner_{name}": value for name, value in told.items()}


def _owner(row: Row[Any]) -> Owner | None:
    if row.owner_token is None:
        return None
    return Owner(row.owner_token, row.owner_pid, row.owner_boot_id, row.owner_started_ticks)


def _plan_row(identity: str, version: int, plan: Plan, at: float) -> dict[str, Any]:
    return {
        "id": identity,
        "version": version,
        "created_at": at,
        "data": plan.model_dump_json(by_alias=True),
    }


def _run_row(record: RunRecord, owner: Owner) -> dict[str, Any]:
    same = ("id", "goal", "plan_id", "plan_version", "target", "origin", "status", "reason", "created_at")
    return {name: getattr(record, name) for name in same} | {
        "options": json_text(record.options),
        "seq": 0,
        "fence": 1,
        **owner_columns(owner),
    }


def _record(row: Row[Any]) -> RunRecord:
    return RunRecord(
        id=row.id,
        tenant=row.tenant,
        goal=row.goal,
        plan_version=row.plan_version,
        plan_id=row.plan_id,
        target=row.target,
        origin=row.origin,
        status=RunStatus(row.status),
        created_at=row.created_at,
        finished_at=row.finished_at,
        commit=row.commit_id,
        reason=row.reason,
        owner=_owner(row),
        options=json.loads(row.options),
    )


def _approval(row: Row[Any]) -> ApprovalRecord:
    return ApprovalRecord(
        run=row.run,
        task=row.task,
        number=row.number,
        goal=row.goal,
        occasion=Occasion(row.occasion),
        question=row.question,
        asked_at=row.asked_at,
        deadline_at=row.deadline_at,
        escalate_to=row.escalate_to,
        escalated_at=row.escalated_at,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        granted=None if row.granted is None else bool(row.granted),
        answered_at=row.answered_at,
        by=row.answered_by or "",
        comment=row.comment or "",
    )


# What every run needs, put together once: that takes SQLAlchemy longer than the database takes to answer.
_plans, _runs, _events, _inbox = schema.plans, schema.runs, schema.events, schema.inbox
_OF_PLAN = (_plans.c.id == bindparam("plan"), _plans.c.tenant == bindparam("tenant"))
VERSIONS = select(_plans).where(*_OF_PLAN).order_by(_plans.c.version)
COUNT_VERSIONS = select(func.count()).select_from(_plans).where(*_OF_PLAN)
ADD_PLAN, ADD_RUN = insert(_plans), insert(_runs)
UNFINISHED_FOR = select(_runs.c.id).where(
    _runs.c.tenant == bindparam("tenant"),
    _runs.c.target == bindparam("target"),
    _runs.c.status.in_(UNFINISHED),
)
RELEASE = (
    update(_runs)
    .where(_runs.c.id == bindparam("_run"), _runs.c.fence == bindparam("_fence"))
    .values(**owner_columns(None))
)
EVENTS = (
    select(_events)
    .where(
        _events.c.run == bindparam("run"),
        _events.c.tenant == bindparam("tenant"),
        _events.c.seq > bindparam("after"),
    )
    .order_by(_events.c.seq)
)
INBOX = (
    select(_inbox)
    .join(_runs, _runs.c.id == _inbox.c.run)
    .where(_inbox.c.tenant == bindparam("tenant"), _runs.c.owner_token == bindparam("token"))
    .order_by(_inbox.c.id)
)
