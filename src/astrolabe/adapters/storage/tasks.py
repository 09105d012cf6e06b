"""Logs that many processes continue: the store places the events, and lets only who has a task tell of it."""

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.journal import ADD_EVENT, SET_SEQ, event_row
from astrolabe.adapters.storage.projections import follow_ups
from astrolabe.adapters.storage.rows import Rows, event_of
from astrolabe.adapters.storage.store import owner_columns
from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.run import RunStatus
from astrolabe.errors import AstrolabeError, LeaseLostError, MissingError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.leases import TaskLease
from astrolabe.ports.store import Owner
from astrolabe.ports.tasks import Taken, Work
from astrolabe.ports.wakeups import WakeUps

_THE_RUN = ""
"""The task of a lease of the run itself."""
_MOMENT_SECONDS = 0.05
_MOST_NAMES = 500
"""Tasks one query asks for."""


@dataclass(frozen=True, slots=True)
class _Addition:
    """What one who has taken a task adds to a log."""

    lease: TaskLease
    news: Sequence[NewEvent]
    at: float


@dataclass(slots=True)
class _Head:
    """Where a run's log ends."""

    run: str
    seq: int
    final: bool


class SqlTaskJournal:
    """See `ports/tasks.py`; of one tenant. `actor` is how events name this process."""

    def __init__(
        self,
        database: Database,
        wakeups: WakeUps,
        determinism: Determinism,
        actor: str,
        tenant: str = "default",
    ) -> None:
        self._database = database
        self._wakeups = wakeups
        self._followers: dict[str, str] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}
        self._determinism = determinism
        self._actor = actor
        self._tenant = tenant

    async def opening(self, run: str) -> Event:
        table = schema.events
        query = select(table).where(table.c.run == run, table.c.tenant == self._tenant, table.c.seq == 1)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise _missing(run)
        return event_of(row)

    async def take(self, run: str, task: str, attempt: int, agent: str, needs: Sequence[str]) -> Taken:
        at = self._determinism.now()

        def write(connection: Connection) -> Taken:
            head = self._open_head(connection, run)
            begun, ended = _known_attempt(connection, run, task, attempt)
            lease, since = self._lease(connection, head, task)
            events = _told(connection, run, task, since)
            if ended:
                return Taken(None, events)
            new = NewEvent(
                type=EventType.TASK_RESUMED if begun else EventType.TASK_STARTED,
                task=task,
                attempt=attempt,
                data={} if begun else {"agent": agent},
            )
            (event,) = self._write(connection, head, [_Addition(lease, [new], at)])
            return Taken(lease, (*events, event), begun, _work(connection, run, needs))

        taken = await self._database.writer.change(write)
        self._tell(run)
        return taken

    async def follow(self, run: str, follower: Owner) -> None:
        runs = schema.runs
        mine = (runs.c.id == run) & (runs.c.tenant == self._tenant)
        values = owner_columns(follower)
        await self._database.writer.change(
            lambda connection: connection.execute(update(runs).where(mine).values(**values))
        )

    async def take_run(self, run: str) -> TaskLease:
        def write(connection: Connection) -> TaskLease:
            return self._lease(connection, self._open_head(connection, run), _THE_RUN)[0]

        return await self._database.writer.change(write)

    def append(
        self, lease: TaskLease, news: Sequence[NewEvent], *, patient: bool = False
    ) -> "asyncio.Future[None]":
        addition = _Addition(lease, news, self._determinism.now())
        written = self._database.writer.add(addition, self._append_all, patient=patient)
        written.add_done_callback(lambda _: self._tell(lease.run))
        return written

    async def note(self, run: str, number: int, news: Sequence[NewEvent]) -> None:
        at = self._determinism.now()

        def write(connection: Connection) -> None:
            head = self._head(connection, run)
            row = _row(connection, run, _THE_RUN)
            if row is not None and row.notes >= number:
                return
            if head.final:
                raise _finished(run)
            lease, _ = self._lease(connection, head, _THE_RUN, notes=number)
            self._write(connection, head, [_Addition(lease, news, at)])

        await self._database.writer.change(write)
        self._tell(run)

    def _tell(self, run: str) -> None:
        """Wake whoever follows a run: in a moment, with all that is written until then."""
        if self._followers.get(run) is not None and run not in self._telling:
            loop = asyncio.get_running_loop()
            self._telling[run] = loop.create_task(self._wake(run, self._followers[run]))

    async def _wake(self, run: str, follower: str) -> None:
        await asyncio.sleep(_MOMENT_SECONDS)
        del self._telling[run]
        await self._wakeups.wake(follower)

    def _append_all(
        self, connection: Connection, additions: Sequence[_Addition]
    ) -> list[AstrolabeError | None]:
        """Write what may be written, run by run in the order of their ids; what may not is refused."""
        refused: dict[int, AstrolabeError | None] = {}
        by_run = sorted(enumerate(additions), key=lambda numbered: numbered[1].lease.run)
        for run, some in itertools.groupby(by_run, key=lambda numbered: numbered[1].lease.run):
            head = self._head(connection, run)
            numbered = [*some]
            refused |= {number: _refusal(connection, head, addition) for number, addition in numbered}
            self._write(connection, head, [addition for number, addition in numbered if not refused[number]])
        return [refused[number] for number in range(len(additions))]

    def _write(self, connection: Connection, head: _Head, additions: Sequence[_Addition]) -> list[Event]:
        rows, events = Rows(), list[Event]()
        for addition in additions:
            for new in addition.news:
                head.seq += 1
                event = new.placed(head.run, head.seq, at=addition.at, actor=addition.lease.actor)
                rows.add(ADD_EVENT, event_row(self._tenant, event), ("events", event.run, event.seq))
                follow_ups(rows, self._tenant, event)
                events.append(event)
        if events:
            values = {"_run": head.run, "_tenant": self._tenant, "seq": head.seq}
            rows.add(SET_SEQ, values, ("runs", head.run))
            rows.write(connection)
        return events

    def _head(self, connection: Connection, run: str) -> _Head:
        runs = schema.runs
        query = select(runs.c.seq, runs.c.status, runs.c.owner_token)
        query = query.where(runs.c.id == run, runs.c.tenant == self._tenant)
        row = connection.execute(query.with_for_update()).first()
        if row is None:
            raise _missing(run)
        if row.owner_token is not None:
            self._followers[run] = row.owner_token
        return _Head(run, row.seq, RunStatus(row.status).final)

    def _open_head(self, connection: Connection, run: str) -> _Head:
        head = self._head(connection, run)
        if head.final:
            raise _finished(run)
        return head

    def _lease(
        self, connection: Connection, head: _Head, task: str, *, notes: int | None = None
    ) -> tuple[TaskLease, int]:
        """Take a task under the next fence; return the lease, and after which event the log tells of the task."""
        table, row = schema.task_leases, _row(connection, head.run, task)
        fence = 1 if row is None else row.fence + 1
        since = head.seq if row is None else row.since
        if row is None:
            values = {"run": head.run, "task": task, "tenant": self._tenant, "since": since}
            connection.execute(insert(table).values(**values, fence=fence, notes=notes or 0))
        else:
            mine = (table.c.run == head.run) & (table.c.task == task)
            counted = row.notes if notes is None else notes
            connection.execute(update(table).where(mine).values(fence=fence, notes=counted))
        return TaskLease(head.run, task, fence, self._actor), since


