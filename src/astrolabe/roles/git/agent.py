"""Tells what the run has changed, as status and difference. Commits and branches are the engine's: no agent makes them."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field

from astrolabe.roles.git.patch import Changed, changed_in
from astrolabe.sdk import Task, Workbench

_MOST_FILES = 5000
_MOST_SHARED = 400_000
_SHOWN = 20


class GitInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    patch: str = Field(
        default="", description="where to write the whole difference; one of the task's `writes`"
    )
    most_bytes: int = Field(
        default=4_000_000,
        ge=1,
        le=50_000_000,
        description="of the difference; the rest is cut, and that is said",
    )


class GitAgent:
    """Shows status and difference of all that the run has changed so far; reads, and never touches a person's work."""

    name = "git"
    version = "1"
    purpose = "Tells which files the run has added, changed and removed so far, with the difference; changes nothing."
    inputs = GitInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Share status and difference under `git/<task>`."""
        asked = GitInputs.model_validate(task.inputs)
        patch = await bench.changes(asked.most_bytes)
        files = changed_in(patch)
        if asked.patch:
            await bench.write({asked.patch: patch})
        document: dict[str, Any] = {
            "v": 1,
            "files": [one.model_dump() for one in files[:_MOST_FILES]],
            "total": len(files),
            "added_lines": sum(one.added for one in files),
            "removed_lines": sum(one.removed for one in files),
            "patch": patch[:_MOST_SHARED],
            "cut": len(patch) > _MOST_SHARED or len(patch.encode()) > asked.most_bytes,
        }
        await bench.context.set(f"git/{task.id}", document)
        for line in _summary(files):
            bench.say(line)


def _summary(files: tuple[Changed, ...]) -> Iterator[str]:
    yield f"{len(files)} files differ from what the run began with"
    yield from (f"  {one.kind} {one.path} (+{one.added} -{one.removed})" for one in files[:_SHOWN])
