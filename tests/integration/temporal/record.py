"""Record the histories of some runs, to be replayed by every later version that has the same rules.

Usage: python -m tests.integration.temporal.record   (writes to tests/data/workflows/rules-N)
"""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from temporalio.client import Client

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Plan
from astrolabe.engine.scheduler import RULES_VERSION
from astrolabe.engine.workshop import Watcher
from astrolabe.sdk import Plugin
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.services.steering import cancel_run
from astrolabe.services.workers import work
from astrolabe.settings import Settings
from tests import temporal
from tests.conformance.test_drivers import Hand
from tests.person import CACHE

FOLDER = Path(__file__).parents[2] / "data" / "workflows"
PLANS: dict[str, dict[str, Any]] = {
    "retried": {
        "tasks": [
            {"id": "t", "inputs": {"fail": 1}, "retries": 1, "backoff": 0.1},
            {"id": "after", "depends_on": ["t"], "priority": 3},
        ]
    },
    "failed": {
        "tasks": [
            {"id": "broken", "inputs": {"broken": True}},
            {"id": "after", "depends_on": ["broken"]},
            {"id": "other"},
        ],
        "on_failure": "keep-going",
    },
    "cancelled": {"tasks": [{"id": "t", "inputs": {"wait": True}}, {"id": "after", "depends_on": ["t"]}]},
    "long": {"tasks": [{"id": f"n{number}"} for number in range(40)], "parallel": 1},
}


async def record(server: temporal.Server, folder: Path) -> None:
    hand = Hand()
    settings = Settings(home=folder / "home", cache=CACHE, temporal_address=server.address)
    async with open_installation(settings, plugins=[Plugin(name="hands", agents=(hand,))]) as installation:
        stop = asyncio.Event()
        working = asyncio.create_task(work(installation, ["hand"], 5, stop))
        for name, told in PLANS.items():
            await _recorded(installation, server, hand, name, told)
        stop.set()
        await working


async def _recorded(
    installation: Installation, server: temporal.Server, hand: Hand, name: str, told: dict[str, Any]
) -> None:
    hand.tries.clear()
    tasks = [{"agent": "hand", **task} for task in told["tasks"]]
    plan = Plan.model_validate({**told, "goal": name, "tasks": tasks})
    begun = await begin(
        installation, await propose_plan(installation, plan, installation.state.parent / name)
    )
    driving = asyncio.create_task(carry_out(installation, begun, Watcher()))
    if name == "cancelled":
        await hand.waiting.wait()
        await cancel_run(installation, begun.record)
    await driving
    client = await Client.connect(server.address)
    number = 0
    async for execution in client.list_workflows(f"WorkflowId = '{begun.record.id}'"):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        place = FOLDER / f"rules-{RULES_VERSION}" / f"{name}-{number}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((await handle.fetch_history()).to_json())
        number += 1


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, temporal.running(Path(folder)) as server:
        asyncio.run(record(server, Path(folder)))


if __name__ == "__main__":
    main()
