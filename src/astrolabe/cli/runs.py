"""`astrolabe runs` and `astrolabe resume`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES

if TYPE_CHECKING:
    from astrolabe.ports.store import RunRecord
    from astrolabe.services.installation import Installation

app = typer.Typer(cls=Group, help=SUMMARIES["runs"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning or end, or `last`.")]
OptionalRun = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]", help="A run's id, its beginning or end; all that were interrupted without it."
    ),
]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.runs import list_runs

    async def use(installation: "Installation") -> None:
        records = await list_runs(installation, limit)
        listed = [(record, await installation.store.is_owned(record)) for record in records]
        if json:
            print_json([_row(record, owned) for record, owned in listed])
        elif not records:
            typer.echo("no runs yet")
        else:
            _print_rows(listed)

    with_installation(use)


@app.command("show")
def show(run: Run, json: Json = False) -> None:
    """Show a run's tasks, checks with their evidence, and checkpoints."""
    from astrolabe.cli.output import console, print_report
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import start_commands
    from astrolabe.services.reports import report
    from astrolabe.services.runs import find_run, view_run

    async def use(installation: "Installation") -> None:
        view = await view_run(installation, await find_run(installation, run))
        document = report(view, start_commands(installation, view))
        if json:
            print_json(document)
        else:
            print_report(document, console())

    with_installation(use)


@app.command("log")
def log(
    run: Run,
    check: Annotated[
        str | None, typer.Option("--check", help="Print the whole output of this check instead.")
    ] = None,
    json: Json = False,
) -> None:
    """Print a run's events in order, or what one check printed."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.runs import check_output, events_of, find_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        if check is not None:
            typer.echo(await check_output(installation, record, check))
            return
        events = await events_of(installation, record)
        if json:
            print_json([event.model_dump(mode="json") for event in events])
            return
        for event in events:
            typer.echo(_event_line(event.model_dump()))

    with_installation(use)


@app.command("resume")
def resume(run: OptionalRun = None, json: Json = False) -> None:
    """Go on with a run that was interrupted, or with all of them; finished tasks are not repeated."""
    from astrolabe.cli.build import drive
    from astrolabe.cli.output import console, print_report
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import require_sandbox, take_up
    from astrolabe.services.runs import find_run, resumable_runs

    async def use(installation: "Installation") -> Exit:
        records = [await find_run(installation, run)] if run else await resumable_runs(installation)
        if records:
            await require_sandbox(installation)
        elif not json:
            typer.echo("nothing was interrupted", err=True)
        documents: list[dict[str, Any]] = []
        worst = Exit.DONE
        for record in records:
            document, code = await drive(installation, await take_up(installation, record), quiet=json)
            documents.append(document)
            worst = max(worst, code)
            if not json:
                print_report(document, console())
        if json:
            print_json(documents[0] if len(documents) == 1 else {"runs": documents})
        return worst

    raise typer.Exit(with_installation(use))


@app.command("cancel")
def cancel(run: Run, json: Json = False) -> None:
    """Cancel a run; returns when nothing of it runs any more."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.runs import cancel_run, find_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        status = await cancel_run(installation, record)
        if json:
            print_json({"run": record.id, "status": status.value})
        else:
            typer.echo(f"run {record.id} is {status.value}")

    with_installation(use)


def _status(record: "RunRecord", owned: bool) -> str:
    """Return a run's status; an unfinished one that no process works on was interrupted."""
    return record.status.value if record.status.final or owned else "interrupted"


def _row(record: "RunRecord", owned: bool) -> dict[str, Any]:
    return {
        "id": record.id,
        "status": _status(record, owned),
        "goal": record.goal,
        "target": record.target,
        "created_at": record.created_at,
        "finished_at": record.finished_at,
        "commit": record.commit,
        "reason": record.reason,
        "owner": record.owner.pid if record.owner is not None and owned else None,
    }


def _print_rows(listed: "list[tuple[RunRecord, bool]]") -> None:
    from datetime import UTC, datetime

    from rich.table import Table
    from rich.text import Text

    from astrolabe.cli.output import console, mark
    from astrolabe.cli.terminal import clean

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("", "run", "status", "begun (UTC)", "goal", "target"):
        table.add_column(column, overflow="fold")
    for record, owned in listed:
        status = _status(record, owned)
        at = datetime.fromtimestamp(record.created_at, UTC).strftime("%Y-%m-%d %H:%M")
        goal = clean(record.goal.strip().splitlines()[0][:50])
        table.add_row(mark(status), record.id, status, at, Text(goal), Text(clean(record.target)))
    console().print(table)


def _event_line(event: dict[str, Any]) -> str:
    from datetime import UTC, datetime

    from astrolabe.cli.terminal import clean

    at = datetime.fromtimestamp(event["at"], UTC).strftime("%H:%M:%S.%f")[:-3]
    who = f"{event['task'] or ''}{'#' + str(event['attempt']) if event['attempt'] else ''}"
    data = event["data"]
    told = (
        data.get("reason")
        or data.get("check")
        or data.get("key")
        or data.get("commit")
        or data.get("status")
        or ""
    )
    verdict = f"{data['verdict']} " if "verdict" in data else ""
    return clean(f"{event['seq']:>5} {at} {event['type']:<20} {who:<18} {verdict}{str(told)[:100]}")
