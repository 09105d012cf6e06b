"""What a plan may rely on, whoever drives it: the same tests, the same plans, the same agents, both drivers."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.event import Event
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import FailureKind, TaskStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import UnavailableError
from astrolabe.planning.replanning import Trouble
from astrolabe.sdk import Plugin, Task, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.services.steering import cancel_run
from astrolabe.services.workers import work
from astrolabe.settings import Settings


@dataclass
class Hand:
    """An agent that does what its task's inputs say, and remembers who was at work when."""

    name: str = "hand"
    version: str = "1"
    began: list[str] = field(default_factory=list[str])
    at_once: int = 0
    most_at_once: int = 0
    tries: dict[str, int] = field(default_factory=dict[str, int])
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self, task: Task, bench: Workbench) -> None:
        self.began.append(task.id)
        self.tries[task.id] = self.tries.get(task.id, 0) + 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._do(task, bench)
        finally:
            self.at_once -= 1

    async def _do(self, task: Task, bench: Workbench) -> None:
        for path, content in cast("dict[str, str]", task.inputs.get("files") or {}).items():
            await bench.write({path: content})
        if self.tries[task.id] <= int(str(task.inputs.get("fail") or 0)):
            raise UnavailableError("not this time")
        if task.inputs.get("run"):
            await bench.run(str(task.inputs["run"]))
        if task.inputs.get("wait"):
            self.waiting.set()
            await asyncio.Event().wait()
        if task.inputs.get("broken"):
            raise ValueError("cannot be done")


class Mender:
    """Puts two halves in the place of a task whose inputs say so, each writing a file."""

    name = "double"

    async def replan(self, trouble: Trouble, bench: Workbench) -> Plan | None:
        broken = trouble.task
        if not broken.inputs.get("halves"):
            return None
        names = [f"{broken.id}-{half}" for half in ("one", "two")]
        halves = [
            Task.model_validate(
                {**writes(name), "name": name, "agent": "hand", "depends_on": broken.depends_on}
            )
            for name in names
        ]
        rest = [_without(task, broken.id, names) for task in trouble.plan.tasks if task.id != broken.id]
        return trouble.plan.model_copy(update={"tasks": (*rest, *halves)})


def _without(task: Task, gone: str, names: Sequence[str]) -> Task:
    if gone not in task.depends_on:
        return task
    kept = [name for name in task.depends_on if name != gone]
    return task.model_copy(update={"depends_on": (*kept, *names)})


@asynccontextmanager
async def local(folder: Path, plugin: Plugin, settings: Mapping[str, Any]) -> AsyncGenerator[Installation]:
    async with open_installation(
        Settings(home=folder / "home", **settings), plugins=[plugin]
    ) as installation:
        yield installation


@asynccontextmanager
async def clustered(
    folder: Path, plugin: Plugin, settings: Mapping[str, Any]
) -> AsyncGenerator[Installation]:
    """Open an installation that hands its runs to Temporal, with one worker in this process."""
    async with local(folder, plugin, settings) as installation:
        stop = asyncio.Event()
        working = asyncio.create_task(work(installation, ["hand"], 8, stop))
        try:
            yield installation
        finally:
            stop.set()
            await working


@dataclass(frozen=True)
class Ran:
    hand: Hand
    state: RunState
    events: tuple[Event, ...]
    target: Path

    def kinds(self, task: str) -> list[str]:
        return [event.type for event in self.events if event.task == task]


Drive = Callable[..., Ran]


