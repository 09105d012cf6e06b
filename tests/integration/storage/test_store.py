"""The store on a real SQLite file and a real PostgreSQL: what it says is durable is, and only a run's owner can write to its log."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import insert, select

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.blobs import FileBlobs
from astrolabe.adapters.storage.ownership import lives, this_process
from astrolabe.adapters.storage.shelves import PIECE_BYTES
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.log import RunLog
from astrolabe.errors import ConflictError, LeaseLostError, MissingError, StorageError
from astrolabe.ports.store import Lease, Owner, RunRecord
from tests.integration.storage.home import DETERMINISM, Home, fresh_id
from tests.postgresql import Server

DEAD = Owner(token="gone", pid=2**22 + 1, boot_id="another boot", started_ticks=1)


def with_store(home: Home, use: Callable[[SqlStore], Awaitable[None]]) -> None:
    async def go() -> None:
        async with home.store() as store:
            await use(store)

    asyncio.run(go())


def record(**changes: object) -> RunRecord:
    run = fresh_id()
    plain = RunRecord(
        id=run,
        tenant="default",
        goal="g",
        plan_version=1,
        plan_id="p",
        target=f"/target/{run}",
        origin="o",
        status=RunStatus.RUNNING,
        created_at=1.0,
        finished_at=None,
        commit=None,
        reason="",
        owner=None,
        options={},
    )
    return replace(plain, **changes)


async def create(store: SqlStore, owner: Owner, tasks: tuple[str, ...] = ("a",)) -> Lease:
    return await store.create_run(
        record(), owner, NewEvent(type=EventType.RUN_CREATED, data={"tasks": list(tasks)})
    )


async def finished(store: SqlStore) -> Lease:
    lease = await create(store, DEAD)
    data: dict[str, JsonValue] = {"status": "passed", "reason": "", "commit": None, "published": None}
    end = NewEvent(type=EventType.RUN_FINISHED, data=data)
    await store.append(lease, [end.placed(lease.run, 2, at=1.0, actor=lease.actor)])
    return lease


def reopened() -> NewEvent:
    return NewEvent(type=EventType.RUN_REOPENED, data={"tasks": ["a"]})


def started(lease: Lease, seq: int = 2, task: str = "a") -> list[Event]:
    new = NewEvent(type=EventType.TASK_STARTED, task=task, attempt=1, data={"agent": "x"})
    return [new.placed(lease.run, seq, at=1.0, actor=lease.actor)]


def test_a_log_grows_in_the_order_of_the_calls_however_many_wait_at_once(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        names = tuple(f"t{number}" for number in range(50))
        lease = await create(store, this_process("token"), names)
        await asyncio.gather(
            *(
                store.append(lease, started(lease, seq, name), patient=seq % 3 > 0)
                for seq, name in enumerate(names, start=2)
            )
        )
        events = await store.events(lease.run)
        assert [event.seq for event in events] == list(range(1, 52))
        assert [event.task for event in events[1:]] == list(names)

    with_store(home, use)


def test_what_would_leave_a_gap_in_a_log_is_refused(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        outcomes = await asyncio.gather(
            store.append(lease, started(lease, 3)),
            store.append(lease, started(lease, 2)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], StorageError)
        assert outcomes[1] is None
        assert [event.seq for event in await store.events(lease.run)] == [1, 2]

    with_store(home, use)


def test_an_append_the_database_refuses_fails_alone(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        good, bad = [await create(store, this_process("token")) for _ in range(2)]
        await store.append(bad, started(bad, 2))
        outcomes = await asyncio.gather(
            store.append(good, started(good, 2)),
            store.append(bad, started(bad, 3)),  # the same attempt once more
            store.append(good, started(good, 3, "b")),
            return_exceptions=True,
        )
        assert [outcome is None for outcome in outcomes] == [True, False, True]
        assert [event.seq for event in await store.events(good.run)] == [1, 2, 3]
        assert [event.seq for event in await store.events(bad.run)] == [1, 2]

    with_store(home, use)


@settings(max_examples=30)
@given(
    ends=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["passed", "failed", "skipped"])), max_size=8
    )
)
def test_the_tables_tell_what_the_log_tells(
    ends: list[tuple[str, str]], homes: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However many events of a task are written in one statement, its row is as the last of them left it."""

    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"), ("a", "b", "c"))
        state = RunState(lease.run).apply(await store.events(lease.run))
        log = RunLog(store, lease, state, DETERMINISM)
        for task, end in ends:
            number = state.tasks[task].attempt + 1
            log.append(event(EventType.TASK_STARTED, task, number, agent="x"), patient=True)
            log.append(event(f"task.{end}", task, number, **ENDS[end]), patient=True)
        await log.durable()
        rows = await store._database.read(
            lambda connection: connection.execute(
                select(schema.tasks).where(schema.tasks.c.run == lease.run)
            ).all()
        )
        told = {row.id: (row.status, row.attempts, row.commit_id) for row in rows}
        assert told == {name: (task.status, task.attempt, task.commit) for name, task in state.tasks.items()}
        again = RunState(lease.run).apply(await store.events(lease.run))
        assert again == state

    with_store(homes(tmp_path_factory.mktemp("store")), use)


