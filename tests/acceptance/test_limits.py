"""Limits that span runs: they hold over everything that shares a state, and nothing waits longer than it must."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.event import Event
from astrolabe.domain.limits import SlotLimits
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunStatus
from astrolabe.engine.options import EngineOptions
from astrolabe.engine.workshop import Watcher
from astrolabe.sdk import Plugin, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.services.runs import list_runs
from astrolabe.services.steering import cancel_run
from astrolabe.settings import Settings
from tests.person import Person

CACHE = Path(tempfile.gettempdir()) / f"astrolabe-test-cache-{os.geteuid()}"


class Counted:
    """Knows how many of its kind work at once, and lets a test hold them up."""

    version = "1"

    def __init__(self, name: str, provider: str = "") -> None:
        self.name = name
        if provider:
            self.provider = provider
        self.now = self.most = 0
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def work(self, task: Task, bench: Workbench) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        self.began.set()
        try:
            await bench.write({f"{task.id}.txt": "done\n"})
            await self.may_end.wait()
        finally:
            self.now -= 1


def settings(folder: Path, **limits: object) -> Settings:
    engine = EngineOptions(limits=SlotLimits.model_validate(limits))
    return Settings(home=folder / "home", cache=CACHE, engine=engine)


def plan(*agents: str, **more: object) -> Plan:
    tasks = [
        {"id": f"t{number}", "agent": agent, "writes": [f"t{number}.txt"]}
        for number, agent in enumerate(agents)
    ]
    return Plan.model_validate({"goal": "g", "tasks": tasks, **more})


async def carried_out(
    installation: Installation, plan: Plan, target: Path, told: str = "", heard: asyncio.Event | None = None
) -> str:
    """Carry a plan out; `heard` is set when an event of the type `told` is durable."""

    def events(happened: Sequence[Event]) -> None:
        if heard is not None and any(event.type == told for event in happened):
            heard.set()

    begun = await begin(installation, await propose_plan(installation, plan, target))
    return (await carry_out(installation, begun, Watcher(events=events))).status


def test_runs_of_two_installations_share_a_limit(tmp_path: Path) -> None:
    busy, other = Counted("busy"), Counted("other", "vendor")

    async def whole() -> list[str]:
        shared = settings(tmp_path, total=3, agents={"busy": 1}, providers={"vendor": 2})
        plugins = [Plugin(name="counted", agents=(busy, other))]
        async with (
            open_installation(shared, plugins=plugins) as one,
            open_installation(shared, plugins=plugins) as two,
        ):
            wanted = plan("busy", "other", "busy", "other", "other")
            return await asyncio.gather(
                *(carried_out(who, wanted, tmp_path / f"target{k}") for k, who in enumerate((one, two, one)))
            )

    assert asyncio.run(whole()) == ["passed"] * 3
    assert (busy.most, other.most) == (1, 2)


def test_a_run_that_is_cancelled_while_it_waits_gives_its_place_up(tmp_path: Path) -> None:
    async def whole() -> list[str]:
        slow = Counted("slow")
        slow.may_end.clear()
        shared = settings(tmp_path, total=1)
        async with open_installation(
            shared, plugins=[Plugin(name="counted", agents=(slow,))]
        ) as installation:
            first = asyncio.create_task(carried_out(installation, plan("slow"), tmp_path / "first"))
            await slow.began.wait()
            begun = asyncio.Event()
            second = asyncio.create_task(
                carried_out(installation, plan("slow", "slow"), tmp_path / "second", "run.created", begun)
            )
            await begun.wait()
            async with open_installation(shared) as beside:
                waiting = next(run for run in await list_runs(beside) if run.record.target.endswith("second"))
                assert await cancel_run(beside, waiting.record) is RunStatus.CANCELLED
            slow.may_end.set()
            third = await carried_out(installation, plan("slow"), tmp_path / "third")
            return [await first, await second, third]

    assert asyncio.run(whole()) == ["passed", "cancelled", "passed"]


def test_an_attempt_that_was_cut_off_waits_for_a_slot_again(tmp_path: Path) -> None:
    async def whole() -> list[str]:
        slow = Counted("slow")
        slow.may_end.clear()
        plugins = [Plugin(name="counted", agents=(slow,))]
        shared = settings(tmp_path, agents={"slow": 1})
        async with open_installation(shared, plugins=plugins) as installation:
            cut_off = asyncio.create_task(carried_out(installation, plan("slow"), tmp_path / "first"))
            await slow.began.wait()
            cut_off.cancel()
            await asyncio.wait([cut_off])
            slow.began.clear()
            holding = asyncio.create_task(carried_out(installation, plan("slow"), tmp_path / "second"))
            await slow.began.wait()
            resumed = asyncio.Event()
            again = asyncio.create_task(
                carried_out(installation, plan("slow"), tmp_path / "first", "task.resumed", resumed)
            )
            await resumed.wait()
            slow.may_end.set()
            ended = [await holding, await again]
            assert slow.most == 1
            return ended

    assert asyncio.run(whole()) == ["passed", "passed"]


def test_a_full_agent_does_not_hold_up_what_is_ready_for_others(tmp_path: Path) -> None:
    async def whole() -> tuple[list[str], int]:
        slow, other = Counted("slow"), Counted("other")
        slow.may_end.clear()
        other.may_end.clear()
        plugins = [Plugin(name="counted", agents=(slow, other))]
        async with open_installation(settings(tmp_path, agents={"slow": 1}), plugins=plugins) as installation:
            wanted = plan(*["slow"] * 6, "other", "other", parallel=3)
            running = asyncio.create_task(carried_out(installation, wanted, tmp_path / "target"))
            await other.began.wait()
            other.may_end.set()
            slow.may_end.set()
            return [await running], slow.most

    assert asyncio.run(whole()) == (["passed"], 1)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        (
            "AGENTS__COMAND",
            "engine.limits.agents limits 'comand', and there is no such agent here; did you mean 'command'?",
        ),
        (
            "PROVIDERS__NOBODY",
            "engine.limits.providers limits 'nobody', and there is no such provider here; there are: none.",
        ),
        ("AGENTS__COMMAND", ""),
    ],
)
def test_a_limit_of_whom_nobody_knows_is_told(
    variable: str, told: str, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASTROLABE_ENGINE__LIMITS__{variable}", "2")
    done = person.types("agents", "list")
    assert done.code == 0
    assert done.err == (f"astrolabe: {told}\n" if told else "")
