"""Hosts with nothing in common but a PostgreSQL, a Temporal server and a hub."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client

from astrolabe import __version__
from astrolabe.adapters.temporal import words
from astrolabe.bootstrap import open_installation
from astrolabe.domain.event import Event
from astrolabe.domain.plan import Plan
from astrolabe.services.installation import Installation
from tests import postgresql, temporal
from tests.integration.temporal.hand import settings_of
from tests.person import CACHE

LEASE_SECONDS = 2.0
LONG_SECONDS = 90.0


@dataclass(frozen=True)
class Cluster:
    """What one test's hosts share. `folder` is the test's own."""

    folder: Path
    server: temporal.Server
    namespace: str
    url: str

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger"

    def lines(self) -> list[list[str]]:
        """Return what agents have written down: what, about which task, on which host."""
        return [line.split() for line in self.ledger.read_text().splitlines()] if self.ledger.exists() else []

    async def until(self, what: str, task: str, *hosts: str) -> str:
        """Wait until an agent has written something down; return the host it did so on."""
        deadline = time.monotonic() + LONG_SECONDS
        while True:
            for said, about, host in self.lines():
                if (said, about) == (what, task) and (not hosts or host in hosts):
                    return host
            assert time.monotonic() < deadline, self.lines()
            await asyncio.sleep(0.02)

    async def until_current(self, version: str) -> None:
        """Wait until new runs begin with that version."""
        client = await Client.connect(self.server.address, namespace=self.namespace)
        asked = DescribeWorkerDeploymentRequest(namespace=self.namespace, deployment_name=words.DEPLOYMENT)
        deadline = time.monotonic() + LONG_SECONDS
        while True:
            told = await client.workflow_service.describe_worker_deployment(asked)
            current = told.worker_deployment_info.routing_config.current_deployment_version.build_id
            if current.startswith(version):
                return
            assert time.monotonic() < deadline, current
            await asyncio.sleep(0.1)

    def settings(self, host: str, **other: str) -> str:
        fields = {
            "home": str(self.folder / host),
            "cache": str(CACHE),
            "database_url": self.url,
            "temporal_address": self.server.address,
            "temporal_namespace": self.namespace,
            "hub": str(self.folder / "hub.git"),
            "engine": {"lease_seconds": LEASE_SECONDS, "drain_seconds": 20, "parallel_commands": 2},
        }
        return json.dumps(fields | other)

    @contextmanager
    def hand(
        self,
        host: str,
        tasks: int = 2,
        version: str = __version__,
        other: Mapping[str, str] = MappingProxyType({}),
    ) -> Generator[subprocess.Popen[str]]:
        """Run a worker on a host of its own, as long as the context lasts."""
        hand = Path(__file__).with_name("hand.py")
        words = [host, self.settings(host, **other), str(self.ledger), str(tasks), version]
        root = {"PYTHONPATH": str(Path(__file__).parents[3])}
        with (
            (self.folder / f"{host}.log").open("w") as log,
            subprocess.Popen(
                [sys.executable, str(hand), *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **root},
            ) as process,
        ):
            try:
                assert process.stdout
                assert process.stdout.readline() == "ready\n", (self.folder / f"{host}.log").read_text()
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)

    @asynccontextmanager
    async def person(self, host: str = "person") -> AsyncGenerator[Installation]:
        """Open an installation on the host somebody types commands on."""
        async with open_installation(settings_of(self.settings(host))) as installation:
            yield installation


def plan_of(*tasks: dict[str, object], **other: object) -> Plan:
    return Plan.model_validate({"goal": "g", "tasks": tasks, **other})


def told(events: tuple[Event, ...], kind: str) -> list[Event]:
    return [event for event in events if event.type == kind]


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[temporal.Server]:
    with temporal.running(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture(scope="session")
def database_server() -> Generator[postgresql.Server]:
    with postgresql.running() as server:
        yield server


@pytest.fixture
def cluster(tmp_path: Path, temporal_server: temporal.Server, database_server: postgresql.Server) -> Cluster:
    namespace = temporal.namespace(temporal_server.address)
    return Cluster(tmp_path, temporal_server, namespace, database_server.migrated())
