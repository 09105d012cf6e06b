"""Writing kept files into a folder of a person's: nothing of theirs is overwritten, nothing lands elsewhere."""

import os
from collections.abc import Sequence
from pathlib import Path

from astrolabe.errors import InputError, Problem, StorageError

FILE, LINK = 0o100644, 0o120000
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_PROBLEMS = 20


class Export:
    """One folder to write into; it is made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def must_be_free(self, names: Sequence[str]) -> None:
        """Look at where files are to go before any is written.

        Raises:
            InputError: something is there already, or a link would lead elsewhere; names every such place.
        """
        problems = self._unusable()
        for name in () if problems else names:
            problems += self._in_the_way(name)
        if problems:
            raise InputError(
                f"nothing was written to {self.folder}",
                problems[:_MOST_PROBLEMS],
                hint="Name another folder with --out, or move what is there.",
            )

    def write(self, name: str, content: bytes, mode: int = FILE) -> None:
        """Write one file, or make the link whose content it is; `mode` is git's.

        Raises:
            StorageError: the disk is full, the folder cannot be written, or the file has come into being meanwhile.
        """
        path = self.folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == LINK:
                path.symlink_to(os.fsdecode(content))
            else:
                with open(os.open(path, _NEW, mode & 0o777 | 0o022), "wb") as file:  # noqa: PTH123 - the flags
                    file.write(content)
        except OSError as error:
            raise StorageError(
                f"{path} cannot be written: {error.strerror}",
                hint="Free disk space, or name a folder you may write to with --out.",
            ) from error

    def _unusable(self) -> list[Problem]:
        if os.path.lexists(self.folder) and not os.path.isdir(self.folder):  # noqa: PTH112 - answers for any name
            return [Problem(str(self.folder), "is no folder")]
        return []

    def _in_the_way(self, name: str) -> list[Problem]:
        path = self.folder / name
        if os.path.lexists(path):
            return [Problem(str(path), "is already there")]
        above = [self.folder / parent for parent in Path(name).parents if str(parent) != "."]
        return [
            Problem(str(folder), "is a link" if folder.is_symlink() else "is a file")
            for folder in above
            if folder.is_symlink() or (folder.exists() and not folder.is_dir())
        ]
