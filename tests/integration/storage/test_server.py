"""What only a server does: it goes away and comes back, it takes no NUL, its processes lock rows of each other's."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from pydantic import JsonValue
from sqlalchemy import Connection, event, func, select, text

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.postgresql import PostgresServer
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.errors import StorageError
from tests import postgresql
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import create, started
from tests.person import Person, person
from tests.postgresql import Server

__all__ = ["person"]


@pytest.fixture
def own() -> Iterator[Server]:
    """A server that may be stopped."""
    with postgresql.running() as started:
        yield started


def with_store(home: Home, use: Any) -> None:
    async def go() -> None:
        async with home.store() as store:
            await use(store)

    asyncio.run(go())


def test_a_connection_that_is_in_use_when_all_is_closed_is_closed_as_well(server: Server) -> None:
    place = PostgresServer(server.empty())
    place.open()
    used = list[psycopg.Connection[Any]]()
    reading, closed = threading.Event(), threading.Event()

    def read(connection: Connection) -> None:
        used.append(cast("psycopg.Connection[Any]", connection.connection.driver_connection))
        reading.set()
        assert closed.wait(60)

    with ThreadPoolExecutor() as threads:
        answer = threads.submit(place.read, read)
        assert reading.wait(60)
        place.close()
        closed.set()
        answer.result()
    assert used[0].closed


def test_what_is_appended_while_the_server_is_away_is_written_once_it_is_back(
    own: Server, tmp_path: Path
) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"), ("a", "b"))
        waiting = asyncio.create_task(store._wakeups.wait("", 60))
        await asyncio.to_thread(own.stop)
        first = store.append(lease, started(lease))
        reading = asyncio.create_task(store.events(lease.run, 0))
        await asyncio.to_thread(own.start)
        await first
        await store.append(lease, started(lease, 3, "b"))
        await reading
        assert [event.seq for event in await store.events(lease.run)] == [1, 2, 3]
        await store.ask(lease.run, "cancel")
        await waiting

    with_store(Home(tmp_path, own.empty()), use)


@pytest.mark.parametrize("committed", [False, True])
def test_a_commit_nobody_answered_is_neither_lost_nor_repeated(
    committed: bool, server: Server, tmp_path: Path
) -> None:
    """The connection breaks in the commit, before or after the server has heard of it."""

    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        place = store._database.place
        assert isinstance(place, PostgresServer)
        assert place._writing
        assert place._engine
        dialect: Any = place._engine.dialect
        real = dialect.do_commit

        def breaks(connection: Any) -> None:
            del dialect.do_commit
            if committed:
                real(connection)
            connection.driver_connection.pgconn.finish()
            real(connection)

        dialect.do_commit = breaks
        await store.append(lease, started(lease))
        assert "do_commit" not in vars(dialect)
        assert [event.seq for event in await store.events(lease.run)] == [1, 2]
        with pytest.raises(StorageError):
            await store.append(lease, started(lease))

    with_store(Home(tmp_path, server.migrated()), use)


def test_a_server_that_stays_away_is_told_and_the_password_is_not(own: Server, tmp_path: Path) -> None:
    url = own.empty().replace("postgres@", "postgres:s3cret@")
    place = PostgresServer(url, patience_seconds=0.2)
    place.open()
    own.stop()
    with pytest.raises(StorageError) as told:
        place.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    place.close()
    assert "can be reached" in told.value.hint
    assert "s3cret" not in f"{told.value}{told.value.hint}"


def test_text_no_server_takes_is_kept_as_the_log_tells_it(server: Server, tmp_path: Path) -> None:
    reason = "a\0b\ud800c"

    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"))
        data: dict[str, JsonValue] = {"failure": "checks", "reason": reason, "retry_at": None}
        failed = NewEvent(type=EventType.TASK_FAILED, task="a", attempt=1, data=data)
        await store.append(lease, [*started(lease), failed.placed(lease.run, 3, at=1.0, actor=lease.actor)])
        assert (await store.events(lease.run))[-1].data == data
        kept = await store._database.read(
            lambda connection: connection.execute(select(schema.tasks.c.reason)).scalar()
        )
        assert kept == "a\N{REPLACEMENT CHARACTER}b\\ud800c"

    with_store(Home(tmp_path, server.migrated()), use)


def test_processes_that_lock_each_others_rows_all_get_on(server: Server, tmp_path: Path) -> None:
    """Even where rows are locked in contrary orders, which the server ends as a deadlock."""
    home = Home(tmp_path, server.migrated())

    def locking(*names: str) -> Any:
        def do(connection: Connection) -> None:
            for name in names:
                key = func.hashtextextended(name, 0)
                connection.execute(select(func.pg_advisory_xact_lock(key), func.pg_sleep(0.01)))

        return do

    async def go() -> None:
        async with home.store("one") as one, home.store("two") as two:
            for _ in range(3):
                await asyncio.gather(
                    one._database.writer.change(locking("a", "b")),
                    two._database.writer.change(locking("b", "a")),
                )

    asyncio.run(go())


def test_what_is_committed_is_on_the_disk_whatever_the_server_is_set_to(
    server: Server, tmp_path: Path
) -> None:
    place = PostgresServer(f"{server.migrated()}&options=-c%20synchronous_commit%3Doff")
    place.open()
    assert place.read(lambda connection: connection.execute(text("SHOW synchronous_commit")).scalar()) == "on"
    place.close()


def test_connections_are_bounded(server: Server, tmp_path: Path) -> None:
    place = PostgresServer(server.migrated())
    place.open()
    assert place._engine
    opened: list[object] = []

    def opened_one(connection: object, _record: object) -> None:
        opened.append(connection)

    event.listen(place._engine, "connect", opened_one)

    async def go() -> None:
        one = select(func.pg_sleep(0.001))
        await asyncio.gather(
            *(
                asyncio.to_thread(place.read, lambda connection: connection.execute(one).scalar())
                for _ in range(100)
            )
        )

    asyncio.run(go())
    place.close()
    assert 0 < len(opened) <= 8


def test_the_doctor_tells_which_database_is_used_and_whether_it_answers(
    own: Server, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> dict[str, str]:
        findings = person.types("doctor", "--json").document["findings"]
        return next(finding for finding in findings if finding["part"] == "database")

    assert told()["detail"].startswith("SQLite 3")
    monkeypatch.setenv("ASTROLABE_DATABASE_URL", own.empty().replace("postgres@", "postgres:s3cret@"))
    found = told()
    assert found["state"] == "works"
    assert found["detail"].startswith("PostgreSQL ")
    assert "s3cret" not in str(found)
    own.stop()
    assert told()["state"] == "missing"
    assert "can be reached" in told()["fix"]
