"""A SQLite file that was damaged, or is gone: noticed, set aside, and the newest copy put in its place.

It is never begun anew in silence: where there is no copy, a person has to say so.
"""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from astrolabe.adapters.storage.backups import Backups, stamp
from astrolabe.adapters.storage.snapshot import first_fault, make_durable
from astrolabe.errors import StorageError

_COMPANIONS = ("", "-wal", "-shm")
_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_LARGEST_PAGE = 65_536
_MOST_TIMES = 1000
"""A header that tells of a file so many times as long is damaged itself."""
_SHOWN = 10
_RUN_QUERIES = (
    "SELECT id FROM runs",
    "SELECT id FROM runs NOT INDEXED",
    "SELECT DISTINCT run FROM events",
    "SELECT DISTINCT run FROM events NOT INDEXED",
)


class Use:
    """Who has a file open, and what is suspected of it. Everybody shares a lock; who replaces the file has to be alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock_file = file.with_suffix(".use")
        self._marker = file.with_suffix(".suspect")
        self._opened = -1

    def share(self) -> None:
        """Count as one who has it open; waits while it is being replaced."""
        self._opened = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._opened, fcntl.LOCK_SH)

    def leave(self) -> None:
        if self._opened >= 0:
            os.close(self._opened)
            self._opened = -1

    @contextlib.contextmanager
    def alone(self) -> Generator[bool]:
        """Keep others out for as long as the context lasts, unless somebody has it open: then the value is false."""
        opened = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(opened)

    def note_made(self) -> None:
        """Remember that the file was made, so that it is missed if it is gone."""
        if self._lock_file.stat().st_size == 0:
            self._lock_file.write_text(f"{time.time():.0f}\n", encoding="ascii")

    def forget_made(self) -> None:
        """Take an absent file for one that has not been made yet."""
        os.truncate(self._lock_file, 0)

    def made_at(self) -> float:
        """Return when it was made, in seconds since the epoch."""
        return float(self._lock_file.read_text(encoding="ascii") or 0)

    def suspect(self) -> None:
        """Have the next one who opens the file look at all of it."""
        with contextlib.suppress(OSError):  # the error that gave rise to it is told anyway
            self._marker.touch()

    def clear(self) -> None:
        """Suspect it no longer."""
        self._marker.unlink(missing_ok=True)

    def is_suspect(self) -> bool:
        """Tell, at little cost, whether the file should be looked at before it is used."""
        return self._marker.exists() or bool(self._outward_fault())

    def fault(self) -> str:
        """Return what is wrong with the file, after looking at all of it."""
        if outward := self._outward_fault():
            return outward
        if not self._file.exists():
            return ""
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            return first_fault(connection)

    def _outward_fault(self) -> str:
        size = self._file.stat().st_size if self._file.exists() else 0
        if size == 0:
            made = self._lock_file.exists() and self._lock_file.stat().st_size > 0
            return "it is empty or gone" if made else ""
        with self._file.open("rb") as opened:
            header = opened.read(_HEADER_BYTES)
        return "" if header.startswith(_MAGIC) else "its beginning is not that of a database"


def put_back(file: Path, fault: str, backups: Backups) -> str:
    """Set a damaged file aside and put the newest good copy in its place; return what a person is to be told.

    Raises:
        StorageError: there is no good copy; nothing was changed.
    """
    known = readable_runs(file)
    backup = backups.newest_whole()
    if backup is None:
        raise StorageError(
            f"the database {file} is damaged ({fault}), and there is no copy of it; {_listed(known)}",
            hint="Put back a copy you have: astrolabe database restore FILE (where FILE-wal lies beside it, that belongs to it); "
            "or begin anew, keeping the damaged file beside: astrolabe database restore --empty",
        )
    lost = sorted(known - readable_runs(backup.file))
    aside = set_aside(file, "damaged")
    put_in_place(backup.file, file)
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(backup.at))
    return (
        f"The database was damaged ({fault}); it lies in {aside} now, and the copy of {at} is in its place. "
        f"What was written since is not in it; {_listed(set(lost), 'runs missing from it')}."
    )


def set_aside(file: Path, why: str) -> Path | None:
    """Rename a database with its companions; return its new name, None when there is none."""
    aside = file.with_name(f"{file.name}.{why}-{stamp()}")
    number = 1
    while aside.exists():
        number += 1
        aside = file.with_name(f"{file.name}.{why}-{stamp()}-{number}")
    for companion in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + companion).rename(aside.with_name(aside.name + companion))
    make_durable(file.parent)
    return aside if aside.exists() else None


def put_in_place(copy: Path, file: Path) -> None:
    """Put a copy where a database is looked for; it is there whole or not at all."""
    fresh = file.with_name(f".new-{file.name}")
    shutil.copyfile(copy, fresh)
    make_durable(fresh)
    fresh.replace(file)
    make_durable(file.parent)


def readable_runs(file: Path) -> set[str]:
    """Return the ids of runs that can still be read from a file, however damaged."""
    if not file.exists():
        return set()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".reading-") as folder:
        copy = Path(shutil.copyfile(file, Path(folder) / "copy.db"))
        _fill_up(copy)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            return {run for query in _RUN_QUERIES for run in _readable(connection, query)}


def _readable(connection: sqlite3.Connection, query: str) -> set[str]:
    found: set[str] = set()
    with contextlib.suppress(sqlite3.Error):  # up to the first page that cannot be read
        for (run,) in connection.execute(query):
            found.add(str(run))
    return found


def _fill_up(copy: Path) -> None:
    """Give a file that was cut off its length again: SQLite reads nothing of one that is too short."""
    with copy.open("r+b") as opened:
        header = opened.read(_HEADER_BYTES)
        if (
            len(header) == _HEADER_BYTES
        ):  # https://www.sqlite.org/fileformat.html, 1.3: page size, pages of the file
            page = int.from_bytes(header[16:18])
            size = (_LARGEST_PAGE if page == 1 else page) * int.from_bytes(header[28:32])
            if copy.stat().st_size < size <= copy.stat().st_size * _MOST_TIMES:
                os.truncate(copy, size)


def _listed(runs: set[str], what: str = "runs that can be read in it") -> str:
    if not runs:
        return f"{what}: none"
    shown = ", ".join(sorted(runs, reverse=True)[:_SHOWN])
    more = f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else ""
    return f"{what}: {shown}{more}"
