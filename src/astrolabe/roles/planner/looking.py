"""What a planner is told of a repository, in as many letters as there is room for."""

from collections import Counter
from collections.abc import Sequence

from astrolabe.sdk import Workbench

_PAPERS = ("README.md", "README.rst", "README.txt", "README", "CONTRIBUTING.md")
_MANIFESTS = (
    "pyproject.toml",
    "setup.cfg",
    "package.json",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "Makefile",
    "justfile",
    "tox.ini",
)
_MOST_PATHS = 300
_LONGEST_PATH = 160


async def told_repository(bench: Workbench, letters: int) -> tuple[str, ...]:
    """Return what there is to say of the workspace, one text a subject, in about so many letters together."""
    paths = await bench.paths()
    if not paths:
        return ("The repository is empty: there are no files yet.",)
    told = [f"Its files ({len(paths):,}):\n{cut(listing(paths), letters // 3)}"]
    present = set(paths)
    chosen = [name for name in (*_PAPERS, *_MANIFESTS) if name in present]
    for name in chosen:
        text = await _text(bench, name)
        if text:
            told.append(f"{name}:\n{cut(text, letters // (2 * len(chosen)))}")
    return tuple(told)


def listing(paths: Sequence[str]) -> str:
    """Return the paths a line each; of very many, the folders and how many files lie in each, the largest first."""
    if len(paths) <= _MOST_PATHS:
        return "\n".join(path[:_LONGEST_PATH] for path in paths)
    folders = Counter("/".join(path.split("/")[:-1][:3]) or "." for path in paths)
    lines = [
        f"{folder[:_LONGEST_PATH]}/ ({count} files)" for folder, count in folders.most_common(_MOST_PATHS)
    ]
    top = [path[:_LONGEST_PATH] for path in paths if "/" not in path][:_MOST_PATHS]
    return "\n".join([*top, *lines])


def cut(text: str, letters: int) -> str:
    """Return the beginning of a text, and that it is one."""
    if len(text) <= letters:
        return text
    return f"{text[: max(0, letters)]}\n[{len(text) - letters:,} letters left out]"


async def _text(bench: Workbench, path: str) -> str:
    """Return a file's text; nothing for one that is none: binary, or only a pointer to where its content lies."""
    content = await bench.read(path)
    if b"\0" in content[:8000] or content.startswith(b"version https://git-lfs"):
        return ""
    return content[:200_000].decode(errors="replace")
