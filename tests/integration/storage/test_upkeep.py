"""Copies, restoring, retention and checks, on both databases and from one to the other."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from astrolabe.adapters.git.workspace import GitWorkspace
from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, Task
from astrolabe.errors import InputError, RefusedError
from astrolabe.ports.store import Lease
from astrolabe.services.upkeep import Keeping, prune
from tests.integration.storage.holder import holding
from tests.integration.storage.home import DETERMINISM, Home
from tests.integration.storage.test_store import create, event, started

DAY = 86_400.0
Homes = Callable[[Path], Home]


def with_store(home: Home, use: Callable[[SqlStore], Awaitable[None]]) -> None:
    async def go() -> None:
        async with home.store() as store:
            await use(store)

    asyncio.run(go())


async def finish(store: SqlStore, lease: Lease, output: bytes, ended_days_ago: float) -> str:
    """Bring a run of one task to its end, with a check that printed something; return the blob's digest."""
    digest = await store.put_blob(output)
    checked: dict[str, JsonValue] = {
        "check": "c",
        "verdict": "passed",
        "inputs_digest": hashlib.sha256(output).hexdigest()[:32],
        "output_digest": digest,
    }
    ended: dict[str, JsonValue] = {"status": "passed", "reason": "", "commit": None, "published": None}
    news = [
        event(EventType.TASK_STARTED, "a", 1, agent="x"),
        NewEvent(type=EventType.CHECK_FINISHED, task="a", attempt=1, data=checked),
        event(EventType.TASK_PASSED, "a", 1, commit="c", tree="t"),
        NewEvent(type=EventType.RUN_FINISHED, data=ended),
    ]
    at = time.time() - ended_days_ago * DAY
    await store.append(
        lease,
        [new.placed(lease.run, seq, at=at, actor=lease.actor) for seq, new in enumerate(news, start=2)],
    )
    await store.release(lease)
    return digest


def rows(home: Home) -> dict[str, set[tuple[Any, ...]]]:
    """Return all that is kept, table by table, in the form both databases have in common."""
    found: dict[str, set[tuple[Any, ...]]] = {}
    for name, table in schema.metadata.tables.items():
        if name not in {"processes", "writers", "blobs"}:
            found[name] = set(home.run(f"SELECT {', '.join(table.c.keys())} FROM {name}"))
    return found


