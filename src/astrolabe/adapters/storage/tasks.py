"""Logs that many processes continue: the store places the events, and lets only who has a task tell of it."""

import asyncio
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Database
from astrolabe.adapters.storage.journal import ADD_EVENT, SET_SEQ, event_row
from astrolabe.adapters.storage.leases import (
    THE_RUN,
    Head,
    Lease,
    attempts,
    fence,
    heads,
    lease_of_run,
    leases,
    told,
    work,
)
from astrolabe.adapters.storage.projections import follow_ups
from astrolabe.adapters.storage.rows import Rows, event_of
from astrolabe.adapters.storage.store import owner_columns
from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.errors import AstrolabeError, LeaseLostError, MissingError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.leases import TaskLease
from astrolabe.ports.store import Owner
from astrolabe.ports.tasks import Taken, Work
from astrolabe.ports.wakeups import WakeUps

_MOMENT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Addition:
    """What one who has taken a task adds to a log."""

    lease: TaskLease
    news: Sequence[NewEvent]
    at: float

    @property
    def run(self) -> str:
        return self.lease.run

    @property
    def task(self) -> str:
        return self.lease.task


@dataclass(slots=True)
class _Taking:
    """A task that this process wants to take for an attempt; `taken` is what it has been given."""

    run: str
    task: str
    attempt: int
    agent: str
    needs: Sequence[str]
    at: float
    taken: Taken | None = None


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
        taking = _Taking(run, task, attempt, agent, needs, self._determinism.now())
        await asyncio.shield(self._database.writer.add(taking, self._write_all, patient=False))
        self._tell(run)
        if taking.taken is None:
            raise AssertionError("written, and nothing was taken")
        return taking.taken

    async def follow(self, run: str, follower: Owner) -> None:
        runs = schema.runs
        mine = (runs.c.id == run) & (runs.c.tenant == self._tenant)
        values = owner_columns(follower)
        await self._database.writer.change(
            lambda connection: connection.execute(update(runs).where(mine).values(**values))
        )

    async def take_run(self, run: str) -> TaskLease:
        return await self._database.writer.change(
            lambda connection: self._take_the_run(connection, self._open_head(connection, run))
        )

    def append(
        self, lease: TaskLease, news: Sequence[NewEvent], *, patient: bool = False
    ) -> "asyncio.Future[None]":
        addition = _Addition(lease, news, self._determinism.now())
        written = self._database.writer.add(addition, self._write_all, patient=patient)
        written.add_done_callback(lambda _: self._tell(lease.run))
        return written

    async def note(self, run: str, number: int, news: Sequence[NewEvent]) -> None:
        at = self._determinism.now()

        def write(connection: Connection) -> None:
            head = self._heads(connection, {run}).get(run)  # locked, before it is seen what has been written
            row = lease_of_run(connection, run)
            if row is not None and row.notes >= number:
                return
            if head is None or head.final:
                raise _finished(run) if head else _missing(run)
            rows = Rows()
            self._add(rows, head, _Addition(self._take_the_run(connection, head, number), news, at))
            self._close(rows, head, connection)

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

    def _write_all(
        self, connection: Connection, entries: Sequence["_Addition | _Taking"]
    ) -> list[AstrolabeError | None]:
        """Write what may be written, run by run in the order of their ids; what may not is refused."""
        refused: dict[int, AstrolabeError | None] = {}
        heads = self._heads(connection, {entry.run for entry in entries})
        by_run = sorted(enumerate(entries), key=lambda numbered: numbered[1].run)
        for run, some in itertools.groupby(by_run, key=lambda numbered: numbered[1].run):
            numbered = [*some]
            for number, _ in numbered:
                refused[number] = _unwritable(run, heads.get(run))
            if not refused[numbered[0][0]]:
                refused |= self._write_one(connection, heads[run], numbered)
        return [refused[number] for number in range(len(entries))]

    def _write_one(
        self, connection: Connection, head: Head, numbered: Sequence[tuple[int, "_Addition | _Taking"]]
    ) -> dict[int, AstrolabeError | None]:
        """Write what concerns one run: what those tell who have a task, and then who takes one."""
        additions = {number: entry for number, entry in numbered if isinstance(entry, _Addition)}
        refused = self._append(connection, head, additions)
        left = {number: entry for number, entry in numbered if isinstance(entry, _Taking)}
        while left:  # a task that is taken twice is taken one after the other
            first = {entry.task: number for number, entry in reversed(left.items())}
            some = {number: left.pop(number) for number in first.values()}
            refused |= self._take(connection, head, some)
        return refused

    def _append(
        self, connection: Connection, head: Head, additions: Mapping[int, _Addition]
    ) -> dict[int, AstrolabeError | None]:
        fences = {
            lease.task: lease.fence
            for lease in leases(connection, head.run, {entry.task for entry in additions.values()})
        }
        refused = {number: _refusal(addition, fences) for number, addition in additions.items()}
        rows = Rows()
        for number, addition in additions.items():
            if refused[number] is None:
                self._add(rows, head, addition)
        self._close(rows, head, connection)
        return refused

    def _take(
        self, connection: Connection, head: Head, takings: Mapping[int, _Taking]
    ) -> dict[int, AstrolabeError | None]:
        """Give each task the next fence and write that it has started, or is resumed; unless it has ended."""
        tasks = {taking.task for taking in takings.values()}
        had = {lease.task: lease for lease in leases(connection, head.run, tasks)}
        tried = attempts(connection, head.run, tasks)
        done = work(connection, head.run, {need for taking in takings.values() for need in taking.needs})
        refused: dict[int, AstrolabeError | None] = {}
        rows = Rows()
        for number, taking in takings.items():
            known = tried.get(taking.task, {})
            refused[number] = _too_late(taking, known)
            if refused[number] is None:
                before = had.get(taking.task) or Lease(taking.task, 0, head.seq)
                taking.taken = self._taken(connection, rows, head, taking, before, known, done)
        self._close(rows, head, connection)
        return refused

    def _taken(
        self,
        connection: Connection,
        rows: Rows,
        head: Head,
        taking: _Taking,
        before: Lease,
        known: Mapping[int, float | None],
        done: Mapping[str, Work],
    ) -> Taken:
        lease = TaskLease(head.run, taking.task, before.fence + 1, self._actor)
        written = before.since < head.written
        events = told(connection, head.run, taking.task, before.since) if written else ()
        fence(rows, self._tenant, lease, before.since)
        begun = taking.attempt in known
        if begun and known[taking.attempt] is not None:
            return Taken(None, events)
        new = NewEvent(
            type=EventType.TASK_RESUMED if begun else EventType.TASK_STARTED,
            task=taking.task,
            attempt=taking.attempt,
            data={} if begun else {"agent": taking.agent},
        )
        (event,) = self._add(rows, head, _Addition(lease, [new], taking.at))
        found = {need: done[need] for need in taking.needs if need in done}
        return Taken(lease, (*events, event), begun, found)

    def _add(self, rows: Rows, head: Head, addition: _Addition) -> list[Event]:
        events = list[Event]()
        for new in addition.news:
            head.seq += 1
            event = new.placed(head.run, head.seq, at=addition.at, actor=addition.lease.actor)
            rows.add(ADD_EVENT, event_row(self._tenant, event), ("events", event.run, event.seq))
            follow_ups(rows, self._tenant, event)
            events.append(event)
        return events

    def _close(self, rows: Rows, head: Head, connection: Connection) -> None:
        """Write rows of a run, and where its log ends with them."""
        if head.seq > head.written:
            values = {"_run": head.run, "_tenant": self._tenant, "seq": head.seq}
            rows.add(SET_SEQ, values, ("runs", head.run))
            head.written = head.seq
        rows.write(connection)

    def _heads(self, connection: Connection, runs: Collection[str]) -> dict[str, Head]:
        found = heads(connection, self._tenant, runs)
        self._followers |= {head.run: head.follower for head in found.values() if head.follower is not None}
        return found

    def _open_head(self, connection: Connection, run: str) -> Head:
        head = self._heads(connection, {run}).get(run)
        refusal = _unwritable(run, head)
        if head is None or refusal is not None:
            raise refusal or _missing(run)
        return head

    def _take_the_run(self, connection: Connection, head: Head, notes: int | None = None) -> TaskLease:
        table, row = schema.task_leases, lease_of_run(connection, head.run)
        fence = 1 if row is None else row.fence + 1
        if row is None:
            values = {"run": head.run, "task": THE_RUN, "tenant": self._tenant, "since": head.seq}
            connection.execute(insert(table).values(**values, fence=fence, notes=notes or 0))
        else:
            mine = (table.c.run == head.run) & (table.c.task == THE_RUN)
            counted = row.notes if notes is None else notes
            connection.execute(update(table).where(mine).values(fence=fence, notes=counted))
        return TaskLease(head.run, THE_RUN, fence, self._actor)


def _unwritable(run: str, head: Head | None) -> AstrolabeError | None:
    if head is None:
        return _missing(run)
    return _finished(run) if head.final else None


def _refusal(addition: _Addition, fences: Mapping[str, int]) -> AstrolabeError | None:
    lease = addition.lease
    if fences.get(lease.task) == lease.fence:
        return None
    what = f"task {lease.task!r} of run {lease.run}" if lease.task else f"run {lease.run}"
    return LeaseLostError(
        f"{what} is worked on by another process now",
        hint="Nothing more was written here; that process goes on from the log.",
    )


def _too_late(taking: _Taking, attempts: Iterable[int]) -> AstrolabeError | None:
    if all(number <= taking.attempt for number in attempts):
        return None
    return LeaseLostError(
        f"task {taking.task!r} of run {taking.run} is beyond attempt {taking.attempt}",
        hint="Nothing was done here.",
    )


def _missing(run: str) -> MissingError:
    return MissingError(f"there is no run {run!r}", hint="List them with: astrolabe runs list")


def _finished(run: str) -> LeaseLostError:
    return LeaseLostError(f"run {run} is finished", hint="Nothing more was written.")
