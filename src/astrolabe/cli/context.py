"""`astrolabe runs context`: what the tasks of a run share."""

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.terminal import one_line, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.domain.context import Shared
    from astrolabe.services.installation import Installation

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
SHOWN_CHARACTERS = 100


def context(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its beginning or end, or `last`.")],
    key: Annotated[
        str | None,
        typer.Argument(metavar="KEY", help="Show each version of this value; all newest ones without it."),
    ] = None,
    json: Json = False,
) -> None:
    """Show the values that the tasks of a run share, or each version of one."""
    from astrolabe.cli.session import with_installation
    from astrolabe.errors import MissingError
    from astrolabe.services.finding import find_run

    async def use(installation: "Installation") -> None:
        record, contexts = await find_run(installation, run), installation.store.contexts
        found = await (contexts.every(record.id) if key is None else contexts.history(record.id, key))
        newest = None if key is None else await contexts.get(record.id, key)
        if key is not None and newest is None:
            raise MissingError(
                f"run {record.id} shares nothing called {one_line(key, 80)!r}",
                hint=f"See: astrolabe runs context {record.id}",
            )
        if json:
            print_json({"run": record.id, "values": [_document(shared) for shared in found]})
        elif not found:
            say(f"the tasks of run {record.id} share nothing")
        else:
            _print(found)
        for shared in found if newest is None else (newest,):
            _warn(shared)

    with_installation(use)


def _document(shared: "Shared") -> dict[str, Any]:
    return {**asdict(shared), "damaged": list(shared.damaged)}


def _print(found: "Sequence[Shared]") -> None:
    from datetime import UTC, datetime

    from rich.text import Text

    from astrolabe.cli.output import console, table

    shown = table("key", "version", "by", "at (UTC)", "value")
    for shared in found:
        at = f"{datetime.fromtimestamp(shared.at, UTC):%Y-%m-%d %H:%M:%S}"
        value = one_line(dumps(shared.value, ensure_ascii=False), SHOWN_CHARACTERS)
        cells = (one_line(shared.key), str(shared.version), one_line(shared.by), at, value)
        shown.add_row(*map(Text, cells))
    console().print(shown)


def _warn(shared: "Shared") -> None:
    if shared.damaged:
        versions = ", ".join(map(str, shared.damaged))
        told = f"version {versions} of {one_line(shared.key)} is damaged; it is kept, and {shared.version} is used"
        say(f"warning: {told}", err=True)
