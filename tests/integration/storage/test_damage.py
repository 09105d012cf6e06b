"""A damaged SQLite file is noticed, set aside, told of, and what can be put back is; nothing is begun anew in silence."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from astrolabe.adapters.storage.backups import KEPT
from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.sqlite import SqliteFile
from astrolabe.errors import StorageError
from tests.integration.storage.holder import holding
from tests.integration.storage.home import Home
from tests.integration.storage.test_migrations import make
from tests.integration.storage.test_store import create, started

PAGE = 4096


def fill(home: Home, count: int = 500) -> str:
    """Make a run of many tasks, so that the file has many pages; return its id."""

    async def go() -> str:
        async with home.store() as store:
            lease = await create(store, this_process("token"), tuple(f"t{number}" for number in range(count)))
            appends = [
                store.append(lease, started(lease, number + 2, f"t{number}")) for number in range(count)
            ]
            await asyncio.gather(*appends)
            return lease.run

    return asyncio.run(go())


def header(file: Path) -> None:
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def middle(file: Path) -> None:
    content = file.read_bytes()
    pages = len(content) // PAGE
    for page in range(pages // 2, pages - 1):
        content = content[: page * PAGE] + os.urandom(PAGE) + content[(page + 1) * PAGE :]
    file.write_bytes(content)


def half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2 // PAGE * PAGE)


def nothing(file: Path) -> None:
    os.truncate(file, 0)


def gone(file: Path) -> None:
    file.unlink()


def meet(home: Home, sentences: list[str]) -> None:
    """Use the state as commands do, until one after another has either worked or told what is wrong."""
    for last in (False, False, True):
        place = SqliteFile(home.file, sentences.append)
        try:
            place.open()
            try:
                for table in ("runs", "tasks", "attempts", "events"):
                    place.read(
                        lambda connection, table=table: connection.exec_driver_sql(
                            f"SELECT * FROM {table}"
                        ).all()
                    )
            finally:
                place.close()
        except StorageError:
            if last:
                raise
        else:
            return


DAMAGES = [header, middle, half, nothing, gone]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_newest_good_copy_comes_in_the_place_of_a_damaged_file(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    kept = fill(home)
    backups = tmp_path / "state" / "backups"
    home.upkeep().back_up(backups / "good.db")
    home.upkeep().back_up(backups / "newer-but-damaged.db")
    middle(backups / "newer-but-damaged.db")
    lost = fill(home)
    before = home.file.read_bytes()
    damage(home.file)
    sentences: list[str] = []
    meet(home, sentences)
    (sentence,) = sentences
    assert "damaged" in sentence
    assert home.run("SELECT id FROM runs") == [(kept,)]
    assert home.upkeep().faults() == ()
    if damage in {middle, half}:
        assert lost in sentence, "which runs are lost is told as far as it can be read"
    if damage is not gone:
        (aside,) = home.file.parent.glob("*.damaged-*[0-9Z]")
        assert str(aside) in sentence
        assert aside.stat().st_size in {len(before), len(before) // 2 // PAGE * PAGE, 0}
    meet(home, sentences)
    assert len(sentences) == 1


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_a_copy_nothing_is_begun_anew_before_a_person_says_so(
    damage: Callable[[Path], None], tmp_path: Path
) -> None:
    home = Home(tmp_path)
    fill(home)
    damage(home.file)
    damaged = home.file.read_bytes() if home.file.exists() else None
    for _ in range(2):
        with pytest.raises(StorageError, match="damaged") as told:
            meet(home, [])
        assert "restore --empty" in told.value.hint
        assert (home.file.read_bytes() if home.file.exists() else None) == damaged
    done = home.upkeep().restore(None)
    assert home.run("SELECT id FROM runs") == []
    assert (done.replaced.read_bytes() if done.replaced else None) == damaged


def test_a_damaged_file_that_others_have_open_is_not_taken_from_them(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with holding(home) as holder:
        (home.file.parent / "astrolabe.suspect").touch()
        meet(home, [])  # it was suspected for no reason
        header(home.file)
        with pytest.raises(StorageError, match="still have it open"):
            meet(home, [])
        assert holder.process.poll() is None
    assert not list(home.file.parent.glob("*.damaged-*"))


def test_before_each_change_of_the_schema_a_copy_is_made_and_the_newest_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for _ in range(KEPT + 2):
        home.file.parent.mkdir(exist_ok=True)
        home.file.unlink(missing_ok=True)
        (home.file.parent / "astrolabe.use").unlink(missing_ok=True)
        engine = create_engine(f"sqlite:///{home.file}")
        make(engine, "0001")
        engine.dispose()
        assert home.run("SELECT id FROM runs") == [("r1",)]
    copies = sorted((home.file.parent / "backups").iterdir())
    assert len(copies) == KEPT
    with sqlite3.connect(copies[-1]) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    other = Home(tmp_path / "other")
    other.upkeep().restore(copies[-1])
    assert other.run("SELECT id, weight FROM runs") == [("r1", 1)], "an old copy is upgraded"


def test_once_a_day_that_something_was_written_a_copy_is_made(tmp_path: Path) -> None:
    home = Home(tmp_path)
    fill(home, 1)
    backups = home.file.parent / "backups"
    assert not backups.exists()
    (home.file.parent / "astrolabe.use").write_text("1\n")
    home.run("SELECT 1")
    (made,) = backups.iterdir()
    fill(home, 1)
    assert list(backups.iterdir()) == [made]
    os.utime(made, (1, 1))
    fill(home, 1)
    assert len(list(backups.iterdir())) == 2
