"""From every released schema to the newest, on both databases: of what was in it nothing is lost, or nothing is done."""

import importlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, Engine, create_engine, text

from astrolabe.adapters.storage import schema
from astrolabe.adapters.storage.database import Place
from astrolabe.adapters.storage.migrations import versions
from astrolabe.errors import StorageError
from tests.integration.storage.home import Home
from tests.postgresql import PLACE, Server

RELEASED = ["0001"]
RUN = {
    "id": "r1",
    "tenant": "default",
    "goal": "g",
    "plan_id": "p1",
    "plan_version": 1,
    "target": "/t",
    "origin": "o",
    "options": "{}",
    "status": "running",
    "reason": "",
    "created_at": 1.5,
    "seq": 1,
    "fence": 3,
    "owner_token": "token",
    "owner_pid": 12,
    "owner_boot_id": "boot",
    "owner_started_ticks": 2**31 - 1,
}
EVENT = {
    "run": "r1",
    "seq": 1,
    "tenant": "default",
    "type": "run.created",
    "v": 1,
    "at": 1.5,
    "actor": "process-12",
    "data": '{"tasks":["a"]}',
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """A state in which nothing is yet, not even tables."""
    if request.param == "sqlite":
        (tmp_path / "state").mkdir()
        return Home(tmp_path)
    server: Server = request.getfixturevalue("server")
    return Home(tmp_path, server.empty())


@pytest.fixture
def engine(empty: Home) -> Iterator[Engine]:
    url = empty.url.replace("postgresql:", "postgresql+psycopg:") if empty.url else f"sqlite:///{empty.file}"
    engine = create_engine(url)
    yield engine
    engine.dispose()


def opened(home: Home) -> None:
    place = home.place()
    place.open()
    place.close()


def make(engine: Engine, revision: str) -> None:
    """Make an old database with rows in it, by the migrations of its time."""
    modules = [
        importlib.import_module(f"{versions.__name__}.{path.stem}")
        for path in sorted(Path(str(versions.__file__)).parent.glob("r*.py"))
    ]
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for module in modules:
            if module.revision <= revision:
                module.upgrade()
        connection.execute(
            text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        )
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
        for table, row in (("runs", RUN), ("events", EVENT)):
            add(connection, table, row)


def add(connection: Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        listed = (
            "pg_tables WHERE schemaname = 'public'"
            if engine.dialect.name == "postgresql"
            else "sqlite_master"
        )
        name = "tablename" if engine.dialect.name == "postgresql" else "name"
        return set(connection.execute(text(f"SELECT {name} FROM {listed}")).scalars())


def test_the_migrations_make_the_schema_of_the_code(empty: Home, engine: Engine) -> None:
    opened(empty)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []


@pytest.mark.parametrize("released", RELEASED)
def test_every_released_schema_is_upgraded_with_its_rows(released: str, empty: Home, engine: Engine) -> None:
    make(engine, released)
    opened(empty)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        (run,) = connection.execute(text("SELECT * FROM runs")).mappings()
        (event,) = connection.execute(text("SELECT * FROM events")).mappings()
    assert {name: run[name] for name in RUN} == RUN
    assert {name: event[name] for name in EVENT} == EVENT


def test_a_database_of_a_newer_version_is_refused_and_not_touched(empty: Home, engine: Engine) -> None:
    opened(empty)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="9999") as told:
        empty.place().open()
    assert "newer" in told.value.hint
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"


@pytest.mark.parametrize("released", ["", *RELEASED])
def test_a_database_is_brought_up_whole_or_not_at_all(released: str, empty: Home, engine: Engine) -> None:
    if released:
        make(engine, released)
    before = tables(engine)
    with engine.begin() as connection:  # the last that is made, so all others come before the fault
        connection.execute(text("CREATE TABLE blobs (id INTEGER)"))
    with pytest.raises(StorageError):
        empty.place().open()
    assert tables(engine) == before | {"blobs"}
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE blobs"))
    opened(empty)
    assert "blobs" in tables(engine)


OPEN = """
import sys
from pathlib import Path
from tests.integration.storage.home import Home
place = Home(Path(sys.argv[1]), sys.argv[2]).place()
sys.stdin.readline()
place.open()
place.close()
"""


@pytest.mark.parametrize("released", ["", *RELEASED])
def test_processes_that_begin_at_once_bring_it_up_once(released: str, empty: Home, engine: Engine) -> None:
    if released:
        make(engine, released)
    command = [sys.executable, "-c", OPEN, str(empty.folder), empty.url]
    root = Path(__file__).parents[3]
    processes = [
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            schema.REVISION
        ]


def test_a_server_that_takes_no_writes_is_refused_with_what_to_do(server: Server, tmp_path: Path) -> None:
    for url in (server.empty(), server.migrated()):
        with pytest.raises(StorageError, match="read-only") as told:
            Home(tmp_path, f"{url}&options=-c%20default_transaction_read_only%3Don").place().open()
        assert "takes writes" in told.value.hint


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.file.parent.mkdir()
    home.file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match="not that of a database") as told:
        home.place().open()
    assert told.value.hint


@pytest.mark.parametrize(
    ("part", "other", "hint"),
    [
        ("@/d", "@/missing", "createdb"),
        ("postgres@", "nobody:s3cret@", "user and password"),
        (f"host={PLACE}", "host=/nowhere", "can be reached"),
    ],
)
def test_a_server_that_cannot_be_used_is_told_with_what_to_do_and_no_password(
    part: str, other: str, hint: str, server: Server, tmp_path: Path
) -> None:
    place: Place = Home(tmp_path, server.empty().replace(part, other)).place()
    with pytest.raises(StorageError) as told:
        place.open()
    assert hint in told.value.hint
    assert "s3cret" not in f"{told.value} {told.value.hint} {place.name}"


def test_a_file_is_left_as_it_was_when_it_cannot_be_brought_up(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.file.parent.mkdir()
    with sqlite3.connect(home.file) as connection:
        connection.execute("CREATE TABLE runs (id)")
    with pytest.raises(StorageError, match="already exists"):
        home.place().open()
    with sqlite3.connect(home.file) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]
