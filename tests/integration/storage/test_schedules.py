"""Schedules on a real database: whoever looks with an old answer in hand fires nothing."""

from dataclasses import replace

from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.schedule import CatchUp, Firing, FiringState, Overlap, Schedule
from tests.integration.storage.home import Home, fresh_id
from tests.integration.storage.test_store import with_store

SCHEDULE = Schedule("s", "* * * * *", "UTC", "p", 1, "/w", CatchUp.ALL, Overlap.SKIP, False, 0.0, 0.0)


def test_of_those_that_saw_the_same_time_one_fires(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        schedules = store.schedules
        await schedules.add(SCHEDULE)
        firing = Firing("s", 60.0, fresh_id())
        assert await schedules.fire(SCHEDULE, 60.0, [firing])
        assert not await schedules.fire(SCHEDULE, 60.0, [replace(firing, run=fresh_id())])
        assert await schedules.due() == (firing,)
        await schedules.set_paused("s", paused=True, at=60.0)
        later = Firing("s", 120.0, fresh_id())
        assert not await schedules.fire(await schedules.one("s"), 120.0, [later]), "it was paused meanwhile"

    with_store(home, use)


def test_what_became_of_a_firing_is_settled_once(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        firing = Firing("s", 60.0, fresh_id())
        await store.schedules.add(SCHEDULE)
        await store.schedules.fire(SCHEDULE, 60.0, [firing])
        await store.schedules.settle(firing, FiringState.STARTED)
        await store.schedules.settle(firing, FiringState.SKIPPED, "too late")
        assert [found.state for found in await store.schedules.firings("s")] == [FiringState.STARTED]
        assert await store.schedules.due() == ()

    with_store(home, use)
