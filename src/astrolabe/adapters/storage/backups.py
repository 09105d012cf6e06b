"""The copies Astrolabe makes by itself: before each change of the schema, and once a day that something was written."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from astrolabe.adapters.storage.snapshot import revision_of
from astrolabe.errors import InputError
from astrolabe.ports.upkeep import BackupFile

KEPT = 5
DAY_SECONDS = 86_400.0


class Backups:
    """A folder of copies, named by when (UTC) and why they were made; the newest are kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, why: str, write: Callable[[Path], None]) -> Path:
        """Have a copy written, then remove the oldest."""
        file = self._fresh(why)
        write(file)
        for old in self.files()[KEPT:]:
            old.file.unlink(missing_ok=True)
        return file

    def files(self) -> tuple[BackupFile, ...]:
        """Return them, newest first."""
        found = [(file, file.stat()) for file in self._folder.glob("[!.]*.db")]
        made = [BackupFile(file, status.st_mtime, status.st_size) for file, status in found]
        return tuple(sorted(made, key=lambda backup: (backup.at, backup.file.name), reverse=True))

    def newest_whole(self) -> BackupFile | None:
        """Return the newest that is not damaged."""
        return next((backup for backup in self.files() if _is_whole(backup.file)), None)

    def is_due(self, since: float) -> bool:
        """Tell whether a day has gone by since a time and since the newest copy."""
        newest = max([since, *(backup.at for backup in self.files())])
        return time.time() - newest > DAY_SECONDS

    def _fresh(self, why: str) -> Path:
        return next(file for file in self._names(why) if not file.exists())

    def _names(self, why: str) -> Iterator[Path]:
        at = stamp()
        yield self._folder / f"{at}-{why}.db"
        for number in range(2, 10_000):
            yield self._folder / f"{at}-{why}-{number}.db"


def stamp() -> str:
    """Return the time now as part of a file's name."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _is_whole(file: Path) -> bool:
    try:
        revision_of(file)
    except InputError:
        return False
    return True
