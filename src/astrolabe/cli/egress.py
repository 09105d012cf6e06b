"""`astrolabe runs egress`: what the commands of a run asked the network for."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.terminal import one_line, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.services.egress import Asked
    from astrolabe.services.installation import Installation

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def egress(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning or end, or `last`.")],
    json: Json = False,
) -> None:
    """Show every connection that commands and checks of a run asked for, whether it was allowed or refused."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.egress import requests_of
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        found = requests_of(await view_run(installation, record))
        if json:
            print_json({"run": record.id, "requests": [_row(asked) for asked in found]})
        elif not found:
            say(f"nothing in run {record.id} asked for a network")
        else:
            _print(found)

    with_installation(use)


def _row(asked: "Asked") -> dict[str, Any]:
    who = {"task": asked.task, "attempt": asked.attempt, "check": asked.check or None}
    return {**who, **asked.request.model_dump(mode="json")}


def _print(found: "Sequence[Asked]") -> None:
    from datetime import UTC, datetime

    from rich.text import Text

    from astrolabe.cli.output import console, table

    shown = table("at (UTC)", "by", "host", "ruling", "sent", "received", "reason")
    for asked in found:
        request = asked.request
        cells = (
            f"{datetime.fromtimestamp(request.at, UTC):%H:%M:%S}",
            one_line(f"{asked.task}/{asked.check or asked.attempt}"),
            one_line(f"{request.host}:{request.port}"),
            request.ruling.value,
            str(request.sent_bytes),
            str(request.received_bytes),
            one_line(request.reason),
        )
        shown.add_row(*map(Text, cells))
    console().print(shown)
