"""What crash tests share: a server for those whose state is on one."""

from collections.abc import Generator

import pytest

from tests import postgresql


@pytest.fixture(scope="session")
def server() -> Generator[postgresql.Server]:
    with postgresql.running() as started:
        yield started
