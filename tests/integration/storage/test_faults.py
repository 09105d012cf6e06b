"""Faults of the machine below a file: a full disk, a folder nobody may write, a clock that jumps, another who writes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.errors import StorageError
from tests.integration.storage.holder import holding
from tests.integration.storage.home import Home
from tests.integration.storage.test_store import create, started
from tests.postgresql import BUBBLEWRAP

ROOT = Path(__file__).parents[3]
FILL = """
import asyncio, itertools, resource, sys
from pathlib import Path
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.errors import StorageError
from tests.integration.storage import home, test_store

async def main(folder, limit):
    count = 0
    names = tuple(f"t{number}" for number in range(5000))
    async with home.Home(Path(folder)).store("filler") as store:
        lease = await test_store.create(store, this_process("filler"), names)
        print(lease.run)
        if int(limit):
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
        try:
            for number, name in enumerate(names):
                await store.append(lease, test_store.started(lease, number + 2, name))
                count += 1
        except StorageError as error:
            print(count, error.hint)

import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
asyncio.run(main(*sys.argv[1:]))
"""


def told_by(command: list[str]) -> tuple[str, int, str]:
    """Return the run, how many appends were said to be durable, and the hint that ended them."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    run, _, rest = done.stdout.partition("\n")
    assert rest, done.stderr
    count, _, hint = rest.strip().partition(" ")
    return run, int(count), hint


def goes_on(home: Home, run: str, count: int) -> None:
    """Hold that all that was said to be durable is there, and that the run goes on from it."""

    async def use(store: SqlStore) -> None:
        events = await store.events(run)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) >= count + 1
        lease = await store.claim(run, this_process("next"))
        await store.append(lease, started(lease, len(events) + 1, f"t{len(events) - 1}"))

    async def go() -> None:
        async with home.store("next") as store:
            await use(store)

    asyncio.run(go())
    assert home.upkeep().faults() == ()


def test_a_file_that_may_not_grow_loses_nothing_that_was_durable(tmp_path: Path) -> None:
    run, count, hint = told_by([sys.executable, "-c", FILL, str(tmp_path), str(2 * 1024**2)])
    assert "astrolabe resume" in hint
    assert 0 < count < 5000
    goes_on(Home(tmp_path), run, count)


def test_a_full_disk_loses_nothing_that_was_durable(tmp_path: Path) -> None:
    """The disk is a small one of a namespace's own; what it holds in the end is copied out of it."""
    script = f'"$0" -c "$1" /disk 0; cp -r /disk/. {tmp_path}'
    isolated = [str(BUBBLEWRAP), "--dev-bind", "/", "/", "--unshare-user", "--size", str(4 * 1024**2)]
    command = [
        *isolated,
        "--tmpfs",
        "/disk",
        "--chdir",
        str(ROOT),
        "/bin/sh",
        "-c",
        script,
        sys.executable,
        FILL,
    ]
    run, count, hint = told_by(command)
    assert "Free disk space" in hint
    assert 0 < count < 5000
    goes_on(Home(tmp_path), run, count)


def test_a_folder_nobody_may_write_is_told_with_what_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path)
    asyncio.run(_begin(home))
    script = "import sys; from pathlib import Path; from tests.integration.storage.home import Home; Home(Path(sys.argv[1])).place().open()"
    isolated = [str(BUBBLEWRAP), "--dev-bind", "/", "/", "--ro-bind", str(tmp_path), str(tmp_path)]
    command = [*isolated, "--unshare-user", "--chdir", str(ROOT), sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert "StorageError" in done.stderr
    assert "cannot be written" in done.stderr


def test_a_state_folder_that_is_removed_while_it_is_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path)

    async def use() -> None:
        async with home.store() as store:
            lease = await create(store, this_process("token"))
            home.file.parent.rename(tmp_path / "away")
            with pytest.raises(StorageError) as told:
                await store.append(lease, started(lease))
            assert "astrolabe.db-wal belongs to astrolabe.db" in told.value.hint

    with pytest.raises(StorageError, match="No such file"):
        asyncio.run(use())
    (tmp_path / "away").rename(home.file.parent)
    assert home.run("SELECT count(*) FROM events") == [(1,)]


async def _begin(home: Home) -> None:
    async with home.store() as store:
        await create(store, this_process("token"))


@pytest.mark.parametrize("jump", [-1e6, 1e6])
def test_a_clock_that_jumps_takes_no_run_from_a_living_process(jump: float, tmp_path: Path) -> None:
    """On one host no clock takes part in telling who lives."""
    home = Home(tmp_path)
    with holding(home) as holder:
        home.run(
            f"UPDATE processes SET started_at = started_at + {jump}, heartbeat_at = heartbeat_at + {jump}"
        )

        async def use() -> None:
            async with home.store("me") as store:
                assert await store.is_owned(await store.run(holder.run))

        asyncio.run(use())
        assert holder.append() == "ok"
