"""Runs that begin by the clock: each time once, whoever looks, whenever they die, with a clock that the test holds."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.schedule import CatchUp, Firing, Overlap
from astrolabe.errors import ConflictError, InputError, MissingError
from astrolabe.services.installation import Installation
from astrolabe.services.schedules import Ended, Order, Watch, add_schedule, fire
from astrolabe.settings import Settings
from tests.acceptance.toy import PLUGIN
from tests.person import CACHE, Person

PLAN = Plan(goal="g", tasks=(Task(id="t", name="t", agent="toy", writes=("x",), inputs={"content": "x"}),))


class Clock:
    """Stands still until a test, or whoever sleeps, moves it on."""

    def __init__(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    async def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 1.0)
        await asyncio.sleep(0)


@asynccontextmanager
async def installed(folder: Path, clock: Clock) -> AsyncGenerator[Installation]:
    settings = Settings(home=folder / "home", cache=CACHE)
    async with open_installation(settings, plugins=[PLUGIN]) as installation:
        yield replace(installation, determinism=replace(installation.determinism, now=lambda: clock.now))


def order(folder: Path, **changes: Any) -> Order:
    plain = Order("nightly", "0 3 * * *", "UTC", PLAN, folder / "work")
    return replace(plain, **changes)


def told(firings: tuple[Firing, ...]) -> list[tuple[str, str]]:
    return [(f"{datetime.fromtimestamp(f.due_at, UTC):%d %H:%M}", f.state.value) for f in reversed(firings)]


async def looked(installation: Installation) -> list[Ended]:
    ended: list[Ended] = []
    await Watch(installation, ended.append).once()
    return ended


def test_what_is_due_runs_once_and_what_is_not_does_not(tmp_path: Path) -> None:
    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        async with installed(tmp_path, clock) as installation:
            await add_schedule(installation, order(tmp_path))
            assert await looked(installation) == []
            clock.now += 15 * 3600
            (ended,) = await looked(installation)
            assert ended.status == "passed"
            assert (tmp_path / "work" / "x").read_text() == "x"
            assert (await installation.store.run(ended.firing.run)).status == "passed"
            assert await looked(installation) == []

    asyncio.run(go())


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.NONE, ["23 03:00"]),
        (CatchUp.LATEST, ["23 03:00"]),
        (CatchUp.ALL, ["21 03:00", "22 03:00", "23 03:00"]),
    ],
)
@pytest.mark.parametrize("late", [60, 4000])
def test_missed_times_are_made_up_for_as_asked(
    catch_up: CatchUp, expected: list[str], late: int, tmp_path: Path
) -> None:
    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        async with installed(tmp_path, clock) as installation:
            await add_schedule(installation, order(tmp_path, catch_up=catch_up))
            clock.now = Clock("2026-11-23T03:00").now + late
            for _ in range(2):
                await fire(installation)
            made = told(await installation.store.schedules.firings("nightly"))
            missed = catch_up is CatchUp.NONE and late > 300
            assert made == ([] if missed else [(time, "due") for time in expected])

    asyncio.run(go())


async def unfinished(installation: Installation, folder: Path) -> Firing:
    """Begin a run for the first time that is due and leave it, as a process that was killed does."""
    await fire(installation)
    (firing,) = await installation.store.schedules.due()
    watch = Watch(installation, lambda _ended: None)
    begun = await watch._begun(firing, await installation.store.schedules.one("nightly"))
    assert begun.lease is not None
    await installation.store.release(begun.lease)
    return firing


def test_a_run_whose_process_died_before_it_was_written_down_is_begun_once_and_finished(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        async with installed(tmp_path, clock) as installation:
            await add_schedule(installation, order(tmp_path))
            clock.now += 15 * 3600
            firing = await unfinished(installation, tmp_path)
            (ended,) = await looked(installation)
            assert (ended.firing.run, ended.status) == (firing.run, "passed")
            assert len(await installation.store.runs()) == 1

    asyncio.run(go())


@pytest.mark.parametrize("missed", [False, True])
@pytest.mark.parametrize("overlap", Overlap)
def test_a_time_that_comes_while_a_run_goes_on(overlap: Overlap, *, missed: bool, tmp_path: Path) -> None:
    """One that was missed as well, and is to be made up for, waits for the others."""

    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        workspace = tmp_path / "{at}" if overlap is Overlap.ALLOW else tmp_path / "work"
        async with installed(tmp_path, clock) as installation:
            await add_schedule(
                installation, order(tmp_path, overlap=overlap, workspace=workspace, catch_up=CatchUp.ALL)
            )
            clock.now = Clock("2026-11-22T03:10" if missed else "2026-11-22T03:01").now
            ended = await looked(installation)
            statuses = Counter(one.status for one in ended)
            skips = overlap is Overlap.SKIP and not missed
            assert statuses == ({"passed": 1, "skipped": 1} if skips else {"passed": 2})
            records = {record.target: record.status for record in await installation.store.runs()}
            assert len(records) == (2 if overlap is Overlap.ALLOW else 1)
            if overlap is Overlap.ALLOW:
                assert {Path(target).name for target in records} == {"2026-11-21T0300Z", "2026-11-22T0300Z"}

    asyncio.run(go())


def test_a_schedule_that_is_removed_meanwhile_ends_nobody_who_watches(tmp_path: Path) -> None:
    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        async with installed(tmp_path, clock) as installation:
            schedules = installation.store.schedules
            for name in ("first", "second"):
                await add_schedule(installation, order(tmp_path, name=name, workspace=tmp_path / name))
            clock.now += 24 * 3600
            await fire(installation)
            first, second = await schedules.due()
            watch = Watch(installation, lambda _ended: None)
            await watch._begin(first)
            await schedules.remove("second")
            await watch._begin(second)
            await watch.once()
            assert [run.id for run in await installation.store.runs()] == [first.run]

    asyncio.run(go())


def test_a_watch_sleeps_until_a_time_comes(tmp_path: Path) -> None:
    async def go() -> list[Ended]:
        clock = Clock("2026-11-20T02:58")
        async with installed(tmp_path, clock) as installation:
            await add_schedule(installation, order(tmp_path, cron="*/5 * * * *"))
            ended: list[Ended] = []
            enough = asyncio.Event()

            def hear(one: Ended) -> None:
                ended.append(one)
                if len(ended) == 2:
                    enough.set()

            async def sleep(seconds: float) -> None:
                assert 0 <= seconds <= 30
                await clock.sleep(seconds)
                while watch._going:
                    await asyncio.wait(watch._going.values())
                    watch._going = {run: t for run, t in watch._going.items() if not t.done()}

            watch = Watch(installation, hear)
            watching = asyncio.create_task(watch.always(sleep))
            await enough.wait()
            watching.cancel()
            await asyncio.wait([watching])
            return ended

    ended = asyncio.run(go())
    assert told(tuple(one.firing for one in reversed(ended))) == [("20 03:00", "due"), ("20 03:05", "due")]


def test_a_paused_schedule_fires_nothing_and_makes_up_for_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        clock = Clock("2026-11-20T12:00")
        async with installed(tmp_path, clock) as installation:
            schedules = installation.store.schedules
            await add_schedule(installation, order(tmp_path, catch_up=CatchUp.ALL))
            await schedules.set_paused("nightly", paused=True, at=clock.now)
            clock.now += 3 * 86400
            await fire(installation)
            await schedules.set_paused("nightly", paused=False, at=clock.now)
            await fire(installation)
            assert await schedules.due() == ()
            with pytest.raises(ConflictError):
                await add_schedule(installation, order(tmp_path))
            await schedules.remove("nightly")
            with pytest.raises(MissingError):
                await schedules.remove("nightly")

    asyncio.run(go())


def test_what_cannot_be_scheduled_is_refused(tmp_path: Path) -> None:
    async def go() -> None:
        async with installed(tmp_path, Clock("2026-11-20T12:00")) as installation:
            for changes in (
                {"name": "Not A Name"},
                {"cron": "0 3 * *"},
                {"timezone": "Mars/Olympus"},
                {"overlap": Overlap.ALLOW},
            ):
                with pytest.raises(InputError) as refused:
                    await add_schedule(installation, order(tmp_path, **changes))
                assert refused.value.problems
                assert await installation.store.schedules.every() == ()

    asyncio.run(go())


RUN_DUE = """
import sys
from astrolabe.cli.main import main
sys.argv = ["astrolabe", "schedules", "run-due", "--json"]
main()
"""


def test_of_four_processes_that_look_at_once_one_begins_the_run(tmp_path: Path, person: Person) -> None:
    plan = person.file(
        "plan.yaml", "goal: g\ntasks: [{id: a, agent: command, inputs: {run: echo x >> x}, writes: [x]}]\n"
    )
    added = person.types(
        "schedules",
        "add",
        "often",
        "--cron",
        "@yearly",
        "--plan",
        plan,
        "--workspace",
        person.folder / "there",
    )
    assert added.code == 0, added.err
    assert person.types("schedules", "list", "--json").document[0]["name"] == "often"
    _make_due(person)
    looking = [
        subprocess.Popen(
            [sys.executable, "-c", RUN_DUE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=120) for process in looking]
    assert [process.returncode for process in looking] == [0] * 4, outputs
    shown = person.types("schedules", "show", "often", "--json").document
    firings = [firing for firing in shown["firings"] if firing["state"] == "started"]
    assert len(firings) == 1
    assert (person.folder / "there" / "x").read_text() == "x\n"
    assert len(person.types("runs", "list", "--json").document) == 1


def _make_due(person: Person) -> None:
    """Let the schedule have been looked at last before a year began."""
    import sqlite3

    with sqlite3.connect(next(person.folder.rglob("astrolabe.db"))) as connection:
        connection.execute("UPDATE schedules SET looked_at = looked_at - 370 * 86400")
