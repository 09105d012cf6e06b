"""Spend one budget from many processes: spending.py [--processes N] [--database sqlite|postgresql] [--budget RESOURCE=AMOUNT].

Each process drives a run of eight tasks with four conversations each, with a provider that fails in every way that costs
another try and one that is asked then; all runs together have one budget. What was given is counted at the server that
answers, not in our books. Exits with 1 where it is more than the budget, or the books tell less.

Run it as `just spending`.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))  # what the tests spend with

from tests import postgresql, spending  # noqa: E402
from tests.person import CACHE  # noqa: E402

from astrolabe.bootstrap import open_installation  # noqa: E402
from astrolabe.domain.budget import Period  # noqa: E402
from astrolabe.engine.workshop import Watcher  # noqa: E402
from astrolabe.services.builds import begin, carry_out, propose_plan  # noqa: E402
from astrolabe.services.runs import view_run  # noqa: E402
from astrolabe.settings import Settings  # noqa: E402
from astrolabe.testing.models import ModelServer  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--budget", default="model_calls=400")
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "SETTINGS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        asyncio.run(_spend(Path(options.child[0]), Settings.model_validate_json(options.child[1])))
        return
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if _battery(Path(folder), options) else 1)


async def _spend(folder: Path, settings: Settings) -> None:
    """Drive one run to its end, and say how it ended."""
    async with open_installation(settings, plugins=spending.plugins()) as installation:
        begun = await begin(installation, await propose_plan(installation, spending.plan(), folder))
        await carry_out(installation, begun, Watcher())
        view = await view_run(installation, begun.record)
        print(json.dumps({"status": view.state.status, "used": await _used(installation, begun.record.id)}))


async def _used(installation: Any, run: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for charge in await installation.store.budgets.charges(run):
        for resource, amount in (charge.used or {}).items():
            found[resource] = found.get(resource, 0) + amount
    return found


def _battery(folder: Path, options: argparse.Namespace) -> bool:
    resource, _, most = options.budget.partition("=")
    with _database(folder, options.database) as place, ModelServer(spending.answers(most_busy=20)) as server:
        budget = {resource: float(most), "period": Period.NONE.value}
        settings = json.dumps(spending.home(folder, server, cache=str(CACHE), budget=budget, **place))
        ended = _ended(
            [_process(folder / f"target{number}", settings) for number in range(options.processes)]
        )
        server.settle()
        given = spending.spent(server)
    units = 1_000_000 if resource == "money" else 1
    booked = sum(one["used"].get(resource, 0) for one in ended) / units
    print(
        f"{options.database}: {options.processes} processes, {options.processes * spending.TASKS * spending.SIDE} conversations, budget {options.budget}"
    )
    print(
        f"given by the server: {given}; booked: {resource} {booked:g}; runs: {[one['status'] for one in ended]}"
    )
    return given[resource] <= float(most) and booked >= given[resource] - 1e-6


def _process(target: Path, settings: str) -> "subprocess.Popen[str]":
    argv = [sys.executable, __file__, "--child", str(target), settings]
    return subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _ended(processes: list["subprocess.Popen[str]"]) -> list[dict[str, Any]]:
    return [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]


@contextmanager
def _database(folder: Path, kind: str) -> Generator[dict[str, str]]:
    """Give the settings of an empty database."""
    if kind == "sqlite":
        yield {}
        return
    with postgresql.running() as server:
        yield {"database_url": server.migrated()}
    del folder


if __name__ == "__main__":
    main()
