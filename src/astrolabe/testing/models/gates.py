"""Gates that replies wait at until somebody opens them."""

import asyncio
from collections import defaultdict


class Gates:
    """By name; a gate that nobody has opened is closed, and an open one stays open. Lives on one event loop."""

    def __init__(self) -> None:
        self._reached: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._open: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def wait(self, name: str) -> None:
        """Wait until the gate is open, and let those know who wait for somebody to stand here."""
        self._reached[name].set()
        await self._open[name].wait()

    async def reached(self, name: str) -> None:
        """Wait until a reply stands at the gate, or has."""
        await self._reached[name].wait()

    async def open(self, name: str) -> None:
        """Let through whoever waits and whoever comes."""
        self._open[name].set()
