"""What proves a repository whole is kept: no task of a model's plan may take the tests away that it is to pass."""

from collections.abc import Collection, Iterable

from astrolabe.domain.paths import covers
from astrolabe.domain.plan import Task
from astrolabe.engine.floor import Floor
from astrolabe.errors import ProofLostError
from astrolabe.ports.sandbox import FileEntry
from astrolabe.projects.declared import (
    Declared,
    decides,
    declared,
    is_in_the_way,
    is_test_file,
    lost,
    told_how,
)

MODEL = "model"
"""The `source` of a plan that nobody but a model and whoever agreed to it has thought about."""
_MOST_TOLD = 10
_FEW_FILES = 20


async def lost_tests(floor: Floor, task: Task, before: str, after: str) -> tuple[str, ...]:
    """Return the tests of `before` that are gone in `after`, or would not run there, where the task may do that.

    It may when its `writes` name the place they stood in, so that whoever agreed to the plan could see it.

    Raises:
        ProofLostError: it may not, or no test is left.
    """
    if before == after or floor.plan.source != MODEL:
        return ()
    changed = await floor.workspace.difference(before, after)
    paths = frozenset(path for path in changed if is_test_file(path) or decides(path))
    if not paths:
        return ()
    both = [await _entries(floor, tree, paths) for tree in (before, after)]
    _refuse_obstacles(task, *[{entry.path for entry in entries} for entries in both])
    gone = lost(*map(_declared, both))
    if unasked := [one for one in gone if not _is_named(task, one.path)]:
        raise _refusal(task, "took away tests, or keeps them from running", unasked)
    if gone and not any(declared(one.path, one.content) for one in await floor.workspace.files(after)):
        raise _refusal(task, "left no test that would run", gone)
    return tuple(map(str, gone))


async def _entries(floor: Floor, tree: str, paths: frozenset[str]) -> list[FileEntry]:
    entries = await floor.workspace.files(tree, tuple(paths) if len(paths) <= _FEW_FILES else ())
    return [entry for entry in entries if entry.path in paths]


def _declared(entries: Iterable[FileEntry]) -> list[Declared]:
    return [
        one
        for entry in entries
        for one in (*declared(entry.path, entry.content), *told_how(entry.path, entry.content))
    ]


def _refuse_obstacles(task: Task, before: Collection[str], after: Collection[str]) -> None:
    found = [path for path in sorted(after) if path not in before and is_in_the_way(path)]
    if unasked := [path for path in found if not _is_named(task, path)]:
        raise _refusal(task, "put files in the way of what runs the tests", unasked)


def _is_named(task: Task, path: str) -> bool:
    """Tell whether a pattern covers a path because it is meant, and not because it covers everything."""
    return any(covers(pattern, path) and pattern[:1] not in "*?[" for pattern in task.writes)


def _refusal(task: Task, what: str, found: Iterable[object]) -> ProofLostError:
    names = list(map(str, found))
    more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
    return ProofLostError(
        f"{task.id!r} {what}: {', '.join(names[:_MOST_TOLD])}{more}",
        hint="Put it back as it was. Where a test is to go, the plan has to name its file in the task's `writes`.",
    )
