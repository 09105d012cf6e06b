"""The limits of providers as their last answers told them: waited for, and shown."""

import asyncio
import json
import os
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

    def __init__(self, name: str, determinism: Determinism) -> None:
        self.seen: tuple[LimitSeen, ...] = ()
        self._name = name
        self._determinism = determinism

    def take(self, headers: Mapping[str, str]) -> None:
        """Take what an answer's headers say; one that says nothing changes nothing."""
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

    async def wait(self, longest_seconds: float) -> None:
        """Wait until what is used up is there again.

        Raises:
            ModelBusyError: that takes longer; it says how long.
        """
        now = self._determinism.now()
        waits = [seen.resets_at - now for seen in self.seen if not seen.left and seen.resets_at is not None]
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


class Meters:
    """One for each model; what they saw last is kept in a file, for other processes to show. It decides nothing."""

    def __init__(self, file: Path | None, determinism: Determinism) -> None:
        self._file = file
        self._determinism = determinism
        self._meters: dict[str, Meter] = {}

    def of(self, model: str) -> Meter:
        """Return the meter of a model."""
        return self._meters.setdefault(model, Meter(model, self._determinism))

    def seen(self, model: str) -> tuple[LimitSeen, ...]:
        """Return what was last said of a model's limits."""
        meter = self._meters.get(model)
        return meter.seen if meter and meter.seen else self._kept().get(model, ())

    def keep(self) -> None:
        """Write what was seen; a file that cannot be written is none: it is only shown."""
        seen = {name: meter.seen for name, meter in self._meters.items() if meter.seen}
        if self._file is None or not seen:
            return
        told = {name: [asdict(limit) for limit in limits] for name, limits in (self._kept() | seen).items()}
        aside = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_text(json.dumps(told), encoding="utf-8")
            aside.replace(self._file)
        except OSError:
            aside.unlink(missing_ok=True)

    def _kept(self) -> dict[str, tuple[LimitSeen, ...]]:
        if self._file is None or not self._file.is_file():
            return {}
        try:
            return _SEEN.validate_json(self._file.read_bytes())
        except (OSError, ValidationError):  # it is written anew with the next answer
            return {}
