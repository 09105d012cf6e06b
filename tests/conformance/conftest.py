"""A Temporal server for the driver that needs one."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests import temporal
from tests.person import CACHE


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[temporal.Server]:
    with temporal.running(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture
def temporal_namespace(temporal_server: temporal.Server) -> str:
    return temporal.namespace(temporal_server.address)


@pytest.fixture(scope="session")
def toolchains() -> Path:
    return CACHE
