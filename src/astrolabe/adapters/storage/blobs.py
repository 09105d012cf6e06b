"""Files named by the SHA-256 of their content."""

import hashlib
import os
import tempfile
from pathlib import Path

from astrolabe.errors import MissingError, StorageError


class Blobs:
    """A folder of blobs. A blob that can be read is whole: it is written aside, made durable, then renamed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep `content`; return its digest in hex."""
        digest = hashlib.sha256(content).hexdigest()
        place = self._place(digest)
        if place.exists():
            return digest
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._write(place, content)
        except OSError as error:
            raise StorageError(
                f"a result could not be kept in {self._folder}: {error.strerror}",
                hint="Free disk space or make the folder writable, then type: astrolabe resume",
            ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content; MissingError when there is no such blob, StorageError when it cannot be read."""
        try:
            return self._place(digest).read_bytes()
        except FileNotFoundError:
            raise MissingError(f"there is no blob {digest}") from None
        except OSError as error:
            raise StorageError(
                f"a result kept in {self._folder} cannot be read: {error.strerror}",
                hint="See whether the disk is failing, and who may read the folder.",
            ) from error

    def _place(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:]

    def _write(self, place: Path, content: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".new-", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(place)
                _make_durable(place.parent)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise


def _make_durable(folder: Path) -> None:
    """Make durable which names a folder holds: without it a loss of power may take back a rename."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