def _row(connection: Connection, run: str, task: str) -> Row[int, int, int] | None:
    table = schema.task_leases
    query = select(table.c.fence, table.c.since, table.c.notes)
    return connection.execute(query.where(table.c.run == run, table.c.task == task)).first()


def _refusal(connection: Connection, head: _Head, addition: _Addition) -> AstrolabeError | None:
    if head.final:
        return _finished(head.run)
    row = _row(connection, head.run, addition.lease.task)
    if row is None or row.fence != addition.lease.fence:
        what = f"task {addition.lease.task!r} of run {head.run}" if addition.lease.task else f"run {head.run}"
        return LeaseLostError(
            f"{what} is worked on by another process now",
            hint="Nothing more was written here; that process goes on from the log.",
        )
    return None


def _known_attempt(connection: Connection, run: str, task: str, attempt: int) -> tuple[bool, bool]:
    """Tell whether an attempt has begun, and whether it has ended; LeaseLostError when there is a later one."""
    table = schema.attempts
    query = select(table.c.number, table.c.ended_at).where(
        table.c.run == run, table.c.task == task, table.c.number >= attempt
    )
    found = {row.number: row.ended_at for row in connection.execute(query)}
    if any(number > attempt for number in found):
        raise LeaseLostError(
            f"task {task!r} of run {run} is beyond attempt {attempt}", hint="Nothing was done here."
        )
    return attempt in found, found.get(attempt) is not None


def _told(connection: Connection, run: str, task: str, since: int) -> tuple[Event, ...]:
    table = schema.events
    query = select(table).where(table.c.run == run, table.c.seq > since, table.c.task == task)
    return tuple(map(event_of, connection.execute(query.order_by(table.c.seq))))


def _work(connection: Connection, run: str, needs: Sequence[str]) -> Mapping[str, Work]:
    table, found = schema.tasks, dict[str, Work]()
    for first in range(0, len(needs), _MOST_NAMES):
        names = needs[first : first + _MOST_NAMES]
        query = select(table.c.id, table.c.commit_id, table.c.tree)
        for row in connection.execute(query.where(table.c.run == run, table.c.id.in_(names))):
            found[row.id] = Work(row.commit_id, row.tree)
    return found


def _missing(run: str) -> MissingError:
    return MissingError(f"there is no run {run!r}", hint="List them with: astrolabe runs list")


def _finished(run: str) -> LeaseLostError:
    return LeaseLostError(f"run {run} is finished", hint="Nothing more was written.")
