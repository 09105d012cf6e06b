"""A Temporal server of the tests' own, on a port of the kernel's choice, that can be killed and started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("temporal")
START_SECONDS = 60


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
                [*command, *places, "--sqlite-pragma", "journal_mode=wal"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not answers(self.port):
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


def answers(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(folder: Path) -> Generator[Server]:
    server = Server(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
