"""`astrolabe runs artifacts` and `astrolabe runs files`: taking away what a run left."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.folders import folder_named
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.ports.store import RunRecord
    from astrolabe.services.artifacts import Kept
    from astrolabe.services.installation import Installation
    from astrolabe.services.making import Made

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="A run's id, its beginning or end, or `last`.", show_default="last"),
]


def artifacts(
    run: Run = "last",
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="Of this task only.")] = None,
    check: Annotated[str | None, typer.Option("--check", metavar="NAME", help="Of this check only.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder_named,
            metavar="FOLDER",
            help="Write them into this folder; nothing there is overwritten.",
        ),
    ] = None,
    made: Annotated[
        bool,
        typer.Option("--made", help="List the files that agents made instead; `runs files` exports them."),
    ] = False,
    json: Json = False,
) -> None:
    """List or export what a run's checks left: screenshots, coverage, bills of materials, and all they printed."""
    if made:
        if out is not None or check is not None:
            raise typer.BadParameter("--made goes with --task alone; to export files: astrolabe runs files")
        _list_made(run, task, json=json)
        return
    from astrolabe.cli.session import with_installation
    from astrolabe.services.artifacts import checks_of, export_artifacts, list_artifacts
    from astrolabe.services.export import Export
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        chosen = checks_of(await view_run(installation, record), task, check)
        kept = await list_artifacts(installation, chosen)
        if out is not None:
            await export_artifacts(installation, kept, Export(out))
        if json:
            files = [asdict(item) for item in kept]
            print_json(
                {"run": record.id, "folder": None if out is None else str(out.resolve()), "artifacts": files}
            )
        else:
            _print_kept(record, kept, out)

    with_installation(use)


def files(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            parser=folder_named,
            metavar="FOLDER",
            help="Write them into this folder; nothing there is overwritten.",
        ),
    ],
    run: Run = "last",
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="TASK", help="As this task left them; else the run's result."),
    ] = None,
    json: Json = False,
) -> None:
    """Export the files of a run, one that failed too: its result, or what the checks that failed were put to."""
    from astrolabe.cli.session import with_installation
    from astrolabe.cli.terminal import one_line
    from astrolabe.services.artifacts import export_files
    from astrolabe.services.export import Export
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        view = await view_run(installation, record)
        tree, names = await export_files(installation, view, task, Export(out))
        if json:
            print_json({"run": record.id, "tree": tree, "folder": str(out.resolve()), "files": names})
        else:
            say(f"{len(names)} files of run {record.id} (tree {tree[:12]}) written to {one_line(str(out))}")

    with_installation(use)


def _list_made(run: str, task: str | None, *, json: bool) -> None:
    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run
    from astrolabe.services.making import made_in
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        made = await made_in(installation, await view_run(installation, record), task)
        if json:
            print_json({"run": record.id, "made": [asdict(item) for item in made]})
        else:
            _print_made(record, made)

    with_installation(use)


def _print_made(record: "RunRecord", made: "Sequence[Made]") -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import one_line, size

    if not made:
        say(f"the agents of run {record.id} have made nothing")
        return
    shown = table("file", "kind", "size", "task", "agent", "sha256")
    for item in made:
        cells = (one_line(item.path), item.kind, size(item.size_bytes), one_line(item.task), item.agent)
        shown.add_row(*map(Text, (*cells, item.digest[:12])))
    console().print(shown)


def _print_kept(record: "RunRecord", kept: "Sequence[Kept]", out: Path | None) -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import one_line, size

    if not kept:
        say(f"the checks of run {record.id} left nothing")
        return
    shown = table("file", "size", "check", "sha256")
    shown.columns[1].justify = "right"
    for item in kept:
        shown.add_row(*map(Text, (item.file, size(item.size_bytes), one_line(item.check), item.digest[:12])))
    to = console()
    to.print(shown)
    total = f"{len(kept)} files, {size(sum(item.size_bytes for item in kept))}"
    if out is not None:
        to.print(Text(f"{total}, written to {one_line(str(out))}"))
    else:
        to.print(Text(f"{total}; to have them: astrolabe runs artifacts {record.id[-6:]} --out FOLDER"))
