"""The processes that work on one state, on one host or on many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Process:
    """One of them. Times are seconds since the epoch; on one host nothing beats, and `heartbeat_at` is when it began."""

    token: str
    host: str
    pid: int
    kind: str
    version: str
    agents: tuple[str, ...]
    started_at: float
    heartbeat_at: float
    alive: bool


class Processes(Protocol):
    """Who is there; this process is one of them from its first run on, or when it says so."""

    async def present(self, kind: str, agents: Sequence[str]) -> None:
        """Tell what this process is (`worker`) and which agents it has. Raises StorageError."""
        ...

    async def list(self) -> tuple[Process, ...]:
        """Return those that are known, oldest first: the living, and for an hour those on other hosts that went silent."""
        ...
