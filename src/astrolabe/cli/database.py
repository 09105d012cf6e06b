"""`astrolabe database`: what is kept, copies of it, and removing what is no longer needed."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, one_line, say, size

if TYPE_CHECKING:
    from astrolabe.ports.upkeep import BackupFile
    from astrolabe.services.upkeep import Keeping, Pruned

T = TypeVar("T")
app = typer.Typer(cls=Group, help=SUMMARIES["database"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SHOWN = 5


@app.command("status")
def status(json: Json = False) -> None:
    """Show which database is used, what is in it, and the copies there are of it."""
    from astrolabe.services.upkeep import database_status

    found = _with_keeping(database_status)
    if json:
        print_json(asdict(found) | {"backups": [_backup(backup) for backup in found.backups]})
        return
    runs = ", ".join(f"{many} {status}" for status, many in sorted(found.runs.items())) or "none"
    say(f"{found.kind} at {clean(found.name)}, schema {found.schema}, {size(found.size_bytes)}")
    say(f"runs: {runs}; events: {found.events}; blobs: {found.blobs}; processes: {found.processes}")
    say(f"copies made by Astrolabe itself: {len(found.backups)}")
    for backup in found.backups:
        say(f"  {clean(str(backup.file))} ({size(backup.size_bytes)})")


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it; nothing is overwritten.")],
    json: Json = False,
) -> None:
    """Copy the database to a file while runs go on; it can be restored to SQLite and to PostgreSQL."""
    from astrolabe.services.upkeep import BESIDE, back_up

    async def use(keeping: "Keeping") -> tuple["BackupFile", Path]:
        return await back_up(keeping, file), keeping.state

    made, state = _with_keeping(use)
    beside = [str(state / name) for name in ("blobs", BESIDE) if (state / name).exists()]
    if json:
        print_json(_backup(made) | {"not_in_it": beside})
        return
    say(f"the database is copied to {clean(str(made.file))} ({size(made.size_bytes)})")
    for folder in beside:
        say(f"not in it: {clean(folder)}")


@app.command("restore")
def restore(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A copy that `astrolabe database backup` made.")
    ] = None,
    empty: Annotated[bool, typer.Option("--empty", help="Begin anew instead, with nothing.")] = False,
    json: Json = False,
) -> None:
    """Put a copy in the place of the database; what was there before is kept. Refused while anything runs."""
    from astrolabe.errors import InputError
    from astrolabe.services.upkeep import restore as put_back

    if (file is None) is not empty:
        raise InputError("either a copy is restored or nothing", hint="Name a FILE, or type --empty.")

    done = _with_keeping(lambda keeping: put_back(keeping, file))
    if json:
        print_json({"runs": done.runs, "replaced": None if done.replaced is None else str(done.replaced)})
        return
    say(f"the database is restored; runs in it: {done.runs}")
    if done.replaced is not None:
        say(f"what was there before: {clean(str(done.replaced))}")
    if done.runs:
        say("what was unfinished then goes on from there with: astrolabe resume")


@app.command("prune")
def prune(
    older_than: Annotated[
        float, typer.Option("--older-than", metavar="DAYS", min=0, help="Runs that ended longer ago.")
    ],
    keep: Annotated[int, typer.Option("--keep", metavar="N", min=0, help="Spare the N newest runs.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    json: Json = False,
) -> None:
    """Remove old finished runs with all they left; unfinished ones stay, whatever their age."""
    from astrolabe.services.upkeep import prune as remove

    done = _with_keeping(lambda keeping: remove(keeping, older_than, keep, dry_run=dry_run))
    if json:
        told = {name: value for name, value in vars(done).items() if name != "runs"}
        print_json({"dry_run": dry_run, "runs": [run.id for run in done.runs], **told})
    else:
        _print_pruned(done, dry_run=dry_run)
    raise typer.Exit(Exit.CHECKS_FAILED if done.kept else Exit.DONE)


def _print_pruned(done: "Pruned", *, dry_run: bool) -> None:
    shown = ", ".join(run.id for run in done.runs[:_SHOWN]) + (", …" if len(done.runs) > _SHOWN else "")
    if dry_run:
        say(f"would go: {len(done.runs)} runs{f' ({shown})' if shown else ''}, {done.blobs} blobs")
        return
    say(f"gone: {len(done.runs)} runs{f' ({shown})' if shown else ''}")
    say(f"with them: {done.refs} hidden refs, {done.plans} plans, {done.blobs} blobs ({size(done.bytes)})")
    for run, reason in done.kept.items():
        say(f"still there: {run}: {one_line(reason)}", err=True)


@app.command("check")
def check(json: Json = False) -> None:
    """Look at all of the database, the logs in it and the blobs; exits with 1 when something is wrong."""
    from astrolabe.services.upkeep import faults

    found = _with_keeping(faults)
    if json:
        print_json({"whole": not found, "faults": list(found)})
    elif not found:
        say("the database is whole")
    else:
        for fault in found:
            say(clean(fault))
        say("a damaged file is set aside when it is opened next, and the newest copy put in its place")
    raise typer.Exit(Exit.CHECKS_FAILED if found else Exit.DONE)


def _with_keeping(use: "Callable[[Keeping], Awaitable[T]]") -> T:
    import asyncio

    from astrolabe.bootstrap import open_upkeep
    from astrolabe.settings import load_settings

    async def go() -> T:
        return await use(
            open_upkeep(load_settings(), lambda sentence: say(f"astrolabe: {clean(sentence)}", err=True))
        )

    return asyncio.run(go())


def _backup(backup: "BackupFile") -> dict[str, Any]:
    return {"file": str(backup.file), "at": backup.at, "size_bytes": backup.size_bytes}