@pytest.fixture(params=["local", "temporal"])
def drive(request: pytest.FixtureRequest, tmp_path: Path) -> Drive:
    """Run a plan by a driver; `meanwhile` is awaited with another installation of the same state while it goes on."""
    opened, settings = local, dict[str, Any]()
    if request.param == "temporal":
        opened = clustered
        settings = {
            "temporal_address": request.getfixturevalue("temporal_server").address,
            "temporal_namespace": request.getfixturevalue("temporal_namespace"),
        }
    settings["cache"] = request.getfixturevalue("toolchains")

    async def go(plan: Plan, meanwhile: Any) -> Ran:
        hand = Hand()
        async with opened(
            tmp_path, Plugin(name="hands", agents=(hand,), replanners=(Mender(),)), settings
        ) as installation:
            begun = await begin(installation, await propose_plan(installation, plan, tmp_path / "target"))
            driving = asyncio.create_task(carry_out(installation, begun, Watcher()))
            if meanwhile is not None:
                async with local(tmp_path, Plugin(name="nobody"), settings) as other:
                    await meanwhile(other, begun.record.id, hand)
            await driving
            events = await installation.store.events(begun.record.id)
            return Ran(hand, RunState(begun.record.id).apply(events), events, tmp_path / "target")

    def driven(*tasks: dict[str, Any], meanwhile: Any = None, **other: Any) -> Ran:
        plan = Plan.model_validate({"goal": "g", "tasks": [{"agent": "hand", **t} for t in tasks], **other})
        return asyncio.run(go(plan, meanwhile))

    return driven


def writes(name: str, content: str = "x\n", **other: Any) -> dict[str, Any]:
    return {"id": name, "inputs": {"files": {f"{name}.txt": content}}, "writes": [f"{name}.txt"], **other}


def test_tasks_follow_what_they_need_and_the_result_is_published(drive: Drive) -> None:
    fan = [writes(f"f{number}", depends_on=["root"]) for number in range(5)]
    ran = drive(writes("root"), *fan, writes("join", depends_on=[task["id"] for task in fan]))
    assert ran.state.status is RunStatus.PASSED
    assert (ran.hand.began[0], ran.hand.began[-1], len(ran.hand.began)) == ("root", "join", 7)
    assert ran.hand.most_at_once > 1
    assert sorted(file.name for file in ran.target.glob("*.txt")) == sorted(
        f"{name}.txt" for name in ("root", "join", *(task["id"] for task in fan))
    )
    assert [event.seq for event in ran.events] == list(range(1, len(ran.events) + 1))


def test_ends_are_joined(drive: Drive) -> None:
    ran = drive(writes("left"), writes("right", checks=["test -s right.txt"]))
    assert ran.state.status is RunStatus.PASSED
    assert {file.name for file in ran.target.glob("*.txt")} == {"left.txt", "right.txt"}


def test_what_cannot_be_joined_fails_the_run(drive: Drive) -> None:
    tasks = [
        {"id": name, "inputs": {"files": {"same.txt": name}}, "writes": ["same.txt"]}
        for name in ("left", "right")
    ]
    ran = drive(*tasks)
    assert ran.state.status is RunStatus.FAILED
    assert "same.txt" in ran.state.reason


def test_the_highest_priority_goes_first(drive: Drive) -> None:
    tasks = [writes(name, priority=priority) for name, priority in (("low", -5), ("none", 0), ("high", 5))]
    assert drive(*tasks, parallel=1).hand.began == ["high", "none", "low"]


def test_what_passes_with_time_is_tried_again_after_a_while(drive: Drive) -> None:
    task = {"id": "t", "inputs": {"fail": 2}, "retries": 2, "backoff": 0.2}
    ran = drive(task)
    assert ran.state.status is RunStatus.PASSED
    attempts = ran.state.tasks["t"].attempts
    assert [attempt.failure for attempt in attempts] == [FailureKind.TRANSIENT, FailureKind.TRANSIENT, None]
    waits = [later.started_at - (one.ended_at or 0) for one, later in itertools.pairwise(attempts)]
    assert waits[0] >= 0.19
    assert waits[1] >= 0.39


def test_what_cannot_be_done_is_not_tried_again(drive: Drive) -> None:
    ran = drive({"id": "t", "inputs": {"broken": True}, "retries": 3}, writes("after", depends_on=["t"]))
    assert ran.state.status is RunStatus.FAILED
    assert ran.hand.tries == {"t": 1}
    assert ran.state.tasks["t"].attempts[0].failure is FailureKind.PERMANENT


