"""Appending to logs: many events of many runs, with the rows that follow from them, in a few statements.

The statements are built from the tables by SQLAlchemy, compiled once, and handed to the driver as they are: an event is
written thousands of times more often than anything else here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.projections import follow_ups
from astrolabe.adapters.storage.rows import Lookup, Rows, Statement, json_text
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

    tenant: str
    fence: int
    seq: int
    grown: bool = False


def append_all(connection: Connection, additions: Sequence[Addition]) -> list[AstrolabeError | None]:
    """Write what may be written; what may not is refused and has written nothing.

    The errors are LeaseLostError where the run has another owner now, StorageError where an earlier event is missing.
    """
    heads = _heads(connection, {addition.lease.run for addition in additions})
    rows = Rows()
    refused: list[AstrolabeError | None] = []
    for addition in additions:
        head = heads.get(addition.lease.run)
        refused.append(_refusal(addition, head) or _taken(rows, addition, head))
    for run, head in heads.items():
        if head.grown:
            rows.add(SET_SEQ, {"_run": run, "seq": head.seq}, ("runs", run))
    rows.write(connection)
    return refused


def _heads(connection: Connection, runs: Collection[str]) -> dict[str, _Head]:
    """Lock the rows of runs, everywhere in the order of their ids, so that no two processes wait for each other."""
    rows = _HEADS.rows(connection, runs)
    return {run: _Head(tenant, fence, seq) for run, tenant, fence, seq in rows}


def _refusal(addition: Addition, head: _Head | None) -> AstrolabeError | None:
    if head is None or (head.tenant, head.fence) != (addition.tenant, addition.lease.fence):
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
        rows.add(ADD_EVENT, event_row(addition.tenant, event), ("events", event.run, event.seq))
        follow_ups(rows, addition.tenant, event)
    if head is not None:
        head.seq, head.grown = addition.events[-1].seq, True


def event_row(tenant: str, event: Event) -> dict[str, Any]:
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
    update(schema.runs).where(schema.runs.c.id == bindparam("_run")).values(seq=bindparam("seq"))
)
_HEADS = Lookup(
    select(schema.runs.c.id, schema.runs.c.tenant, schema.runs.c.fence, schema.runs.c.seq)
    .order_by(schema.runs.c.id)
    .with_for_update(),
    schema.runs.c.id,
)
