"""`astrolabe memory`: what is remembered of a project over its runs."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, one_line, say

if TYPE_CHECKING:
    from astrolabe.domain.memory import Indexed, Passage, Recalled, Source
    from astrolabe.services.installation import Installation

_WIDEST = 100
_SHOWN_LINES = 6
_DAY = 86_400
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Repo = Annotated[
    Path | None,
    typer.Option(
        "--repo", parser=folder_named, metavar="FOLDER", help="The project; by default the current folder."
    ),
]

app = typer.Typer(cls=Group, help=SUMMARIES["memory"])


@app.command("add")
def add(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH...]", help="Files or folders of the project's newest commit; all by default."
        ),
    ] = None,
    repo: Repo = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Remember this text instead.")] = "",
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What the note is about.")] = "",
    json: Json = False,
) -> None:
    """Remember the documents of a project's newest commit, or a note; unchanged documents cost next to nothing."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.memory import add_documents, add_note

    _check_note(paths or [], note, title)

    async def use(installation: "Installation") -> None:
        if note:
            name = await add_note(installation, repo or Path.cwd(), note, title)
            print_json({"note": name}) if json else say(f"remembered as note {name}")
            return
        indexed = await add_documents(installation, repo or Path.cwd(), paths or [])
        print_json(asdict(indexed)) if json else _print_indexed(indexed)

    with_installation(use)


@app.command("search")
def search(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for, in words.")],
    repo: Repo = None,
    most: Annotated[int, typer.Option("--most", min=1, max=200, help="How many to show at most.")] = 8,
    json: Json = False,
) -> None:
    """Recall what fits a question, each piece with its score, the reason, and where it stands."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.memory import search as find

    async def use(installation: "Installation") -> None:
        recalled = await find(installation, repo or Path.cwd(), question, most)
        if json:
            print_json(_recalled(recalled))
        else:
            _print_recalled(recalled)

    with_installation(use)


@app.command("list")
def list_(
    repo: Repo = None,
    all_: Annotated[bool, typer.Option("--all", help="List the projects instead.")] = False,
    json: Json = False,
) -> None:
    """List what is remembered of a project, or every project that something is remembered of."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.memory import projects, remembered

    async def use(installation: "Installation") -> None:
        if all_:
            found = [asdict(one) for one in await projects(installation)]
            print_json({"projects": found}) if json else _print_projects(found)
            return
        project, sources = await remembered(installation, repo or Path.cwd())
        if json:
            print_json({"project": project, "sources": [_source(source) for source in sources]})
        else:
            _print_sources(sources)

    with_installation(use)


@app.command("forget")
def forget(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Paths or patterns, notes, runs, as they are listed."),
    ] = None,
    repo: Repo = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Forget all that is remembered of the project.")
    ] = False,
    days: Annotated[
        float | None,
        typer.Option("--older-than", min=0, metavar="DAYS", help="Forget only what was kept before that."),
    ] = None,
    json: Json = False,
) -> None:
    """Forget what is named, or all of a project; a project that is gone can be named too."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.memory import forget as drop
    from astrolabe.services.memory import project_of

    if bool(names) == (all_ or (days is not None and not names)):
        raise typer.BadParameter("name what is to be forgotten, or give --all or --older-than DAYS")

    async def use(installation: "Installation") -> None:
        before = None if days is None else installation.determinism.now() - days * _DAY
        folder = (repo or Path.cwd()).absolute()
        project = await project_of(installation, folder) if folder.is_dir() else str(folder)
        gone = await drop(installation, project, names or [], before)
        print_json({"project": project, "forgotten": gone}) if json else say(f"{gone} forgotten")

    with_installation(use)


def _check_note(paths: list[str], note: str, title: str) -> None:
    if note and paths:
        raise typer.BadParameter("a note is remembered instead of documents: leave out the paths, or --note")
    if title and not note:
        raise typer.BadParameter("a title is a note's: give --note too")


def _print_indexed(indexed: "Indexed") -> None:
    say(
        f"{indexed.added} documents remembered ({indexed.chunks} pieces), {indexed.unchanged} unchanged, "
        f"{indexed.forgotten} forgotten that are gone"
    )
    for reason, count in indexed.passed_over.items():
        say(f"passed over: {count} {'files' if count != 1 else 'file'}, each {reason}")


def _print_recalled(recalled: "Recalled") -> None:
    for passage in recalled.passages:
        say(f"{passage.score:.2f}  {one_line(passage.citation)}{_under(passage)}")
        say(f"      {one_line(passage.reason)}{'' if passage.related else ' (likely about something else)'}")
        lines = [line for line in clean(passage.chunk.text).split("\n") if line.strip()]
        for line in lines[:_SHOWN_LINES]:
            say(f"      | {line[:_WIDEST]}")
        if len(lines) > _SHOWN_LINES:
            say(f"      | … {len(lines) - _SHOWN_LINES} more lines")
    if not recalled.passages:
        say("nothing is remembered that fits; documents are added with: astrolabe memory add")
    if recalled.unseen:
        say(
            f"{recalled.unseen} sources were added with another embedder, and are found by words alone; add them again"
        )
    say(f"ranked by {recalled.how}")


def _under(passage: "Passage") -> str:
    told = passage.chunk.heading or passage.title
    return f"  {one_line(told, _WIDEST)}" if told else ""


def _print_projects(projects: list[dict[str, Any]]) -> None:
    for one in projects:
        say(f"{one_line(one['project'])}: {one['sources']} sources, {one['chunks']} pieces")
    if not projects:
        say("nothing is remembered of any project")


def _print_sources(sources: "tuple[Source, ...]") -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table

    shown = table("what", "name", "pieces", "title")
    for source in sources:
        cells = (
            source.origin.value,
            one_line(source.name),
            str(source.chunks),
            one_line(source.title, _WIDEST),
        )
        shown.add_row(*map(Text, cells))
    if sources:
        console().print(shown)
    else:
        say("nothing is remembered of this project; documents are added with: astrolabe memory add")


def _recalled(recalled: "Recalled") -> dict[str, Any]:
    return {
        "ranked_by": recalled.how,
        "unseen": recalled.unseen,
        "passages": [
            {
                "citation": one.citation,
                "origin": one.origin.value,
                "name": one.name,
                "title": one.title,
                "heading": one.chunk.heading,
                "first_line": one.chunk.first,
                "last_line": one.chunk.last,
                "score": round(one.score, 4),
                "related": one.related,
                "reason": one.reason,
                "text": one.chunk.text,
                "at": one.at,
            }
            for one in recalled.passages
        ],
    }


def _source(source: "Source") -> dict[str, Any]:
    return {
        "origin": source.origin.value,
        "name": source.name,
        "title": source.title,
        "digest": source.digest,
        "embedder": source.model,
        "pieces": source.chunks,
        "at": source.at,
    }
