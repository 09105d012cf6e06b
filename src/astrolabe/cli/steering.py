"""`astrolabe runs pause`, `cancel`, `retry` and `fork`."""

from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.runs import Json, Run
from astrolabe.cli.terminal import say

if TYPE_CHECKING:
    from astrolabe.domain.run import RunStatus
    from astrolabe.ports.store import RunRecord
    from astrolabe.services.installation import Installation


def pause(run: Run, json: Json = False) -> None:
    """Let a run start nothing more; returns when what it was doing has ended. `astrolabe resume RUN` goes on."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run
    from astrolabe.services.steering import pause_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        _print_status(record, await pause_run(installation, record), json=json)

    with_installation(use)


def cancel(run: Run, json: Json = False) -> None:
    """Cancel a run; returns when nothing of it runs any more."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run
    from astrolabe.services.steering import cancel_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        _print_status(record, await cancel_run(installation, record), json=json)

    with_installation(use)


def retry(
    run: Run,
    budget: Annotated[
        list[str] | None,
        typer.Option(
            "--budget",
            metavar="LIMIT",
            help="A new limit of what it may spend, as in tokens=20000, or of a task: TASK:money=5; may be repeated.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Take a run on again that failed, was cancelled or ran out of budget; what has passed is not done again."""
    from astrolabe.cli.driving import finish
    from astrolabe.cli.session import with_installation
    from astrolabe.services.again import retry_run
    from astrolabe.services.budgets import parse_raises
    from astrolabe.services.finding import find_run

    raises = parse_raises(budget or [])

    async def use(installation: "Installation") -> Exit:
        record = await find_run(installation, run)
        return await finish(installation, await retry_run(installation, record, raises), json=json)

    raise typer.Exit(with_installation(use))


def fork(
    run: Run,
    from_: Annotated[
        list[str],
        typer.Option(
            "--from", metavar="TASK", help="Do this task anew and all that needs it; may be repeated."
        ),
    ],
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan", metavar="PLAN", help="Follow this plan file; what it leaves as it was, is kept."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Begin a new run from where another one stood before a task; what that one had done besides is taken over."""
    from astrolabe.cli.driving import finish
    from astrolabe.cli.session import with_installation
    from astrolabe.services.again import fork_run
    from astrolabe.services.finding import find_run
    from astrolabe.services.plans import read_plan

    async def use(installation: "Installation") -> Exit:
        record = await find_run(installation, run)
        other = None if plan is None else read_plan(installation, plan)
        return await finish(installation, await fork_run(installation, record, from_, other), json=json)

    raise typer.Exit(with_installation(use))


def _print_status(record: "RunRecord", status: "RunStatus", *, json: bool) -> None:
    if json:
        print_json({"run": record.id, "status": status.value})
        return
    hint = f"; go on with: astrolabe resume {record.id[-6:]}" if status.value == "paused" else ""
    say(f"run {record.id} is {status.value}{hint}")
