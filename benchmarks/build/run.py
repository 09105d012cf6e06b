"""What building costs: S1 (a whole build against its chain typed by hand) and S6 (a command in the sandbox).

    uv run python benchmarks/build/run.py [--rounds N] [--samples N] [--only S1|S6] [--work FOLDER] [--details]

Both sides of each figure run alternately on the same machine; the table shows medians. Times mean nothing across
machines, the ratios do. Toolchains and dependencies are fetched before anything is timed.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import boxes
import chains
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Row:
    """One figure: two sides in the same unit, and the ratio to reach."""

    figure: str
    ours: str
    theirs: str
    ratio: float | None
    to_reach: str


def main() -> None:
    options = parsed()
    options.work.mkdir(parents=True, exist_ok=True)
    options.work.chmod(0o755)
    os.environ.update(  # noqa: TID251 - both this process and the builds it starts shall read them
        ASTROLABE_HOME=str(options.work / "home"), ASTROLABE_ENGINE__REUSE_EVIDENCE="false"
    )
    rows = asyncio.run(measured(options))
    show(rows, options)


async def measured(options: argparse.Namespace) -> list[Row]:
    rows: list[Row] = []
    say("building once, to have an application and warm caches")
    app = options.app or chains.build(options.brief, options.work / "warm").target
    if options.only in {None, "S6"}:
        rows += box_rows(await boxes.measure(app, options.samples))
    if options.only in {None, "S1"}:
        rows += await chain_rows(options, app)
    return rows


def box_rows(taken: dict[str, list[float]]) -> list[Row]:
    """Return the ratios of S6 in milliseconds a command."""
    middle = {name: statistics.median(times) * 1000 for name, times in taken.items()}

    def row(figure: str, ours: str, theirs: str, to_reach: str) -> Row:
        ratio = middle[ours] / middle[theirs]
        return Row(figure, f"{middle[ours]:.1f} ms", f"{middle[theirs]:.1f} ms", ratio, to_reach)

    return [
        row("S6 `true` against bare bubblewrap", "empty", "bare", "≤ 1.3"),
        row("S6 `true` with an application against without", "full", "empty", "≤ 1.5"),
        row("S6 the same against bare bubblewrap with the same mounts", "full", "bare full", ""),
        Row("S6 opening and closing a sandbox", f"{middle['open']:.1f} ms", "", None, ""),
        Row("S6 opening, then putting the application's files", f"{middle['put']:.1f} ms", "", None, ""),
    ]


async def chain_rows(options: argparse.Namespace, app: Path) -> list[Row]:
    """Return the ratios of S1."""
    hand = await chains.prepare(chains.planned(options.brief), app, options.work / "hand")
    ours: list[chains.Taken] = []
    theirs: list[chains.Taken] = []
    for number in range(1, options.rounds + 1):
        say(f"round {number} of {options.rounds}: by hand, then by astrolabe build")
        theirs.append(hand.run(number))
        ours.append(chains.build(options.brief, options.work / f"build-{number}"))
    if options.details:
        show_details(ours, theirs)
    for taken in theirs:
        for fault in taken.faults:
            say(f"by hand: {fault}")
    return [
        compared("S1 build against its chain by hand", ours, theirs, "seconds", "≤ 0.8"),
        compared("S1 the same, CPU", ours, theirs, "cpu_seconds", ""),
    ]


def compared(
    figure: str, ours: list[chains.Taken], theirs: list[chains.Taken], unit: str, to_reach: str
) -> Row:
    a, b = (statistics.median(getattr(taken, unit) for taken in side) for side in (ours, theirs))
    return Row(figure, f"{a:.1f} s", f"{b:.1f} s", a / b, to_reach)


def show(rows: list[Row], options: argparse.Namespace) -> None:
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    table = Table(title=f"{os.cpu_count()} processors, load {load}")
    for column in ("figure", "ours", "theirs", "ratio", "to reach"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.figure, row.ours, row.theirs, ratio, row.to_reach)
    console().print(table)
    print(
        f"medians of {options.rounds} (S1) and {options.samples} (S6); S6 against `docker run` is not taken"
    )


def show_details(ours: list[chains.Taken], theirs: list[chains.Taken]) -> None:
    """Print each check's median seconds on both sides; ours ran beside others."""
    table = Table(title="seconds a check (ours: beside others, with its sandbox)")
    for column in ("check", "ours", "by hand"):
        table.add_column(column, justify="left" if column == "check" else "right")
    for name in theirs[0].checks:
        sides = [statistics.median(taken.checks.get(name, 0.0) for taken in side) for side in (ours, theirs)]
        table.add_row(name, *(f"{seconds:.1f}" for seconds in sides))
    console().print(table)


def console() -> Console:
    return Console(width=110, highlight=False)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="of S1; each takes minutes")
    parser.add_argument("--samples", type=int, default=25, help="of S6, at least 9")
    parser.add_argument("--only", choices=("S1", "S6"))
    parser.add_argument("--brief", type=Path, default=ROOT / "examples/bookmarks.yaml")
    parser.add_argument(
        "--app", type=Path, help="a folder the brief was built into, instead of a first build"
    )
    parser.add_argument("--work", type=Path, help="where to work; kept if named")
    parser.add_argument("--details", action="store_true", help="show each check's time on both sides")
    options = parser.parse_args()
    if options.samples < 9 or options.rounds < 1:  # noqa: PLR2004 - fewer say nothing
        parser.error("--samples must be at least 9, --rounds at least 1")
    if options.work is None:
        keep = tempfile.TemporaryDirectory(prefix="astrolabe-bench-")
        options.keep, options.work = keep, Path(keep.name)
    options.work = options.work.resolve()
    return options


if __name__ == "__main__":
    main()
