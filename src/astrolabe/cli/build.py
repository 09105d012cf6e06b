"""`astrolabe build` and `astrolabe run`: from a goal or a plan to a finished run."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from astrolabe.cli.documents import fault_document, print_json
from astrolabe.cli.exits import BY_STATUS, Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.session import InterruptedByPersonError
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from astrolabe.planning.recipe import Understanding
    from astrolabe.services.builds import Begun, Proposal
    from astrolabe.services.installation import Installation

_DETACHED = """Run {run} goes on without this command.
  see it again: astrolabe runs follow {run}
  end it: astrolabe runs cancel {run}"""
_UNSERVED = "no worker takes tasks of {agents} at present; they wait for: astrolabe worker --agents {quoted}"
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
        return await _carry_out(installation, proposal, skills=not no_skills, json=json)

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
    json: Json = False,
) -> None:
    """Run a plan on a workspace, or plan a goal and run that."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.builds import propose_plan
    from astrolabe.services.plans import is_plan, read_plan, with_warnings

    if not is_plan(work):
        build(work, workspace, yes, no_skills, json)
        return

    async def use(installation: "Installation") -> Exit:
        plan = read_plan(installation, work)
        if not json:
            for warning in with_warnings(plan).warnings:
                say(f"warning: {clean(warning)}", err=True)
        proposal = await propose_plan(installation, plan, workspace)
        return await _carry_out(installation, proposal, skills=not no_skills, json=json)

    raise typer.Exit(with_installation(use))


def accept(proposal: "Proposal", *, yes: bool, json: bool) -> None:
    """Show what was understood; go on only when the person agrees."""
    import sys

    from astrolabe.cli.understanding import print_understanding

    if proposal.interrupted is not None:
        say(f"taking up run {proposal.interrupted.id}, which was interrupted", err=True)
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


async def _carry_out(installation: "Installation", proposal: "Proposal", *, skills: bool, json: bool) -> Exit:
    from dataclasses import replace

    from astrolabe.services.builds import begin

    return await finish(installation, await begin(installation, replace(proposal, skills=skills)), json=json)


async def finish(installation: "Installation", begun: "Begun", *, json: bool) -> Exit:
    """Drive a run to its end with progress on a terminal, then print its report."""
    document, code = await drive(installation, begun, quiet=json)
    _print(document, json=json)
    return code


async def drive(installation: "Installation", begun: "Begun", *, quiet: bool) -> tuple[dict[str, Any], Exit]:
    """Drive a run to its end; return its report and the exit code that stands for it."""
    import asyncio

    from astrolabe.cli.progress import watching
    from astrolabe.services.advice import unproved
    from astrolabe.services.budgets import limited_spending
    from astrolabe.services.builds import carry_out, start_commands
    from astrolabe.services.expectation import expecting
    from astrolabe.services.reports import report
    from astrolabe.services.runs import view_run

    left = None if quiet else await expecting(installation, begun.plan)
    if begun.unserved:
        agents = ",".join(begun.unserved)
        say(f"warning: {_UNSERVED.format(agents=agents, quoted=quote(agents))}", err=True)
    try:
        with watching(begun.plan, begun.record, left, quiet=quiet) as watcher:
            await carry_out(installation, begun, watcher)
    except asyncio.CancelledError:
        if begun.record.elsewhere:
            raise InterruptedByPersonError(_DETACHED.format(run=begun.record.id)) from None
        raise
    view = await view_run(installation, begun.record)
    code = BY_STATUS[view.state.status]
    if installation.driver.leaving and not view.state.status.final:
        code = Exit.DONE  # it was told to end, and has: the rest is kept for later
    proved = code is not Exit.DONE or not unproved(view)
    return report(
        view,
        start_commands(installation, view),
        await limited_spending(installation, view),
        installation.redactor,
    ), code if proved else Exit.UNPROVED


def _print(document: dict[str, Any], *, json: bool) -> None:
    from astrolabe.cli.output import console, print_report

    if json:
        print_json(document)
    else:
        print_report(document, console())
