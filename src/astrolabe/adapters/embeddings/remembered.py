"""Directions that were made before, in a file: no text is embedded twice on a machine.

The file is a row of records of one size: a digest of the text, a checksum, the direction. Records are only added, under a
lock; a torn one at the end is written over, a damaged one is made again. Whoever removes the file loses time, nothing else.
"""

import fcntl
import hashlib
import os
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path

from astrolabe.domain.sound import sound_text
from astrolabe.errors import StorageError
from astrolabe.ports.embedding import Embedder

_DIGEST, _CHECKSUM = 16, 4
_HEAD = _DIGEST + _CHECKSUM
_AT_ONCE = 512
"""Texts that are embedded between two writings: what a process that is killed has to do again."""


class Remembered:
    """An embedder that asks another one only for what is not in the file; several threads and processes may share it."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._file = folder / f"{embedder.name}.directions"
        self._size = _HEAD + embedder.dimensions
        self._known: dict[bytes, bytes] = {}
        self._read_bytes = 0
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def related(self) -> float:
        return self._embedder.related

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """See `Embedder.embed`. Raises StorageError when the file cannot be read or written."""
        texts = [sound_text(text) for text in texts]  # half a character is none to a tokenizer
        keys = [hashlib.blake2b(text.encode(), digest_size=_DIGEST).digest() for text in texts]
        with self._lock:
            try:
                self._read()
                missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
                self._make(missing)
            except OSError as error:
                hint = "Remove that file; it is made again."
                raise StorageError(f"{self._file} cannot be used: {error.strerror}", hint=hint) from error
            return [self._known[key] for key in keys]

    def _make(self, missing: dict[bytes, str]) -> None:
        keys = list(missing)
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            made = dict(zip(some, self._embedder.embed([missing[key] for key in some]), strict=True))
            self._add(made)
            self._known |= made

    def _read(self) -> None:
        """Take in what has been added since the file was last read."""
        try:
            stream = self._file.open("rb")
        except FileNotFoundError:
            self._read_bytes = 0
            return
        with stream:
            stream.seek(self._read_bytes)
            data = stream.read()
        whole = len(data) - len(data) % self._size
        for at in range(0, whole, self._size):
            record = data[at : at + self._size]
            if zlib.crc32(record[_HEAD:]).to_bytes(_CHECKSUM, "little") == record[_DIGEST:_HEAD]:
                self._known[record[:_DIGEST]] = record[_HEAD:]
        self._read_bytes += whole

    def _add(self, made: dict[bytes, bytes]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        records = (key + zlib.crc32(told).to_bytes(_CHECKSUM, "little") + told for key, told in made.items())
        opened = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with os.fdopen(opened, "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(size - size % self._size)
            stream.write(b"".join(records))
