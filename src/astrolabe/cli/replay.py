"""`astrolabe replay` and `astrolabe runs record`: a run again without a model, and the file that makes it a fixture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from astrolabe.cli.documents import print_json
from astrolabe.cli.exits import Exit
from astrolabe.cli.terminal import clean, say

if TYPE_CHECKING:
    from astrolabe.services.installation import Installation
    from astrolabe.services.recording import Recording
    from astrolabe.services.replaying import Replay
    from astrolabe.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_SHOWN = 20


def replay(
    run: Annotated[
        str, typer.Argument(metavar="RUN|FILE", help="A run, or the file that `astrolabe runs record` made.")
    ],
    json: Json = False,
) -> None:
    """Play a run again without a model: the same, byte for byte, or where today's code takes another course.

    Models and tools answer from the recording; agents, checks and commits are today's code. Nothing outside a temporary
    folder is changed. Exit code 1: the course was another one.
    """
    import tempfile

    from astrolabe.cli.session import with_installation
    from astrolabe.engine.workshop import Watcher
    from astrolabe.services.recording import read_recording
    from astrolabe.services.replaying import replay as play

    recording = read_recording(Path(run)) if Path(run).is_file() else _recorded(run)
    with tempfile.TemporaryDirectory(prefix="astrolabe-replay-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # foreign code runs as another user, and is to find its files

        async def use(installation: "Installation") -> "Replay":
            return await play(installation, recording, place / "target", Watcher())

        played = with_installation(use, lambda settings: _apart(settings, place / "home"))
    document = played.document()
    if json:
        print_json(document)
    else:
        _print(document)
    raise typer.Exit(Exit.DONE if played.same else Exit.CHECKS_FAILED)


def record(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run, or the beginning or end of its name.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to make, such as run.zip.")],
    json: Json = False,
) -> None:
    """Write a run into one file that `astrolabe replay` plays anywhere: a fixture for tests."""
    from astrolabe.services.recording import write_recording

    recording = _recorded(run)
    write_recording(recording, out)
    told = {
        "run": recording.run,
        "file": str(out),
        "bytes": out.stat().st_size,
        "steps": len(recording.steps),
    }
    if json:
        print_json(told)
    else:
        say(
            f"{told['steps']} steps in {clean(str(out))}, {told['bytes']:,} bytes\n  astrolabe replay {clean(str(out))}"
        )


def _recorded(run: str) -> "Recording":
    from astrolabe.cli.session import with_installation
    from astrolabe.services.finding import find_run
    from astrolabe.services.recording import record as recorded

    async def use(installation: "Installation") -> "Recording":
        return await recorded(installation, await find_run(installation, run))

    return with_installation(use)


def _apart(settings: "Settings", home: Path) -> "Settings":
    """Return settings of an installation that shares nothing but the caches."""
    own = {
        "home": home,
        "cache": settings.cache_folder,
        "database_url": None,
        "redis_url": None,
        "temporal_address": None,
    }
    return settings.model_copy(update=own)


def _print(document: dict[str, Any]) -> None:
    from astrolabe.cli.output import console, mark, table

    out = console()
    shown = table("", "task", "then", "now", "tree")
    for task in document["tasks"]:
        shown.add_row(mark("passed" if task["same"] else "failed"), task["id"], *_then_and_now(task))
    out.print(shown)
    out.print()
    for turn in document["turns"][:_SHOWN]:
        out.print(f"! {turn['step']}: {_told(turn)}")
    if len(document["turns"]) > _SHOWN:
        out.print(f"… and {len(document['turns']) - _SHOWN} more (--json lists all)")
    same = "the same, byte for byte" if document["same"] else "another course"
    out.print(f"run {document['run']}, {document['steps']} recorded steps: {same}")


def _then_and_now(task: dict[str, Any]) -> tuple[str, str, str]:
    now = task["now"]
    then: dict[str, Any] = task["then"] or {"status": "not there", "tree": None}
    trees = [(side["tree"] or "none")[:12] for side in (then, now)]
    return (
        then["status"],
        now["status"],
        "the same" if then["tree"] == now["tree"] else f"{trees[0]} now {trees[1]}",
    )


def _told(turn: dict[str, Any]) -> str:
    if turn["then"] is None:
        return "nothing was asked here when it was recorded"
    if turn["now"] is None:
        return "is not asked any more"
    then, now = (
        clean(turn[side].splitlines()[0][:80]) if turn[side] else "nothing named" for side in ("then", "now")
    )
    return f"asked {then} then, and {now} now"
