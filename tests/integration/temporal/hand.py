"""A worker process, as on a host of its own: its state folder is nobody else's.

Usage: hand.py NAME SETTINGS LEDGER TASKS VERSION (SETTINGS in JSON). Its agents write what they do to LEDGER, durably.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from astrolabe import bootstrap
from astrolabe.bootstrap import open_installation
from astrolabe.sdk import Plugin, Task, Workbench
from astrolabe.services.workers import work, worker_agents
from astrolabe.settings import Settings

AGENTS = ("hold", "nap", "nothing", "scribe")


class Ledger:
    def __init__(self, file: Path, who: str) -> None:
        self._file = file
        self._who = who

    def note(self, what: str, task: str) -> None:
        with self._file.open("a") as file:
            file.write(f"{what} {task} {self._who}\n")
            file.flush()
            os.fsync(file.fileno())


class Nothing:
    name = "nothing"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        _ = task, bench


class Nap:
    """Takes a moment."""

    name = "nap"
    version = "1"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def work(self, task: Task, bench: Workbench) -> None:
        self._ledger.note("nap", task.id)
        await asyncio.sleep(0.2)


class Scribe:
    """Takes two recorded steps."""

    name = "scribe"
    version = "1"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def work(self, task: Task, bench: Workbench) -> None:
        self._ledger.note("work", task.id)
        await bench.run(f"echo one >> {task.id}.txt")
        await self.between(task)
        await bench.run(f"echo two >> {task.id}.txt")
        self._ledger.note("worked", task.id)

    async def between(self, task: Task) -> None:
        self._ledger.note("between", task.id)


class Hold(Scribe):
    """Waits between its steps until a file is there."""

    name = "hold"

    async def between(self, task: Task) -> None:
        self._ledger.note("between", task.id)
        try:
            while not _there(str(task.inputs["until"])):  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.02)
        except asyncio.CancelledError:
            self._ledger.note("left", task.id)
            raise


def _there(file: str) -> bool:
    return Path(file).exists()


def plugin(ledger: Ledger) -> Plugin:
    return Plugin(name="hands", agents=(Nothing(), Nap(ledger), Scribe(ledger), Hold(ledger)))


def settings_of(told: str) -> Settings:
    fields = json.loads(told)
    for name in ("database_url", "hub"):
        if fields.get(name):
            fields[name] = SecretStr(fields[name])
    return Settings.model_validate(fields)


async def serve(name: str, settings: Settings, ledger: Path, tasks: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_installation(settings, plugins=[plugin(Ledger(ledger, name))]) as installation:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await work(installation, worker_agents(installation, AGENTS), tasks, stop)


def main() -> None:
    name, settings, ledger, tasks, version = sys.argv[1:]
    bootstrap.__version__ = version
    asyncio.run(serve(name, settings_of(settings), Path(ledger), int(tasks)))


if __name__ == "__main__":
    main()
