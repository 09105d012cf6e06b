"""`astrolabe plan`: make, check, compare and list plans."""

import sys
from dataclasses import asdict
from enum import StrEnum
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import GoalGroup
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from astrolabe.domain.plan import Plan
    from astrolabe.ports.store import PlanVersion
    from astrolabe.services.installation import Installation


class Format(StrEnum):
    """How a plan is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    MERMAID = "mermaid"


app = typer.Typer(
    cls=GoalGroup,
    help=SUMMARIES["plan"],
    subcommand_metavar="GOAL | COMMAND ...",
    epilog="The options of `astrolabe plan GOAL` are those of: astrolabe plan make --help",
)
NAMED = "A plan file; or the id of a plan or a run, its beginning or end, or `last`; with `:2` its second version."
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


@app.command("make")
def make(
    goal: Annotated[str, typer.Argument(metavar="GOAL", help="The goal in words, or a file with it.")],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to print the plan.")] = Format.TABLE,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with how the goal was read.")] = False,
) -> None:
    """Plan a goal and print the plan; nothing is run."""
    from json import loads

    from astrolabe.cli.session import with_installation
    from astrolabe.cli.understanding import print_understanding, understanding_document
    from astrolabe.planning.rendering import as_json
    from astrolabe.planning.static import plan_goal
    from astrolabe.services.goals import take_goal
    from astrolabe.services.plans import refuse_plan

    refuse_plan(goal, f"Look at it with: astrolabe plan validate {quote(goal)}")
    taken = take_goal(goal)

    async def use(installation: "Installation") -> None:
        plan, understanding = plan_goal(taken, installation.recipes)
        if json:
            print_json(loads(as_json(plan)) | {"understanding": understanding_document(understanding)})
            return
        if form is Format.TABLE:
            print_understanding(understanding)
        print_plan(plan, form)

    with_installation(use)


@app.command("validate")
def validate(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A plan file: YAML or JSON with `goal` and `tasks`.")
    ],
    form: Annotated[
        Format, typer.Option("--format", "-f", help="How to print the plan when it is valid.")
    ] = Format.TABLE,
    json: Json = False,
) -> None:
    """Check a plan file; exits with 2 and every problem with its place when it is not valid."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.plans import read_plan, with_warnings

    async def use(installation: "Installation") -> None:
        print_plan(with_warnings(read_plan(installation, file)), Format.JSON if json else form)

    with_installation(use)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=NAMED)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same.")],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Draw both in one diagram.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what differs between two plans."""
    from astrolabe.cli.session import with_installation
    from astrolabe.planning.difference import as_text, diff_as_mermaid, difference
    from astrolabe.services.plans import plan_named

    async def use(installation: "Installation") -> None:
        found = difference(await plan_named(installation, old), await plan_named(installation, new))
        if json:
            changed = [asdict(change) for change in found.changed]
            plan = [asdict(change) for change in found.plan]
            print_json({"added": found.added, "removed": found.removed, "changed": changed, "plan": plan})
        else:
            say(diff_as_mermaid(found) if mermaid else "\n".join(as_text(found)) or "no difference")

    with_installation(use)


@app.command("history")
def history(
    plan_id: Annotated[
        str,
        typer.Argument(metavar="PLAN", help="The id of a plan or a run, its beginning or end, or `last`."),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List the versions of a plan."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.plans import history_of

    async def use(installation: "Installation") -> None:
        versions = await history_of(installation, plan_id)
        if json:
            print_json([_version_row(version) for version in versions])
            return
        for version in versions:
            plan = version.plan
            say(
                f"{version.id}:{version.version}  {plan.source}  {len(plan.tasks)} tasks  {plan.digest()[:12]}"
            )

    with_installation(use)


def _version_row(version: "PlanVersion") -> dict[str, Any]:
    return {
        "plan": version.id,
        "version": version.version,
        "created_at": version.created_at,
        "source": version.plan.source,
        "tasks": len(version.plan.tasks),
        "digest": version.plan.digest(),
        "reasoning": version.plan.reasoning,
        "warnings": list(version.plan.warnings),
    }


def print_plan(plan: "Plan", form: Format) -> None:
    """Print a plan to stdout in the form asked for."""
    from astrolabe.planning import mermaid, rendering

    match form:
        case Format.JSON:
            sys.stdout.write(rendering.as_json(plan) + "\n")
        case Format.YAML:
            sys.stdout.write(rendering.as_yaml(plan))
        case Format.MERMAID:
            sys.stdout.write(mermaid.as_mermaid(plan) + "\n")
        case Format.TABLE:
            _print_table(plan)


def _print_table(plan: "Plan") -> None:
    from rich.table import Table
    from rich.text import Text

    from astrolabe.cli.output import console
    from astrolabe.cli.terminal import clean
    from astrolabe.planning import rendering

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("task", "agent", "after", "writes", "checks"):
        table.add_column(column, overflow="fold")
    for row in rendering.rows(plan):
        cells = (row.id, row.agent, ", ".join(row.depends_on), "\n".join(row.writes), "\n".join(row.checks))
        table.add_row(*(Text(clean(cell)) for cell in cells))
    out = console()
    out.print(table)
    for warning in plan.warnings:
        out.print(Text(f"warning: {clean(warning)}", style="yellow"))
