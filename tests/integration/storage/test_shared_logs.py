"""Logs that many processes continue: whatever comes at once is placed one after the other, and only who has a task tells of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.tasks import SqlTaskJournal
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunStatus
from astrolabe.errors import LeaseLostError, MissingError
from astrolabe.ports.store import Store
from astrolabe.ports.tasks import Taken, Work
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import record

NAMES = tuple(f"t{number}" for number in range(300))
"""More than one statement asks for."""


def with_journal(home: Home, use: Callable[[SqlTaskJournal, Store, str], Awaitable[None]]) -> None:
    async def go() -> None:
        async with home.journal() as (journal, store):
            tasks = tuple(Task(id=name, name=name, agent="a") for name in NAMES)
            version = await store.add_plan(Plan(goal="g", tasks=tasks))
            run = record(plan_id=version.id)
            created = NewEvent(type=EventType.RUN_CREATED, data={"tasks": list(NAMES), "ground": {}})
            await store.create_run(run, this_process("token"), created)
            await use(journal, store, run.id)

    asyncio.run(go())


async def outcomes(*asked: Awaitable[object]) -> Sequence[object]:
    return await asyncio.gather(*asked, return_exceptions=True)


def passed(task: str, commit: str = "c") -> NewEvent:
    return NewEvent(type=EventType.TASK_PASSED, task=task, attempt=1, data={"commit": commit, "tree": "t"})


def test_what_comes_at_once_is_placed_without_a_gap(home: Home) -> None:
    async def use(journal: SqlTaskJournal, store: Store, run: str) -> None:
        taken = await asyncio.gather(*(journal.take(run, name, 1, "a", ()) for name in NAMES))
        leases = [one.lease for one in taken]
        assert [lease and (lease.task, lease.fence) for lease in leases] == [(name, 1) for name in NAMES]
        await asyncio.gather(*(journal.append(lease, [passed(lease.task)]) for lease in leases if lease))
        events = await store.events(run)
        assert [event.seq for event in events] == list(range(1, 2 * len(NAMES) + 2))
        assert sum(event.type == EventType.TASK_PASSED for event in events) == len(NAMES)
        join = await journal.take(run, "t0", 2, "a", NAMES)
        assert join.work == {name: Work("c", "t") for name in NAMES}

    with_journal(home, use)


def test_a_task_that_is_taken_twice_at_once_belongs_to_the_later(home: Home) -> None:
    async def use(journal: SqlTaskJournal, store: Store, run: str) -> None:
        earlier, later = await asyncio.gather(*(journal.take(run, "t1", 1, "a", ()) for _ in range(2)))
        assert earlier.lease
        assert later.lease
        assert (earlier.resumed, later.resumed) == (False, True)
        assert [event.type for event in later.events] == [EventType.TASK_STARTED, EventType.TASK_RESUMED]
        told = await outcomes(
            journal.append(earlier.lease, [passed("t1", "old")]), journal.append(later.lease, [passed("t1")])
        )
        assert [type(one) for one in told] == [LeaseLostError, type(None)]
        assert [event.data["commit"] for event in await store.events(run) if event.type == "task.passed"] == [
            "c"
        ]

    with_journal(home, use)


def test_what_may_not_be_written_is_refused_and_its_neighbours_are_not(home: Home) -> None:
    async def use(journal: SqlTaskJournal, store: Store, run: str) -> None:
        first = await journal.take(run, "t1", 1, "a", ())
        assert first.lease
        await journal.append(first.lease, [passed("t1")])
        await journal.take(run, "t2", 2, "a", ())
        told = await outcomes(
            journal.take(run, "t1", 1, "a", ()),
            journal.take(run, "t2", 1, "a", ()),
            journal.take("nowhere", "t1", 1, "a", ()),
            journal.take(run, "t3", 1, "a", ()),
        )
        assert [type(one) for one in told] == [Taken, LeaseLostError, MissingError, Taken]
        assert isinstance(told[0], Taken)
        assert told[0].lease is None
        assert told[0].events[-1].type == EventType.TASK_PASSED
        whole = await journal.take_run(run)
        finished = NewEvent(
            type=EventType.RUN_FINISHED, data={"status": RunStatus.PASSED, "reason": "", "commit": None}
        )
        await journal.append(whole, [finished])
        told = await outcomes(
            journal.take(run, "t4", 1, "a", ()), journal.append(first.lease, [passed("t1")])
        )
        assert [type(one) for one in told] == [LeaseLostError, LeaseLostError]
        assert (await store.events(run))[-1].type == EventType.RUN_FINISHED

    with_journal(home, use)


def test_a_note_is_written_once(home: Home) -> None:
    async def use(journal: SqlTaskJournal, store: Store, run: str) -> None:
        paused = [NewEvent(type=EventType.RUN_PAUSE_REQUESTED)]
        await asyncio.gather(*(journal.note(run, number, paused) for number in (1, 1, 2, 1)))
        events = await store.events(run)
        assert [event.type for event in events[1:]] == [EventType.RUN_PAUSE_REQUESTED] * 2

    with_journal(home, use)
