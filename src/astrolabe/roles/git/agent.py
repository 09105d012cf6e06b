"""Tells what the run has changed and how the repository came to be, and adds branches, commits and merges; loses nothing.

The commits of a run's own branch are the engine's: they hold what checks have proved, and no agent makes them.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, cast

from pydantic import BaseModel, Field, JsonValue

from astrolabe.roles.git.operations import (
    Blame,
    Branch,
    Branches,
    Commit,
    Log,
    Merge,
    Operation,
    Show,
    Snapshot,
    Worktrees,
)
from astrolabe.roles.git.patch import Changed, changed_in
from astrolabe.sdk import MergeConflictError, Task, Workbench

_MOST_FILES = 5000
_MOST_SHARED = 400_000
_SHOWN = 20
_MOST_SHOWN = 100_000
_MOST_CONFLICT = 20_000


class GitInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    operations: tuple[Operation, ...] = Field(
        default=(),
        max_length=100,
        description="what to do, in this order: {do: log|blame|show|branches|worktrees|branch|commit|merge|snapshot, revision, "
        "paths, path, name, branch, message}; results are shared under `git/<task>`",
    )

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
    """Shows what a run has changed and what was before it; adds to the person's repository, and changes nothing in it."""

    name = "git"
    version = "2"
    purpose = (
        "Tells which files the run has changed so far, with the difference; tells log, blame, commits, branches and work "
        "trees; makes branches and commits, merges; never touches uncommitted work."
    )
    inputs = GitInputs
    passes_on = True

    async def work(self, task: Task, bench: Workbench) -> None:
        """Do every operation; share results, and then status and difference, under `git/<task>`.

        Raises:
            MergeConflictError: a merge has conflicts, which are shared; nothing of it is done.
        """
        asked = GitInputs.model_validate(task.inputs)
        results: list[JsonValue] = []
        for operation in asked.operations:
            result = await _done(operation, bench)
            results.append({"do": operation.do, **result})
            if isinstance(operation, Merge) and operation.conflicts == "fail" and result["conflicts"]:
                await bench.context.set(f"git/{task.id}", {"v": 2, "results": results})
                raise _conflicting(operation, result)
        await _tell_changes(task, asked, bench, results)


async def _done(operation: Operation, bench: Workbench) -> dict[str, JsonValue]:
    commits = bench.commits
    match operation:
        case Log(revision=revision, paths=paths, most=most):
            return {"commits": _plain(await commits.log(revision, paths, most))}
        case Blame(path=path, revision=revision, first=first, lines=lines):
            return {"path": path, "lines": _plain(await commits.blame(path, revision, first, lines))}
        case Show(revision=revision, paths=paths):
            return {"text": await commits.show(revision, paths, _MOST_SHOWN)}
        case Branches():
            return {"branches": _plain(await commits.branches())}
        case Worktrees():
            return {"worktrees": _plain(await commits.worktrees())}
        case Branch(name=name, revision=revision):
            return {"name": name, "commit": await commits.branch(name, revision)}
        case Commit(branch=name, message=message):
            commit = await commits.commit(name, message)
            bench.say(f"committed as {commit[:12]} on {name}")
            return {"branch": name, "commit": commit}
        case Merge(revision=revision):
            return await _merged(revision, bench)
        case Snapshot():
            kept = await commits.set_aside()
            bench.say(
                f"uncommitted work is kept; bring it back: {kept.restore}"
                if kept
                else "nothing is uncommitted"
            )
            return {"kept": None if kept is None else asdict(kept)}


async def _merged(revision: str, bench: Workbench) -> dict[str, JsonValue]:
    merged = await bench.merge(revision)
    told: list[JsonValue] = [
        {"path": path, "text": (await bench.conflict(merged, path))[:_MOST_CONFLICT]}
        for path in merged.conflicts[:_SHOWN]
    ]
    return {
        "revision": revision,
        "commit": merged.commit,
        "conflicts": list(merged.conflicts),
        "marked": told,
    }


def _conflicting(operation: Merge, result: dict[str, JsonValue]) -> MergeConflictError:
    paths = tuple(map(str, cast("list[str]", result["conflicts"])))
    return MergeConflictError(
        f"{operation.revision} and this run contradict each other in: {', '.join(paths)}",
        paths,
        hint="The places are in the run's shared context; merge by hand, or let a task change one side first.",
    )


def _plain(found: tuple[Any, ...]) -> list[JsonValue]:
    return [{name: _listed(value) for name, value in asdict(one).items()} for one in found]


def _listed(value: Any) -> JsonValue:
    return list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value


async def _tell_changes(task: Task, asked: GitInputs, bench: Workbench, results: list[JsonValue]) -> None:
    """Share status and difference of all that the run has changed so far."""
    patch = await bench.changes(asked.most_bytes)
    files = changed_in(patch)
    if asked.patch:
        await bench.write({asked.patch: patch})
    document: dict[str, Any] = {
        "v": 2,
        "results": results,
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