def test_what_nobody_can_heal_has_failed(drive: Drive) -> None:
    healing = ["split", "replan"]
    ran = drive(
        {"id": "t", "inputs": {"broken": True}, "healing": healing}, writes("after", depends_on=["t"])
    )
    assert ran.state.status is RunStatus.FAILED
    assert ran.kinds("t").count("task.not-healed") == 2
    assert "nobody could" in ran.state.reason


@pytest.mark.parametrize("measure", ["split", "replan"])
def test_what_is_planned_anew_goes_on_from_what_was_done(drive: Drive, measure: str) -> None:
    ran = drive(
        writes("before"),
        {
            "id": "t",
            "inputs": {"broken": True, "halves": True},
            "healing": [measure],
            "depends_on": ["before"],
        },
        writes("after", depends_on=["t"]),
    )
    assert ran.state.status is RunStatus.PASSED, ran.state.reason
    assert ran.state.plan_version == 2
    assert sorted(ran.hand.began) == ["after", "before", "t", "t-one", "t-two"]
    assert ran.hand.began[-1] == "after"
    names = {file.name for file in ran.target.glob("*.txt")}
    assert names == {"before.txt", "t-one.txt", "t-two.txt", "after.txt"}


def test_an_attempt_ends_with_its_time(drive: Drive) -> None:
    ran = drive({"id": "t", "inputs": {"wait": True}, "timeout": 0.5})
    assert ran.state.status is RunStatus.FAILED
    assert ran.state.tasks["t"].attempts[0].failure is FailureKind.TIMEOUT
    assert ran.hand.at_once == 0


@pytest.mark.parametrize("on_failure", ["fail-fast", "keep-going"])
def test_a_failure_stops_the_rest_or_what_needs_it(drive: Drive, on_failure: str) -> None:
    broken = {"id": "broken", "inputs": {"broken": True}, "priority": 1}
    ran = drive(
        broken, writes("other"), writes("after", depends_on=["broken"]), parallel=1, on_failure=on_failure
    )
    assert ran.state.status is RunStatus.FAILED
    stopped = on_failure == "fail-fast"
    assert ran.state.tasks["other"].status is (TaskStatus.CANCELLED if stopped else TaskStatus.PASSED)
    assert ran.state.tasks["after"].status is (TaskStatus.CANCELLED if stopped else TaskStatus.SKIPPED)


def test_a_failed_check_is_a_failure(drive: Drive) -> None:
    ran = drive(writes("t", checks=["grep -q y t.txt"], retries=1, backoff=0))
    assert ran.state.status is RunStatus.FAILED
    assert [attempt.failure for attempt in ran.state.tasks["t"].attempts] == [FailureKind.CHECKS] * 2
    assert ran.kinds("t").count("check.finished") == 2


def test_a_cancelled_run_has_nothing_left(drive: Drive) -> None:
    async def cancel(installation: Installation, run: str, hand: Hand) -> None:
        await hand.waiting.wait()
        assert await cancel_run(installation, await installation.store.run(run)) is RunStatus.CANCELLED
        assert hand.at_once == 0

    ran = drive({"id": "t", "inputs": {"wait": True}}, writes("after", depends_on=["t"]), meanwhile=cancel)
    assert {task.status for task in ran.state.tasks.values()} == {TaskStatus.CANCELLED}


def test_commands_are_steps(drive: Drive) -> None:
    ran = drive(
        {"id": "t", "inputs": {"run": "echo x > t.txt"}, "writes": ["t.txt"], "checks": ["test -s t.txt"]}
    )
    assert ran.kinds("t") == [
        "task.started",
        "step.intended",
        "step.done",
        "task.worked",
        "check.finished",
        "task.passed",
    ]
    assert (ran.target / "t.txt").read_text() == "x\n"
