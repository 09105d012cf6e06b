"""`astrolabe schedules`: runs that begin by the clock."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import BY_STATUS, Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, say
from astrolabe.domain.schedule import CatchUp, Overlap

if TYPE_CHECKING:
    from astrolabe.domain.plan import Plan
    from astrolabe.domain.schedule import Firing, Schedule
    from astrolabe.services.builds import Begun
    from astrolabe.services.installation import Installation
    from astrolabe.services.schedules import Ended

app = typer.Typer(cls=Group, help=SUMMARIES["schedules"])
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a schedule.")]
SHOWN_TIMES = 3


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it: a-z, 0-9, - and _.")],
    cron: Annotated[
        str,
        typer.Option("--cron", metavar="EXPRESSION", help='When, as cron reads it: "0 3 * * *", or @daily.'),
    ],
    workspace: Annotated[
        Path,
        typer.Option(
            "--workspace",
            parser=folder_named,
            metavar="FOLDER",
            help="The folder to work on; {at} in it stands for the time, as in 2026-11-21T0300Z.",
        ),
    ],
    plan: Annotated[
        str | None, typer.Option("--plan", metavar="FILE", help="The plan to run, as it is now.")
    ] = None,
    goal: Annotated[
        str | None, typer.Option("--goal", metavar="GOAL", help="Or the goal to plan now, and run.")
    ] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Whose clock: a name like Europe/Berlin.")
    ] = "UTC",
    catch_up: Annotated[
        CatchUp,
        typer.Option(
            "--catch-up",
            help="Of times missed for over 5 minutes, run none, the latest, or all; all wait for each other unless --overlap allow.",
        ),
    ] = CatchUp.LATEST,
    overlap: Annotated[
        Overlap,
        typer.Option(
            "--overlap", help="While an earlier run goes on: skip the time, queue it, or allow both."
        ),
    ] = Overlap.SKIP,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Accept what was understood without being asked.")
    ] = False,
    json: Json = False,
) -> None:
    """Add a schedule; `schedules watch`, or a timer of the system with `schedules run-due`, runs it."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.schedules import Order, add_schedule

    if (plan is None) == (goal is None):
        raise typer.BadParameter("give either --plan or --goal")

    async def use(installation: "Installation") -> None:
        folder = workspace.absolute()
        chosen = await _plan(installation, plan, goal, folder, yes=yes, json=json)
        order = Order(name, cron, timezone, chosen, folder, catch_up, overlap)
        schedule = await add_schedule(installation, order)
        if json:
            print_json(_document(schedule, installation.determinism.now()))
        else:
            say(f"added; {_next(schedule, installation.determinism.now())}")

    with_installation(use)


async def _plan(
    installation: "Installation", file: str | None, goal: str | None, folder: Path, *, yes: bool, json: bool
) -> "Plan":
    """Return the plan of a file, or that for a goal once it was accepted what was understood of it."""
    from astrolabe.cli.build import accept
    from astrolabe.planning.static import plan_goal
    from astrolabe.services.builds import Proposal
    from astrolabe.services.goals import take_goal
    from astrolabe.services.plans import read_plan

    if file is not None:
        return read_plan(installation, file)
    plan, understanding = plan_goal(take_goal(goal or ""), installation.recipes, installation.agents.keys())
    target = await installation.workspace(folder).inspect()
    accept(Proposal(understanding, plan, target), yes=yes, json=json)
    return plan


@app.command("list")
def list_(json: Json = False) -> None:
    """List schedules with the time each comes next."""
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> None:
        found, now = await installation.store.schedules.every(), installation.determinism.now()
        if json:
            print_json([_document(schedule, now) for schedule in found])
        elif not found:
            say("no schedules yet; one is made by: astrolabe schedules add --help")
        else:
            _print_list(found, now)

    with_installation(use)


@app.command("show")
def show(name: Name, json: Json = False) -> None:
    """Show a schedule, its next times, and what became of the last ones."""
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> None:
        schedules = installation.store.schedules
        schedule, firings = await schedules.one(name), await schedules.firings(name)
        now = installation.determinism.now()
        if json:
            print_json({**_document(schedule, now), "firings": [_firing(firing) for firing in firings]})
        else:
            _print_one(schedule, firings, now)

    with_installation(use)


@app.command("pause")
def pause(name: Name, json: Json = False) -> None:
    """Let a schedule begin nothing more; what goes on goes on."""
    _set(name, paused=True, json=json)


@app.command("resume")
def resume(name: Name, json: Json = False) -> None:
    """Let a paused schedule go on; times that passed meanwhile are not made up for."""
    _set(name, paused=False, json=json)


def _set(name: str, *, paused: bool, json: bool) -> None:
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> None:
        now = installation.determinism.now()
        await installation.store.schedules.set_paused(name, paused=paused, at=now)
        schedule = await installation.store.schedules.one(name)
        if json:
            print_json(_document(schedule, now))
        else:
            say("paused" if paused else _next(schedule, now))

    with_installation(use)


