"""A Temporal server of the tests' own, on a port of the kernel's choice, that can be killed and started again."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

PROGRAM = Path(sys.executable).with_name("temporal")
START_SECONDS = 60
_SHORT_HISTORIES = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=200")
"""A run goes on under a new history after some dozens of tasks, instead of after a thousand."""


class Server:
    """Keeps what it knows in a file, so that it goes on from there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [PROGRAM, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--log-level", "error"]
        places = ["--port", str(self.port), "--db-filename", str(self._folder / "temporal.db")]
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *places, "--sqlite-pragma", "journal_mode=wal", *_SHORT_HISTORIES],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not healthy(self.address):
            assert self._process.poll() is None, (self._folder / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as by a loss of power."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def healthy(address: str) -> bool:
    """Tell whether a server takes calls; it listens for a while before it does."""
    try:
        asyncio.run(Client.connect(address))
    except RuntimeError:
        return False
    return True


def namespace(address: str) -> str:
    """Make a namespace of a test's own."""

    async def made() -> str:
        name = f"t-{uuid.uuid4().hex}"
        client = await Client.connect(address)
        request = RegisterNamespaceRequest(namespace=name)
        request.workflow_execution_retention_period.FromSeconds(86_400)
        await client.workflow_service.register_namespace(request)
        mine = await Client.connect(address, namespace=name)
        deadline = time.monotonic() + START_SECONDS
        while True:  # it takes the server a moment to know what it was told
            try:
                await mine.count_workflows()
            except RPCError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)
            else:
                return name

    return asyncio.run(made())


@contextmanager
def running(folder: Path) -> Generator[Server]:
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
