"""What the log of a run that many processes continue is continued by: where it ends, and who has which of its tasks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, bindparam, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.rows import Lookup, Rows, Statement, event_of
from astrolabe.domain.event import Event
from astrolabe.domain.run import RunStatus
from astrolabe.ports.leases import TaskLease
from astrolabe.ports.tasks import Work

THE_RUN = ""
"""The task of a lease of the run itself."""


@dataclass(slots=True)
class Head:
    """Where a run's log ends; up to `written`, that is in the database."""

    run: str
    seq: int
    written: int
    final: bool
    follower: str | None


@dataclass(frozen=True, slots=True)
class Lease:
    """The fence a task was taken under last, and after which event the log tells of it."""

    task: str
    fence: int
    since: int


def heads(connection: Connection, tenant: str, runs: Collection[str]) -> dict[str, Head]:
    """Lock the rows of runs, everywhere in the order of their ids; those that are not there are left out."""
    return {
        run: Head(run, seq, seq, RunStatus(status).final, follower)
        for run, seq, status, follower in _HEADS.rows(connection, runs, tenant=tenant)
    }


def leases(connection: Connection, run: str, tasks: Collection[str]) -> list[Lease]:
    return [Lease(*row) for row in _LEASES.rows(connection, tasks, run=run)]


def lease_of_run(connection: Connection, run: str) -> Row[int, int] | None:
    table = schema.task_leases
    query = select(table.c.fence, table.c.notes)
    return connection.execute(query.where(table.c.run == run, table.c.task == THE_RUN)).first()


def fence(rows: Rows, tenant: str, lease: TaskLease, since: int) -> None:
    """Have a task's lease written: the first, or the one that takes the place of the one before."""
    key = ("task_leases", lease.run, lease.task)
    if lease.fence == 1:
        row = {"run": lease.run, "task": lease.task, "tenant": tenant, "since": since}
        rows.add(_ADD_LEASE, {**row, "fence": 1, "notes": 0}, key)
    else:
        rows.add(_SET_LEASE, {"_run": lease.run, "_task": lease.task, "fence": lease.fence}, key)


def attempts(connection: Connection, run: str, tasks: Collection[str]) -> dict[str, dict[int, float | None]]:
    """Return when the attempts at tasks ended, by number; None for those that have not."""
    found = dict[str, dict[int, float | None]]()
    for task, number, ended_at in _ATTEMPTS.rows(connection, tasks, run=run):
        found.setdefault(task, {})[number] = ended_at
    return found


def told(connection: Connection, run: str, task: str, since: int) -> tuple[Event, ...]:
    table = schema.events
    query = select(table).where(table.c.run == run, table.c.seq > since, table.c.task == task)
    return tuple(map(event_of, connection.execute(query.order_by(table.c.seq))))


def work(connection: Connection, run: str, needs: Collection[str]) -> dict[str, Work]:
    return {task: Work(commit, tree) for task, commit, tree in _WORK.rows(connection, needs, run=run)}


def _of_run(table: Table, *names: str) -> Select[*tuple[Any, ...]]:
    return select(*(table.c[name] for name in names)).where(table.c.run == bindparam("run"))


_HEADS = Lookup(
    select(schema.runs.c.id, schema.runs.c.seq, schema.runs.c.status, schema.runs.c.owner_token)
    .where(schema.runs.c.tenant == bindparam("tenant"))
    .order_by(schema.runs.c.id)
    .with_for_update(),
    schema.runs.c.id,
)
_LEASES = Lookup(_of_run(schema.task_leases, "task", "fence", "since"), schema.task_leases.c.task)
_ATTEMPTS = Lookup(_of_run(schema.attempts, "task", "number", "ended_at"), schema.attempts.c.task)
_WORK = Lookup(_of_run(schema.tasks, "id", "commit_id", "tree"), schema.tasks.c.id)
_ADD_LEASE = Statement(insert(schema.task_leases), tuple(schema.task_leases.c.keys()))
_SET_LEASE = Statement(
    update(schema.task_leases)
    .where(schema.task_leases.c.run == bindparam("_run"), schema.task_leases.c.task == bindparam("_task"))
    .values(fence=bindparam("fence"))
)
