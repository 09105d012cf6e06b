"""What the agents of a run made: the files in which the tree they left differs from the one they were given."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from astrolabe.services.artifacts import checks_of
from astrolabe.services.installation import Installation
from astrolabe.services.runs import RunView

REMOVED = "removed"


@dataclass(frozen=True)
class Made:
    """A file an agent made or changed; one that it removed has neither content nor digest (SHA-256)."""

    task: str
    agent: str
    path: str
    kind: str
    size_bytes: int
    digest: str


async def made_in(installation: Installation, view: RunView, task: str | None = None) -> tuple[Made, ...]:
    """Return what was made in a run, or by one of its tasks, in the plan's order, then by path.

    Raises:
        MissingError: the run has no such task, or the workspace's clone is gone.
    """
    checks_of(view, task)
    workspace = installation.workspace(Path(view.record.target))
    made: list[Made] = []
    for planned in view.plan.tasks:
        state = view.state.tasks[planned.id]
        if task not in {None, planned.id} or state.worked_tree is None or state.worked_from is None:
            continue
        paths = await workspace.difference(state.worked_from, state.worked_tree)
        files = {entry.path: entry for entry in await workspace.files(state.worked_tree, planned.writes)}
        agent = (state.attempts[-1].agent if state.attempts else "") or planned.agent
        for path in sorted(paths):
            entry = files.get(path)
            content = b"" if entry is None else entry.content
            digest = "" if entry is None else hashlib.sha256(content).hexdigest()
            kind = REMOVED if entry is None else kind_of(path)
            made.append(Made(planned.id, agent, path, kind, len(content), digest))
    return tuple(made)


def kind_of(path: str) -> str:
    """Return what a file is, as its name tells: `code`, `test`, `document`, `configuration`, `data`, `image`, or `file`."""
    place = PurePosixPath(path.lower())
    if {"tests", "test", "__tests__"} & set(place.parts[:-1]) or place.stem.startswith("test_"):
        return "test"
    if ".test" in place.suffixes[:-1] or ".spec" in place.suffixes[:-1]:
        return "test"
    return next((kind for kind, suffixes in _KINDS.items() if place.suffix in suffixes), "file")


_KINDS = {
    "code": {
        ".py",
        ".js",
        ".ts",
        ".tsx",
        ".jsx",
        ".mjs",
        ".css",
        ".html",
        ".sql",
        ".sh",
        ".go",
        ".rs",
        ".java",
    },
    "document": {".md", ".rst", ".txt", ".adoc", ".pdf"},
    "configuration": {".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".lock"},
    "data": {".json", ".csv", ".xml", ".jsonl", ".sqlite", ".db"},
    "image": {".png", ".jpg", ".jpeg", ".svg", ".gif", ".webp", ".ico"},
}
