"""Appending to logs: many events of many runs, with the rows that follow from them, in a few statements.

The statements are built from the tables by SQLAlchemy, compiled once, and handed to the driver as they are: an event is
written thousands of times more often than anything else here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, insert, or_, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.projections import follow_ups
from astrolabe.adapters.storage.rows import Rows, Statement, json_text
from astrolabe.domain.event import Event
from astrolabe.errors import AstrolabeError, LeaseLostError, StorageError
from astrolabe.ports.store import Lease

_MOST_HEADS = 256
"""Runs whose rows one statement locks."""


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


def _heads(connection: Connection, runs: Iterable[str]) -> dict[str, _Head]:
    """Lock the rows of runs, everywhere in the order of their ids, so that no two processes wait for each other."""
    left = sorted(runs)
    heads: dict[str, _Head] = {}
    cursor = connection.connection.cursor()
    try:
        while left:
            some, left = left[:_MOST_HEADS], left[_MOST_HEADS:]
            size = 1 << (len(some) - 1).bit_length()  # few sizes, so that few statements are compiled
            named = {f"run{number}": some[min(number, len(some) - 1)] for number in range(size)}
            cursor.execute(_find_heads(connection.dialect, size), named)
            heads |= {run: _Head(tenant, fence, seq) for run, tenant, fence, seq in cursor.fetchall()}
    finally:
        cursor.close()
    return heads


@lru_cache
def _find_heads(dialect: Dialect, size: int) -> str:
    table = schema.runs
    query = (
        select(table.c.id, table.c.tenant, table.c.fence, table.c.seq)
        .where(or_(*(table.c.id == bindparam(f"run{number}") for number in range(size))))
        .order_by(table.c.id)
        .with_for_update()
    )
    return str(query.compile(dialect=dialect))


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