def fill(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        for number in range(3):
            await finish(store, await create(store, this_process("token")), bytes([number]), 1)
        lease = await create(store, this_process("token"))
        await store.ask(lease.run, "cancel", {"why": "a\0b é"})

    with_store(home, use)


def test_a_copy_is_restored_into_either_database_with_every_row(homes: Homes, tmp_path: Path) -> None:
    source = homes(tmp_path / "source")
    fill(source)
    kept = rows(source)
    copy = tmp_path / "copies" / "copy.db"
    (tmp_path / "target" / "state").mkdir(parents=True)
    if (blobs := tmp_path / "source" / "state" / "blobs").exists():  # which no copy of a file has
        shutil.copytree(blobs, tmp_path / "target" / "state" / "blobs")
        shutil.copytree(blobs, tmp_path / "file" / "state" / "blobs")
    made = source.upkeep().back_up(copy)
    assert (made.file, made.size_bytes) == (copy, copy.stat().st_size)
    with pytest.raises(InputError, match="already"):
        source.upkeep().back_up(copy)
    for target in (homes(tmp_path / "target"), Home(tmp_path / "file")):
        fill(target)
        replaced = rows(target)
        done = target.upkeep().restore(copy)
        assert done.runs == 4
        assert rows(target) == kept
        assert (
            target.upkeep().faults() == () or target.url == "" != source.url
        )  # whose blobs are rows of the copy
        assert done.replaced
        old = Home(tmp_path / f"old-{target.folder.name}")
        old.file.parent.mkdir(parents=True)
        done.replaced.rename(old.file)
        assert rows(old) == replaced
        with_store(target, lambda store: store.ask(max(run for (run, *_) in kept["runs"]), "cancel"))


def test_what_lies_beside_a_copied_file_is_restored_with_it(homes: Homes, tmp_path: Path) -> None:
    """A file that somebody copied while it was used: what was written last is in its companion."""
    used, copy, other = Home(tmp_path / "used"), tmp_path / "copy" / "astrolabe.db", homes(tmp_path / "other")
    copy.parent.mkdir()

    async def use() -> None:
        async with used.store() as store:
            await create(store, this_process("token"))
            await asyncio.to_thread(shutil.copyfile, used.file, copy)
            await create(store, this_process("token"))
            await asyncio.to_thread(shutil.copyfile, f"{used.file}-wal", f"{copy}-wal")

    asyncio.run(use())
    assert other.upkeep().restore(copy).runs == 2


def test_a_copy_is_consistent_though_runs_go_on(home: Home) -> None:
    async def use(store: SqlStore) -> None:
        lease = await create(store, this_process("token"), tuple(f"t{number}" for number in range(60)))

        async def work() -> None:
            for number in range(60):
                await store.append(lease, started(lease, number + 2, f"t{number}"))

        async def copy() -> None:
            for number in range(3):
                await asyncio.to_thread(home.upkeep().back_up, home.folder / f"{number}.db")

        await asyncio.gather(work(), copy())

    with_store(home, use)
    sizes: list[int] = []
    for number in range(3):
        copied = Home(home.folder / f"copy-{number}")
        copied.upkeep().restore(home.folder / f"{number}.db")
        assert copied.upkeep().faults() == ()
        ((seq, started_tasks),) = copied.run(
            "SELECT seq, (SELECT count(*) FROM tasks WHERE status = 'running') FROM runs"
        )
        assert seq == started_tasks + 1
        sizes.append(seq)
    assert sizes == sorted(sizes)


def test_a_copy_is_not_restored_below_somebody_who_works(home: Home) -> None:
    fill(home)
    copy = home.folder / "copy.db"
    home.upkeep().back_up(copy)
    before = rows(home)
    with holding(home) as holder:
        for file in (copy, None):
            with pytest.raises(RefusedError, match="open"):
                home.upkeep().restore(file)
        assert holder.append() == "ok"
        holder.process.kill()
        holder.process.wait()
    assert {run for (run, *_) in rows(home)["runs"]} > {run for (run, *_) in before["runs"]}
    home.upkeep().restore(None)
    assert rows(home)["runs"] == set()
    home.upkeep().restore(copy)
    assert rows(home) == before


def test_what_is_no_copy_of_this_version_is_refused_before_anything_is_changed(home: Home) -> None:
    fill(home)
    before = rows(home)
    newer, damaged, foreign = (home.folder / name for name in ("newer.db", "damaged.db", "foreign.db"))
    home.upkeep().back_up(newer)
    content = newer.read_bytes()
    damaged.write_bytes(content[:8192] + os.urandom(8192) + content[16384:])
    foreign.write_text("a text")
    Home(home.folder / "other", "").upkeep().restore(newer)
    with sqlite3.connect(newer) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for file, told in (
        (newer, "9999"),
        (damaged, "damaged|malformed"),
        (foreign, "no backup"),
        (home.folder / "x", "no file"),
    ):
        with pytest.raises(InputError, match=told) as refused:
            home.upkeep().restore(file)
        assert refused.value.hint
    assert rows(home) == before


def keeping(home: Home) -> Keeping:
    def workspace(target: Path) -> GitWorkspace:
        return GitWorkspace(home.folder / "clone.git", target, DETERMINISM, environment={}, report=print)

    return Keeping(home.upkeep(), workspace, DETERMINISM, home.folder / "state")


def age_blobs(home: Home) -> None:
    if home.url:
        home.run("UPDATE blobs SET at = 0")
    for file in (home.folder / "state" / "blobs").glob("??/*"):
        os.utime(file, (0, 0))


def test_old_finished_runs_go_with_all_they_left_and_nothing_else_does(home: Home) -> None:
    plan = Plan(goal="g", tasks=(Task(id="a", name="a", agent="x", timeout_seconds=5),))
    digests: list[str] = []
    leases: list[Lease] = []

    async def use(store: SqlStore) -> None:
        for output, days in ((b"old", 40), (b"shared", 40), (b"shared", 2), (b"new", 2)):
            leases.append(await create(store, this_process("token")))
            digests.append(await finish(store, leases[-1], output, days))
        leases.append(await create(store, this_process("token")))
        await store.append(leases[-1], started(leases[-1]))
        for lease in leases:
            await store.ask(lease.run, "cancel")
        digests.append(await store.put_blob(b"of nobody"))
        await store.add_plan(plan, "unused")
        await store.add_plan(plan, "p")

    with_store(home, use)
    home.run("UPDATE plans SET created_at = 0")
    (home.folder / "state" / "blobs" / "aa").mkdir(parents=True, exist_ok=True)
    left = home.folder / "state" / "blobs" / "aa" / ".new-left"
    left.touch()
    would = asyncio.run(prune(keeping(home), 30, 0, dry_run=True))
    assert [run.id for run in would.runs] == [lease.run for lease in leases[:2]]
    assert would.blobs == 0, "what was put today may yet be referred to"
    age_blobs(home)
    os.utime(left, (0, 0))
    assert asyncio.run(prune(keeping(home), 30, 0, dry_run=True)).blobs == 2
    assert asyncio.run(prune(keeping(home), 30, 4, dry_run=True)).runs == would.runs[:1]
    done = asyncio.run(prune(keeping(home), 30, 0, dry_run=False))
    assert (done.runs, done.plans, done.blobs, done.bytes) == (
        would.runs,
        1,
        2,
        len(b"old") + len(b"of nobody"),
    )
    for name, table in schema.metadata.tables.items():
        if "run" in table.c:
            found = {run for (run,) in home.run(f"SELECT DISTINCT run FROM {name}")}
            assert not found & {lease.run for lease in leases[:2]}, name
    assert {run for (run, *_) in rows(home)["runs"]} == {lease.run for lease in leases[2:]}
    assert home.run("SELECT id FROM plans") == [("p",)]
    assert home.upkeep().faults() == ()
    assert left.exists() == bool(home.url), "where blobs are files"
    assert asyncio.run(prune(keeping(home), 0, 0, dry_run=False)).runs[-1].id == leases[3].run
    assert {run for (run, *_) in rows(home)["runs"]} == {leases[4].run}, "an unfinished one never goes"


def test_a_check_finds_what_is_missing(home: Home) -> None:
    runs: list[str] = []

    async def use(store: SqlStore) -> None:
        for output in (b"one", b"two"):
            lease = await create(store, this_process("token"))
            await finish(store, lease, output, 1)
            runs.append(lease.run)

    with_store(home, use)
    assert home.upkeep().faults() == ()
    home.run(f"DELETE FROM events WHERE run = '{runs[0]}' AND seq = 3")
    home.run(f"DELETE FROM events WHERE run = '{runs[1]}' AND seq = 5")
    digest = hashlib.sha256(b"two").hexdigest()
    home.run("DELETE FROM blobs")
    (home.folder / "state" / "blobs" / digest[:2] / digest[2:]).unlink(missing_ok=True)
    told = "\n".join(home.upkeep().faults())
    assert all(run in told for run in runs)
    assert digest in told


def test_the_status_counts_what_there_is(home: Home) -> None:
    fill(home)
    found = home.upkeep().status()
    assert found.runs == {"passed": 3, "running": 1}
    assert (found.events, found.blobs, found.processes, found.schema) == (16, 3, 0, schema.REVISION)
    assert found.size_bytes > 0
    assert found.kind.startswith("PostgreSQL" if home.url else "SQLite")
