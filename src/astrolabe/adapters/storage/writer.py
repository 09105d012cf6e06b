"""The one writer of a process: whatever waits is committed in one transaction, on a thread of its own."""

import asyncio
import contextlib
import itertools
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from astrolabe.adapters.storage.faults import RefusedRowsError, as_storage_error
from astrolabe.errors import AstrolabeError

T = TypeVar("T")
Entry = TypeVar("Entry")
PATIENCE_SECONDS = 0.02
"""How long a patient write waits for others to be committed with."""

WriteAll = Callable[[Connection, Sequence[Entry]], Sequence[AstrolabeError | None]]
"""Writes many entries at once and says which it refused; a refused one has written nothing."""
Transact = Callable[[Callable[[Connection], None]], None]
"""Runs a function in a transaction and makes that durable; see `Place.write`."""


@dataclass(slots=True)
class _Change:
    """A change of its own, under a savepoint of its own."""

    do: Callable[[Connection], Any]
    done: "asyncio.Future[Any]"
    outcome: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Addition:
    """One of many entries that `write_all` writes together."""

    entry: Any
    write_all: WriteAll[Any]
    done: "asyncio.Future[Any]"
    outcome: Any = None
    error: BaseException | None = None


_Work = _Change | _Addition


class Writer:
    """Used from one event loop. Works are committed in the order in which they came."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact
        self._batches: queue.SimpleQueue[list[_Work] | None] = queue.SimpleQueue()
        self._gathered: list[_Work] = []
        self._handed_over: asyncio.Handle | None = None
        self._hurried = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._write_forever, name="journal-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def close(self) -> None:
        """Commit what waits, then end."""
        self._hand_over()
        self._batches.put(None)
        await asyncio.to_thread(self._thread.join)

    async def change(self, do: Callable[[Connection], T]) -> T:
        """Run `do` in the next transaction, in a savepoint of its own; return when it is durable."""
        work = _Change(do, self._future())
        self._take(work, patient=False)
        return await asyncio.shield(work.done)

    def add(self, entry: Entry, write_all: WriteAll[Entry], *, patient: bool) -> "asyncio.Future[None]":
        """Write an entry together with those around it; done when durable. A patient one waits a moment for company."""
        work = _Addition(entry, write_all, self._future())
        self._take(work, patient=patient)
        return work.done

    def _future(self) -> "asyncio.Future[Any]":
        self._loop = asyncio.get_running_loop()
        return self._loop.create_future()

    def _take(self, work: _Work, *, patient: bool) -> None:
        """Gather what comes in one turn of the loop, so that the thread is woken once for all of it."""
        self._gathered.append(work)
        loop = work.done.get_loop()
        if not patient and not self._hurried:
            self._hurried = True
            if self._handed_over is not None:
                self._handed_over.cancel()
            self._handed_over = loop.call_soon(self._hand_over)
        elif self._handed_over is None:
            self._handed_over = loop.call_later(PATIENCE_SECONDS, self._hand_over)

    def _hand_over(self) -> None:
        if self._gathered:
            self._batches.put(self._gathered)
        self._gathered, self._handed_over, self._hurried = [], None, False

    def _write_forever(self) -> None:
        ended = False
        while not ended:
            batch, ended = self._waiting()
            if batch:
                self._commit(batch)
                self._answer(batch)

    def _waiting(self) -> tuple[list[_Work], bool]:
        """Wait for the first works, then take all that have come meanwhile."""
        first = self._batches.get()
        batch: list[_Work] = []
        while True:
            if first is None:
                return batch, True
            batch += first
            try:
                first = self._batches.get_nowait()
            except queue.Empty:
                return batch, False

    def _commit(self, batch: Sequence[_Work]) -> None:
        try:
            self._transact(partial(_write, batch))
        except Exception as error:  # noqa: BLE001 - the writer serves every caller: each of them is told
            if len(batch) > 1 and not isinstance(error, AstrolabeError):
                for work in batch:  # one by one, so that the one which cannot be written fails alone
                    self._commit([work])
                return
            for work in batch:
                work.error = work.error or as_storage_error(error)

    def _answer(self, batch: list[_Work]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
            batch[0].done.get_loop().call_soon_threadsafe(_resolve, batch)


def _write(batch: Sequence[_Work], connection: Connection) -> None:
    """Write a batch in its order; neighbours that are written by the same function are written by one call of it."""
    for work in batch:
        work.error = work.outcome = None  # of an earlier try, which was taken back
    for write_all, works in itertools.groupby(batch, _writer_of):
        if write_all is None:
            deque((_in_savepoint(connection, work) for work in works if isinstance(work, _Change)), maxlen=0)
            continue
        added = [work for work in works if isinstance(work, _Addition)]
        for work, error in zip(added, write_all(connection, [work.entry for work in added]), strict=True):
            work.error = error


def _writer_of(work: _Work) -> WriteAll[Any] | None:
    return work.write_all if isinstance(work, _Addition) else None


def _in_savepoint(connection: Connection, work: _Change) -> None:
    """Do one piece of work; when it is refused, only its own rows are taken back."""
    try:
        with connection.begin_nested():
            work.outcome = work.do(connection)
    except AstrolabeError as error:
        work.error = error
    except (IntegrityError, DataError) as error:
        work.error = as_storage_error(RefusedRowsError(str(error.orig)))


def _resolve(batch: Sequence[_Work]) -> None:
    for work in batch:
        if work.done.done():
            continue
        if work.error is not None:
            work.done.set_exception(work.error)
        else:
            work.done.set_result(work.outcome)
