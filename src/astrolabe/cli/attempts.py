"""`astrolabe runs attempts`: every try at every task of a run."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.runs import Json, Run
from astrolabe.cli.terminal import clean, duration, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.services.attempts import AttemptView
    from astrolabe.services.installation import Installation


def attempts(
    run: Run,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="Of this task only.")] = None,
    log: Annotated[bool, typer.Option("--log", help="Print what the commands of each printed, too.")] = False,
    json: Json = False,
) -> None:
    """List every attempt of a run with its agent, its begin, how long it took, and why it ended."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.attempts import attempts_of
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run

    async def use(installation: "Installation") -> None:
        made = attempts_of(await view_run(installation, await find_run(installation, run)), task)
        if json:
            print_json([_document(one) for one in made])
        elif not made:
            say("nothing has been attempted yet")
        elif log:
            _print_logs(made)
        else:
            _print_rows(made)

    with_installation(use)


def _document(one: "AttemptView") -> dict[str, Any]:
    made = one.attempt
    return {
        "task": one.task,
        "number": made.number,
        "agent": one.agent,
        "status": one.status,
        "started_at": made.started_at,
        "ended_at": made.ended_at,
        "failure": None if made.failure is None else made.failure.value,
        "reason": made.reason,
        "output": one.output,
    }


def _print_rows(made: "Sequence[AttemptView]") -> None:
    from datetime import UTC, datetime

    from rich.text import Text

    from astrolabe.cli.output import NARROW_COLUMNS, console, mark, table
    from astrolabe.cli.terminal import one_line

    out = console()
    narrow = out.width < NARROW_COLUMNS
    shown = table("", "task", "#", *(() if narrow else ("agent", "begun (UTC)")), "took", "why")
    for one in made:
        at = datetime.fromtimestamp(one.attempt.started_at, UTC).strftime("%H:%M:%S")
        ended = one.attempt.ended_at
        took = "" if ended is None else duration(ended - one.attempt.started_at)
        failure = f"{one.attempt.failure.value}: " if one.attempt.failure else ""
        more = () if narrow else (one_line(one.agent), at)
        why = failure + one_line(one.attempt.reason, 300) if one.attempt.reason else ""
        cells = (one_line(one.task), str(one.attempt.number), *more, took, why)
        shown.add_row(mark(one.status), *map(Text, cells))
    out.print(shown)


def _print_logs(made: "Sequence[AttemptView]") -> None:
    """Print what was printed: on a terminal with nothing in it that steers one, elsewhere as it is."""
    for one in made:
        say(f"== {clean(one.task)} #{one.attempt.number} ({one.status})")
        output = one.output if not one.output or one.output.endswith("\n") else f"{one.output}\n"
        sys.stdout.write(clean(output) if sys.stdout.isatty() else output)
