"""What goes wrong around an attempt is not held against it: it is taken up again, and what it did is not repeated."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation, real_determinism
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Backoff, Check, Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.log import RunLog
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import AgentFailedError, DeadlineError, SandboxLostError, StorageError
from astrolabe.sdk import Plugin, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.runs import list_runs
from astrolabe.services.steering import CANCEL_SECONDS, cancel_run
from astrolabe.settings import Settings
from tests.contract.sandbox.outside import has_process, holders, within

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"
SILENT = Watcher()
Work = Callable[[Task, Workbench], Coroutine[Any, Any, None]]


class Actor:
    """Works as it is told to."""

    version = "1"

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self._work = work

    async def work(self, task: Task, bench: Workbench) -> None:
        await self._work(task, bench)


def run(
    folder: Path, *, watcher: Watcher = SILENT, settled: dict[str, Any] | None = None, **agents: Work
) -> str:
    """Run a plan with a task for each agent, `settled` in more detail, or go on with it; return how it ended."""
    tasks = tuple(
        Task(id=name, name=name, agent=name, writes=(f"{name}.txt",), **(settled or {})) for name in agents
    )

    async def whole() -> str:
        plugin = Plugin(name="actors", agents=tuple(Actor(name, work) for name, work in agents.items()))
        async with open_installation(settings(folder), plugins=[plugin]) as installation:
            proposed = await propose_plan(installation, Plan(goal="g", tasks=tasks), folder / "target")
            ended = await carry_out(installation, await begin(installation, proposed), watcher)
            return f"{ended.status} {sorted(state.attempt for state in ended.tasks.values())}"

    return asyncio.run(whole())


def settings(folder: Path) -> Settings:
    return Settings(home=folder / "home", cache=CACHE)


async def cancels(folder: Path) -> RunStatus:
    """Cancel the newest run as another process does."""
    async with open_installation(settings(folder)) as other:
        return await cancel_run(other, (await list_runs(other))[0].record)


async def asks_and_dies(folder: Path) -> None:
    """Leave the newest run as its process does that is killed when it has just been asked to cancel it."""
    async with open_installation(settings(folder)) as own:
        record = (await list_runs(own))[0].record
        lease = await own.store.claim(record.id, own.owner)
        state = RunState(record.id).apply(await own.store.events(record.id))
        await RunLog(own.store, lease, state, own.determinism).append(
            NewEvent(type=EventType.RUN_CANCEL_REQUESTED)
        )
        await own.store.release(lease)


async def writes(task: Task, bench: Workbench) -> None:
    await bench.write({f"{task.id}.txt": "done\n"})


async def finds_no_room(_task: Task, _bench: Workbench) -> None:
    raise StorageError("the disk is full")


def test_what_breaks_while_a_run_is_being_stopped_does_not_fail_its_attempt(tmp_path: Path) -> None:
    working = asyncio.Event()

    async def breaks_off(_task: Task, _bench: Workbench) -> None:
        working.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ProcessLookupError from None

    async def waits_and_finds_no_room(task: Task, bench: Workbench) -> None:
        await working.wait()
        await finds_no_room(task, bench)

    with pytest.raises(StorageError):
        run(tmp_path, left=breaks_off, right=waits_and_finds_no_room)
    assert run(tmp_path, left=writes, right=writes) == "passed [1, 1]"


def test_a_cancel_is_heard_while_what_was_joined_is_proved_again(tmp_path: Path) -> None:
    asked: list[asyncio.Task[RunStatus]] = []

    def joined(_task: str, _check: str, piece: bytes) -> None:
        if b"joined" in piece and not asked:
            asked.append(asyncio.get_running_loop().create_task(cancels(tmp_path)))

    slow = {
        "checks": (
            Check(name="slow", run="test ! -e left.txt || test ! -e right.txt || (echo joined; sleep 50)"),
        )
    }
    ended = run(tmp_path, watcher=Watcher(output=joined), settled=slow, left=writes, right=writes)
    assert ended == "cancelled [1, 1]"


def test_what_was_to_be_cancelled_when_its_process_died_is_not_done_first(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        run(tmp_path, only=finds_no_room)
    asyncio.run(asks_and_dies(tmp_path))
    assert run(tmp_path, only=finds_no_room) == "cancelled [1]"


def test_a_clock_that_is_set_back_does_not_hold_up_what_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, clock = real_determinism(), count(2e9, -3600)
    # The machine's own clock is left alone: everything else on it reads it too.
    monkeypatch.setattr("astrolabe.bootstrap.real_determinism", lambda: replace(real, now=clock.__next__))
    left = [None]

    async def fails_once(task: Task, bench: Workbench) -> None:
        if left:
            left.pop()
            raise AgentFailedError("not yet")
        await writes(task, bench)

    again = {"retries": 1, "backoff": Backoff(base=0.1)}
    assert run(tmp_path, settled=again, only=fails_once) == "passed [2]"


def test_a_cancel_that_nobody_hears_is_no_success(tmp_path: Path) -> None:
    async def whole() -> None:
        async with (
            open_installation(settings(tmp_path)) as deaf,
            open_installation(settings(tmp_path)) as asking,
        ):
            plan = Plan(goal="g", tasks=(Task(id="only", name="only", agent="command"),))
            begun = await begin(deaf, await propose_plan(deaf, plan, tmp_path / "target"))
            hurried = replace(asking.determinism, monotonic=count(step=CANCEL_SECONDS).__next__)
            with pytest.raises(DeadlineError, match=begun.record.id):
                await cancel_run(replace(asking, determinism=hurried), begun.record)
            assert [message.verb for message in await deaf.store.inbox(deaf.owner)] == ["cancel"]

    asyncio.run(whole())


@pytest.mark.parametrize("why", ["cancelled", "late"])
def test_a_sandbox_lost_by_being_stopped_is_not_followed_by_another(tmp_path: Path, why: str) -> None:
    tries: list[str] = []

    async def loses_its_sandbox(task: Task, _bench: Workbench) -> None:
        tries.append(task.id)
        cancelling = asyncio.create_task(cancels(tmp_path)) if why == "cancelled" else None
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise SandboxLostError("gone") from None
        finally:
            tries.append(str(cancelling is None))

    time = {"timeout_seconds": 0.2 if why == "late" else 60}
    ended = run(tmp_path, settled=time, only=loses_its_sandbox)
    assert (ended, len(tries)) == ("failed [1]" if why == "late" else "cancelled [1]", 2)


@pytest.mark.parametrize(("deaths", "ended"), [(1, "passed [1]"), (2, "failed [1]")])
def test_a_sandbox_that_was_killed_is_followed_by_another_once(
    tmp_path: Path, marker: str, deaths: int, ended: str
) -> None:
    left = [None] * deaths

    async def two_lines(task: Task, bench: Workbench) -> None:
        await bench.run(f"echo one >> {task.id}.txt")
        killing = asyncio.create_task(kill_holder(marker)) if left and not left.pop() else None
        try:
            await bench.run(f"sleep 1; : {marker}; echo two >> {task.id}.txt")
        finally:
            if killing:
                await killing

    assert run(tmp_path, only=two_lines) == ended
    if ended.startswith("passed"):
        assert (tmp_path / "target" / "only.txt").read_text() == "one\ntwo\n"


async def kill_holder(marker: str) -> None:
    """Wait until a command runs, and kill what holds its session."""
    await within(lambda: has_process(marker), 60)
    for pid in await asyncio.to_thread(holders):
        os.kill(pid, signal.SIGKILL)
