"""Move files between the channel and the workspace, never through a link: each step is opened from its folder."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from io import FileIO
from typing import Any, BinaryIO

from astrolabe.adapters.sandboxes.holder.channel import frame, read_exactly, read_frame
from astrolabe.adapters.sandboxes.holder.spec import WORKSPACE

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK_MODE = 0o120000
_DEEPEST = 128
_LONGEST_PATH = 4096
_PIECE = 1 << 18


class TooMuchToListError(Exception):
    """Folders nest deeper, or names take more room, than in any tree of sources: whoever reads the list holds all of it."""


def put(requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve one `put`: a frame of [path, mode, size], then the contents in that order."""
    folders = _Folders(_open_or_make)
    for path, mode, size in read_frame(requests):
        folder, name = folders.parent_of(path)
        _clear(folder, name)
        content = read_exactly(requests, size)
        if mode == _LINK_MODE:
            os.symlink(content, name, dir_fd=folder)
        else:
            _write(folder, name, content, mode & 0o777)
    answers.write(frame({"done": True}))


def take(requests: BinaryIO, answers: BinaryIO, most_characters: int) -> None:
    """Serve one `take`: send what there is, receive which of it is wanted, send the contents.

    Names and targets of links may have `most_characters` together.
    """
    listed = list(_bounded(_listing(), most_characters))
    answers.write(frame({"entries": listed}))
    answers.flush()
    folders = _Folders(_only_open)
    fault: dict[str, str] = {}
    for index in read_frame(requests):
        path, _, _, size = listed[index][:4]
        fault = _sent(answers, folders, path, size) or fault
    answers.write(frame(fault or {"done": True}))


class _Folders:
    """Opens a path's folder step by step; files of one folder usually follow each other."""

    def __init__(self, step: Callable[[int, str], int]) -> None:
        self._step = step
        self._root = os.open(WORKSPACE, _FOLDER)
        self._path: tuple[str, ...] = ()
        self._folder = self._root

    def parent_of(self, path: str) -> tuple[int, str]:
        *parents, name = path.split("/")
        if tuple(parents) != self._path:
            if self._folder != self._root:
                os.close(self._folder)
            self._folder, self._path = self._root, ()
            self._folder, self._path = self._open(parents), tuple(parents)
        return self._folder, name

    def _open(self, parents: Sequence[str]) -> int:
        folder = self._root
        for part in parents:
            outer = folder
            try:
                folder = self._step(outer, part)
            finally:
                if outer != self._root:
                    os.close(outer)
        return folder


def _only_open(folder: int, name: str) -> int:
    return os.open(name, _FOLDER, dir_fd=folder)


def _open_or_make(folder: int, name: str) -> int:
    """Open a folder; a file or link in its place is removed, as a checkout would."""
    try:
        return os.open(name, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        os.mkdir(name, dir_fd=folder)
    except NotADirectoryError:
        os.unlink(name, dir_fd=folder)
        os.mkdir(name, dir_fd=folder)
    return os.open(name, _FOLDER, dir_fd=folder)


def make_folders(path: str) -> None:
    """Make a folder in the workspace to mount on; whatever lies in the way is replaced."""
    folder, name = _Folders(_open_or_make).parent_of(path)
    os.close(_open_or_make(folder, name))


def _clear(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except IsADirectoryError:
        _remove_folder(folder, name)


def _remove_folder(folder: int, name: str) -> None:
    inner = os.open(name, _FOLDER, dir_fd=folder)
    with os.scandir(inner) as entries:
        for entry in entries:
            _clear(inner, entry.name)
    os.close(inner)
    os.rmdir(name, dir_fd=folder)


def _write(folder: int, name: str, content: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, mode, dir_fd=folder), "wb", buffering=0) as file:
        try:
            _write_all(file, content)
        except OSError:
            os.unlink(name, dir_fd=folder)
            raise


def _write_all(file: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def _listing() -> Iterator[list[Any]]:
    root = os.open(WORKSPACE, _FOLDER)
    yield from _walk(root, "", 0)
    os.close(root)


def _bounded(listing: Iterator[list[Any]], most_characters: int) -> Iterator[list[Any]]:
    for entry in listing:
        most_characters -= len(entry[0]) + (len(entry[4]) if entry[1] == "link" else 0)
        if most_characters < 0:
            raise TooMuchToListError("the names of all files together are too long")
        yield entry


def _walk(folder: int, prefix: str, depth: int) -> Iterator[list[Any]]:
    """Yield [path, kind, executable, size, link target]; folders only to say that they are there."""
    if depth > _DEEPEST:
        raise TooMuchToListError(f"folders nest deeper than {_DEEPEST}")
    if len(prefix) > _LONGEST_PATH:
        raise TooMuchToListError(f"a folder's path has more than {_LONGEST_PATH} characters")
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield [path, "folder", False, 0]
                inner = os.open(entry.name, _FOLDER, dir_fd=folder)
                yield from _walk(inner, path + "/", depth + 1)
                os.close(inner)
            else:
                yield _described(folder, entry.name, path)


def _described(folder: int, name: str, path: str) -> list[Any]:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISREG(status.st_mode):
        return [path, "file", bool(status.st_mode & 0o100), status.st_size]
    if stat.S_ISLNK(status.st_mode):
        return [path, "link", False, status.st_size, os.readlink(name, dir_fd=folder)]
    return [path, _KINDS.get(stat.S_IFMT(status.st_mode), "special file"), False, 0]


_KINDS = {
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def _sent(stream: BinaryIO, folders: _Folders, path: str, size: int) -> dict[str, str]:
    """Send `size` bytes whatever became of the file, as the reader counts them; return what was wrong."""
    left = size
    try:
        for piece in _pieces(*folders.parent_of(path), size):
            stream.write(piece)
            left -= len(piece)
    except OSError as error:
        while left:
            left -= stream.write(bytes(min(left, _PIECE)))
        return {"error": type(error).__name__, "text": str(error)}
    return {}


def _pieces(folder: int, name: str, size: int) -> Iterator[bytes]:
    """Read exactly `size` bytes of a regular file; OSError when it is another one by now."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(name, flags, dir_fd=folder), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            raise OSError(f"{name} changed while it was taken")
        while size and (piece := file.read(min(size, _PIECE))):
            yield piece
            size -= len(piece)
    if size:
        raise OSError(f"{name} shrank while it was taken")
