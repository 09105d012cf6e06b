"""Wake-ups over hosts by LISTEN and NOTIFY of the PostgreSQL server that holds the state anyway."""

import asyncio
import contextlib
from typing import Any

import psycopg

from astrolabe.adapters.storage.postgresql import PostgresServer
from astrolabe.errors import StorageError
from astrolabe.ports.wakeups import Bell

PAUSE_SECONDS = 0.2, 5.0
"""The shortest and the longest pause before the server is tried again."""


class ServerWakeUps:
    """A connection that listens on a channel of this process's own, from the first wait on; a lost one is replaced."""

    def __init__(self, server: PostgresServer, token: str) -> None:
        self._server = server
        self._token = token
        self._bell = Bell()
        self._listening: psycopg.Connection[Any] | None = None
        self._descriptor = -1
        self._connecting: asyncio.Task[None] | None = None
        self._closed = False

    def open(self) -> None:
        self._closed = False

    def close(self) -> None:
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        self._hang_up()

    async def wake(self, token: str) -> None:
        with contextlib.suppress(StorageError):
            await asyncio.to_thread(self._server.notify, _channel(token))

    async def wait(self, waiter: str, seconds: float) -> None:
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        await self._bell.wait(waiter, seconds)

    async def _connect(self) -> None:
        pause, longest = PAUSE_SECONDS
        while not self._closed:
            with contextlib.suppress(psycopg.Error):
                await asyncio.to_thread(self._dial)
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
        if self._listening is not None:
            self._descriptor = self._listening.fileno()
            asyncio.get_running_loop().add_reader(self._descriptor, self._received)
            self._bell.ring()  # what was sent meanwhile is lost

    def _dial(self) -> None:
        connection = self._server.listen(_channel(self._token))
        if self._closed:
            connection.close()
        else:
            self._listening = connection

    def _received(self) -> None:
        if self._listening is None:
            return
        try:
            self._listening.pgconn.consume_input()
            while self._listening.pgconn.notifies():
                pass
        except psycopg.OperationalError:
            self._hang_up()
            self._connecting = asyncio.get_running_loop().create_task(self._connect())
        self._bell.ring()

    def _hang_up(self) -> None:
        if self._descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._descriptor = -1
        if self._listening is not None:
            self._listening.close()
            self._listening = None


def _channel(token: str) -> str:
    return f"astrolabe_{token}"
