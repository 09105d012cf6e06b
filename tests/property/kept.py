"""A state whose processes are played: each example of a property begins with an empty one."""

import asyncio
import os
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from astrolabe.adapters.storage.ownership import this_process
from astrolabe.adapters.storage.slots import SqlSlots
from astrolabe.adapters.storage.store import SqlStore
from astrolabe.ports.store import Owner
from tests.integration.storage.home import Home

T = TypeVar("T")
MEMORY = "/dev/shm"
HERE = this_process("here")


def living(name: str) -> Owner:
    """Return a process that lives for as long as this one, or until it is killed in a state."""
    return replace(HERE, token=name)


@dataclass(frozen=True)
class Kept:
    """A state that is open, used from outside of an event loop."""

    store: SqlStore
    _loop: asyncio.Runner
    _open: AsyncExitStack
    _folder: "tempfile.TemporaryDirectory[str]"

    @property
    def slots(self) -> SqlSlots:
        return self.store.slots

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(work)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        found = self.store._database.read(lambda connection: connection.execute(text(query)).all())
        return [tuple(row) for row in self.do(found)]

    def change(self, statement: str) -> None:
        self.do(self.store._database.writer.change(lambda connection: connection.execute(text(statement))))

    def kill(self, name: str) -> None:
        """Let a process be one of before the machine was started."""
        self.change(f"UPDATE slots SET owner_boot_id = 'another' WHERE owner_token = '{name}'")

    def close(self) -> None:
        self.do(self._open.aclose())
        self._loop.close()
        self._folder.cleanup()


def kept(homes: Callable[[Path], Home]) -> Kept:
    """Make an empty state; a file is kept in memory where that can be had."""
    folder = tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    loop, opened = asyncio.Runner(), AsyncExitStack()

    async def opening() -> SqlStore:
        return await opened.enter_async_context(homes(Path(folder.name)).store("here"))

    return Kept(loop.run(opening()), loop, opened, folder)
