"""Steering a run that others drive: what a person asks reaches it, and is confirmed when it is so."""

import asyncio

import pytest
from temporalio.client import Client

from astrolabe.bootstrap import open_upkeep
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import Outcome
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import ConflictError
from astrolabe.services.again import retry_run
from astrolabe.services.builds import carry_out, followed, take_up
from astrolabe.services.steering import answer, cancel_run, find_approval, pause_run
from tests.integration.temporal.conftest import Cluster, told
from tests.integration.temporal.hand import settings_of
from tests.integration.temporal.test_hosts import LINES, began, held, scribed


def test_cancelling_is_confirmed_when_nothing_is_left_and_the_rest_can_be_retried(cluster: Cluster) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(
                cluster,
                installation,
                scribed("first"),
                *(held(name, gate, depends_on=["first"]) for name in ("l", "r")),
                scribed("after", depends_on=["l", "r"]),
            )
            for name in ("l", "r"):
                await cluster.until("between", name)
            record = await installation.store.run(run)
            assert await cancel_run(installation, record) is RunStatus.CANCELLED
            left = {(what, task) for what, task, _ in cluster.lines()}
            assert {("left", "l"), ("left", "r")} <= left
            assert (await following).status is RunStatus.CANCELLED
            with pytest.raises(ConflictError):
                await cancel_run(installation, await installation.store.run(run))
            gate.touch()
            begun = await retry_run(installation, await installation.store.run(run))
            assert (await carry_out(installation, begun, Watcher())).status is RunStatus.PASSED

    with cluster.hand("a", tasks=1), cluster.hand("b", tasks=1):
        asyncio.run(go())
    assert sum(line[:2] == ["worked", "first"] for line in cluster.lines()) == 1
    assert (cluster.folder / "target" / "after.txt").read_text() == LINES


def test_a_run_that_nothing_drives_any_more_is_cancelled_here(cluster: Cluster) -> None:
    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(cluster, installation, scribed("never"))
            client = await Client.connect(cluster.server.address, namespace=cluster.namespace)
            await client.get_workflow_handle(run).terminate()
            assert await cancel_run(installation, await installation.store.run(run)) is RunStatus.CANCELLED
            assert (await following).status is RunStatus.CANCELLED
            events = await installation.store.events(run)
            assert [event.type for event in events[-2:]] == ["task.skipped", "run.finished"]
            old = open_upkeep(settings_of(cluster.settings("person"))).database.old_runs(
                installation.determinism.now() + 1, 0
            )
            assert [one.id for one in old] == [run], "and can be forgotten, though somebody followed it"

    asyncio.run(go())


def test_a_run_is_paused_asks_and_goes_on(cluster: Cluster) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(
                cluster,
                installation,
                held("held", gate),
                scribed("after", depends_on=["held"], approval="Go on?"),
            )
            await cluster.until("between", "held")
            pausing = asyncio.create_task(pause_run(installation, await installation.store.run(run)))
            while (await installation.store.events(run))[-1].type != "run.pause-requested":  # noqa: ASYNC110 - a server's
                await asyncio.sleep(0.05)
            gate.touch()
            assert await pausing is RunStatus.PAUSED
            assert (await following).status is RunStatus.PAUSED
            assert ["worked", "after"] not in [line[:2] for line in cluster.lines()]
            begun = await take_up(installation, await installation.store.run(run))
            following = asyncio.create_task(carry_out(installation, begun, Watcher()))
            while not await installation.store.approvals(run=run, waiting=True):  # noqa: ASYNC110 - a server's
                await asyncio.sleep(0.05)
            asked = await find_approval(installation, run, None)
            answered = await answer(installation, asked, Outcome.APPROVED, by="me", comment="yes")
            assert (answered.outcome, answered.by) == (Outcome.APPROVED, "me")
            assert (await following).status is RunStatus.PASSED
            seen = await followed(installation, await installation.store.run(run))
            assert (await carry_out(installation, seen, Watcher())).status is RunStatus.PASSED
            assert len(told(await installation.store.events(run), "run.paused")) == 1

    with cluster.hand("a"):
        asyncio.run(go())
