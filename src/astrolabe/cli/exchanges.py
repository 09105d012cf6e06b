"""`astrolabe runs models`: what a run asked language models, and what they answered."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.runs import Json, Run
from astrolabe.cli.terminal import clean, duration, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.domain.conversation import Question
    from astrolabe.services.exchanges import ExchangeView
    from astrolabe.services.installation import Installation

_DIGEST = 12


def exchanges(
    run: Run,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="Of this task only.")] = None,
    log: Annotated[
        bool, typer.Option("--log", help="Print what was asked last and what was answered, too.")
    ] = False,
    json: Json = False,
) -> None:
    """List every request to a model with its tokens, cost and duration; secrets were taken out before it was sent."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.exchanges import exchanges_of, question_of
    from astrolabe.services.finding import find_run

    async def use(installation: "Installation") -> None:
        made = await exchanges_of(installation, await find_run(installation, run), task)
        if json:
            print_json([_document(one) for one in made])
        elif not made:
            say("no model has been asked")
        elif not log:
            _print_rows(made)
        else:
            for one in made:
                _print_log(one, await question_of(installation, one))

    with_installation(use)


def _document(one: "ExchangeView") -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one) | {"reply": None if one.reply is None else one.reply.model_dump(mode="json")}


def _print_rows(made: "Sequence[ExchangeView]") -> None:
    for one in made:
        say(_row(one))
    total = sum(one.used.get("money", 0.0) for one in made)
    say(f"{len(made)} requests, {sum(one.used.get('tokens', 0) for one in made):,} tokens, ${total:.4f}")


def _row(one: "ExchangeView") -> str:
    head = f"{clean(one.task)} #{one.attempt}  {clean(one.model)}  {one.question[:_DIGEST]}  {duration(one.seconds)}"
    if one.reply is None:
        return f"{head}  {clean(one.error)}"
    use = one.reply.use
    cached = f" ({use.cached:,} from its cache)" if use.cached else ""
    tokens = f"{use.read:,} read{cached}, {use.written:,} written"
    return f"{head}  {tokens}  ${one.reply.money:.4f}  {one.reply.finish.value}"


def _print_log(one: "ExchangeView", question: "Question") -> None:
    say(f"== {_row(one)}")
    for part in question.messages[-1].parts if question.messages else ():
        say(f"> {clean(getattr(part, 'text', ''))}")
    for part in one.reply.message.parts if one.reply else ():
        tool = getattr(part, "tool", "")
        say(f"< {tool}({part.arguments})" if part.kind == "call" else f"< {clean(part.text)}")
