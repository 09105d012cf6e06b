"""Unpack what came from outside: no path, link or device in an archive can reach beyond the folder it goes to."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from astrolabe.domain.paths import path_fault
from astrolabe.errors import FetchError

MAX_UNPACKED_BYTES = 4 * 1024**3

_Entry = tuple[str, bool, Callable[[], IO[bytes] | None]]
"""Path in the archive, whether it is executable, and how to read it."""


def unpack(archive: Path, into: Path, take: Mapping[str, str]) -> None:
    """Lay the chosen parts of a wheel, a tar or a gzipped tar below `into`; regular files only.

    `take` maps a file or folder of the archive to its place; `.` on the left is everything, on the right `into` itself.

    Raises:
        FetchError: a path leaves the folder, it unpacks to more than MAX_UNPACKED_BYTES, or it is no archive at all.
        OSError: it cannot be written.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                _write(archive, _of_zip(wheel), into, take)
        else:
            with tarfile.open(archive) as tar:
                _write(archive, _of_tar(archive, tar), into, take)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, FileExistsError, NotADirectoryError) as fault:
        raise FetchError(f"{archive.name} cannot be unpacked: {fault}.") from fault


def _of_zip(wheel: zipfile.ZipFile) -> Iterator[_Entry]:
    for info in wheel.infolist():
        if not info.is_dir():
            yield info.filename, bool(info.external_attr >> 16 & 0o100), lambda info=info: wheel.open(info)


def _of_tar(archive: Path, tar: tarfile.TarFile) -> Iterator[_Entry]:
    for member in tar:
        if member.isdir():
            continue
        if not member.isreg():
            raise FetchError(f"{archive.name} holds a link or a device: {member.name!r}.")
        yield member.name, bool(member.mode & 0o100), lambda member=member: tar.extractfile(member)


def _write(archive: Path, entries: Iterator[_Entry], into: Path, take: Mapping[str, str]) -> None:
    left = MAX_UNPACKED_BYTES
    for name, executable, opened in entries:
        if fault := path_fault(name.removeprefix("./")):
            raise FetchError(f"{archive.name} is not safe to unpack: the path {name!r} {fault}.")
        place = _place(name.removeprefix("./"), take)
        source = opened() if place is not None else None
        if place is None or source is None:
            continue
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with source, target.open("xb") as file:
            left -= _copied(source, file, left, archive)
        target.chmod(0o755 if executable else 0o644)


def _copied(source: IO[bytes], file: IO[bytes], limit: int, archive: Path) -> int:
    shutil.copyfileobj(_Bounded(source, limit, archive.name), file, 1024 * 1024)
    return file.tell()


class _Bounded:
    def __init__(self, source: IO[bytes], limit: int, name: str) -> None:
        self._source = source
        self._left = limit
        self._name = name

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise FetchError(f"{self._name} unpacks to more than {MAX_UNPACKED_BYTES} bytes.")
        return piece


def _place(name: str, take: Mapping[str, str]) -> str | None:
    for prefix, place in take.items():
        if prefix == ".":
            return name if place == "." else f"{place}/{name}"
        if name == prefix:
            return place
        if name.startswith(f"{prefix}/"):
            return place + name[len(prefix) :]
    return None
