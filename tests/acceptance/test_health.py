"""An agent that keeps failing is left alone for a while, by every process; then one attempt tries whether it is well again."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from astrolabe.adapters.storage.store import SqlStore
from astrolabe.bootstrap import open_installation
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.health import Breaker, Circuit, Health
from astrolabe.domain.plan import Plan
from astrolabe.domain.task import TaskState
from astrolabe.engine.options import EngineOptions
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import MissingError
from astrolabe.sdk import AgentFailedError, Plugin, Task, Workbench
from astrolabe.services.agents import find_agent, reset_agent
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.settings import Settings
from tests.integration.storage.home import Home
from tests.person import CACHE

BREAKER = Breaker(failures=3, cooldown_seconds=3600)


class Ailing:
    """Fails so many times, then heals."""

    version = "1"

    def __init__(self, name: str, failures: int, provider: str = "") -> None:
        self.name = name
        if provider:
            self.provider = provider
        self._left = failures
        self.calls = self.now = self.most = 0

    async def work(self, task: Task, bench: Workbench) -> None:
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await bench.write({f"{task.id}.txt": "done\n"})
            self._left -= 1
            if self._left >= 0:
                raise AgentFailedError(f"not yet, {self._left} more")
        finally:
            self.now -= 1


def settings(home: Home) -> Settings:
    return Settings.model_validate(
        {
            "home": home.folder / "home",
            "cache": CACHE,
            "database_url": home.url or None,
            "engine": EngineOptions(breaker=BREAKER),
        }
    )


async def an_hour_passes(installation: Installation) -> None:
    """Let all failures be of more than an hour ago, and have everybody look."""
    query = text("UPDATE health SET failed_at = failed_at - 3601, since = since - 3601")
    store = installation.store
    assert isinstance(store, SqlStore)
    await store._database.writer.change(lambda connection: connection.execute(query))
    await installation.driver.tell_all()


def plan(*tasks: Mapping[str, object]) -> Plan:
    numbers = count()
    given = [
        {"id": f"t{next(numbers)}", "agent": "ailing", "writes": ["*.txt"], "backoff": 0, **task}
        for task in tasks
    ]
    return Plan.model_validate({"goal": "g", "on_failure": "keep-going", "tasks": given})


async def carried_out(
    installation: Installation, wanted: Plan, target: Path, failed: asyncio.Event | None = None
) -> dict[str, TaskState]:
    """Carry a plan out; `failed` is set when it is durable that an attempt has failed."""

    def events(happened: Sequence[Event]) -> None:
        if failed is not None and any(event.type == EventType.TASK_FAILED for event in happened):
            failed.set()

    begun = await begin(installation, await propose_plan(installation, wanted, target))
    return (await carry_out(installation, begun, Watcher(events=events))).tasks


async def circuits(installation: Installation) -> dict[str, Circuit]:
    return {one.name: one.circuit(BREAKER) for one in await installation.store.health.records()}


def test_what_is_open_stays_so_for_another_process_until_one_probe_has_passed(home: Home) -> None:
    async def whole() -> None:
        ailing = Ailing("ailing", failures=4, provider="vendor")
        plugins = [Plugin(name="ailing", agents=(ailing,))]
        async with open_installation(settings(home), plugins=plugins) as one:
            await carried_out(one, plan({"retries": 2}), home.folder / "first")
            assert await circuits(one) == {"ailing": Circuit.OPEN, "vendor": Circuit.OPEN}
        async with (
            open_installation(settings(home), plugins=plugins) as one,
            open_installation(settings(home), plugins=plugins) as two,
        ):
            failed, again = asyncio.Event(), plan({"retries": 1}, {"retries": 1})
            waiting = [
                asyncio.create_task(carried_out(who, again, home.folder / f"target{k}", failed))
                for k, who in enumerate((one, two))
            ]
            done, _ = await asyncio.wait(waiting, timeout=1)
            assert (done, ailing.calls) == (set(), 3)
            await an_hour_passes(one)
            await failed.wait()
            assert await circuits(one) == {"ailing": Circuit.OPEN, "vendor": Circuit.OPEN}
            assert (ailing.calls, ailing.most) == (4, 1)
            await an_hour_passes(one)
            states = [task.status for ended in await asyncio.gather(*waiting) for task in ended.values()]
            assert states == ["passed"] * 4
            assert await circuits(one) == {"ailing": Circuit.CLOSED, "vendor": Circuit.CLOSED}

    asyncio.run(whole())


def test_a_task_with_another_agent_does_not_wait(home: Home) -> None:
    async def whole() -> None:
        ailing, other = Ailing("ailing", failures=99), Ailing("other", failures=0)
        async with open_installation(
            settings(home), plugins=[Plugin(name="ailing", agents=(ailing, other))]
        ) as one:
            await carried_out(one, plan({"retries": 2}), home.folder / "first")
            ended = await carried_out(one, plan({"fallback": ["other"]}), home.folder / "second")
            assert (ended["t0"].status, ended["t0"].agent, ended["t0"].attempt) == ("passed", "other", 1)
            assert ailing.calls == 3

    asyncio.run(whole())


def test_what_fails_through_no_fault_of_the_agent_does_not_count(home: Home) -> None:
    async def whole() -> None:
        well = Ailing("ailing", failures=0)
        async with open_installation(settings(home), plugins=[Plugin(name="ailing", agents=(well,))]) as one:
            bad = {"checks": ["false"], "retries": 4}
            await carried_out(one, plan(bad), home.folder / "first")
            line = {"agent": "command", "inputs": {"run": "exit 3"}, "retries": 4}
            await carried_out(one, plan(line, line), home.folder / "second")
            records = {r.name: (r.failures, r.circuit(BREAKER)) for r in await one.store.health.records()}
            assert records == {"command": (10, Circuit.CLOSED)}

    asyncio.run(whole())


def test_who_is_left_alone_is_listed_and_can_be_taken_back_by_hand(home: Home) -> None:
    async def whole() -> None:
        ailing = Ailing("ailing", failures=3)
        async with open_installation(
            settings(home), plugins=[Plugin(name="ailing", agents=(ailing,))]
        ) as one:
            await carried_out(one, plan({"retries": 2}), home.folder / "first")
            listed = await find_agent(one, "ailing")
            assert (listed.health, listed.circuit, listed.plugin) == (Health.FAILED, Circuit.OPEN, "ailing")
            assert listed.record is not None
            assert (listed.record.failures, listed.record.task, listed.record.attempt) == (3, "t0", 3)
            waiting = asyncio.create_task(carried_out(one, plan({}), home.folder / "second"))
            again = await reset_agent(one, "ailing")
            assert (again.health, again.circuit) == (Health.IDLE, Circuit.CLOSED)
            assert again.record is not None
            assert again.record.reset_at is not None
            assert (await waiting)["t0"].status == "passed"
            with pytest.raises(MissingError, match="'ailng'"):
                await find_agent(one, "ailng")

    asyncio.run(whole())
