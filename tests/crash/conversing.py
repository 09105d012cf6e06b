"""A process whose agent talks with a model over HTTP, and that kills itself at the nth crash point it reaches.

Usage: conversing.py FOLDER URL [N].
"""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Budget, Check, Plan, Task
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.workshop import Watcher
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.settings import Settings

PLAN = Plan(
    goal="say hello",
    budget=Budget(model_calls=100, tool_calls=100),
    tasks=(
        Task(
            id="hello",
            name="hello",
            agent="code",
            writes=("hello.txt", "ran.txt"),
            checks=(Check(name="said", run="grep -q world hello.txt"),),
        ),
    ),
)


class Killer:
    """Kills this process at the nth crash point, whichever it is; counts them in a file."""

    def __init__(self, last: int, counter: Path) -> None:
        self._last = last
        self._reached = 0
        self._counter = counter

    def __call__(self, point: CrashPoint) -> None:
        self._reached += 1
        if self._reached == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self._counter.write_text(f"{self._reached} {point.value}")


async def work(folder: Path, url: str, last: int) -> str:
    cache = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
    models = {"use": "here/model", "providers": {"here": {"base_url": url, "key": "test", "window": 30_000}}}
    settings = Settings.model_validate({"home": folder / "home", "cache": cache, "models": models})
    async with open_installation(settings, reach=Killer(last, folder / "points")) as installation:
        begun = await begin(installation, await propose_plan(installation, PLAN, folder / "target"))
        return (await carry_out(installation, begun, Watcher())).status


def main() -> None:
    last = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    sys.stdout.write(asyncio.run(work(Path(sys.argv[1]), sys.argv[2], last)))


if __name__ == "__main__":
    main()