ENDS: dict[str, dict[str, JsonValue]] = {
    "passed": {"commit": "c", "tree": "t"},
    "failed": {"failure": "checks", "reason": "r", "retry_at": 1.0},
    "skipped": {"status": "cancelled", "reason": "r"},
}


def event(kind: str, task: str, number: int, **data: JsonValue) -> NewEvent:
    return NewEvent(type=kind, task=task, attempt=number, data=data)


def test_an_owner_that_was_taken_over_writes_nothing_more_and_fails_no_neighbour(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        old = await create(store, DEAD)
        other = await create(store, this_process("token"))
        new = await store.claim(old.run, this_process("token"))
        outcomes = await asyncio.gather(
            store.append(other, started(other)),
            store.append(old, started(old)),
            store.append(new, started(new)),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], LeaseLostError)
        assert not isinstance(outcomes[0], BaseException)
        assert not isinstance(outcomes[2], BaseException)
        assert [event.seq for event in await store.events(old.run)] == [1, 2]

    with_store(home, use)


def test_a_run_whose_owner_lives_cannot_be_claimed(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("someone"))
        with pytest.raises(ConflictError, match="being worked on"):
            await store.claim(lease.run, this_process("another"))
        await store.release(lease)
        assert (await store.claim(lease.run, this_process("another"))).fence == 2

    with_store(home, use)


def test_of_runs_begun_at_once_for_one_target_one_is_made(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        first = NewEvent(type=EventType.RUN_CREATED, data={"tasks": ["a"]})
        plan = Plan(goal="g", tasks=(Task(id="a", name="a", agent="x"),))
        tries = [
            store.create_run(record(target="/same", plan_id=name), this_process("token"), first, plan=plan)
            for name in "abcde"
        ]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(outcome, Lease) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 4
        kept = [await store.plan_versions(name) for name in "abcde"]
        assert sorted(map(len, kept)) == [0, 0, 0, 0, 1], "what did not come about leaves nothing"

    with_store(home, use)


def test_a_finished_run_cannot_be_claimed(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await finished(store)
        with pytest.raises(ConflictError, match="already passed"):
            await store.claim(lease.run, this_process("t"))
        with pytest.raises(MissingError):
            await store.claim("no such run", this_process("t"))

    with_store(home, use)


def test_a_process_lives_until_it_ends_and_a_reused_pid_does_not_deceive() -> None:
    me = this_process("t")
    assert lives(me)
    assert not lives(replace(me, started_ticks=me.started_ticks + 1))
    assert not lives(replace(me, boot_id="another"))
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19])
    owner = replace(me, pid=child.pid, started_ticks=ticks)
    assert lives(owner)
    child.kill()
    assert child.stdin
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not lives(owner), "a zombie works on nothing"
    child.wait()


WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from astrolabe.adapters.storage.ownership import this_process
from tests.integration.storage import home, test_store

async def main(folder, url, token, first_id):
    home.IDS = itertools.count(int(first_id))
    async with home.Home(Path(folder), url).store(token) as store:
        names = tuple(f"t{number}" for number in range(100))
        lease = await test_store.create(store, this_process(token), names)
        for seq, name in enumerate(names, start=2):
            await store.append(lease, test_store.started(lease, seq, name))
        assert len(await store.events(lease.run)) == 101

