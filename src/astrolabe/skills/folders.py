"""Reading the folders that skills lie in. Nothing outside a skill's folder is ever read, and its links are left out."""

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from astrolabe.errors import MissingError, Problem, StorageError
from astrolabe.skills.reading import FILE, Content

MOST_FILES, MOST_BYTES = 500, 10_000_000
"""Of one skill: what a person can look through before trusting it, and a process can hold."""
MOST_SKILLS, DEEPEST = 20_000, 4
_PASSED_OVER = frozenset({".git", "node_modules", "__pycache__", ".venv"})


def skill_folders(root: Path, *, links: bool) -> Iterator[Path]:
    """Return the folders below `root` that have a `SKILL.md`, by name; none inside another, none when there is no `root`.

    `links` tells whether a folder in `root` may be a link, as people make them in folders of their own; in a project, a
    link could lead anywhere.
    """
    return islice(_below(root, links, DEEPEST), MOST_SKILLS)


def _below(folder: Path, links: bool, deeper: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        hint = "Check its permissions, or turn skills off with --no-skills."
        raise StorageError(f"{folder} cannot be read: {error.strerror}", hint=hint) from error
    for entry in entries:
        if entry.name in _PASSED_OVER or not entry.is_dir(follow_symlinks=links):
            continue
        below = folder / entry.name
        if os.path.lexists(below / FILE):
            yield below
        elif deeper > 1:
            yield from _below(below, False, deeper - 1)


def read_folder(folder: Path, place: str | None = None) -> Content:
    """Return what lies in a skill's folder. `place` is what problems call it.

    Raises:
        MissingError: there is no such folder.
    """
    called = place or str(folder)
    if not folder.is_dir():
        raise MissingError(f"there is no folder {called}", hint="Name the folder that its SKILL.md lies in.")
    files: dict[str, bytes] = {}
    faults: list[Problem] = []
    left = MOST_BYTES
    for path, descriptor in _opened(folder.resolve(), called, faults):
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(left + 1)
        if len(data) > left or len(files) == MOST_FILES:
            return Content(called, files, (*faults, too_large(called)), too_large=True)
        left -= len(data)
        files[path] = data
    return Content(called, files, tuple(faults))


def too_large(called: str) -> Problem:
    """Return the problem of a skill that nobody could look through."""
    hint = "keep what its instructions do not need elsewhere"
    return Problem(called, f"has more than {MOST_FILES} files or {MOST_BYTES // 1_000_000} MB", hint)


def _opened(folder: Path, called: str, faults: list[Problem]) -> Iterator[tuple[str, int]]:
    """Return the regular files of a folder, opened so that no link is followed, however fast it is put in place."""
    for where, folders, names, descriptor in os.fwalk(folder, follow_symlinks=False):
        base = Path(where).relative_to(folder)
        inner = sorted(name for name in folders if name not in _PASSED_OVER)
        links = [name for name in inner if (Path(where) / name).is_symlink()]
        deep = inner if len(base.parts) >= DEEPEST else ()
        faults.extend(_left_out(called, base / name) for name in (deep or links))
        folders[:] = () if deep else inner
        for name in sorted(names):
            opened = _open(name, descriptor)
            if opened is None:
                faults.append(_left_out(called, base / name))
            else:
                yield (base / name).as_posix(), opened


def _open(name: str, folder: int) -> int | None:
    try:
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(opened).st_mode):
        return opened
    os.close(opened)
    return None


def _left_out(called: str, path: Path) -> Problem:
    hint = "put the file itself into the skill's folder, readable and not so deep"
    return Problem(
        f"{called}/{path}", "is a link, too deep, or no file that can be read: it is left out", hint
    )
