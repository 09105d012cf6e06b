"""`astrolabe prompts`: what agents are told, in which variants, and what came of each."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation

app = typer.Typer(cls=Group, help=SUMMARIES["prompts"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """List the prompts with their variants, and the share of attempts each gets."""
    from astrolabe.cli.output import console, table
    from astrolabe.cli.session import with_installation
    from astrolabe.services.experiments import list_prompts

    async def use(installation: "Installation") -> dict[str, Any]:
        return list_prompts(installation)

    document = with_installation(use)
    if json:
        print_json(document)
        return
    shown = table("prompt", "variant", "version", "share", "digest")
    for row in document["prompts"]:
        shown.add_row(row["name"], row["variant"], str(row["version"]), f"{row['share']:.0%}", row["digest"])
    console().print(shown)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME[.VARIANT]", help="A prompt of the list.")],
    json: Json = False,
) -> None:
    """Show the words of one prompt."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.experiments import prompt_named

    async def use(installation: "Installation") -> dict[str, Any]:
        return prompt_named(installation, name).model_dump(mode="json")

    document = with_installation(use)
    if json:
        print_json(document)
    else:
        typer.echo(clean(document["text"]))


@app.command("report")
def report(
    last: Annotated[
        int, typer.Option("--last", min=1, max=100_000, help="How many runs are looked at, the newest first.")
    ] = 500,
    json: Json = False,
) -> None:
    """Hold the variants of prompts side by side: checks passed, cost and time, with intervals of 95 %."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.experiments import prompts_report

    async def use(installation: "Installation") -> dict[str, Any]:
        return await prompts_report(installation, last)

    document = with_installation(use)
    if json:
        print_json(document)
    else:
        _print(document)


def _print(document: dict[str, Any]) -> None:
    from astrolabe.cli.output import console, table

    out = console()
    if not document["prompts"]:
        out.print("no attempt of these runs was given a prompt yet")
        return
    shown = table("prompt", "variant", "attempts", "passed", "cost", "time", "passed, less the first")
    for row in document["prompts"]:
        shown.add_row(
            row["name"],
            f"{row['variant']} v{row['version']}",
            str(row["trials"]),
            _share(row["rate"]),
            f"${row['money']['estimate']:.4f}",
            f"{row['seconds']['estimate']:.1f} s",
            _apart(row["against"]),
        )
    out.print(shown)


def _share(told: dict[str, float]) -> str:
    return f"{told['estimate']:.0%} ({told['low']:.0%} to {told['high']:.0%})"


def _apart(told: dict[str, Any] | None) -> str:
    if told is None:
        return ""
    sure = "" if told["excludes_zero"] else ", may be chance"
    return f"{told['estimate']:+.0%} ({told['low']:+.0%} to {told['high']:+.0%}){sure}"
