"""Fetch one pinned file: what has arrived is kept through every end, and nothing is used before its hash is right."""

import errno
import fcntl
import hashlib
import http.client
import os
import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from astrolabe.adapters.local_models.sources import BeyondTheEndError, BrokenOffError, Reading, Source
from astrolabe.errors import ConflictError, FetchError, StorageError
from astrolabe.ports.weights import Told, Weights

_PIECE_BYTES = 1 << 20
_ROOM_BYTES = 64 << 20
"""What is left free beside the file."""
PAUSES = (0.5, 2.0, 5.0)
"""Seconds to wait before a server that broke off is asked again; after as many tries without a byte it is given up."""


@dataclass(frozen=True)
class Place:
    """Where a file comes to lie, with what is beside it until it is whole."""

    folder: Path
    weights: Weights

    @property
    def whole(self) -> Path:
        return self.folder / self.weights.file

    @property
    def part(self) -> Path:
        return self.folder / f"{self.weights.file}.part"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.weights.file}.lock"

    @property
    def is_whole(self) -> bool:
        """Tell whether it lies there: only checked files do, so its size is all that has to be looked at."""
        return _size(self.whole) == self.weights.size_bytes

    @property
    def arrived_bytes(self) -> int:
        return _size(self.part)


def fetch(
    place: Place,
    source: Source,
    told: Told,
    *,
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Bring the file to its place, going on where an earlier fetch ended; `told` hears how far it is.

    Raises:
        FetchError: the source does not have it, has another file, or broke off too often.
        ConflictError: another process is fetching it.
        StorageError: the disk is full, or the folder cannot be written.
        OfflineError: the source may not be contacted.
    """
    with storage_faults(place.folder):
        place.folder.mkdir(parents=True, exist_ok=True)
    with alone(place):
        if not place.is_whole:
            _refuse_full_disk(place)
            _bring(place, source, told, pauses, sleep)
            _accept(place, source)
    return place.whole


def _bring(
    place: Place, source: Source, told: Told, pauses: Sequence[float], sleep: Callable[[float], None]
) -> None:
    tries, wanted = 0, place.weights.size_bytes
    while (before := place.arrived_bytes) != wanted:
        try:
            if before > wanted:
                raise BeyondTheEndError  # noqa: TRY301 - the same as when the server says so
            _go_on(place, source, told)
            broken = "it ended too early"
        except BeyondTheEndError:
            place.part.unlink(missing_ok=True)
            broken = "it has less than was fetched before"
        except BrokenOffError as fault:
            broken = str(fault)
        arrived = place.arrived_bytes
        if arrived == wanted:
            return
        tries = 0 if arrived > before else tries + 1
        if tries > len(pauses):
            raise _broken_off(source, broken, arrived, wanted)
        sleep(pauses[max(0, tries - 1)] if pauses else 0)


def _go_on(place: Place, source: Source, told: Told) -> None:
    arrived, wanted = place.arrived_bytes, place.weights.size_bytes
    with source.reading(arrived) as reading:
        if reading.total_bytes not in {None, wanted}:
            raise _another(source, f"it has {reading.total_bytes} bytes, the pinned file has {wanted}")
        if reading.begins_at > arrived:
            raise BrokenOffError("it answered with other bytes than it was asked for")
        with storage_faults(place.folder), place.part.open("ab") as part:
            _copy(reading, arrived, part.write, wanted, told)


def _copy(reading: Reading, arrived: int, write: Callable[[bytes], object], wanted: int, told: Told) -> None:
    """Add what is still to come, or one byte more than that: so much tells another file, and no more is taken of it.

    A source that can only be read whole is read past what is here already, which stays as it is.
    """
    at = reading.begins_at
    told(arrived, wanted)
    while at <= wanted and (piece := _next(reading, min(_PIECE_BYTES, wanted + 1 - at))):
        write(piece[max(0, arrived - at) :])
        at += len(piece)
        told(max(arrived, at), wanted)


def _next(reading: Reading, count: int) -> bytes:
    try:
        return reading.stream.read1(count)  # what is there: a stall loses nothing that came before it
    except (OSError, http.client.HTTPException) as fault:
        raise BrokenOffError(str(fault) or type(fault).__name__) from fault


def _accept(place: Place, source: Source) -> None:
    """Give the file its name, once it is on the disk and is the pinned one."""
    with storage_faults(place.folder):
        with place.part.open("rb") as part:
            os.fsync(part.fileno())
            found = hashlib.file_digest(part, "sha256").hexdigest()
        if found != place.weights.sha256:
            place.part.unlink()
            raise _another(source, f"its sha256 is {found}, pinned is {place.weights.sha256}")
        place.part.replace(place.whole)
        _flush_folder(place.folder)


@contextmanager
def alone(place: Place) -> Generator[None]:
    """Hold the place; the lock goes with the process that holds it, however that ends."""
    with storage_faults(place.folder):
        lock = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as held:
        raise ConflictError(
            f"another process is fetching the weights of {place.weights.name}", hint="Wait for it, or end it."
        ) from held
    finally:
        os.close(lock)


def _refuse_full_disk(place: Place) -> None:
    missing = place.weights.size_bytes - place.arrived_bytes
    if shutil.disk_usage(place.folder).free < missing + _ROOM_BYTES:
        raise storage_error(place.folder, OSError(errno.ENOSPC, f"{missing} bytes are still to come"))


@contextmanager
def storage_faults(folder: Path) -> Generator[None]:
    """Turn what the operating system says about a folder into a StorageError that says what to do."""
    try:
        yield
    except OSError as fault:
        raise storage_error(folder, fault) from fault


def storage_error(folder: Path, fault: OSError) -> StorageError:
    """Say what is wrong with the folder of weights, and what to do about it."""
    match fault.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            told, hint = f"there is too little room on the disk that holds {folder}", "Free some space"
        case errno.EROFS | errno.EACCES | errno.EPERM | errno.ENOTDIR | errno.EEXIST:
            told, hint = f"the folder {folder} cannot be written", "Make it writable"
        case _:
            told, hint = f"the folder {folder} failed", "Check that disk"
    return StorageError(
        f"{told}: {fault.strerror}",
        hint=f"{hint}, or set ASTROLABE_CACHE to another folder; what has arrived is kept.",
    )


def _broken_off(source: Source, reason: str, arrived: int, wanted: int) -> FetchError:
    return FetchError(
        f"{source} broke off: {reason}; {arrived} of {wanted} bytes have arrived",
        hint="What has arrived is kept: the same command goes on from there.",
    )


def _another(source: Source, detail: str) -> FetchError:
    return FetchError(
        f"what {source} has is not the file that is pinned: {detail}",
        hint="Nothing of it was used. Take the file from another place: --from URL or --from FILE.",
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
