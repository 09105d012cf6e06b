"""`astrolabe budgets`: what may be spent, and what was."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import amount, say

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation

app = typer.Typer(cls=Group, help=SUMMARIES["budgets"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Run = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN", help="A run's id, its beginning or end, or `last`; all runs together without it."
    ),
]


@app.command("show")
def show(run: Run = None, json: Json = False) -> None:
    """Show the limits of a run, what is reserved and spent on what, and the calls nobody knows the end of."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.budgets import spending_of, tenant_spending
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        if run is None:
            told: dict[str, Any] = {"tenant": await tenant_spending(installation)}
        else:
            view = await view_run(installation, await find_run(installation, run))
            told = await spending_of(installation, view)
        if json:
            print_json(told)
        else:
            print_spending(told)

    with_installation(use)


def print_spending(told: dict[str, Any]) -> None:
    """Print a table of limits, one of what was spent on what, and the calls in doubt."""
    limits = [*told.get("limits", ()), *([told["tenant"]] if told["tenant"] else ())]
    if limits:
        _print_limits(limits)
    else:
        say("nothing limits what " + ("this run" if "run" in told else "all runs together") + " may spend")
    for title, key in (("task", "by_task"), ("kind of call", "by_kind")):
        if told.get(key):
            _print_sums(title, told[key])
    if told.get("in_doubt"):
        _print_in_doubt(told["in_doubt"])


def _print_limits(limits: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import one_line

    shown = table("limit of", "what", "most", "spent", "reserved")
    for column in shown.columns[2:]:
        column.justify = "right"
    for limit in limits:
        whose = limit["task"] or (f"all runs, {limit['period']}" if "period" in limit else "the run")
        for name, most in limit["most"].items():
            cells = (most, limit["spent"].get(name, 0), limit["reserved"].get(name, 0))
            shown.add_row(*map(Text, (one_line(whose), name, *(amount(name, cell) for cell in cells))))
    console().print(shown)


def _print_sums(title: str, sums: dict[str, dict[str, float]]) -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import duration, one_line

    names = [name for name in _ORDER if any(name in amounts for amounts in sums.values())]
    shown = table(title, *names, "took")
    for column in shown.columns[1:]:
        column.justify = "right"
    for whose, amounts in sums.items():
        cells = [amount(name, amounts.get(name, 0)) for name in names]
        shown.add_row(*map(Text, (one_line(whose), *cells, duration(amounts["seconds"]))))
    out = console()
    out.print()
    out.print(shown)


def _print_in_doubt(calls: list[dict[str, Any]]) -> None:
    from astrolabe.cli.terminal import one_line

    say("\ncut off, so that nobody knows what they used; each is charged what was reserved for it:")
    for call in calls:
        charged = ", ".join(f"{name} {amount(name, number)}" for name, number in call["charged"].items())
        say(f"  {one_line(call['step'])}: {charged}")


_ORDER = ("money", "tokens", "model_calls", "tool_calls", "wall_seconds")
