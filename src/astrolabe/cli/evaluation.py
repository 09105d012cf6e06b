"""`astrolabe eval`: an agent on a suite of tasks whose checks it never sees, and two such results side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import GoalGroup
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from astrolabe.evaluation.trial import Trial
    from astrolabe.services.installation import Installation
    from astrolabe.settings import Settings

app = typer.Typer(cls=GoalGroup, help=SUMMARIES["eval"])
Model = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="PROVIDER/MODEL", help="The model to work with; by default those of the settings."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
_SHOWN_TASKS = 40


@app.command("make", hidden=True)
def evaluate(
    suite: Annotated[
        Path,
        typer.Argument(
            metavar="SUITE",
            help="A suite.yaml, a folder with one, or a folder of exercises (stub, tests, example, instructions).",
        ),
    ],
    agent: Annotated[
        str,
        typer.Option(
            "--agent",
            metavar="AGENT",
            help="Who is tried; `oracle` writes the solution the suite holds, `idle` does nothing.",
        ),
    ] = "code",
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=1000, help="Trials of each task.")] = 1,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="WORD", help="Only tasks whose name holds the word, or that are tagged so."
        ),
    ] = None,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="Trials at once.")] = 2,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            help="Where the trials' workspaces are left; by default in the state folder.",
        ),
    ] = None,
    model: Model = None,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as a page, too.")
    ] = None,
    at_least: Annotated[
        float,
        typer.Option(
            "--at-least", min=0, max=1, help="End with exit code 1 when the share that passed is lower."
        ),
    ] = 0.0,
    json: Json = False,
) -> None:
    """Try an agent on every task of a suite; what has been tried already is not tried again."""
    from astrolabe.cli.session import with_installation
    from astrolabe.evaluation.page import written
    from astrolabe.evaluation.reading import chosen, read_suite
    from astrolabe.services.evaluation import contestant_named, setting_of
    from astrolabe.services.evaluation import evaluate as try_all

    wanted = chosen(read_suite(suite), only or ())

    async def use(installation: "Installation") -> dict[str, Any]:
        contestant = contestant_named(installation, agent, await setting_of(installation, agent))
        made = await try_all(
            installation,
            wanted,
            contestant,
            repeat=repeat,
            parallel=parallel,
            folder=out,
            told=_told(json),
        )
        return made.document()

    document = with_installation(use, _with_model(model))
    if page is not None:
        page.write_text(written(document), encoding="utf-8")
    if json:
        print_json(document)
    else:
        _print(document)
    raise typer.Exit(_exit(document, at_least))


def skill_effect(
    skill: Annotated[
        str, typer.Argument(metavar="SKILL", help="The name of a skill; see `astrolabe skills list`.")
    ],
    suite: Annotated[
        Path,
        typer.Option(
            "--suite",
            metavar="SUITE",
            help="The tasks to try it on; checks of equal names are scored together.",
        ),
    ],
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, max=1000, help="Trials of each task, with it and without.")
    ] = 2,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=64, help="Trials at once.")] = 2,
    model: Model = None,
    repo: Annotated[
        Path | None,
        typer.Option(
            "--repo", parser=folder_named, metavar="FOLDER", help="A project whose own skills count too."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure what a skill adds: the same tasks and model with it and without, each one question."""
    from astrolabe.cli.session import with_installation
    from astrolabe.evaluation.reading import read_suite
    from astrolabe.services.skill_effects import measure_skill
    from astrolabe.services.skills import catalogue_of, named_skill

    wanted = read_suite(suite)

    async def use(installation: "Installation") -> dict[str, Any]:
        text = named_skill(await catalogue_of(installation, repo or Path.cwd()), skill).body
        return await measure_skill(
            installation, skill, text, wanted, repeat=repeat, parallel=parallel, told=_told(json)
        )

    document = with_installation(use, _with_model(model))
    if json:
        print_json(document)
    else:
        _print_compared(document["compared"])


@app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="What `astrolabe eval … --json` printed.")],
    second: Annotated[
        Path, typer.Argument(metavar="SECOND", help="The same of another agent, model or setting.")
    ],
    json: Json = False,
) -> None:
    """Hold two evaluations of one suite side by side: who does better on what, and whether that is more than chance."""
    from astrolabe.evaluation.kept import read_document_of
    from astrolabe.evaluation.outcome import compared

    document = compared(read_document_of(first), read_document_of(second))
    if json:
        print_json(document)
    else:
        _print_compared(document)


