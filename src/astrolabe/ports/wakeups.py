"""Waking processes that wait. Losing a wake-up only costs time: whoever waits looks by itself in the end."""

import asyncio
import contextlib
from typing import Protocol


class WakeUps(Protocol):
    """How this process is woken, and the way to wake others. A waiter is woken by anything, whatever it waits for."""

    def open(self) -> None:
        """Listen; call it on the event loop that waits."""
        ...

    def close(self) -> None: ...

    async def wake(self, token: str) -> None:
        """Wake the process of that token; one that is gone, or busy, will look by itself."""
        ...

    async def wait(self, waiter: str, seconds: float) -> None:
        """Return when this process was woken since that waiter (a run, mostly) waited last, or after `seconds`."""
        ...


class Bell:
    """What waits in this process, and is woken by whatever arrives."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._rings = 0
        self._heard: dict[str, int] = {}

    def ring(self) -> None:
        self._rings += 1
        self._rung.set()
        self._rung.clear()

    async def wait(self, waiter: str, seconds: float) -> None:
        """Return when it was rung since this waiter waited last, or after `seconds`."""
        if self._heard.get(waiter, 0) == self._rings:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._rung.wait()
        self._heard[waiter] = self._rings
