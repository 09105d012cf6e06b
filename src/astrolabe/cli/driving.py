"""Driving a run from the command line to its end, and its report."""

from shlex import quote
from typing import TYPE_CHECKING, Any

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import BY_STATUS, Exit
from astrolabe.cli.session import InterruptedByPersonError
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from astrolabe.services.builds import Begun, Proposal
    from astrolabe.services.installation import Installation

_DETACHED = """Run {run} goes on without this command.
  see it again: astrolabe runs follow {run}
  end it: astrolabe runs cancel {run}"""
_UNSERVED = "no worker takes tasks of {agents} at present; they wait for: astrolabe worker --agents {quoted}"


async def carry_out_proposal(
    installation: "Installation", proposal: "Proposal", *, skills: bool, json: bool
) -> Exit:
    """Make a proposal a run, and drive that to its end."""
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
    from astrolabe.services.planning import planning_cost
    from astrolabe.services.reports import report
    from astrolabe.services.runs import view_run

    left = None if quiet else await expecting(installation, begun.plan)
    if begun.unserved:
        agents = ",".join(begun.unserved)
        say(f"warning: {_UNSERVED.format(agents=agents, quoted=quote(agents))}", err=True)
    for sentence in begun.notes:
        say(f"note: {clean(sentence)}", err=True)
    for doubt in begun.doubts:
        say(f"warning: {clean(doubt)}", err=True)
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
    told = report(
        view,
        start_commands(installation, view),
        await limited_spending(installation, view),
        installation.redactor,
    )
    told["planning"] = await planning_cost(installation, view.record)
    return told, code if proved else Exit.UNPROVED


def _print(document: dict[str, Any], *, json: bool) -> None:
    from astrolabe.cli.output import console, print_report

    if json:
        print_json(document)
    else:
        print_report(document, console())
