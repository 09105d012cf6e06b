"""What a durable task costs: S2 (against two appended rows), S4 (growth with the size of a plan and of the store), S5 (idle).

    uv run python benchmarks/engine/run.py [--rounds N] [--only S2|S4|S5] [--folder FOLDER]
    uv run python benchmarks/engine/run.py --only S3-temporal [--rounds N] [--sizes SHARE]
    uv run python benchmarks/engine/run.py --peers [NAME ...] [--rounds N] [--sizes SHARE]

S3-temporal: the Temporal driver against bare Temporal workflows. With --peers: S3 and W5, the same work by other engines and what a kill in the middle does to it (names choose among them). Each
engine gets an environment of its own the first time, with pinned packages, in the cache; that needs uv, PyPI and, for Restate,
npm. Servers are started on free ports of this host and ended with the measurement. `--sizes 0.05` tries it out in minutes.

Agent, sandbox and workspace do nothing here; store, driver, scheduler and verification are the real ones. Each sample is a
process of its own; sides alternate; the table shows medians. Times mean nothing across machines, the ratios do.
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import against
import bare
import floor
import idle
import ours
import shapes
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Work:
    """`count` runs of a shape of `size`, at most `parallel` tasks of a run at once."""

    name: str
    shape: str
    size: int
    count: int = 1
    parallel: int = 100

    @property
    def tasks(self) -> int:
        return self.count * (self.size if self.shape == "chain" else self.size + 2)


CHAIN = Work("chain of 200", "chain", 200)
FAN = Work("fan-out of 1,000", "fan", 1000)
MANY = Work("200 runs of 10", "chain", 10, count=200)
GROWTH = [Work(f"one plan of {size:,}", "fan", size - 2) for size in (100, 1000, 10_000)]
STORE = [Work(f"{count:,} runs of 1", "chain", 1, count=count) for count in (1000, 10_000)]


WAITING = 1000


@dataclass(frozen=True)
class Cost:
    """Milliseconds a task."""

    wall: float
    cpu: float


def main() -> None:
    options = parsed()
    if options.sample:
        taken = idle_sample if options.sample == "idle" else sample
        print(json.dumps(taken(options.sample, options.work, options.folder)))
        return
    if options.peers is not None:
        Console(width=max(Console().width, 200)).print(
            against.table(options.rounds, options.peers, options.sizes)
        )
        return
    if options.only == "S3-temporal":
        Console(width=max(Console().width, 160)).print(bare.table(options.rounds, options.sizes))
        return
    table = Table("figure", "work", "ours (CPU ms a task)", "against", "ratio", "to reach")
    if options.only in {None, "S2"}:
        for work in (CHAIN, FAN, MANY):
            table.add_row(*s2(work, options))
    if options.only in {None, "S4"}:
        for works in (GROWTH, STORE):
            for row in s4(works, options):
                table.add_row(*row)
    if table.rows:
        Console().print(table)
    if options.only in {None, "S5"}:
        Console().print(s5(options))


def s2(work: Work, options: argparse.Namespace) -> Iterable[str]:
    pairs = [(apart("ours", work, options), apart("floor", work, options)) for _ in range(options.rounds)]
    mine = statistics.median(pair[0].cpu for pair in pairs)
    theirs = statistics.median(pair[1].cpu for pair in pairs)
    return "S2", work.name, f"{mine:.3f}", f"two rows: {theirs:.3f}", f"{mine / theirs:.1f}", "≤ 10"


def s4(works: list[Work], options: argparse.Namespace) -> Iterable[Iterable[str]]:
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(options.rounds):
        for work, costs in zip(works, taken, strict=True):
            costs.append(apart("ours", work, options).cpu)
    first = statistics.median(taken[0])
    for work, costs in zip(works[1:], taken[1:], strict=True):
        cost = statistics.median(costs)
        yield "S4", work.name, f"{cost:.3f}", f"{works[0].name}: {first:.3f}", f"{cost / first:.2f}", "≤ 1.3"


def s5(options: argparse.Namespace) -> Table:
    work = Work("1,000 runs that wait", "idle", 1, count=WAITING)
    table = Table("figure", "work", "measured", "to reach")
    taken = told_apart("idle", work, options)
    table.add_row("S5", work.name, f"{taken['megabytes']:.0f} MB in all", "≤ 150 MB")
    table.add_row("S5", work.name, f"{taken['percent']:.2f} % of a core", "< 1 %")
    return table


def apart(side: str, work: Work, options: argparse.Namespace) -> Cost:
    return Cost(**told_apart(side, work, options))


def told_apart(side: str, work: Work, options: argparse.Namespace) -> dict[str, float]:
    """Take one sample in a process of its own."""
    command = [sys.executable, __file__, "--sample", side, "--work", json.dumps(vars(work))]
    if options.folder:
        command += ["--folder", str(options.folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def idle_sample(_side: str, work: Work, folder: Path | None) -> dict[str, float]:
    """Have runs wait."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        megabytes, percent = asyncio.run(idle.waiting(Path(place), work.count))
    return {"megabytes": megabytes, "percent": percent}


def sample(side: str, work: Work, folder: Path | None) -> dict[str, float]:
    """Do a work after a small one that loads all modules and makes the tables, which no task is to be charged with."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        carry_out(side, Work("small", work.shape, 3), Path(place))
        began = time.perf_counter(), cpu_seconds()
        carry_out(side, work, Path(place))
        wall, cpu = time.perf_counter() - began[0], cpu_seconds() - began[1]
    return {"wall": wall / work.tasks * 1e3, "cpu": cpu / work.tasks * 1e3}


def carry_out(side: str, work: Work, folder: Path) -> None:
    if side == "floor":
        asyncio.run(floor.carry_out(folder / "rows.db", work.shape, work.size, work.count, work.parallel))
        return
    plan = (shapes.chain if work.shape == "chain" else shapes.fan)(work.size)
    asyncio.run(ours.carry_out(folder, plan, work.count, work.parallel))


def cpu_seconds() -> float:
    """Return what this process, with all its threads, and the children it has seen end have used so far."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["S2", "S3-temporal", "S4", "S5"])
    parser.add_argument(
        "--folder", type=Path, help="where the databases are made; the system's own when absent"
    )
    parser.add_argument("--peers", nargs="*", metavar="NAME", help="measure other engines beside ours")
    parser.add_argument(
        "--sizes", type=float, default=1.0, help="with --peers and S3-temporal: shrinks the work"
    )
    parser.add_argument("--sample", choices=["ours", "floor", "idle"], help=argparse.SUPPRESS)
    parser.add_argument("--work", type=lambda text: Work(**json.loads(text)), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
