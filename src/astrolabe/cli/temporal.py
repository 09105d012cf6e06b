"""`astrolabe temporal`: a Temporal server for this machine."""

from pathlib import Path
from typing import Annotated

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, say

app = typer.Typer(cls=Group, help=SUMMARIES["temporal"])


@app.callback()
def temporal() -> None:
    """A Temporal server for this machine."""


@app.command("dev")
def dev(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Where it listens, on this machine only.")
    ] = 7233,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file", metavar="FILE", help="Where it keeps its state; in the state folder without it."
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document once it takes calls.")
    ] = False,
) -> None:
    """Run a Temporal server for this machine until Ctrl-C; it goes on from its file when it is started again."""
    import asyncio
    import signal

    from astrolabe.bootstrap import development_server
    from astrolabe.errors import UnavailableError
    from astrolabe.settings import load_settings

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with development_server(load_settings(), port, file) as server:
            if json:
                print_json({"address": server.address, "file": str(server.file)})
            else:
                _tell(server.address, server.file)
            ended, stopped = asyncio.create_task(server.ended()), asyncio.create_task(stop.wait())
            await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if ended.done():
                raise UnavailableError(ended.result(), hint="See what it said in the log beside its file.")
            ended.cancel()

    asyncio.run(serve())


def _tell(address: str, file: Path) -> None:
    say(f"Temporal at {address}, its state in {clean(str(file))}; Ctrl-C ends it.")
    say(f"For the workers and whoever starts runs:\n  export ASTROLABE_TEMPORAL_ADDRESS={address}")
