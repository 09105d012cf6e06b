"""A process that works on a plan of cheap tasks, and kills itself at a crash point if it is told one.

Usage: worker.py FOLDER [POINT OCCURRENCE]. The agents write what they do to FOLDER/ledger, durably, before and after.
"""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from pydantic import JsonValue

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Budget, Check, Plan, Task
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.workshop import Watcher
from astrolabe.sdk import Plugin, Usage, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.settings import Settings

PLAN = Plan(
    goal="leave a ledger",
    budget=Budget(tool_calls=1000, tokens=1000),
    tasks=(
        Task(
            id="first",
            name="first",
            agent="scribe",
            writes=("first.txt",),
            checks=(Check(name="c", run="test -s first.txt"),),
        ),
        Task(id="left", name="left", agent="scribe", writes=("left.txt",), depends_on=("first",)),
        Task(
            id="right",
            name="right",
            agent="scribe",
            writes=("right.txt",),
            depends_on=("first",),
            checks=(Check(name="a", run="grep -q right right.txt"), Check(name="b", run="test -e first.txt")),
        ),
        Task(
            id="last",
            name="last",
            agent="scribe",
            writes=("last.txt",),
            depends_on=("left", "right"),
            checks=(
                Check(name="counted", run="wc -l < all > lines", uses=("all",)),
                Check(name="all", run="cat first.txt left.txt right.txt last.txt > all", produces=("all",)),
            ),
        ),
    ),
)


class Scribe:
    """Takes three recorded steps and writes each of its calls to the ledger."""

    name = "scribe"
    version = "1"

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger

    async def work(self, task: Task, bench: Workbench) -> None:
        self._note(f"work {task.id}")
        await bench.write({f"{task.id}.txt": f"{task.id}\n"})
        await bench.run(f"echo one >> {task.id}.txt")
        await bench.call("ask", lambda: self._asked(task.id), reserve=Usage(tokens=10))
        await bench.context.update("order", lambda known: [*_listed(known), task.id])
        self._note(f"between {task.id}")
        await bench.run(f"echo two >> {task.id}.txt")
        self._note(f"worked {task.id}")

    async def _asked(self, task: str) -> tuple[JsonValue, Usage]:
        self._note(f"asked {task}")
        return {"answer": task}, Usage(tokens=4)

    def _note(self, line: str) -> None:
        with self._ledger.open("a") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


def _listed(known: JsonValue) -> list[JsonValue]:
    return known if isinstance(known, list) else []


class Killer:
    """Kills this process when a crash point is reached for the nth time."""

    def __init__(self, point: CrashPoint | None, occurrence: int) -> None:
        self._point = point
        self._left = occurrence

    def __call__(self, point: CrashPoint) -> None:
        if point is self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def url_of(folder: Path) -> str | None:
    """Return where the state is when it is on a server."""
    file = folder / "url"
    return file.read_text() if file.exists() else None


async def work(folder: Path, killer: Killer) -> str:
    cache = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
    settings = Settings.model_validate(
        {"home": folder / "home", "cache": cache, "database_url": url_of(folder)}
    )
    plugin = Plugin(name="ledger", agents=(Scribe(folder / "ledger"),))
    async with open_installation(settings, plugins=[plugin], reach=killer) as installation:
        begun = await begin(installation, await propose_plan(installation, PLAN, folder / "target"))
        return (await carry_out(installation, begun, Watcher())).status


def main() -> None:
    folder = Path(sys.argv[1])
    point, occurrence = (CrashPoint(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 2 else (None, 0)
    sys.stdout.write(asyncio.run(work(folder, Killer(point, occurrence))))


if __name__ == "__main__":
    main()
