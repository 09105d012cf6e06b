"""A model that changes leads to migrations that apply to databases with rows, on SQLite and on PostgreSQL.

Prisma writes them in the sandbox, as it does in a build; they are applied here.
"""

import asyncio
import itertools
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from astrolabe.adapters.images.cache import ImageCache
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import FileEntry, Session, Setup
from astrolabe.roles.webapp.backend import PROVIDERS, backend_files, schema_path
from astrolabe.roles.webapp.scaffold import scaffold_files
from astrolabe.roles.webapp.writing import view_of
from tests.integration.webapp.history import FIRST, ROWS, SECOND, THIRD
from tests.integration.webapp.postgres import PostgreSQL, running

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("webapp")]

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
IDS = itertools.count()
DETERMINISM = Determinism(time.time, time.monotonic, lambda: f"{os.getpid()}-{next(IDS)}")

_APPLY_WITH_ROWS = """
import { applyWithRows } from './scripts/filled-database.mjs';
process.stdout.write(await applyWithRows('filled.db'));
"""

Scripts = dict[str, list[list[str]]]
"""By provider: for each version of the model, the scripts of the migrations it brought."""


def _images() -> ImageCache:
    """Return the images all tests share; a sandbox for installing them is opened only where they are not there yet."""

    def sandbox() -> NamespaceSandbox:
        return NamespaceSandbox(images.bubblewraps, CACHE / "sandbox", DETERMINISM)

    images = ImageCache(CACHE / "images", sandbox, DETERMINISM, dict(os.environ))
    return images


async def _both() -> tuple[Scripts, Scripts]:
    return await _written((FIRST, SECOND, THIRD)), await _written((THIRD,))


async def _written(versions: Sequence[str]) -> Scripts:
    """Return what the versions bring, after the application's own check applied it to tables with rows."""
    images = _images()
    sandbox = NamespaceSandbox(images.bubblewraps, CACHE / "sandbox", DETERMINISM)
    files = scaffold_files(view_of(versions[0]))
    node = await images.toolchain("node")
    modules = await images.dependencies(
        "package-lock.json", {path: text.encode() for path, text in files.items()}
    )
    setup = Setup(
        mounts=(*node.mounts, *modules.mounts),
        environment={**node.environment, **modules.environment},
        path=(*node.path, *modules.path),
    )
    found: Scripts = {provider: [] for provider in PROVIDERS}
    async with sandbox.open(setup) as session:
        for version in versions:
            await _generate(session, version)
            for provider in PROVIDERS:
                known = sum(map(len, found[provider]))
                found[provider].append((await _scripts(session, provider))[known:])
        # The last step of `db:check`; the others compare what the tests below compare without starting Prisma.
        fault = await session.run(["node", "--input-type=module", "-e", _APPLY_WITH_ROWS], wall_seconds=120)
        assert (fault.exit_code, fault.stdout) == (0, b""), fault.stdout + fault.stderr
    return found


async def _generate(session: Session, version: str) -> None:
    app = view_of(version)
    schemas = {
        path: text
        for path, text in backend_files(app).items()
        if path in {*map(schema_path, PROVIDERS), "api/prisma.config.ts"}
    }
    entries = {**scaffold_files(app), **schemas}.items()
    await session.put(
        [
            FileEntry(path, 0o100755 if path.startswith("scripts/") else 0o100644, text.encode())
            for path, text in entries
        ]
    )
    done = await session.run(["node", "scripts/migration.mjs", "change"], wall_seconds=120)
    assert done.exit_code == 0, done.stdout + done.stderr


async def _scripts(session: Session, provider: str) -> list[str]:
    entries = await session.take([f"api/prisma/{provider}/migrations/**"])
    return [entry.content.decode() for entry in entries if entry.path.endswith(".sql")]


@pytest.fixture(scope="module")
def written() -> tuple[Scripts, Scripts]:
    return asyncio.run(_both())


@pytest.fixture(scope="module")
def history(written: tuple[Scripts, Scripts]) -> Scripts:
    return written[0]


