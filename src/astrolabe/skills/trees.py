"""The skills in a tree of a workspace: what a run sees of a project, wherever it is worked on."""

from collections.abc import Iterable

from astrolabe.ports.sandbox import FileEntry
from astrolabe.skills.finding import IN_PROJECTS
from astrolabe.skills.folders import DEEPEST, MOST_BYTES, MOST_FILES, too_large
from astrolabe.skills.reading import FILE, Content

_LINK = 0o120000


def in_tree(entries: Iterable[FileEntry]) -> tuple[Content, ...]:
    """Return what lies where a project has skills, folder by folder; links and what lies too deep are left out.

    The digest of a skill is the same as in a folder with the same files.
    """
    files = {entry.path: entry.content for entry in entries if entry.mode != _LINK}
    found: list[Content] = []
    for root in IN_PROJECTS:
        below = [path for path in sorted(files) if path.startswith(f"{root}/")]
        folders = [path.rpartition("/")[0] for path in below if _is_skill(path, root)]
        outermost = [one for one in folders if not any(one.startswith(f"{other}/") for other in folders)]
        found.extend(_content(folder, below, files) for folder in sorted(outermost))
    return tuple(found)


def _is_skill(path: str, root: str) -> bool:
    folder, _, name = path.rpartition("/")
    return (
        name == FILE
        and 0 < len(folder.removeprefix(root).strip("/").split("/")) <= DEEPEST
        and folder != root
    )


def _content(folder: str, below: Iterable[str], files: dict[str, bytes]) -> Content:
    inside = {path.removeprefix(f"{folder}/"): files[path] for path in below if path.startswith(f"{folder}/")}
    kept = {path: data for path, data in inside.items() if path.count("/") <= DEEPEST}
    if len(kept) > MOST_FILES or sum(map(len, kept.values())) > MOST_BYTES:
        return Content(folder, kept, (too_large(folder),), too_large=True)
    return Content(folder, kept)
