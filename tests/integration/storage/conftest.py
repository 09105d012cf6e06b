"""Every test of the store runs on both databases."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests import postgresql
from tests.integration.storage.home import Home


@pytest.fixture(scope="session")
def server() -> Generator[postgresql.Server]:
    with postgresql.running() as started:
        yield started


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def homes(request: pytest.FixtureRequest) -> Callable[[Path], Home]:
    """Make a new state for each folder."""
    if request.param == "sqlite":
        return Home
    server: postgresql.Server = request.getfixturevalue("server")
    return lambda folder: Home(folder, server.migrated())


@pytest.fixture
def home(homes: Callable[[Path], Home], tmp_path: Path) -> Home:
    return homes(tmp_path)
