"""Which processes live: by the kernel's locks on one host, by the database's clock over hosts."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.processes import Locks
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.errors import ConflictError
from tests import postgresql
from tests.integration.storage.holder import holding
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import create, finished, reopened, started
from tests.postgresql import Server

SILENT = "UPDATE processes SET heartbeat_at = heartbeat_at - 1000"


def with_store(home: Home, use: Callable[[SqlStore], Awaitable[None]], token: str = "me") -> None:
    async def go() -> None:
        async with home.store(token) as store:
            await use(store)

    asyncio.run(go())


async def until(ask: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(1000):
        if await ask():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


async def is_owned(store: SqlStore, run: str) -> bool:
    return await store.is_owned(await store.run(run))


async def is_free(store: SqlStore, run: str) -> bool:
    return not await is_owned(store, run)


async def is_listed(store: SqlStore, token: str) -> bool:
    return token in {process.token for process in await store.processes.list()}


@pytest.fixture
def elsewhere(server: Server, tmp_path: Path) -> tuple[Home, Home]:
    """One state on a server, seen from two hosts: they share nothing else."""
    url = server.migrated()
    return Home(tmp_path / "one", url), Home(tmp_path / "other", url)


@pytest.fixture
def own() -> Iterator[Server]:
    with postgresql.running() as started:
        yield started


@pytest.mark.parametrize("apart", [False, True])
def test_a_run_is_its_processes_until_that_is_killed_whatever_pids_they_see(apart: bool, home: Home) -> None:
    with holding(home, apart=apart) as holder:

        async def use(store: SqlStore) -> None:
            assert await store.is_owned(await store.run(holder.run))
            with pytest.raises(ConflictError):
                await store.claim(holder.run, this_process("me"))
            assert await asyncio.to_thread(holder.append) == "ok"
            holder.process.kill()
            await asyncio.to_thread(holder.process.wait)
            await until(lambda: is_free(store, holder.run))
            lease = await store.claim(holder.run, this_process("me"))
            await store.append(lease, started(lease, 3, "t1"))

        with_store(home, use)


def test_whoever_takes_a_finished_run_on_again_is_seen_to_live(elsewhere: tuple[Home, Home]) -> None:
    here, there = elsewhere

    async def whole() -> None:
        async with here.store("first") as store:
            run = (await finished(store)).run
        async with here.store("again") as store, there.store("other") as other:
            await store.reopen(run, this_process("again"), reopened())
            assert await is_listed(other, "again")
            with pytest.raises(ConflictError):
                await other.claim(run, this_process("other"))

    asyncio.run(whole())


def test_a_live_process_outside_of_a_pid_namespace_is_seen_from_within(home: Home) -> None:
    """The process within looks at a pid that means nothing to it."""

    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("me"))
        with holding(home, apart=True) as holder:
            assert await asyncio.to_thread(holder.claim, lease.run) == "conflict"

    with_store(home, use)


def test_a_process_of_another_host_lives_until_it_has_been_silent_for_its_lease(
    elsewhere: tuple[Home, Home],
) -> None:
    here, there = elsewhere
    with holding(there) as holder:

        async def refused(store: SqlStore) -> None:
            with pytest.raises(ConflictError):
                await store.claim(holder.run, this_process("me"))

        with_store(here, refused)
    with holding(replace(there, lease_seconds=1.0)) as holder:

        async def taken(store: SqlStore) -> None:
            os.kill(holder.process.pid, signal.SIGSTOP)
            await until(lambda: is_free(store, holder.run))
            lease = await store.claim(holder.run, this_process("me"))
            os.kill(holder.process.pid, signal.SIGCONT)
            assert await asyncio.to_thread(holder.append) == "lease-lost", "a woken zombie writes nothing"
            await store.append(lease, started(lease))

        with_store(here, taken)


def test_a_process_that_beats_outlives_its_lease(elsewhere: tuple[Home, Home]) -> None:
    here, there = elsewhere

    async def use(store: SqlStore) -> None:
        with holding(replace(there, lease_seconds=1.0)) as holder:
            for _ in range(2):  # a beat comes after each time
                await asyncio.to_thread(here.run, SILENT)
                await until(lambda: is_owned(store, holder.run))
            await asyncio.to_thread(here.run, "DELETE FROM processes WHERE token = 'holder'")
            await until(lambda: is_listed(store, "holder"))

    with_store(here, use)


def test_nobody_is_dead_because_the_server_was_away(own: Server, tmp_path: Path) -> None:
    url = own.empty()
    with holding(Home(tmp_path / "other", url)) as holder:
        Home(tmp_path / "one", url).run(SILENT)
        os.kill(holder.process.pid, signal.SIGSTOP)
        own.stop()
        own.start()

        async def use(store: SqlStore) -> None:
            with pytest.raises(ConflictError):
                await store.claim(holder.run, this_process("me"))

        with_store(Home(tmp_path / "one", url), use)


def test_processes_are_listed_with_what_they_are(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        assert await store.processes.list() == ()
        await store.processes.present("worker", ["webapp", "command"])
        with holding(home) as holder:
            me, other = await store.processes.list()
            assert (me.kind, me.agents, me.pid, me.alive) == (
                "worker",
                ("webapp", "command"),
                os.getpid(),
                True,
            )
            assert (other.kind, other.pid, other.alive) == ("run", holder.process.pid, True)
            assert other.heartbeat_at >= other.started_at >= me.started_at
            holder.process.kill()
            await asyncio.to_thread(holder.process.wait)
            assert [one.token for one in await store.processes.list() if one.alive] == ["me"]
        await store.processes.present("worker", ["webapp"])

    with_store(home, use)
    assert home.run("SELECT * FROM processes WHERE token = 'me'") == []


def test_what_says_nothing_pays_nothing(tmp_path: Path) -> None:
    """On one host nothing beats, and a process that owns nothing leaves no trace."""
    home = Home(tmp_path)

    async def use(store: SqlStore) -> None:
        await store.runs()
        assert not (tmp_path / "state" / "processes").exists()
        await create(store, this_process("me"))
        assert store.processes._beating is None

    with_store(home, use)
    assert list((tmp_path / "state" / "processes").iterdir()) == []


def test_a_lock_is_held_until_it_is_released_and_left_ones_are_removed(tmp_path: Path) -> None:
    mine, others = Locks(tmp_path), Locks(tmp_path)
    mine.hold("mine")
    (tmp_path / "dead.lock").touch()
    assert (others.held("mine"), others.held("dead"), others.held("none")) == (True, False, None)
    with (tmp_path / "dead.lock").open() as asked:
        fcntl.flock(asked, fcntl.LOCK_SH)
        assert others.held("dead") is False, "two who ask at once do not deceive each other"
    others.hold("others")
    assert others.held("dead") is False, "whoever comes asks after this whether the dead one lives"
    os.utime(tmp_path / "dead.lock", (0, 0))
    others.hold("again")
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["again", "mine", "others"]
    mine.release("mine")
    assert others.held("mine") is None


def test_an_owner_nobody_has_written_down_is_known_by_its_pid(home: Home) -> None:
    """As those of an earlier Astrolabe are, which had no locks."""

    async def use(store: SqlStore) -> None:
        unknown = this_process("unknown")
        lives, dead = await create(store, unknown), await create(store, replace(unknown, started_ticks=1))
        assert await store.is_owned(await store.run(lives.run))
        assert not await store.is_owned(await store.run(dead.run))

    with_store(home, use)
