"""The shared context of a run on a real database: no update lost, none torn, damage told and survived."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.context import MOST_BYTES, shared_text
from astrolabe.errors import ConflictError, InputError
from tests.integration.storage.home import Home, fresh_id
from tests.integration.storage.test_store import with_store

RUN = "R" * 26


async def put(store: SqlStore, key: str, text: str, expected: int | None = None, step: str = "") -> int:
    shared = await store.contexts.set(RUN, key, text, by="a/1", step=step or fresh_id(), expected=expected)
    return shared.version


def test_versions_count_up_and_only_the_expected_one_is_followed(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        assert await store.contexts.get(RUN, "k") is None
        assert await put(store, "k", "1", expected=0) == 1
        assert await put(store, "k", '{"a":[2]}', expected=1) == 2
        for stale in (0, 1, 3):
            with pytest.raises(ConflictError, match="at version 2"):
                await put(store, "k", "9", expected=stale)
        assert await put(store, "k", "3") == 3
        assert await put(store, "other", "4") == 1
        assert [shared.value for shared in await store.contexts.history(RUN, "k")] == [1, {"a": [2]}, 3]
        assert [(s.key, s.version) for s in await store.contexts.every(RUN)] == [("k", 3), ("other", 1)]
        assert await store.contexts.every("another run") == ()

    with_store(home, use)


def test_a_step_writes_once_however_often_it_is_taken(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        assert await put(store, "k", "1", expected=0, step="a/1/1") == 1
        assert await put(store, "k", "2") == 2
        assert await put(store, "k", "7", expected=0, step="a/1/1") == 1
        assert [shared.value for shared in await store.contexts.history(RUN, "k")] == [1, 2]

    with_store(home, use)


ADDER = """
import asyncio, itertools, sys
from pathlib import Path
from tests.integration.storage import home, test_context
from astrolabe.errors import ConflictError

async def add(store):
    for _ in range(10):
        while True:
            found = await store.contexts.get(test_context.RUN, "sum")
            value, version = (found.value, found.version) if found else (0, 0)
            try:
                await test_context.put(store, "sum", str(value + 1), expected=version)
                break
            except ConflictError:
                pass

async def main(folder, url, first_id):
    home.IDS = itertools.count(int(first_id))
    async with home.Home(Path(folder), url).store(first_id) as store:
        await asyncio.gather(*(add(store) for _ in range(2)))

asyncio.run(main(*sys.argv[1:]))
"""


def test_writers_in_several_processes_lose_no_update(home: Home) -> None:
    with_store(home, lambda _store: asyncio.sleep(0))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ADDER, str(home.folder), home.url, str(first_id)],
            cwd=Path(__file__).parents[3],
        )
        for first_id in (10**6, 2 * 10**6, 3 * 10**6)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]

    async def use(store: SqlStore) -> None:
        history = await store.contexts.history(RUN, "sum")
        assert [shared.value for shared in history] == list(range(1, 61))

    with_store(home, use)


@pytest.mark.parametrize("garbage", ["'{'", "'99'", "''"])
def test_what_is_damaged_is_kept_aside_and_told_and_the_version_before_it_used(
    garbage: str, home: Home
) -> None:
    async def use(store: SqlStore) -> None:
        for number in (1, 2):
            await put(store, "k", str(number))
        home.run(f"UPDATE context SET value = {garbage} WHERE version = 2")
        found = await store.contexts.get(RUN, "k")
        assert found is not None
        assert (found.value, found.version, found.damaged) == (1, 1, (2,))
        assert await put(store, "k", "3", expected=1) == 3
        assert [shared.version for shared in await store.contexts.history(RUN, "k")] == [1, 3]
        assert home.run("SELECT value, damaged FROM context WHERE version = 2") == [(garbage.strip("'"), 1)]
        home.run("UPDATE context SET value = 'x'")
        assert await store.contexts.get(RUN, "k") is None
        assert await put(store, "k", "4", expected=0) == 4

    with_store(home, use)


def test_what_cannot_be_shared_is_refused() -> None:
    for key, value in (("", 1), ("k" * 201, 1), ("k", float("nan")), ("k", "x" * MOST_BYTES)):
        with pytest.raises(InputError) as refused:
            shared_text(key, value)
        assert refused.value.problems
