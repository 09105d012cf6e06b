"""Draw the README's pictures from a finished run in the store: nothing in them is made up.

Usage: picture.py RUN GOAL [--target TEXT] [--screenshot PATH] [--into FOLDER]

Writes `running.svg`, the live task tree in the middle of the last task's checks, `finished.svg`, the report, and
`application.png`, a screenshot its browser check kept. RUN is looked up in the store the settings name; GOAL is
the file it was built from, which the store does not tell; the target is shown as TEXT.
"""

import argparse
import asyncio
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from astrolabe.bootstrap import open_installation
from astrolabe.cli.output import print_report
from astrolabe.cli.progress import TaskTree
from astrolabe.domain.event import Event, EventType
from astrolabe.services.builds import start_commands
from astrolabe.services.finding import find_run
from astrolabe.services.reports import report
from astrolabe.services.runs import RunView, events_of, view_run
from astrolabe.settings import load_settings

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 104
JUST_AFTER_SECONDS = 0.5
"""Time for the next check to begin."""
THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (201, 209, 217),
    ],
)


@dataclass(frozen=True)
class Told:
    """All that is drawn from."""

    view: RunView
    events: tuple[Event, ...]
    document: dict[str, Any]


def main() -> None:
    options = parsed()
    told, screenshot = asyncio.run(read(options))
    options.into.mkdir(parents=True, exist_ok=True)
    (options.into / "running.svg").write_text(svg(running(told, options.goal), "running"))
    (options.into / "finished.svg").write_text(svg(finished(told), "finished"))
    (options.into / "application.png").write_bytes(screenshot)


async def read(options: argparse.Namespace) -> tuple[Told, bytes]:
    """Return a run and one of the files its checks left."""
    async with open_installation(load_settings()) as installation:
        record = await find_run(installation, options.run)
        view = await view_run(installation, record)
        told = json.dumps(report(view, start_commands(installation, view)))
        document = json.loads(told.replace(record.target, options.target))
        kept = {artifact["path"]: artifact for check in document["checks"] for artifact in check["artifacts"]}
        if options.screenshot not in kept:
            raise SystemExit(f"no check kept {options.screenshot}; there are: {', '.join(sorted(kept))}")
        content = await installation.store.blob(kept[options.screenshot]["digest"])
        return Told(view, await events_of(installation, record), document), content


def running(told: Told, goal: str) -> Console:
    """Draw what the terminal showed in the middle of the last task's checks."""
    checks = [event for event in told.events if event.type == EventType.CHECK_FINISHED]
    last = [event for event in checks if event.task == checks[-1].task]
    at = last[len(last) // 3].at + JUST_AFTER_SECONDS
    clock = [told.events[0].at]
    tree = TaskTree(told.view.plan, told.view.record, lambda: clock[0])
    tree.take_in(told.events[:1])
    tree.take_in([event for event in told.events if event.at <= at])
    clock[0] = at
    for event in checks:
        if event.at > at and event.data["started_at"] <= at and event.task is not None:
            tree.output(event.task, event.data["check"], b"")
    console = recorder()
    command = f"astrolabe build {goal} --into {told.document['run']['target']} --yes"
    console.print(f"[bold green]$[/] {command}\n")
    console.print(tree)
    return console


def finished(told: Told) -> Console:
    """Draw the report."""
    console = recorder()
    print_report(told.document, console)
    return console


def recorder() -> Console:
    return Console(record=True, width=COLUMNS, highlight=False, file=io.StringIO(), force_terminal=True)


def svg(console: Console, name: str) -> str:
    """Return the picture; it fetches no fonts from anywhere."""
    drawn = console.export_svg(title="astrolabe", theme=THEME, unique_id=f"astrolabe-{name}")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("goal")
    parser.add_argument("--target", default="../bookmarks")
    parser.add_argument("--screenshot", default="e2e/results/bookmarks-list.png")
    parser.add_argument("--into", type=Path, default=ROOT / "docs/pictures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