@pytest.fixture(scope="module")
def at_once(written: tuple[Scripts, Scripts]) -> Scripts:
    """Return the last version, as an application that begins with it has it."""
    return written[1]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    bubblewrap, *_ = asyncio.run(_images().bubblewraps())
    with tempfile.TemporaryDirectory() as folder, running(bubblewrap, Path(folder)) as postgresql:
        yield postgresql


SQLITE_SHAPE = (
    """SELECT t.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_master t, pragma_table_info(t.name) c
       WHERE t.type = 'table'""",
    """SELECT t.name, f."from", f."table", f."to", f.on_delete, f.on_update
       FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'""",
    "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'",
)
POSTGRESQL_SHAPE = (
    """SELECT table_name, column_name, udt_name, is_nullable, column_default FROM information_schema.columns
       WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT typname, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid",
)


class Databases:
    """A database of each kind, led through the versions together."""

    def __init__(self, postgresql: PostgreSQL, history: Scripts) -> None:
        self._psql = postgresql.run
        self._history = history
        self._sqlite = sqlite3.connect(":memory:")
        self._psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")

    def lead_to(self, version: int) -> None:
        for script in self._history["sqlite"][version]:
            self._sqlite.executescript(script)
        for script in self._history["postgresql"][version]:
            self._psql(script)
        assert self._sqlite.execute("PRAGMA foreign_key_check").fetchall() == []

    def fill(self, script: str) -> None:
        self._sqlite.executescript(script)
        self._psql(script)

    def shapes(self) -> tuple[list[tuple[str, ...]], list[str]]:
        """Return columns, links and indexes of each, the order of columns in a table left aside."""
        lite = [row for query in SQLITE_SHAPE for row in self._sqlite.execute(query)]
        post = [line for query in POSTGRESQL_SHAPE for line in self._psql(query).splitlines()]
        return sorted(lite, key=str), sorted(post)

    def ask(self, query: str) -> list[list[str]]:
        """Return the rows both databases answer, as texts."""
        lite = [["" if value is None else str(value) for value in row] for row in self._sqlite.execute(query)]
        post = [line.split("|") for line in self._psql(query).splitlines()]
        assert lite == post
        return lite


@pytest.fixture
def databases(server: PostgreSQL, history: Scripts) -> Databases:
    made = Databases(server, history)
    made.lead_to(0)
    made.fill(ROWS)
    made.lead_to(1)
    return made


def test_what_was_renamed_keeps_its_values(databases: Databases) -> None:
    assert databases.ask('SELECT "id", "name" FROM "Book" ORDER BY 1') == [
        ["b1", "One"],
        ["b2", "Two"],
        ["b3", "Three"],
    ]
    databases.lead_to(2)
    assert databases.ask('SELECT "id", "title" FROM "Item" ORDER BY 1') == [
        ["b1", "One"],
        ["b2", "Two"],
        ["b3", "Three"],
    ]
    assert databases.ask('SELECT "text", "itemId" FROM "Log"') == [["L", "b1"]]


def test_values_of_another_type_are_kept_where_they_can_be_read(databases: Databases) -> None:
    query = 'SELECT "pages", CAST("weight" AS INTEGER), "code", substr(CAST("seen" AS TEXT), 1, 10) FROM "Book" ORDER BY "id"'
    assert databases.ask(query) == [
        ["100", "3", "7", "2026-01-05"],
        ["200", "", "", ""],
        ["300", "", "-12", ""],
    ]
    databases.lead_to(2)
    assert databases.ask('SELECT "pages", "weight" FROM "Item" ORDER BY "id"') == [
        ["100", "3"],
        ["200", ""],
        ["300", ""],
    ]


def test_rows_get_something_valid_where_a_value_is_required_now(databases: Databases) -> None:
    query = 'SELECT "level", "maybe", "kind", "stars", "chill", "homeId" FROM "Book" ORDER BY "id"'
    assert databases.ask(query) == [
        ["low", "", "low", "1", "-3", "s1"],
        ["top", "m", "low", "1", "-3", "s1"],
        ["high", "", "low", "1", "-3", "s1"],
    ]
    assert databases.ask('SELECT "slot", "motto" FROM "Shelf" ORDER BY "id"') == [["11", ""], ["12", ""]]
    assert databases.ask('SELECT COUNT(DISTINCT "mail") FROM "Book" WHERE "day" IS NOT NULL') == [["3"]]
    assert databases.ask('SELECT "id", "ownerId" FROM "Tag" ORDER BY 1') == [["t1", "u2"], ["t2", "u2"]]


def test_a_required_link_to_a_new_kind_of_thing_finds_one(databases: Databases) -> None:
    query = 'SELECT DISTINCT r."size", r."ownerId", w."name" FROM "Book" b JOIN "Realm" r ON r."id" = b."realmId" JOIN "World" w ON w."id" = r."worldId"'
    assert databases.ask(query) == [["3", "u2", ""]]


def test_values_an_enumeration_has_no_more_become_its_default(databases: Databases) -> None:
    assert databases.ask('SELECT "id", "status" FROM "Book" ORDER BY 1') == [
        ["b1", "fresh"],
        ["b2", "done"],
        ["b3", "open"],
    ]
    assert databases.ask('SELECT "id", "role" FROM "User" ORDER BY 1') == [["u1", "user"], ["u2", "admin"]]


def test_one_link_becomes_many_and_many_become_one(databases: Databases) -> None:
    assert databases.ask('SELECT "A", "B" FROM "_Book_shelves" ORDER BY 1') == [["b1", "s1"], ["b2", "s2"]]
    assert databases.ask('SELECT "id", "tagId" FROM "Book" ORDER BY 1') == [
        ["b1", "t1"],
        ["b2", "t2"],
        ["b3", ""],
    ]


def test_a_link_that_leads_elsewhere_now_is_empty(databases: Databases) -> None:
    assert databases.ask('SELECT DISTINCT "nearId" FROM "Book"') == [[""]]
    databases.lead_to(2)
    assert databases.ask('SELECT * FROM "_Item_tags"') == []


def test_links_follow_when_their_ends_are_renamed(databases: Databases) -> None:
    databases.lead_to(2)
    query = 'SELECT i."title", a."name" FROM "_Item_marks" m JOIN "Abel" a ON a."id" = m."A" JOIN "Item" i ON i."id" = m."B" ORDER BY 1'
    assert databases.ask(query) == [["One", "T2"], ["Three", "T1"]]
    query = 'SELECT i."title", p."name" FROM "_Item_places" j JOIN "Item" i ON i."id" = j."A" JOIN "Place" p ON p."id" = j."B" ORDER BY 1'
    assert databases.ask(query) == [["One", "S1"], ["Two", "S2"]]


def test_rows_that_share_what_is_to_be_unique_are_named_before_anything_changes(
    server: PostgreSQL, history: Scripts
) -> None:
    databases = Databases(server, history)
    databases.lead_to(0)
    databases.fill(ROWS + """UPDATE "Tag" SET "name" = 'same';""")
    (script,) = history["sqlite"][1]
    with pytest.raises(sqlite3.IntegrityError, match=r"Tag\.name"):
        databases._sqlite.executescript(script)
    assert databases.ask('SELECT "title" FROM "Book" ORDER BY "id"') == [["One"], ["Two"], ["Three"]]


def test_a_person_is_told_what_is_lost_and_what_was_put_in(history: Scripts) -> None:
    for script in (history["sqlite"][1][-1], history["postgresql"][1][-1]):
        assert "-- Doomed is dropped with all its rows.\n" in script
        assert "-- Book.gone is dropped with what is in it.\n" in script
        assert "-- Book.stars: rows without one get 1.\n" in script
        assert "-- Book.homeId: rows without one get the oldest Shelf.\n" in script
        assert "title is dropped" not in script


def test_the_changes_lead_to_what_an_application_that_begins_with_the_last_version_has(
    server: PostgreSQL, databases: Databases, at_once: Scripts
) -> None:
    databases.lead_to(2)
    grown = databases.shapes()
    fresh = Databases(server, at_once)
    fresh.lead_to(0)
    assert all(grown)
    assert grown == fresh.shapes()
