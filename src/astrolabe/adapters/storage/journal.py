"""Appending to logs: many events of many runs, with the rows that follow from them, in a few statements.

The statements are built from the tables by SQLAlchemy, compiled once, and handed to the driver as they are: an event is
written thousands of times more often than anything else here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.projections import follow_ups
from astrolabe.adapters.storage.rows import Rows, Statement, json_text
from astrolabe.domain.event import Event
from astrolabe.errors import AstrolabeError, LeaseLostError, StorageError
from astrolabe.ports.store import Lease


@dataclass(frozen=True, slots=True)
class Addition:
    """Events that continue one run's log, and the right to add them."""

    tenant: str
    lease: Lease
    events: Sequence[Event]


@dataclass(slots=True)
class _Head:
    """Where a run's log ends, and under which fence it may be continued."""

    fence: int
    seq: int


def append_all(connection: Connection, additions: Sequence[Addition]) -> list[AstrolabeError | None]:
    """Write what may be written; what may not is refused and has written nothing.

    The errors are LeaseLostError where the run has another owner now, StorageError where an earlier event is missing.
    """
    heads: dict[tuple[str, str], _Head | None] = {}
    rows = Rows()
    refused: list[AstrolabeError | None] = []
    for addition in additions:
        run = (addition.tenant, addition.lease.run)
        if run not in heads:
            heads[run] = _head(connection, *run)
        refused.append(_refusal(addition, heads[run]) or _taken(rows, addition, heads[run]))
    for (tenant, run), head in heads.items():
        if head is not None:
            rows.add(SET_SEQ, {"_run": run, "_tenant": tenant, "seq": head.seq}, ("runs", run))
    rows.write(connection)
    return refused


def _head(connection: Connection, tenant: str, run: str) -> _Head | None:
    cursor = connection.connection.cursor()
    try:
        cursor.execute(_find_head(connection.dialect), {"_run": run, "_tenant": tenant})
        found = cursor.fetchone()
    finally:
        cursor.close()
    return None if found is None else _Head(*found)


@lru_cache
def _find_head(dialect: Dialect) -> str:
    runs = schema.runs
    mine = (runs.c.id == bindparam("_run")) & (runs.c.tenant == bindparam("_tenant"))
    return str(select(runs.c.fence, runs.c.seq).where(mine).with_for_update().compile(dialect=dialect))


def _refusal(addition: Addition, head: _Head | None) -> AstrolabeError | None:
    if head is None or head.fence != addition.lease.fence:
        return LeaseLostError(
            f"run {addition.lease.run} is now owned by another process",
            hint="Nothing more was written here; the new owner goes on from the log.",
        )
    if addition.events[0].seq != head.seq + 1:
        return StorageError(
            f"event {head.seq + 1} of run {addition.lease.run} could not be written, so what follows it was not either",
            hint="Once the cause is mended, type: astrolabe resume",
        )
    return None


def _taken(rows: Rows, addition: Addition, head: _Head | None) -> None:
    for event in addition.events:
        rows.add(ADD_EVENT, _event_row(addition.tenant, event), ("events", event.run, event.seq))
        follow_ups(rows, addition.tenant, event)
    if head is not None:
        head.seq = addition.events[-1].seq


def _event_row(tenant: str, event: Event) -> dict[str, Any]:
    return {
        "run": event.run,
        "seq": event.seq,
        "tenant": tenant,
        "type": event.type,
        "v": event.v,
        "at": event.at,
        "task": event.task,
        "attempt": event.attempt,
        "actor": event.actor,
        "data": json_text(event.data),
    }


ADD_EVENT = Statement(insert(schema.events), tuple(schema.events.c.keys()))
SET_SEQ = Statement(
    update(schema.runs)
    .where(schema.runs.c.id == bindparam("_run"), schema.runs.c.tenant == bindparam("_tenant"))
    .values(seq=bindparam("seq"))
)
