"""`astrolabe skills`: what agents are told for some tasks, found, judged, matched, vouched for."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import fault_document, print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.folders import folder_named
from astrolabe.cli.groups import Group
from astrolabe.cli.overview import SUMMARIES
from astrolabe.cli.terminal import clean, one_line, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astrolabe.domain.skill import Skill
    from astrolabe.errors import Problem
    from astrolabe.services.installation import Installation
    from astrolabe.services.skills import Listing, Matching

_WIDEST = 100
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Repo = Annotated[
    Path | None,
    typer.Option(
        "--repo",
        parser=folder_named,
        metavar="FOLDER",
        help="A project whose own skills count too; by default the current folder.",
    ),
]

app = typer.Typer(cls=Group, help=SUMMARIES["skills"])


@app.command("list")
def list_(repo: Repo = None, json: Json = False) -> None:
    """List the skills for work on a project, where each comes from, and how often it was used."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.skills import list_skills

    async def use(installation: "Installation") -> None:
        listing = await list_skills(installation, repo or Path.cwd())
        if json:
            print_json(_listing(listing))
        else:
            _print_listing(listing)

    with_installation(use)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A skill of the list.")],
    repo: Repo = None,
    json: Json = False,
) -> None:
    """Show one skill: all that an agent would be told, and what else lies in its folder."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.skills import catalogue_of, named_skill

    async def use(installation: "Installation") -> None:
        catalogue = await catalogue_of(installation, repo or Path.cwd())
        skill = named_skill(catalogue, name)
        trusted = skill not in catalogue.untrusted
        if json:
            print_json(_document(skill, trusted=trusted) | {"body": skill.body, "files": sorted(skill.files)})
            return
        _print_skill(skill, trusted=trusted)

    with_installation(use)


@app.command("validate")
def validate(
    folders: Annotated[
        list[Path],
        typer.Argument(parser=folder_named, metavar="FOLDER...", help="Folders of one skill each."),
    ],
    json: Json = False,
) -> None:
    """Hold skills against the open specification (agentskills.io); exit with 1 when one breaks it."""
    from astrolabe.services.skills import judge

    found = {str(folder): judge(folder) for folder in folders}
    if json:
        print_json(
            {"skills": [{"folder": name, "problems": _problems(told)} for name, told in found.items()]}
        )
    else:
        for name, told in found.items():
            say(f"{one_line(name)}: {'valid' if not told else f'{len(told)} problems'}")
            for problem in told:
                say(f"  {clean(str(problem))}")
    raise typer.Exit(Exit.CHECKS_FAILED if any(found.values()) else Exit.DONE)


@app.command("match")
def match(
    task: Annotated[str, typer.Argument(metavar="TASK", help="What is to be done, in words.")],
    repo: Repo = None,
    most: Annotated[int, typer.Option("--most", min=1, max=1000, help="How many to show at most.")] = 10,
    json: Json = False,
) -> None:
    """Rank the skills for a task, with a score and a reason for each."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.skills import match_task

    async def use(installation: "Installation") -> None:
        matching = await match_task(installation, repo or Path.cwd(), task, most)
        if json:
            print_json(_matching(matching))
        else:
            _print_matching(matching)

    with_installation(use)


