"""`astrolabe runs` and `astrolabe resume`."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import error_document, print_json
from astrolabe.cli.exits import Exit, exit_of
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, say
from astrolabe.errors import AstrolabeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.domain.event import Event
    from astrolabe.ports.store import RunRecord
    from astrolabe.services.installation import Installation
    from astrolabe.services.runs import ListedRun

app = typer.Typer(cls=Group, help=SUMMARIES["runs"])
LOG_CHARACTERS = 120
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning or end, or `last`.")]
OptionalRun = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's id, its beginning or end; all that were interrupted without it."
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
        listed = await list_runs(installation, limit)
        if json:
            print_json([_row(run) for run in listed])
        elif not listed:
            say("no runs yet; one begins with: astrolabe build GOAL --into FOLDER")
        else:
            _print_rows(listed)

    with_installation(use)


@app.command("show")
def show(run: Run, json: Json = False) -> None:
    """Show a run's tasks, checks with their evidence, and checkpoints."""
    from astrolabe.cli.output import console, print_report
    from astrolabe.cli.session import with_installation
    from astrolabe.services.budgets import limited_spending
    from astrolabe.services.builds import start_commands
    from astrolabe.services.finding import find_run
    from astrolabe.services.reports import report
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        view = await view_run(installation, await find_run(installation, run))
        document = report(
            view,
            start_commands(installation, view),
            await limited_spending(installation, view),
            installation.redactor,
        )
        if json:
            print_json(document)
        else:
            print_report(document, console())

    with_installation(use)


@app.command("log")
def log(
    run: Run,
    check: Annotated[
        str | None, typer.Option("--check", metavar="NAME", help="Print all that this check printed instead.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="Of this task only.")] = None,
    json: Json = False,
) -> None:
    """Print a run's events in order, or all that one of its checks printed."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        if check is None:
            await _print_events(installation, record, task, json=json)
        else:
            await _print_output(installation, record, check, task, json=json)

    with_installation(use)


async def _print_events(
    installation: "Installation", record: "RunRecord", task: str | None, *, json: bool
) -> None:
    from astrolabe.services.artifacts import checks_of
    from astrolabe.services.runs import events_of, view_run

    if task is not None:
        checks_of(await view_run(installation, record), task)  # a task there is not has no events to show
    events = [event for event in await events_of(installation, record) if task in {None, event.task}]
    if json:
        print_json([asdict(event) for event in events])
        return
    for event in events:
        say(_event_line(event))


async def _print_output(
    installation: "Installation", record: "RunRecord", check: str, task: str | None, *, json: bool
) -> None:
    """Print what a check printed: on a terminal with nothing in it that steers one, elsewhere as it is."""
    from astrolabe.services.artifacts import output_of
    from astrolabe.services.runs import view_run

    result, output = await output_of(installation, await view_run(installation, record), check, task)
    if json:
        print_json(
            {
                "run": record.id,
                "task": result.task,
                **result.evidence.model_dump(mode="json"),
                "output": output,
            }
        )
    else:
        sys.stdout.write(clean(output) if sys.stdout.isatty() else output)


@app.command("resume")
def resume(run: OptionalRun = None, json: Json = False) -> None:
    """Go on with a run that was interrupted, or with all of them; finished tasks are not repeated."""
    from astrolabe.cli.driving import drive
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import go_on, require_sandbox
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import resumable_runs

    async def use(installation: "Installation") -> Exit:
        records = [await find_run(installation, run)] if run else await resumable_runs(installation)
        if records:
            await require_sandbox(installation)
        elif not json:
            say("nothing was interrupted", err=True)
        documents: list[dict[str, Any]] = []
        worst = Exit.DONE
        for record in records:
            try:
                document, code = await drive(installation, await go_on(installation, record), quiet=json)
            except AstrolabeError as error:
                if len(records) == 1:
                    raise
                document, code = {"run": {"id": record.id}, **error_document(error)}, exit_of(error)
            documents.append(document)
            worst = max(worst, code)
            if not json:
                _print_resumed(document)
        if json:
            print_json(documents[0] if len(documents) == 1 else {"runs": documents})
        return worst

    raise typer.Exit(with_installation(use))


def _print_resumed(document: dict[str, Any]) -> None:
    """Print what became of one of several runs: one that cannot go on does not keep the others from it."""
    from astrolabe.cli.output import console, print_report

    if "error" not in document:
        print_report(document, console())
        return
    error = document["error"]
    say(f"astrolabe: {clean(error['message'])}\n  {clean(error['hint'])}".rstrip(), err=True)


@app.command("follow")
def follow(run: Run, json: Json = False) -> None:
    """Show a run that is driven by workers until it has finished, and take its result over where its target is."""
    from astrolabe.cli.driving import drive
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import followed
    from astrolabe.services.finding import find_run

    async def use(installation: "Installation") -> Exit:
        record = await find_run(installation, run)
        document, code = await drive(installation, await followed(installation, record), quiet=json)
        if json:
            print_json(document)
        else:
            _print_resumed(document)
        return code

    raise typer.Exit(with_installation(use))


def _row(run: "ListedRun") -> dict[str, Any]:
    record = run.record
    return {
        "id": record.id,
        "status": run.status,
        "goal": record.goal,
        "target": record.target,
        "created_at": record.created_at,
        "finished_at": record.finished_at,
        "commit": record.commit,
        "reason": record.reason,
        "owner": record.owner.pid if record.owner is not None and run.owned else None,
    }


def _print_rows(listed: "Sequence[ListedRun]") -> None:
    from datetime import UTC, datetime

    from rich.text import Text

    from astrolabe.cli.output import NARROW_COLUMNS, console, mark, table
    from astrolabe.cli.terminal import one_line

    out = console()
    narrow = out.width < NARROW_COLUMNS
    shown = table("", "run", "status", *(() if narrow else ("begun (UTC)", "goal", "target")))
    for run in listed:
        record = run.record
        at = datetime.fromtimestamp(record.created_at, UTC).strftime("%Y-%m-%d %H:%M")
        more = () if narrow else (at, one_line(record.goal, 40), one_line(record.target))
        shown.add_row(mark(run.status), *map(Text, (record.id, run.status, *more)))
    out.print(shown)


def _event_line(event: "Event") -> str:
    from datetime import UTC, datetime

    from astrolabe.cli.terminal import one_line

    at = datetime.fromtimestamp(event.at, UTC).strftime("%H:%M:%S.%f")[:-3]
    attempt = f"#{event.attempt}" if event.attempt else ""
    who = one_line(f"{event.task or ''}{attempt}")
    told = one_line(" ".join(_told(event.data)), LOG_CHARACTERS)
    return f"{event.seq:>5} {at} {event.type:<20} {who:<18} {told}".rstrip()


def _told(data: dict[str, Any]) -> list[str]:
    """Return what matters of an event's data, in the order it is read in."""
    names = ("verdict", "check", "status", "key", "commit", "reason")
    return [str(data[name]) for name in names if data.get(name)]
