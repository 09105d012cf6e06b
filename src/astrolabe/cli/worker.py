"""`astrolabe worker`: take tasks of runs that Temporal drives."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from asyncio import Event

    from astrolabe.services.installation import Installation
    from astrolabe.settings import Settings


def worker(
    agents: Annotated[
        str,
        typer.Option(
            "--agents", metavar="A,B", help="Serve these agents only; all installed ones without it."
        ),
    ] = "",
    tasks: Annotated[
        int | None,
        typer.Option(
            "--tasks",
            min=1,
            max=1000,
            metavar="N",
            help="Attempts of each agent at once; a setting's without it.",
        ),
    ] = None,
    hub: Annotated[
        str | None,
        typer.Option(
            "--hub", metavar="ADDRESS", help="The git repository that hosts share their work through."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document once it has ended.")] = False,
) -> None:
    """Take tasks from the queues of agents, for runs that Temporal drives; SIGTERM lets what goes on come to its end."""
    import asyncio
    import signal

    from astrolabe.cli.session import with_installation
    from astrolabe.services.workers import work, worker_agents

    wanted = [name.strip() for name in agents.split(",") if name.strip()]

    def adjusted(settings: "Settings") -> "Settings":
        return (
            settings if hub is None else type(settings).model_validate({**settings.model_dump(), "hub": hub})
        )

    async def use(installation: "Installation") -> None:
        served = worker_agents(installation, wanted)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _asked_to_end, stop)
        say(f"serving {clean(', '.join(served))}; Ctrl-C ends this", err=True)
        await work(installation, served, tasks or installation.limits.tasks, stop)
        if json:
            print_json({"agents": list(served), "ended": True})

    with_installation(use, adjusted)


def _asked_to_end(stop: "Event") -> None:
    """End in peace the first time, at once the second: what was cut off goes on elsewhere, from its last step."""
    if stop.is_set():
        os._exit(Exit.INTERRUPTED)
    say("ending: what goes on may still finish; again, and it is cut off", err=True)
    stop.set()