@app.command("trust")
def trust(
    folder: Annotated[
        Path,
        typer.Argument(parser=folder_named, metavar="FOLDER", help="The project whose skills you vouch for."),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Vouch without being asked.")] = False,
    json: Json = False,
) -> None:
    """Vouch for a project's own skills as they are now; one that changes has to be vouched for anew."""
    from astrolabe.cli.session import with_installation
    from astrolabe.services.skills import to_be_trusted
    from astrolabe.services.skills import trust as vouch

    async def use(installation: "Installation") -> None:
        skills = await to_be_trusted(installation, folder)
        if skills:
            _agree(skills, yes=yes, json=json)
            await vouch(installation, skills)
        if json:
            print_json({"trusted": [_document(skill, trusted=True) for skill in skills]})
        else:
            say(
                f"{len(skills)} skills are trusted as they are now"
                if skills
                else "all of them are trusted already"
            )

    with_installation(use)


def _agree(skills: "Sequence[Skill]", *, yes: bool, json: bool) -> None:
    """Show what is to be vouched for; go on only when the person does."""
    import sys

    if not json:
        for skill in skills:
            say(f"{one_line(skill.name)}: {one_line(skill.description, _WIDEST)}")
            say(f"  {one_line(skill.place)}, {1 + len(skill.files)} files, sha256 {skill.digest[:12]}")
    if yes:
        return
    message, hint = "not trusted: nobody is there to vouch for them", "Read them, then add --yes."
    if json:
        print_json(fault_document("not-accepted", "usage", message, hint))
        raise typer.Exit(Exit.BAD_INPUT)
    if not sys.stdin.isatty():
        say(f"astrolabe: {message}\n  {hint}", err=True)
        raise typer.Exit(Exit.BAD_INPUT)
    if not typer.confirm("What they say will be told to models that work here. Trust them?", default=False):
        raise typer.Exit(Exit.INTERRUPTED)


def _print_listing(listing: "Listing") -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table

    out, shown = console(), table("skill", "from", "used", "what it is for")
    catalogue = listing.catalogue
    for skill in catalogue.skills:
        used = str(listing.uses.get(skill.name, "") or "")
        shown.add_row(*map(Text, (skill.name, skill.scope.value, used, one_line(skill.description, _WIDEST))))
    for skill in catalogue.untrusted:
        told = one_line(skill.description, _WIDEST)
        shown.add_row(
            *(Text(cell, style="yellow") for cell in (skill.name, "project, not trusted", "", told))
        )
    out.print(shown)
    if catalogue.untrusted:
        say("not trusted: models are told nothing of those; read them, then: astrolabe skills trust FOLDER")
    for skill in catalogue.shadowed:
        say(f"passed over for another of its name: {one_line(skill.place)}")
    for unusable in catalogue.unusable:
        say(f"unusable: {clean(str(unusable.problems[0]))}")
    for skill in catalogue.skills:
        if skill.warnings:
            say(f"warning: {clean(str(skill.warnings[0]))}")


def _print_skill(skill: "Skill", *, trusted: bool) -> None:
    say(f"{one_line(skill.name)} ({skill.scope.value}{'' if trusted else ', not trusted'})")
    say(f"  {one_line(skill.place)}, sha256 {skill.digest[:12]}")
    say(f"  {clean(skill.description)}")
    for problem in skill.warnings:
        say(f"  warning: {clean(str(problem))}")
    for path in sorted(skill.files):
        say(f"  file: {one_line(path)}")
    say(f"\n{clean(skill.body)}")


def _print_matching(matching: "Matching") -> None:
    from rich.text import Text

    from astrolabe.cli.output import console, table

    out, shown = console(), table("score", "skill", "from", "why")
    for one in matching.matches:
        cells = (f"{one.score:.2f}", one.skill.name, one.skill.scope.value, one_line(one.reason))
        shown.add_row(*(Text(cell, style="" if one.related else "dim") for cell in cells))
    if matching.matches:
        out.print(shown)
    else:
        say("no skill fits")
    say(f"ranked by {matching.how}")


def _listing(listing: "Listing") -> dict[str, Any]:
    catalogue, uses = listing.catalogue, listing.uses
    return {
        "skills": [
            _document(skill, trusted=True) | {"uses": uses.get(skill.name, 0)} for skill in catalogue.skills
        ],
        "untrusted": [_document(skill, trusted=False) for skill in catalogue.untrusted],
        "shadowed": [_document(skill, trusted=True) for skill in catalogue.shadowed],
        "unusable": [{"place": one.place, "problems": _problems(one.problems)} for one in catalogue.unusable],
    }


def _matching(matching: "Matching") -> dict[str, Any]:
    return {
        "ranked_by": matching.how,
        "matches": [
            {
                "name": one.skill.name,
                "scope": one.skill.scope.value,
                "score": round(one.score, 4),
                "related": one.related,
                "reason": one.reason,
            }
            for one in matching.matches
        ],
    }


def _document(skill: "Skill", *, trusted: bool) -> dict[str, Any]:
    return {
        "name": skill.name,
        "description": skill.description,
        "scope": skill.scope.value,
        "place": skill.place,
        "digest": skill.digest,
        "trusted": trusted,
        "license": skill.license,
        "compatibility": skill.compatibility,
        "metadata": dict(skill.metadata),
        "allowed_tools": list(skill.allowed_tools),
        "warnings": _problems(skill.warnings),
    }


def _problems(problems: "Sequence[Problem]") -> list[dict[str, str]]:
    return [{"place": one.place, "text": one.text, "hint": one.hint} for one in problems]
