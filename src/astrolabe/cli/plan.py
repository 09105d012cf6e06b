"""`astrolabe plan`: make, check, compare and list plans."""

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import GoalGroup
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.plan_output import Format, print_plan
from astrolabe.cli.terminal import clean, one_line, say

if TYPE_CHECKING:
    from astrolabe.planning.difference import PlanDifference
    from astrolabe.planning.recipe import Goal
    from astrolabe.ports.store import PlanVersion
    from astrolabe.services.installation import Installation


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
    repo: Annotated[
        Path | None,
        typer.Option(
            "--repo", "--workspace", parser=folder_named, metavar="FOLDER", help="The repository it is for."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with how the goal was read.")] = False,
) -> None:
    """Plan a goal and print the plan, by a recipe or by a model; nothing of the plan is run."""
    from json import loads

    from astrolabe.cli.session import with_installation
    from astrolabe.cli.understanding import print_understanding, understanding_document
    from astrolabe.planning.rendering import as_json
    from astrolabe.planning.static import plan_goal
    from astrolabe.services.goals import take_goal
    from astrolabe.services.planning import needs_model
    from astrolabe.services.plans import refuse_plan

    refuse_plan(goal, f"Look at it with: astrolabe plan validate {quote(goal)}")
    taken = take_goal(goal)

    async def use(installation: "Installation") -> None:
        if await needs_model(installation, taken, repo):
            await _make_by_model(installation, taken, repo, form, json=json)
            return
        plan, understanding = plan_goal(taken, installation.recipes)
        if json:
            print_json(loads(as_json(plan)) | {"understanding": understanding_document(understanding)})
            return
        if form is Format.TABLE:
            print_understanding(understanding)
        print_plan(plan, form)

    with_installation(use)


async def _make_by_model(
    installation: "Installation", goal: "Goal", repo: Path | None, form: Format, *, json: bool
) -> None:
    from json import loads

    from astrolabe.cli.planning import planned, print_planned
    from astrolabe.planning.rendering import as_json
    from astrolabe.services.planning import Planned, outcome_document

    found = await planned(installation, goal, repo, quiet=json)
    if not isinstance(found, Planned):
        print_plan(found.plan, Format.JSON if json else form)
    elif json:
        print_json(loads(as_json(found.plan)) | {"planning": outcome_document(found)})
    else:
        print_planned(found, form)


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
    beside: Annotated[
        bool,
        typer.Option("--side-by-side", "-y", help="Show both plans beside each other, where they differ."),
    ] = False,
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
        elif beside and found:
            _print_beside(found)
        else:
            say(diff_as_mermaid(found) if mermaid else "\n".join(as_text(found)) or "no difference")

    with_installation(use)


def _print_beside(found: "PlanDifference") -> None:
    from astrolabe.cli.output import console, table
    from astrolabe.planning.difference import side_by_side

    shown = table("what", "old", "new")
    for side in side_by_side(found):
        shown.add_row(clean(side.what), clean(side.old), clean(side.new))
    console().print(shown)


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
            if plan.reasoning:
                say(f"  {one_line(plan.reasoning, 300)}")

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
