"""Looking after what is kept: its state, copies of it, and removing what is no longer needed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from astrolabe.errors import AstrolabeError, InputError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.upkeep import BackupFile, DatabaseStatus, OldRun, Restored, Upkeep
from astrolabe.ports.workspace import Workspace

DAY_SECONDS = 86_400.0
_AT_ONCE = 50
BESIDE = "workspaces"
"""Where the clones of workspaces lie below the state folder; no copy of the database has them."""


@dataclass(frozen=True)
class Keeping:
    """What the use cases here work with. The database is opened by each of them: it may be damaged."""

    database: Upkeep
    workspace: Callable[[Path], Workspace]
    determinism: Determinism
    state: Path


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be. `kept` names runs whose workspace could not be cleared, each with the reason."""

    runs: tuple[OldRun, ...]
    refs: int
    plans: int
    blobs: int
    bytes: int
    kept: dict[str, str]


async def database_status(keeping: Keeping) -> DatabaseStatus:
    """Return what the database is and holds."""
    return await asyncio.to_thread(keeping.database.status)


async def back_up(keeping: Keeping, file: Path) -> BackupFile:
    """Write a consistent copy of the database while runs go on; see `Upkeep.back_up`."""
    return await asyncio.to_thread(keeping.database.back_up, file)


async def restore(keeping: Keeping, file: Path | None) -> Restored:
    """Put a copy in the place of the database, or an empty one without a file; see `Upkeep.restore`."""
    return await asyncio.to_thread(keeping.database.restore, file)


async def faults(keeping: Keeping) -> tuple[str, ...]:
    """Return everything that is wrong with the database, its logs and its blobs."""
    return await asyncio.to_thread(keeping.database.faults)


async def prune(keeping: Keeping, older_than_days: float, keep: int, *, dry_run: bool) -> Pruned:
    """Remove finished runs that ended more than so many days ago, without the `keep` newest of all, with all they left.

    A run goes whole: its log, evidence, messages, hidden refs, then plans and blobs that nothing else refers to.
    Unfinished runs are never touched. What is cut off can be begun again: the refs of a run go before its rows.
    """
    if older_than_days < 0 or keep < 0:
        raise InputError("neither days nor the number of runs to keep can be negative")
    now = keeping.determinism.now()
    before = now - older_than_days * DAY_SECONDS
    found = await asyncio.to_thread(keeping.database.old_runs, before, keep)
    names = frozenset(run.id for run in found)
    put_before = now - DAY_SECONDS  # a blob is put before it is referred to
    unused = await asyncio.to_thread(keeping.database.unused_blobs, names, put_before)
    if dry_run:
        return Pruned(found, 0, 0, len(unused), 0, {})
    refs, kept = await _forget_refs(keeping, found)
    gone = await _forget_runs(keeping, [run.id for run in found if run.id not in kept], before)
    plans = await asyncio.to_thread(keeping.database.forget_plans, before)
    if gone != names:
        unused = await asyncio.to_thread(keeping.database.unused_blobs, frozenset(), put_before)
    freed = await asyncio.to_thread(keeping.database.forget_blobs, unused, put_before)
    return Pruned(tuple(run for run in found if run.id in gone), refs, plans, len(unused), freed, kept)


async def _forget_refs(keeping: Keeping, runs: tuple[OldRun, ...]) -> tuple[int, dict[str, str]]:
    count, kept = 0, dict[str, str]()
    for run in runs:
        try:
            count += await keeping.workspace(Path(run.target)).forget(run.id)
        except AstrolabeError as error:  # one clone that is damaged does not keep the others' runs
            kept[run.id] = str(error)
    return count, kept


async def _forget_runs(keeping: Keeping, runs: list[str], finished_before: float) -> frozenset[str]:
    gone: set[str] = set()
    for begin in range(0, len(runs), _AT_ONCE):
        some = runs[begin : begin + _AT_ONCE]
        gone |= set(await asyncio.to_thread(keeping.database.forget_runs, some, finished_before))
    return frozenset(gone)
