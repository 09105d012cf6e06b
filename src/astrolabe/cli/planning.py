"""Planning a goal by a model from the command line: the run that plans it, and what a person makes of the plan."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from astrolabe.cli.documents import fault_document, print_json
from astrolabe.cli.driving import carry_out_proposal, drive
from astrolabe.cli.editing import Draft
from astrolabe.cli.exits import Exit
from astrolabe.cli.plan_output import Format, print_plan, print_tasks
from astrolabe.cli.terminal import clean, one_line, say

if TYPE_CHECKING:
    from astrolabe.planning.recipe import Goal
    from astrolabe.services.builds import Proposal
    from astrolabe.services.installation import Installation
    from astrolabe.services.planning import Planned

_PAUSED = "The plan is not made yet; go on with the same command."


async def planned(
    installation: "Installation", goal: "Goal", folder: Path | None, *, quiet: bool
) -> "Planned | Proposal":
    """Plan a goal in a run of its own, shown as any run; or find what is there already.

    Raises:
        GoalError: no model could plan it.
    """
    from astrolabe.services.builds import Begun
    from astrolabe.services.planning import begin_planning, planned_in
    from astrolabe.services.runs import view_run

    begun = await begin_planning(installation, goal, folder)
    if not isinstance(begun, Begun):
        return begun
    await drive(installation, begun, quiet=quiet)
    view = await view_run(installation, begun.record)
    if not view.state.status.final:
        say(_PAUSED, err=True)
        raise typer.Exit(Exit.INTERRUPTED)
    return await planned_in(installation, view.record)


async def run_goal(
    installation: "Installation",
    goal: "Goal",
    folder: Path,
    *,
    yes: bool,
    edit: bool,
    skills: bool,
    json: bool,
) -> Exit:
    """Plan a goal for a repository, let a person look at the plan, and run it."""
    from astrolabe.services.planning import Planned, propose_planned

    found = await planned(installation, goal, folder, quiet=json)
    if not isinstance(found, Planned):
        if found.interrupted is not None:
            say(f"taking up run {found.interrupted.id}, which is not finished", err=True)
        return await carry_out_proposal(installation, found, skills=skills, json=json)
    if not json:
        print_planned(found, Format.TABLE)
    draft = Draft(installation.state / "edited" / f"{found.record.id}.yaml")
    edited = draft.edited(installation, found.plan) if edit else None
    if not yes:
        _accept(found, json=json)
    proposal = await propose_planned(installation, found, folder, edited)
    draft.drop()
    return await carry_out_proposal(installation, proposal, skills=skills, json=json)


def print_planned(found: "Planned", form: Format) -> None:
    """Print a model's plan, and how it came about."""
    if form is Format.TABLE:
        say(clean(found.plan.reasoning) or "(the model gave no reasons)")
    print_plan(found.plan, form)
    if form is not Format.TABLE:
        return
    print_tasks(found.plan)
    say("")
    for number, tried in enumerate(found.tries, start=1):
        if tried["problems"]:
            say(f"answer {number} was sent back: {one_line('; '.join(tried['problems']), 300)}", err=True)
    again = ", made before and used again" if found.reused else ""
    say(f"planned in run {found.record.id}{again}   (astrolabe runs show {found.record.id[-6:]})", err=True)


def _accept(found: "Planned", *, json: bool) -> None:
    if json or not sys.stdin.isatty():
        message, hint = "not run: nobody is there to accept the plan", "Look at it, then add --yes."
        if json:
            from json import loads

            from astrolabe.planning.rendering import as_json
            from astrolabe.services.planning import outcome_document

            told = fault_document("not-accepted", "usage", message, hint)
            print_json({**told, "plan": loads(as_json(found.plan)), "planning": outcome_document(found)})
        else:
            say(f"astrolabe: {message}\n  {hint}", err=True)
        raise typer.Exit(Exit.BAD_INPUT)
    if not typer.confirm("Run this plan?", default=True):
        raise typer.Exit(Exit.INTERRUPTED)
