"""What goes wrong around an attempt is not held against it: it is taken up again, and what it did is not repeated."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Plan, Task
from astrolabe.engine.local import Watcher
from astrolabe.errors import StorageError
from astrolabe.sdk import Plugin, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.settings import Settings
from tests.contract.sandbox.outside import children, has_process, within

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
Work = Callable[[Task, Workbench], Coroutine[Any, Any, None]]


class Actor:
    """Works as it is told to."""

    version = "1"

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self._work = work

    async def work(self, task: Task, bench: Workbench) -> None:
        await self._work(task, bench)


def run(folder: Path, **agents: Work) -> str:
    """Run a plan with a task for each agent, or go on with it, and return how it ended."""
    tasks = tuple(Task(id=name, name=name, agent=name, writes=(f"{name}.txt",)) for name in agents)

    async def whole() -> str:
        settings = Settings(home=folder / "home", cache=CACHE)
        plugin = Plugin(name="actors", agents=tuple(Actor(name, work) for name, work in agents.items()))
        async with open_installation(settings, plugins=[plugin]) as installation:
            proposed = await propose_plan(installation, Plan(goal="g", tasks=tasks), folder / "target")
            ended = await carry_out(installation, await begin(installation, proposed), Watcher())
            return f"{ended.status} {sorted(state.attempt for state in ended.tasks.values())}"

    return asyncio.run(whole())


def test_what_breaks_while_a_run_is_being_stopped_does_not_fail_its_attempt(tmp_path: Path) -> None:
    working = asyncio.Event()

    async def breaks_off(_task: Task, _bench: Workbench) -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ProcessLookupError from None

    async def finds_no_room(_task: Task, _bench: Workbench) -> None:
        await working.wait()
        raise StorageError("the disk is full")

    async def writes(task: Task, bench: Workbench) -> None:
        await bench.write({f"{task.id}.txt": "done\n"})

    with pytest.raises(StorageError):
        run(tmp_path, left=breaks_off, right=finds_no_room)
    assert run(tmp_path, left=writes, right=writes) == "passed [1, 1]"


@pytest.mark.parametrize(("deaths", "ended"), [(1, "passed [1]"), (2, "failed [1]")])
def test_a_sandbox_that_was_killed_is_followed_by_another_once(
    tmp_path: Path, marker: str, deaths: int, ended: str
) -> None:
    left = [None] * deaths

    async def writes(task: Task, bench: Workbench) -> None:
        await bench.run(f"echo one >> {task.id}.txt")
        killing = asyncio.create_task(kill_holder(marker)) if left and not left.pop() else None
        try:
            await bench.run(f"sleep 1; : {marker}; echo two >> {task.id}.txt")
        finally:
            if killing:
                await killing

    assert run(tmp_path, only=writes) == ended
    if ended.startswith("passed"):
        assert (tmp_path / "target" / "only.txt").read_text() == "one\ntwo\n"


async def kill_holder(marker: str) -> None:
    """Wait until a command runs, and kill what holds its session."""
    await within(lambda: has_process(marker), 60)
    for pid in await asyncio.to_thread(holders):
        os.kill(pid, signal.SIGKILL)


def holders() -> list[int]:
    begin = [b"-I", b"-S", b"-c"]
    return [pid for pid in children() if Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1:4] == begin]
