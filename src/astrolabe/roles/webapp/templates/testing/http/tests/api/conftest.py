"""One database is migrated; each file of tests gets an application on a copy of it, each test no rows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from application import Application, migrated
from world import World


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrated(tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="module")
def application(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    started = Application(database, tmp_path_factory.mktemp("application"))
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def inhabited(application: Application) -> World:
    return World(application)


@pytest.fixture
def world(inhabited: World) -> Iterator[World]:
    yield inhabited
    inhabited.tidy_up()
