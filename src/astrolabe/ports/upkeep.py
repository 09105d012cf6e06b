"""Looking after the database: what is in it, copies of it, what may go, whether it is whole. All methods block."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class BackupFile:
    """A copy of a database, in one file of SQLite's whatever it was made of. `at` is seconds since the epoch."""

    file: Path
    at: float
    size_bytes: int


@dataclass(frozen=True)
class DatabaseStatus:
    """What a database is and holds. `runs` counts them by status; `backups` are those made here, newest first."""

    kind: str
    name: str
    schema: str
    size_bytes: int
    runs: dict[str, int]
    events: int
    blobs: int
    processes: int
    backups: tuple[BackupFile, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore did: `replaced` holds what was there before, None when nothing was; `runs` are there now."""

    replaced: Path | None
    runs: int


@dataclass(frozen=True)
class OldRun:
    """A finished run that may go."""

    id: str
    target: str


class Upkeep(Protocol):
    """Raises StorageError when the database cannot be reached, is damaged or is newer than this Astrolabe."""

    def status(self) -> DatabaseStatus: ...

    def back_up(self, file: Path) -> BackupFile:
        """Write a consistent copy while runs go on.

        Raises:
            InputError: there is a file of that name.
            StorageError: it cannot be written.
        """
        ...

    def restore(self, file: Path | None) -> Restored:
        """Put a copy in the place of the database, or an empty one; keep what was there.

        Raises:
            InputError: the file is no backup, is damaged, or is newer than this Astrolabe.
            RefusedError: a process has the database open.
        """
        ...

    def old_runs(self, finished_before: float, keep: int) -> tuple[OldRun, ...]:
        """Return the runs that finished before a time, without the `keep` newest of all, oldest first."""
        ...

    def forget_runs(self, runs: Collection[str], finished_before: float) -> tuple[str, ...]:
        """Remove what is kept of those runs, if they are finished still; return those that were removed."""
        ...

    def forget_plans(self, created_before: float) -> int:
        """Remove plans that no run is of; return how many versions."""
        ...

    def unused_blobs(self, without: Collection[str], written_before: float) -> tuple[str, ...]:
        """Return the blobs that nothing but the runs `without` refers to."""
        ...

    def forget_blobs(self, digests: Sequence[str], written_before: float) -> int:
        """Remove blobs nobody has put since; return how many bytes that gave back."""
        ...

    def faults(self) -> tuple[str, ...]:
        """Look at all of it: return what is wrong, in sentences."""
        ...
