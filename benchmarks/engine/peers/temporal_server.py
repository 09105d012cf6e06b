"""A Temporal dev server whose state lies in an SQLite file set to WAL."""

import asyncio
import sys
from pathlib import Path

import measuring
from temporalio.client import Client


class DevelopmentServer:
    """Belongs to the process that measures; after a kill the next worker finds it by its port in the folder."""

    def __init__(self, folder: Path) -> None:
        (port,) = measuring.ports(folder, 1)
        self.address = f"127.0.0.1:{port}"
        self._server = measuring.Server(folder)
        if not self._server.runs:
            words = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", port]
            words += ["--db-filename", folder / "temporal.db", "--sqlite-pragma", "journal_mode=wal"]
            self._server.start([Path(sys.executable).parent / "temporal", *words, "--log-level", "never"])

    async def reached(self) -> Client:
        """Return a client once the server takes calls."""
        for _ in range(600):
            try:
                return await Client.connect(self.address)
            except RuntimeError:
                await asyncio.sleep(0.1)
        raise TimeoutError

    def stop(self) -> None:
        self._server.stop()
