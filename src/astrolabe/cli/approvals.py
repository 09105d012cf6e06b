"""`astrolabe approvals`: what runs ask a person, and the answers."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.runs import Json, Run
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.domain.task import Outcome
    from astrolabe.ports.store import ApprovalRecord
    from astrolabe.services.installation import Installation

app = typer.Typer(cls=Group, help=SUMMARIES["approvals"])
Task = Annotated[
    str | None,
    typer.Argument(
        metavar="TASK", help="The task that is asked about; may be left out when there is only one."
    ),
]
Comment = Annotated[str, typer.Option("--comment", metavar="TEXT", help="Why; kept with the answer.")]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also what has been answered.")] = False,
    json: Json = False,
) -> None:
    """List what runs ask and nobody has answered yet, oldest first."""
    from astrolabe.cli.session import with_installation

    async def use(installation: "Installation") -> None:
        asked = await installation.store.approvals(waiting=not everything)
        if json:
            print_json([_document(one) for one in asked])
        elif not asked:
            say("nothing waits for an answer")
        else:
            _print_rows(asked)

    with_installation(use)


@app.command("approve")
def approve(run: Run, task: Task = None, comment: Comment = "", json: Json = False) -> None:
    """Let a task go on that waits for a person's word."""
    from astrolabe.domain.task import Outcome

    _answer(run, task, Outcome.APPROVED, comment, json=json)


@app.command("deny")
def deny(run: Run, task: Task = None, comment: Comment = "", json: Json = False) -> None:
    """Refuse what a task asks: it fails, and what needs it is not done."""
    from astrolabe.domain.task import Outcome

    _answer(run, task, Outcome.DENIED, comment, json=json)


def _answer(run: str, task: str | None, outcome: "Outcome", comment: str, *, json: bool) -> None:
    from getpass import getuser

    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run
    from astrolabe.services.runs import view_run
    from astrolabe.services.settling import settle
    from astrolabe.services.steering import answer, find_approval

    async def use(installation: "Installation") -> None:
        record = await find_run(installation, run)
        asked = await find_approval(installation, record.id, task)
        answered = await answer(installation, asked, outcome, by=getuser(), comment=comment)
        if not json:
            say(f"{clean(answered.task)} of run {record.id}: {answered.outcome}")
        settled = await settle(installation, record)
        view = await view_run(installation, record)
        if json:
            print_json(_document(answered) | {"run_status": view.status})
        elif settled:
            say(
                f"nothing of that run could go on; it is over now: {view.status} ({clean(view.state.reason)})"
            )
        elif view.status == "interrupted":
            say(f"nothing works on that run; go on with: astrolabe resume {record.id[-6:]}")
        elif view.status == "paused":
            say(f"that run is paused; go on with: astrolabe resume {record.id[-6:]}")

    with_installation(use)


def _document(asked: "ApprovalRecord") -> dict[str, Any]:
    return {
        "run": asked.run,
        "task": asked.task,
        "number": asked.number,
        "goal": asked.goal,
        "occasion": asked.occasion.value,
        "question": asked.question,
        "asked_at": asked.asked_at,
        "deadline_at": asked.deadline_at,
        "escalate_to": asked.escalate_to,
        "escalated_at": asked.escalated_at,
        "outcome": None if asked.outcome is None else asked.outcome.value,
        "granted": asked.granted,
        "answered_at": asked.answered_at,
        "by": asked.by,
        "comment": asked.comment,
    }


def _print_rows(asked: "Sequence[ApprovalRecord]") -> None:
    from datetime import UTC, datetime

    from rich.text import Text

    from astrolabe.cli.output import NARROW_COLUMNS, console, table
    from astrolabe.cli.terminal import one_line

    def moment(seconds: float | None) -> str:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")

    out = console()
    narrow = out.width < NARROW_COLUMNS
    shown = table("run", "task", *(() if narrow else ("asked (UTC)", "until", "state")), "question")
    for one in asked:
        state = one.outcome.value if one.outcome else "escalated" if one.escalated_at else "waiting"
        by = f" by {one_line(one.by)}" if one.by else ""
        more = () if narrow else (moment(one.asked_at), moment(one.deadline_at), f"{state}{by}")
        shown.add_row(*map(Text, (one.run[-6:], one_line(one.task), *more, one_line(one.question, 200))))
    out.print(shown)
