"""Workers on hosts of their own: work is shared, and whoever is killed, frozen or cut off changes nothing any more."""

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path

from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from tests.integration.temporal.conftest import LEASE_SECONDS, Cluster, plan_of, told

LINES = "one\ntwo\n"


def held(name: str, until: Path, **other: object) -> dict[str, object]:
    return {"id": name, "agent": "hold", "inputs": {"until": str(until)}, "writes": [f"{name}.txt"], **other}


def scribed(name: str, **other: object) -> dict[str, object]:
    return {"id": name, "agent": "scribe", "writes": [f"{name}.txt"], **other}


async def began(
    cluster: Cluster, installation: Installation, *tasks: dict[str, object], **other: object
) -> tuple[str, "asyncio.Task[RunState]"]:
    proposal = await propose_plan(installation, plan_of(*tasks, **other), cluster.folder / "target")
    begun = await begin(installation, proposal)
    return begun.record.id, asyncio.create_task(carry_out(installation, begun, Watcher()))


def test_work_is_shared_evenly(cluster: Cluster) -> None:
    naps: list[dict[str, object]] = [{"id": f"n{number}", "agent": "nap"} for number in range(40)]

    async def go() -> None:
        async with cluster.person() as installation:
            _, following = await began(cluster, installation, *naps)
            assert (await following).status is RunStatus.PASSED

    with cluster.hand("a"), cluster.hand("b"):
        asyncio.run(go())
    # what is under way may begin twice where a worker on a busy machine was silent for too long; it counts once
    naps_of = {task: host for what, task, host in cluster.lines() if what == "nap"}
    shares = Counter(naps_of.values())
    assert sum(shares.values()) == 40
    assert min(shares["a"], shares["b"]) >= 12, shares


def test_what_a_killed_worker_had_begun_goes_on_elsewhere_and_nothing_recorded_is_repeated(
    cluster: Cluster,
) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(
                cluster, installation, held("held", gate), scribed("after", depends_on=["held"])
            )
            with cluster.hand("a") as first:
                await cluster.until("between", "held", "a")
                with cluster.hand("b"):
                    killed = time.monotonic()
                    first.kill()
                    await cluster.until("between", "held", "b")
                    taken_over = time.monotonic() - killed
                    gate.touch()
                    state = await following
            events = await installation.store.events(run)
            assert state.status is RunStatus.PASSED, state.reason
            assert len(told(events, "task.resumed")) == 1
            steps = [event.data["key"] for event in told(events, "step.done")]
            assert len(steps) == len(set(steps)) == 4
            assert taken_over < 2 * LEASE_SECONDS + 1, taken_over

    asyncio.run(go())
    assert (cluster.folder / "target" / "held.txt").read_text() == LINES
    assert (cluster.folder / "target" / "after.txt").read_text() == LINES


def test_a_worker_that_was_frozen_and_wakes_up_changes_nothing(cluster: Cluster) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(cluster, installation, held("held", gate))
            with cluster.hand("a") as first:
                await cluster.until("between", "held", "a")
                with cluster.hand("b"):
                    os.kill(first.pid, signal.SIGSTOP)
                    await cluster.until("between", "held", "b")
                    gate.touch()
                    state = await following
                    before = await installation.store.events(run)
                    gate.unlink()
                    os.kill(first.pid, signal.SIGCONT)
                    await cluster.until("left", "held", "a")
                    assert await installation.store.events(run) == before
            assert state.status is RunStatus.PASSED, state.reason

    asyncio.run(go())
    assert ["worked", "held", "a"] not in cluster.lines()
    assert (cluster.folder / "target" / "held.txt").read_text() == LINES


def test_a_worker_told_to_end_finishes_what_it_does_and_takes_nothing_more(cluster: Cluster) -> None:
    gate = cluster.folder / "gate"

    async def go() -> None:
        async with cluster.person() as installation:
            _, following = await began(
                cluster, installation, held("held", gate), scribed("after", depends_on=["held"])
            )
            with cluster.hand("a") as first:
                await cluster.until("between", "held", "a")
                first.send_signal(signal.SIGTERM)
                with cluster.hand("b"):
                    gate.touch()
                    assert (await following).status is RunStatus.PASSED
                    assert await asyncio.to_thread(first.wait, 60) == 0

    asyncio.run(go())
    assert ["worked", "held", "a"] in cluster.lines()
    assert ["worked", "after", "b"] in cluster.lines()
