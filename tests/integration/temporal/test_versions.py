"""Two versions side by side, and histories of earlier ones: a run ends under the rules it began with."""

import asyncio
import signal
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from astrolabe.adapters.temporal.worker import RUNNER
from astrolabe.adapters.temporal.workflow import RunWorkflow
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.scheduler import RULES_VERSION
from astrolabe.engine.workshop import Watcher
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from tests.integration.temporal.conftest import Cluster, plan_of
from tests.integration.temporal.test_hosts import held, scribed

HISTORIES = sorted(
    (Path(__file__).parents[2] / "data" / "workflows" / f"rules-{RULES_VERSION}").glob("*.json")
)


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.stem)
def test_a_recorded_history_is_replayed(history: Path) -> None:
    replayer = Replayer(workflows=[RunWorkflow], workflow_runner=RUNNER)
    asyncio.run(replayer.replay_workflow(WorkflowHistory.from_json(history.stem, history.read_text())))


def test_there_are_histories_of_the_present_rules() -> None:
    assert {history.stem.partition("-")[0] for history in HISTORIES} == {
        "retried",
        "failed",
        "cancelled",
        "long",
    }


def test_a_run_stays_with_the_version_it_began_with_and_new_ones_begin_with_the_newest(
    cluster: Cluster,
) -> None:
    gate = cluster.folder / "gate"

    async def run(
        installation: Installation, target: str, *tasks: dict[str, object]
    ) -> "asyncio.Task[RunState]":
        proposal = await propose_plan(installation, plan_of(*tasks), cluster.folder / target)
        begun = await begin(installation, proposal)
        return asyncio.create_task(carry_out(installation, begun, Watcher()))

    async def go() -> None:
        async with cluster.person() as installation:
            with cluster.hand("old", version="0.1.0") as old:
                first = await run(
                    installation, "x", held("held", gate), scribed("after", depends_on=["held"])
                )
                await cluster.until("between", "held", "old")
                with cluster.hand("new", version="0.2.0"):
                    await cluster.until_current("0.2.0")
                    second = await run(installation, "y", scribed("fresh"))
                    assert (await second).status is RunStatus.PASSED
                    gate.touch()
                    assert (await first).status is RunStatus.PASSED
                    old.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(old.wait, 60) == 0
                    third = await run(installation, "z", scribed("last"))
                    assert (await third).status is RunStatus.PASSED

    asyncio.run(go())
    worked = {task: host for what, task, host in cluster.lines() if what == "worked"}
    assert worked == {"held": "old", "after": "old", "fresh": "new", "last": "new"}
