"""The tree and the commits a task starts from."""

from dataclasses import dataclass

from pydantic import JsonValue

from astrolabe.domain.checkpoint import generation_message
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Task
from astrolabe.engine.floor import Floor
from astrolabe.errors import MergeConflictError
from astrolabe.ports.workspace import Joined


@dataclass(frozen=True)
class Start:
    """Where a task begins. `parents` become those of its checkpoint."""

    parents: tuple[str, ...]
    tree: str


async def start_of(floor: Floor, task: Task) -> Start:
    """Return where a task starts; asked again after a crash, the answer is the same.

    Raises:
        MergeConflictError: what the tasks before it did cannot be joined, or a person's edits contradict it.
    """
    start = await _joined(floor, task)
    if floor.ground.onto is None or not is_last(floor, task):
        return start
    return await _with_edits(floor, task, start, floor.ground.onto)


def is_last(floor: Floor, task: Task) -> bool:
    """Tell whether a task is the only one that nothing depends on."""
    return [sink.id for sink in floor.plan.sinks()] == [task.id]


async def _joined(floor: Floor, task: Task) -> Start:
    parents = await _parents(floor, task)
    if len(parents) <= 1:
        return Start(parents, await floor.workspace.tree_of(parents[0] if parents else None))
    joined = await floor.workspace.join(parents, floor.ground.base)
    if joined.conflicts:
        raise MergeConflictError(
            f"what the tasks before it did cannot be joined: {', '.join(joined.conflicts)}",
            joined.conflicts,
            hint="Let one of the tasks depend on the other, or give them disjoint `writes`.",
        )
    return Start(parents, joined.tree)


async def _parents(floor: Floor, task: Task) -> tuple[str, ...]:
    """Return the checkpoints of what a task depends on, or the run's base when it depends on nothing."""
    tasks = floor.log.state.tasks
    commits = [tasks[needed].commit for needed in dict.fromkeys(task.depends_on)]
    known = tuple(dict.fromkeys(commit for commit in commits if commit))
    if not known:
        return (floor.ground.base,) if floor.ground.base else ()
    return await floor.workspace.heads(known)


async def _with_edits(floor: Floor, task: Task, start: Start, onto: str) -> Start:
    """Merge what was generated with what a person has made of the last generation."""
    if start.parents == (floor.ground.base,):
        return Start((onto,), await floor.workspace.tree_of(onto))
    generation = await _generation(floor, start)
    merged = await floor.workspace.carry_edits(onto, start.tree, floor.ground.previous)
    if floor.log.state.merged is None:
        changes = await _changes(floor, onto, start.tree, merged.tree)
        await _write_down(floor, task, merged, (onto, generation), changes)
    if merged.conflicts:
        raise MergeConflictError(
            f"your edits and the new generation contradict each other in: {', '.join(merged.conflicts)}",
            merged.conflicts,
            hint=f"Merge the branch astrolabe/{floor.run}/conflicts, where the places are marked, then build again.",
        )
    return Start(await floor.workspace.heads((onto, generation)), merged.tree)


async def _generation(floor: Floor, start: Start) -> str:
    """Return a commit of exactly what was generated, so that the next build knows what a person has changed since."""
    message = generation_message(floor.run, start.tree)
    commit = await floor.workspace.commit(start.tree, start.parents, message, floor.log.state.created_at)
    await floor.workspace.keep(f"runs/{floor.run}/generated", commit)
    return commit


async def _changes(floor: Floor, onto: str, generated: str, merged: str) -> dict[str, JsonValue]:
    """Say what becomes of a person's files: those that come, change and go, and those generated ones that stay theirs."""
    workspace = floor.workspace
    before = await workspace.tree_of(onto)
    old, new = set(await workspace.paths(before)), set(await workspace.paths(merged))
    differing = await workspace.difference(before, merged)
    ours = set(await workspace.paths(generated))
    return {
        "added": [path for path in differing if path not in old],
        "changed": [path for path in differing if path in old and path in new],
        "removed": [path for path in differing if path not in new],
        "edited": [path for path in await workspace.difference(generated, merged) if path in ours],
    }


async def _write_down(
    floor: Floor, task: Task, merged: Joined, parents: tuple[str, ...], changes: dict[str, JsonValue]
) -> None:
    commit = None
    if merged.conflicts:
        message = f"Merge with conflicts\n\nAstrolabe-Run: {floor.run}\n"
        heads = await floor.workspace.heads(parents)
        commit = await floor.workspace.commit(merged.tree, heads, message, floor.log.state.created_at)
        await floor.workspace.keep(f"runs/{floor.run}/conflicts", commit)
    data: dict[str, JsonValue] = {
        "conflicts": list(merged.conflicts),
        "kept": list(merged.kept),
        "commit": commit,
        **changes,
    }
    await floor.log.append(NewEvent(type=EventType.EDITS_MERGED, task=task.id, data=data))