asyncio.run(main(*sys.argv[1:]))
"""


def test_two_processes_on_one_database_both_get_on(home: Home) -> None:
    with_store(home, lambda _store: asyncio.sleep(0))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home.folder), home.url, token, first_id],
            cwd=Path(__file__).parents[3],
            stderr=subprocess.PIPE,
            text=True,
        )
        for token, first_id in (("one", "1000"), ("two", "5000"))
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors


def test_messages_reach_a_waiting_owner_at_once(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        owner = this_process("token")
        lease = await create(store, owner)
        waiting = asyncio.create_task(store._wakeups.wait(lease.run, 600))
        await asyncio.sleep(0)
        began = time.monotonic()
        await store.ask(lease.run, "cancel", {"why": "because"})
        await waiting
        assert time.monotonic() - began < 60
        (message,) = await store.inbox(owner)
        assert (message.run, message.verb, message.data) == (lease.run, "cancel", {"why": "because"})
        assert await store.inbox(this_process("another")) == ()
        await store.taken(message)
        assert await store.inbox(owner) == ()

    with_store(home, use)


def test_plans_have_versions(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        plan = Plan(goal="g", tasks=(Task(id="a", name="a", agent="x", timeout_seconds=5),))
        first = await store.add_plan(plan)
        second = await store.add_plan(plan.model_copy(update={"goal": "h"}), first.id)
        assert (first.version, second.version) == (1, 2)
        kept = await store.plan_versions(first.id)
        assert [version.plan.goal for version in kept] == ["g", "h"]
        assert kept[0].plan == plan

    with_store(home, use)


@settings(max_examples=25)
@given(content=st.binary(max_size=4096))
def test_a_blob_comes_back_as_it_went_in(
    content: bytes, homes: Callable[[Path], Home], tmp_path_factory: pytest.TempPathFactory
) -> None:
    async def use(store: SqlStore) -> None:
        assert await store.blob(await store.put_blob(content)) == content

    with_store(homes(tmp_path_factory.mktemp("store")), use)


@pytest.mark.parametrize("size", [0, PIECE_BYTES, PIECE_BYTES * 2 + 1])
def test_a_blob_of_any_size_is_kept_once_and_found_whole(size: int, home: Home) -> None:
    async def use(store: SqlStore) -> None:
        content = os.urandom(size)
        digests = await asyncio.gather(*(store.put_blob(content) for _ in range(3)))
        assert set(digests) == {hashlib.sha256(content).hexdigest()}
        assert await store.blob(digests[0]) == content
        with pytest.raises(MissingError):
            await store.blob("0" * 64)

    with_store(home, use)


def test_a_blob_whose_pieces_are_not_all_there_is_not_there(server: Server, tmp_path: Path) -> None:
    home = Home(tmp_path, server.migrated())

    async def use(store: SqlStore) -> None:
        digest = await store.put_blob(os.urandom(PIECE_BYTES + 1))
        await asyncio.to_thread(home.run, "DELETE FROM blobs WHERE piece = 0")
        with pytest.raises(MissingError):
            await store.blob(digest)

    with_store(home, use)


def test_a_blob_that_cannot_be_read_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    async def use() -> None:
        blobs = FileBlobs(tmp_path)
        digest = await blobs.put(b"content")
        (tmp_path / digest[:2] / digest[2:]).unlink()
        with pytest.raises(MissingError):
            await blobs.get(digest)
        (tmp_path / digest[:2] / digest[2:]).mkdir()
        with pytest.raises(StorageError, match="cannot be read"):
            await blobs.get(digest)

    asyncio.run(use())


def test_the_number_of_a_message_that_was_removed_is_never_given_again(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        numbers: list[int] = []
        for _ in range(3):
            await store.ask(lease.run, "cancel")
            ((number,),) = await asyncio.to_thread(home.run, "SELECT id FROM inbox")
            await asyncio.to_thread(home.run, "DELETE FROM inbox")
            numbers.append(number)
        assert numbers == sorted(set(numbers))

    with_store(home, use)


def test_one_run_of_ten_thousand_is_found_by_reading_one(home: Home) -> None:
    count = 10_000
    ids = [f"01K{number:020d}{number % 997:03d}" for number in range(count)]
    rows = [
        {
            "id": run,
            "tenant": "default",
            "goal": "g",
            "plan_id": run[::-1],
            "plan_version": 1,
            "target": run,
            "origin": "o",
            "options": "{}",
            "status": "passed",
            "reason": "",
            "created_at": float(number),
            "seq": 1,
            "fence": 1,
        }
        for number, run in enumerate(ids)
    ]

    async def use(store: SqlStore) -> None:
        await store._database.writer.change(lambda connection: connection.execute(insert(schema.runs), rows))
        fetched: list[int] = []
        place: Any = store._database.place
        engine = place._readers if home.url else place._engine

        @sqlalchemy_event.listens_for(engine, "after_cursor_execute")
        def _count(_connection: Any, cursor: Any, *_rest: object) -> None:
            fetched.append(cursor.rowcount)

        assert await store.runs_called(ids[5], 6) == (ids[5],)
        assert await store.runs_called(ids[5][:22], 6) == tuple(reversed(ids[:10]))[:6]
        assert await store.runs_called(ids[700][-8:], 6) == (ids[700],)
        assert await store.plans_called(ids[700][::-1][:8], 6) == (ids[700][::-1],)
        assert (await store.runs(limit=1))[0].id == ids[-1]
        assert len(fetched) == 8
        assert all(count <= 6 for count in fetched)

    with_store(home, use)


def test_what_a_killed_writer_left_is_removed_after_a_minute(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    digest = asyncio.run(blobs.put(b"content"))
    now = time.time()
    for name, age in ((".new-old", 61), (".new-fresh", 5), ("other", 1000)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (now - age, now - age))
    assert blobs.tidy(now) == 1
    assert {file.name for file in tmp_path.iterdir() if file.is_file()} == {".new-fresh", "other"}
    assert asyncio.run(blobs.get(digest)) == b"content"