def _with_model(model: str | None) -> "Callable[[Settings], Settings] | None":
    if model is None:
        return None
    from astrolabe.settings import Settings

    def adjusted(settings: Settings) -> Settings:
        chosen = settings.models.model_copy(update={"use": (model,), "agents": {}})
        return settings.model_copy(update={"models": chosen})

    return adjusted


def _told(json: bool) -> "Callable[[Trial, int, int], None]":
    def told(trial: "Trial", known: int, there_are: int) -> None:
        if json:
            return
        why = (
            ""
            if trial.cause is None
            else f"  {trial.cause}: {clean(trial.reason.strip()[:100])}".splitlines()[0]
        )
        sign = "✓" if trial.passed else "✗"
        say(
            f"{sign} {known}/{there_are} {clean(trial.task)} #{trial.number} {trial.seconds:.1f} s{why}",
            err=True,
        )

    return told


def _exit(document: dict[str, Any], at_least: float) -> Exit:
    if document["total"] and document["pass_rate"] < at_least:
        return Exit.CHECKS_FAILED
    return Exit.UNPROVED if document["not_counted"] else Exit.DONE


def _print(document: dict[str, Any]) -> None:
    from astrolabe.cli.output import console, mark, table

    out = console()
    shown = table("", "task", "passed", "time", "cost", "why not")
    for task in document["tasks"][:_SHOWN_TASKS]:
        trials = task["trials"]
        why = next((trial for trial in trials if trial["cause"]), None)
        shown.add_row(
            mark("passed" if task["solved"] else "failed"),
            task["name"],
            f"{task['passed']}/{task['total']}",
            f"{sum(trial['seconds'] for trial in trials):.1f} s",
            f"${sum(trial['money'] for trial in trials):.4f}",
            "" if why is None else clean(f"{why['cause']}: {why['reason']}".splitlines()[0][:80]),
        )
    out.print(shown)
    if len(document["tasks"]) > _SHOWN_TASKS:
        out.print(f"… and {len(document['tasks']) - _SHOWN_TASKS} more (--json lists all)")
    out.print()
    out.print(_summary(document))
    for name, told in document["checks"].items() if len(document["checks"]) > 1 else ():
        out.print(
            f"  {name}: {told['passed']} of {told['total']}, {told['rate']:.1%} (95 %: {told['low']:.1%} to {told['high']:.1%})"
        )
    for cause, number in document["failures"].items():
        out.print(f"  {number} x {cause}")


def _summary(document: dict[str, Any]) -> str:
    interval = document["interval"]
    left = f"; {document['not_counted']} could not be judged" if document["not_counted"] else ""
    return (
        f"{document['agent']} {document['setting']}".strip()
        + f": {document['passed']} of {document['total']} passed, {document['pass_rate']:.1%} "
        f"(95 %: {interval['low']:.1%} to {interval['high']:.1%}), {document['seconds']:.0f} s, ${document['money']:.4f}, "
        f"{document['tokens']:,} tokens{left}"
    )


def _print_compared(document: dict[str, Any]) -> None:
    from astrolabe.cli.output import console

    out = console()
    for side in ("first", "second"):
        told = document[side]
        out.print(
            f"{side:<7}{told['agent']} {told['setting']}: {told['passed']}/{told['total']}, {told['pass_rate']:.1%}, ${told['money']:.4f}"
        )
    found = document["difference"]
    sure = "more than chance" if found["excludes_zero"] else "may be chance"
    out.print(
        f"second less first: {found['estimate']:+.1%} (95 %: {found['low']:+.1%} to {found['high']:+.1%}), {sure}; "
        f"{document['shared_tasks']} tasks tried by both"
    )
    for name, told in document["checks"].items() if len(document["checks"]) > 1 else ():
        out.print(f"  {name}: {told['estimate']:+.1%} (95 %: {told['low']:+.1%} to {told['high']:+.1%})")
    for word in ("better", "worse"):
        if document[word]:
            out.print(f"  {word}: {', '.join(document[word][:20])}")
    if not document["same_suite"]:
        out.print("  the two suites are not the same: only tasks of equal names are compared")
