"""`astrolabe build` and `astrolabe run`: from a goal or a plan to a finished run."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from astrolabe.cli.documents import fault_document, print_json
from astrolabe.cli.driving import carry_out_proposal
from astrolabe.cli.exits import Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from astrolabe.planning.recipe import Understanding
    from astrolabe.services.builds import Proposal
    from astrolabe.services.installation import Installation

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
NoSkills = Annotated[bool, typer.Option("--no-skills", help="Give agents no skills in this run.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Accept what was understood without being asked.")]


def build(
    goal: Annotated[
        str,
        typer.Argument(
            metavar="GOAL", help="The goal in words, or a file with it: text, Markdown, or a YAML model."
        ),
    ],
    into: Annotated[
        Path,
        typer.Option(
            "--into",
            parser=folder_named,
            metavar="FOLDER",
            help="The folder of the result: new, empty, or one built before.",
        ),
    ],
    yes: Yes = False,
    no_skills: NoSkills = False,
    json: Json = False,
) -> None:
    """Build software for a goal: read it, plan it, run the plan, check the result, commit it."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import propose_build
    from astrolabe.services.goals import take_goal
    from astrolabe.services.plans import refuse_plan

    refuse_plan(goal, f"Run it with: astrolabe run {quote(goal)} --workspace {quote(str(into))}")
    taken = take_goal(goal)

    async def use(installation: "Installation") -> Exit:
        proposal = await propose_build(installation, taken, into)
        accept(proposal, yes=yes, json=json)
        return await carry_out_proposal(installation, proposal, skills=not no_skills, json=json)

    raise typer.Exit(with_installation(use))


def run(
    work: Annotated[
        str,
        typer.Argument(
            metavar="PLAN|GOAL", help="A plan file (YAML or JSON with `tasks`), or a goal as for `build`."
        ),
    ],
    workspace: Annotated[
        Path,
        typer.Option(
            "--workspace",
            "--repo",
            parser=folder_named,
            metavar="FOLDER",
            help="The folder to work on: a git repository, or new or empty.",
        ),
    ],
    yes: Yes = False,
    no_skills: NoSkills = False,
    edit: Annotated[
        bool, typer.Option("--edit", help="Change a model's plan in $EDITOR before it is run.")
    ] = False,
    json: Json = False,
) -> None:
    """Run a plan on a workspace, or plan a goal - by a recipe, or by a model for a repository of your own - and run that."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import propose_plan
    from astrolabe.services.plans import is_plan, read_plan, with_warnings

    if not is_plan(work):
        _run_goal(work, workspace, yes=yes, edit=edit, skills=not no_skills, json=json)
        return

    async def use(installation: "Installation") -> Exit:
        plan = read_plan(installation, work)
        if not json:
            for warning in with_warnings(plan).warnings:
                say(f"warning: {clean(warning)}", err=True)
        proposal = await propose_plan(installation, plan, workspace)
        return await carry_out_proposal(installation, proposal, skills=not no_skills, json=json)

    raise typer.Exit(with_installation(use))


def _run_goal(words: str, folder: Path, *, yes: bool, edit: bool, skills: bool, json: bool) -> None:
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import propose_build
    from astrolabe.services.goals import take_goal
    from astrolabe.services.planning import needs_model

    goal = take_goal(words)

    async def use(installation: "Installation") -> Exit:
        if await needs_model(installation, goal, folder):
            from astrolabe.cli.planning import run_goal

            return await run_goal(installation, goal, folder, yes=yes, edit=edit, skills=skills, json=json)
        proposal = await propose_build(installation, goal, folder)
        accept(proposal, yes=yes, json=json)
        return await carry_out_proposal(installation, proposal, skills=skills, json=json)

    raise typer.Exit(with_installation(use))


def accept(proposal: "Proposal", *, yes: bool, json: bool) -> None:
    """Show what was understood; go on only when the person agrees."""
    import sys

    from astrolabe.cli.understanding import print_understanding

    if proposal.interrupted is not None:
        say(f"taking up run {proposal.interrupted.id}, which is not finished", err=True)
        return
    if proposal.understanding is None:
        return
    asking = not yes and not proposal.understanding.canonical
    if not json and (asking or sys.stdout.isatty()):
        print_understanding(proposal.understanding)
    elif not json:
        for warning in proposal.plan.warnings:
            say(f"warning: {clean(warning)}", err=True)
    if not asking:
        return
    if json or not sys.stdin.isatty():
        _refuse_unaccepted(proposal.understanding, json=json)
    if not typer.confirm("Build this?", default=True):
        raise typer.Exit(Exit.INTERRUPTED)


def _refuse_unaccepted(understanding: "Understanding", *, json: bool) -> NoReturn:
    from astrolabe.cli.understanding import understanding_document

    message, hint = "not built: nobody is there to accept what was understood", "Look at it, then add --yes."
    if json:
        told = fault_document("not-accepted", "usage", message, hint)
        print_json({**told, "understanding": understanding_document(understanding)})
    else:
        say(f"astrolabe: {message}\n  {hint}", err=True)
    raise typer.Exit(Exit.BAD_INPUT)