@app.command("remove")
def remove(name: Name, json: Json = False) -> None:
    """Forget a schedule; runs it has begun stay."""
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> None:
        await installation.store.schedules.remove(name)
        if json:
            print_json({"removed": name})
        else:
            say("removed")

    with_installation(use)


@app.command("run-due")
def run_due(json: Json = False) -> None:
    """Run what is due to its end, then return: for timers of the system."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.schedules import Watch

    ended: list[Ended] = []

    async def use(installation: "Installation") -> None:
        await Watch(installation, lambda one: _tell(ended, one, quiet=json), _begun(quiet=json)).once()

    with_installation(use)
    if json:
        print_json([_ended(one) for one in ended])
    raise typer.Exit(max((_code(one) for one in ended), default=Exit.DONE))


@app.command("watch")
def watch(
    json: Annotated[bool, typer.Option("--json", help="Print a JSON document a line.")] = False,
) -> None:
    """Stay, and run each schedule when it is due; Ctrl-C or SIGTERM ends it."""
    from asyncio import CancelledError
    from contextlib import suppress
    from json import dumps

    from astrolabe.cli.session import with_installation
    from astrolabe.services.schedules import Watch

    def told(one: "Ended") -> None:
        if json:
            say(dumps(_ended(one)))
        else:
            _tell([], one, quiet=False)

    async def use(installation: "Installation") -> None:
        with suppress(CancelledError):  # told to end while nothing went on: that is how it ends
            await Watch(installation, told, _begun(quiet=json)).always()

    with_installation(use)


def _begun(*, quiet: bool) -> "Callable[[Begun], Any]":
    from astrolabe.engine.workshop import Watcher

    def watcher(begun: "Begun") -> Watcher:
        if not quiet:
            say(f"run {begun.record.id} began on {clean(begun.record.target)}", err=True)
        return Watcher()

    return watcher


def _tell(ended: "list[Ended]", one: "Ended", *, quiet: bool) -> None:
    ended.append(one)
    if not quiet:
        firing = one.firing
        reason = f": {clean(one.reason)}" if one.reason else ""
        run = "" if one.status == "skipped" else f" run {firing.run}"
        say(f"{firing.schedule} of {_at(firing.due_at)}{run} {one.status}{reason}")


def _code(one: "Ended") -> Exit:
    other = {"skipped": Exit.DONE, "failed": Exit.CHECKS_FAILED, "interrupted": Exit.INTERRUPTED}
    return BY_STATUS.get(one.status) or other.get(one.status, Exit.DONE)


def _ended(one: "Ended") -> dict[str, Any]:
    return {**_firing(one.firing), "state": one.status, "reason": one.reason}


def _firing(firing: "Firing") -> dict[str, Any]:
    return asdict(firing)


def _document(schedule: "Schedule", now: float) -> dict[str, Any]:
    return {**asdict(schedule), "next": _times(schedule, now)}


def _times(schedule: "Schedule", now: float) -> list[float]:
    from itertools import islice

    from astrolabe.services.schedules import next_times

    return [] if schedule.paused else list(islice(next_times(schedule, now), SHOWN_TIMES))


def _next(schedule: "Schedule", now: float) -> str:
    times = _times(schedule, now)
    return f"comes next {_at(times[0], schedule.timezone)}" if times else "paused"


def _at(time: float, timezone: str = "UTC") -> str:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    return f"{datetime.fromtimestamp(time, ZoneInfo(timezone)):%Y-%m-%d %H:%M} {timezone}"


def _print_list(found: "Sequence[Schedule]", now: float) -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import one_line

    shown = table("schedule", "when", "next", "workspace")
    for schedule in found:
        cells = (schedule.name, schedule.cron, _next(schedule, now).removeprefix("comes next "))
        shown.add_row(*map(Text, (*cells, one_line(schedule.workspace))))
    console().print(shown)


def _print_one(schedule: "Schedule", firings: "Sequence[Firing]", now: float) -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table
    from astrolabe.cli.terminal import one_line

    say(f"{schedule.name}: {schedule.cron} in {schedule.timezone}, on {clean(schedule.workspace)}")
    say(f"missed times: {schedule.catch_up}; while a run goes on: {schedule.overlap}")
    times = [_at(time, schedule.timezone) for time in _times(schedule, now)]
    say(f"next: {', '.join(times) or 'paused'}")
    if firings:
        shown = table("time", "", "run", "reason")
        for firing in firings:
            run = firing.run if firing.state == "started" else ""
            cells = (_at(firing.due_at, schedule.timezone), firing.state, run, one_line(firing.reason))
            shown.add_row(*map(Text, cells))
        console().print(shown)
