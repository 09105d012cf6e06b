"""The least any durable engine must do: two appended rows a task, group-committed by one writer thread."""

import asyncio
import queue
import sqlite3
import threading
from pathlib import Path
from typing import Self

Note = tuple[str, "asyncio.Future[None]"]


class Floor:
    """A table of rows, written as `synchronous=FULL` on WAL."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._notes: queue.SimpleQueue[Note | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._notes.put(None)
        self._thread.join()

    async def append(self, text: str) -> None:
        """Return when the row is durable."""
        done = asyncio.get_running_loop().create_future()
        self._notes.put((text, done))
        await done

    def _write_forever(self) -> None:
        connection = sqlite3.connect(self._file, isolation_level=None)
        for line in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
        ):
            connection.execute(line)
        while (batch := self._batch()) is not None:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows (text) VALUES (?)", [(text,) for text, _ in batch])
            connection.execute("COMMIT")
            batch[0][1].get_loop().call_soon_threadsafe(_answer, [done for _, done in batch])
        connection.close()

    def _batch(self) -> list[Note] | None:
        batch: list[Note] = []
        note = self._notes.get()
        while note is not None:
            batch.append(note)
            try:
                note = self._notes.get_nowait()
            except queue.Empty:
                return batch
        return batch or None


def _answer(waiting: list["asyncio.Future[None]"]) -> None:
    for done in waiting:
        done.set_result(None)


async def chain(floor: Floor, length: int) -> None:
    for number in range(length):
        await task(floor, number)


async def fan(floor: Floor, width: int, parallel: int) -> None:
    slots = asyncio.Semaphore(parallel)

    async def one(number: int) -> None:
        async with slots:
            await task(floor, number)

    await task(floor, 0)
    await asyncio.gather(*(one(number) for number in range(width)))
    await task(floor, width)


async def task(floor: Floor, number: int) -> None:
    await floor.append(f'{{"started": {number}}}')
    await floor.append(f'{{"passed": {number}}}')


async def carry_out(file: Path, shape: str, size: int, count: int, parallel: int) -> None:
    """Do `count` of a shape side by side on a file, which may be there."""
    with Floor(file) as floor:
        if shape == "chain":
            await asyncio.gather(*(chain(floor, size) for _ in range(count)))
        else:
            await fan(floor, size, parallel)
