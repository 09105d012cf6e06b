"""Reading a file that a person named: what is there is looked at before it is opened, for opening a device may do anything."""

import errno
import stat
from pathlib import Path

from astrolabe.errors import InputError, Problem
from astrolabe.planning.places.node import UnreadableError
from astrolabe.planning.places.reading import LARGEST_BYTES, check_size
from astrolabe.planning.visible import visible

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_NOTHING = {errno.ENOENT, errno.ENOTDIR}
_SAID = {
    errno.ENOENT: "is a link that leads nowhere",
    errno.ENOTDIR: "is a link that leads nowhere",
    errno.ELOOP: "is a link that leads in a circle",
    errno.EACCES: "lies in a folder that this user cannot enter",
}


def find_file(words: str, error: type[InputError], hint: str) -> Path | None:
    """Return the regular file that `words` name; None when there is nothing of that name, or they can be no name.

    Raises:
        InputError: of the type `error`, with `hint`: what is there is no regular file, or cannot be looked at.
    """
    if not words:  # as a path it would mean the current folder
        return None
    try:
        mode = Path(words).stat().st_mode
    except ValueError:  # a NUL
        return None
    except OSError as fault:
        if fault.errno == errno.ENAMETOOLONG or (fault.errno in _NOTHING and not Path(words).is_symlink()):
            return None
        what = _SAID.get(fault.errno or 0, f"cannot be looked at: {fault.strerror}")
        raise error(f"{visible(words)} {what}", hint=hint) from fault
    if not stat.S_ISREG(mode):
        raise error(f"{visible(words)} is {_KINDS.get(stat.S_IFMT(mode), 'no file')}", hint=hint)
    return Path(words)


def content_of(file: Path, error: type[InputError]) -> bytes:
    """Return what is in a regular file.

    Raises:
        InputError: of the type `error`: it cannot be read, or has more than `LARGEST_BYTES`.
    """
    name = visible(str(file))
    try:
        check_size(file.stat().st_size)
        with file.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)  # some files of the kernel's tell no size
    except UnreadableError as large:
        raise error(f"{name} is too large", [Problem(name, large.fault.text)]) from large
    except OSError as fault:
        raise error(f"{name} cannot be read: {fault.strerror}", hint="Check its permissions.") from fault
