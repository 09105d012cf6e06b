"""The place a result goes to, before git is asked: what stands there, and whether it can be written."""

import errno
import os
import re
import stat
from pathlib import Path

from astrolabe.adapters.git.command import storage_error
from astrolabe.errors import Problem, TargetError
from astrolabe.planning.visible import visible
from astrolabe.ports.workspace import TargetKind, TargetState

# A hand-over into an existing folder is built in `.part` and moved into place from `.ready`; both lie in that folder.
LEFTOVER = re.compile(r"\.astrolabe-[0-9A-Za-z_-]+\.(part|ready)\Z")
READY = ".ready"
PART = ".part"

_ANOTHER = "Name another folder, or move away what is there: a run that has begun keeps to its own."
_KERNELS = ("/proc", "/sys", "/dev")
_KEPT_IN_MEMORY = "/dev/shm"  # noqa: S108 - named to be let through
_SAID = {
    errno.ENAMETOOLONG: "is longer than a path can be",
    errno.ELOOP: "is a link that leads in a circle",
    errno.EACCES: "cannot be looked at by this user",
}
_FULL = (errno.ENOSPC, errno.EDQUOT)


def look(target: Path) -> TargetState:
    """Return what stands at a path as far as the file system tells; TargetError when nothing ever can."""
    path = Path(os.path.realpath(target))
    _refuse_name(path)
    try:
        return _seen(path)
    except OSError as error:
        raise _refusal(path, _SAID.get(error.errno or 0, f"cannot be looked at: {error.strerror}")) from error


def _refuse_name(path: Path) -> None:
    if any(path.is_relative_to(folder) for folder in _KERNELS) and not path.is_relative_to(_KEPT_IN_MEMORY):
        raise _refusal(path, "belongs to the kernel: nothing is kept there")
    try:
        os.fsencode(path).decode()
    except UnicodeDecodeError as error:
        raise _refusal(path, "has a name that is no UTF-8") from error


def _seen(path: Path) -> TargetState:
    nearest = _nearest_existing(path)
    if nearest.is_symlink():  # the path is resolved, so the way through this one has no end
        raise _refusal(path, _SAID[errno.ELOOP])
    if not nearest.is_dir():
        return TargetState(path, TargetKind.FILE)
    writable = may_write(nearest)
    if nearest != path:
        return TargetState(path, TargetKind.MISSING, writable=writable)
    names = names_in(path)
    owned = os.geteuid() in (0, path.stat().st_uid)
    unfinished = any(LEFTOVER.match(name) and name.endswith(READY) for name in names)
    empty = unfinished or all(LEFTOVER.match(name) for name in names)
    kind = TargetKind.EMPTY if empty else TargetKind.FOLDER
    return TargetState(path, kind, writable=writable, owned=owned)


def may_write(folder: Path) -> bool:
    """Tell whether this user has the rights to."""
    return os.access(folder, os.R_OK | os.W_OK | os.X_OK, effective_ids=True)


def names_in(folder: Path) -> list[str]:
    """Return what is in a folder, sorted."""
    return sorted(entry.name for entry in folder.iterdir())


def _nearest_existing(path: Path) -> Path:
    while True:
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            path = path.parent
        else:
            return path


def nearest_folder(path: Path) -> Path:
    """Return the folder at a path, or the nearest above that there is."""
    nearest = _nearest_existing(path)
    return nearest if stat.S_ISDIR(nearest.lstat().st_mode) else nearest.parent


def refuse(state: TargetState) -> None:
    """Raise TargetError for a target no result can go to."""
    if state.kind is TargetKind.FILE:
        raise _refusal(state.path, "is a file, or has one among its parents")
    if state.kind is TargetKind.INSIDE_REPOSITORY:
        text = f"lies inside the repository {state.repository}"
        raise _refusal(state.path, text, "Name that repository itself, or a folder outside it.")
    if not state.writable:
        raise _refusal(state.path, "cannot be written by this user", "Make it writable, or name another.")
    if state.kind is TargetKind.REPOSITORY and not state.owned:
        raise _refusal(state.path, "is a repository of another user", "Run this as its owner.")


def try_out(place: Path, name: str) -> None:
    """Make a folder of that name at a place, or at what there is of its parents, and remove it.

    Rights alone do not tell: a file system may be read-only, out of space, or not for files at all.

    Raises:
        TargetError: it cannot be made.
        StorageError: the disk is full.
    """
    trial = nearest_folder(place) / name
    try:
        trial.mkdir(exist_ok=True)  # who holds the workspace's lock is alone with that name
        trial.rmdir()
    except OSError as error:
        if error.errno in _FULL:
            raise storage_error(f"write to {place}", error) from error
        text = f"cannot be written: {error.strerror}"
        raise _refusal(place, text, "Make it writable, or name another.") from error


def _refusal(path: Path, text: str, hint: str = _ANOTHER) -> TargetError:
    shown = visible(str(path))
    return TargetError(f"the result cannot go to {shown}", [Problem(shown, text)], hint=hint)
