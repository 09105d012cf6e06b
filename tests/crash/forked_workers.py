"""Workers of a Temporal server, each forked from one process that has imported all: what is killed here starts at once.

Usage: forked_workers.py FOLDER SETTINGS (in JSON). Each line it reads is a life: `begin`, or a crash point at which a worker
kills itself, or `end` for one that nothing kills. It prints how each has ended: the id of the run that was begun, the exit
code, which is 0 for a worker that has seen the run's end.
"""

import asyncio
import importlib
import os
import random
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from astrolabe.bootstrap import load_plugins, open_installation
from astrolabe.engine.faults import CrashPoint
from astrolabe.sdk import Plugin
from astrolabe.services.builds import begin, propose_plan
from astrolabe.services.cluster import hand_to_cluster
from astrolabe.services.workers import work, worker_agents
from tests.crash.worker import PLAN, Killer, Scribe
from tests.integration.temporal.hand import settings_of

LOOK_SECONDS = 0.05


async def begun(folder: Path, settings: str) -> None:
    """Begin a run and leave it to the workers."""
    async with open_installation(settings_of(settings), plugins=[_plugin(folder)]) as installation:
        run = await begin(installation, await propose_plan(installation, PLAN, folder / "target"))
        await hand_to_cluster(installation, run.record, run.plan)


async def worked(folder: Path, settings: str, killer: Killer) -> None:
    """Work until the run has ended, or this process."""
    stop = asyncio.Event()
    plugins = [_plugin(folder)]
    async with open_installation(settings_of(settings), plugins=plugins, reach=killer) as installation:
        working = asyncio.create_task(work(installation, worker_agents(installation, ["scribe"]), 2, stop))
        while await installation.store.runs(unfinished=True):
            await asyncio.wait([working], timeout=LOOK_SECONDS)
            if working.done():
                break
        stop.set()
        await working


def _plugin(folder: Path) -> Plugin:
    return Plugin(name="ledger", agents=(Scribe(folder / "ledger"),))


def lived(life: Callable[[], Awaitable[None]]) -> int:
    """Live it in a child; return its exit code, negative when a signal ended it."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            random.seed()
            asyncio.run(_whole(life))
            code = 0
        except BaseException:  # noqa: BLE001 - nothing of this child may go on as its parent
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


async def _whole(life: Callable[[], Awaitable[None]]) -> None:
    await life()


def main() -> None:
    folder, settings = Path(sys.argv[1]), sys.argv[2]
    for late in ("adapters.temporal.worker", "adapters.storage.postgresql", "adapters.storage.notification"):
        importlib.import_module(f"astrolabe.{late}")
    load_plugins()
    for line in sys.stdin:
        word = line.strip()
        if word == "begin":
            code = lived(lambda: begun(folder, settings))
        else:
            point = None if word == "end" else CrashPoint(word)
            code = lived(lambda point=point: worked(folder, settings, Killer(point, 1)))
        sys.stdout.write(f"{code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
