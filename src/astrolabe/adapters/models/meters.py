"""The limits of providers as their last answers told them: waited for, and shown."""

import asyncio
import fcntl
import json
import os
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from astrolabe.adapters.models.limits import allowances
from astrolabe.errors import ModelBusyError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.providers import LimitSeen

_SEEN = TypeAdapter(dict[str, tuple[LimitSeen, ...]])


class Meter:
    """What one model's provider last said of its limits. One question's answer tells how long the next has to wait."""

    def __init__(self, name: str, determinism: Determinism, board: "Board") -> None:
        self.seen: tuple[LimitSeen, ...] = ()
        self._name = name
        self._determinism = determinism
        self._board = board

    async def take(self, headers: Mapping[str, str]) -> None:
        """Take what an answer's headers say; one that says nothing changes nothing.

        That something is used up is told to the other processes at once.
        """
        now = self._determinism.now()
        told = tuple(
            LimitSeen(
                found.what,
                found.left,
                found.most,
                None if found.resets_seconds is None else now + found.resets_seconds,
            )
            for found in allowances(headers, now)
        )
        self.seen = told or self.seen
        if any(not seen.left and seen.resets_at is not None for seen in told):
            await asyncio.to_thread(self._board.tell, {self._name: told})

    async def wait(self, longest_seconds: float) -> None:
        """Wait until what is used up is there again, whichever process of this installation has used it.

        Raises:
            ModelBusyError: that takes longer; it says how long.
        """
        now = self._determinism.now()
        others = (await asyncio.to_thread(self._board.told)).get(self._name, ())
        every = (*self.seen, *others)
        waits = [seen.resets_at - now for seen in every if not seen.left and seen.resets_at is not None]
        seconds = max(waits, default=0.0)
        if seconds <= 0:
            return
        if seconds > longest_seconds:
            raise ModelBusyError(
                f"{self._name} lets nobody ask before its limit is reset", retry_after_seconds=seconds
            )
        await asyncio.sleep(seconds)


METER: ContextVar[Meter | None] = ContextVar("METER", default=None)
"""The meter of the model that is being asked, for the connection that hears the answer's headers."""


class Board:
    """A file in which the processes of one host tell each other of limits; without it each knows only its own answers.

    It is advice: one that cannot be read or written costs a refused question, which is asked again later.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._stamp: tuple[int, int] | None = None
        self._told: dict[str, tuple[LimitSeen, ...]] = {}

    def told(self) -> dict[str, tuple[LimitSeen, ...]]:
        """Return what was last told of each model; the file is read when it has changed."""
        if self._file is None:
            return {}
        try:
            status = self._file.stat()
            stamp = status.st_mtime_ns, status.st_ino
            if stamp != self._stamp:
                self._told, self._stamp = _SEEN.validate_json(self._file.read_bytes()), stamp
        except (OSError, ValidationError):  # it is written anew with the next answer
            return {}
        return self._told

    def tell(self, seen: Mapping[str, tuple[LimitSeen, ...]]) -> None:
        """Put something in place of what was last told of some models."""
        if self._file is None or not seen:
            return
        aside = self._file.with_name(f".{self._file.name}.{os.getpid()}-{threading.get_ident()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.with_name(f".{self._file.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # of two that tell of different models, both are to be heard
                told = {
                    name: [asdict(limit) for limit in limits]
                    for name, limits in {**self.told(), **seen}.items()
                }
                aside.write_text(json.dumps(told), encoding="utf-8")
                aside.replace(self._file)
        except OSError:
            aside.unlink(missing_ok=True)


class Meters:
    """One for each model; what they saw last is kept in a file, for other processes to heed and to show."""

    def __init__(self, file: Path | None, determinism: Determinism) -> None:
        self._board = Board(file)
        self._determinism = determinism
        self._meters: dict[str, Meter] = {}

    def of(self, model: str) -> Meter:
        """Return the meter of a model."""
        return self._meters.setdefault(model, Meter(model, self._determinism, self._board))

    def seen(self, model: str) -> tuple[LimitSeen, ...]:
        """Return what was last said of a model's limits."""
        meter = self._meters.get(model)
        return meter.seen if meter and meter.seen else self._board.told().get(model, ())

    def keep(self) -> None:
        """Write what was seen; a file that cannot be written is none."""
        self._board.tell({name: meter.seen for name, meter in self._meters.items() if meter.seen})
