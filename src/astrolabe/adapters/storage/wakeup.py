"""Waking the process that owns a run. Losing a wake-up only costs time: whoever waits looks by itself in the end.

On one host it is a datagram to a socket in the state folder; over hosts see `notification.py` and `adapters/redis`.
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Generator
from pathlib import Path

from astrolabe.ports.wakeups import Bell


class SocketWakeUps:
    """This process's socket in a folder, and the way to others'."""

    def __init__(self, folder: Path, token: str) -> None:
        self._folder = folder
        self._token = token
        self._socket: socket.socket | None = None
        self._bell = Bell()

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in self._folder.glob("*.sock"):
            if not self._reaches(left.stem):
                left.unlink(missing_ok=True)
        receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with self._short_name(self._token) as name:
            receiving.bind(name)
        self._socket = receiving
        asyncio.get_running_loop().add_reader(receiving.fileno(), self._received)

    def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            (self._folder / f"{self._token}.sock").unlink(missing_ok=True)
            self._socket = None

    async def wake(self, token: str) -> None:
        with (
            contextlib.suppress(OSError),
            self._short_name(token) as name,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out,
        ):
            out.sendto(b"1", name)

    def _reaches(self, token: str) -> bool:
        """Tell whether the process of that token listens; the socket of one that was killed stays behind."""
        with (
            self._short_name(token) as name,
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out,
        ):
            return out.connect_ex(name) != errno.ECONNREFUSED

    @contextlib.contextmanager
    def _short_name(self, token: str) -> Generator[str]:
        """Name a socket by way of its folder's descriptor: its own path may be longer than the 107 bytes of a socket's."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{folder}/{token}.sock"
        finally:
            os.close(folder)

    async def wait(self, waiter: str, seconds: float) -> None:
        await self._bell.wait(waiter, seconds)

    def _received(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(BlockingIOError):
                while self._socket.recv(64):
                    pass
        self._bell.ring()
