"""A run's budget holds through 32 conversations at once, tries again, and fallback: counted where the questions arrive."""

import asyncio
from pathlib import Path

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Budget
from astrolabe.engine.workshop import Watcher
from astrolabe.services.budgets import spending_of
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.runs import view_run
from astrolabe.settings import Settings
from astrolabe.testing.models import ModelServer
from tests.person import CACHE
from tests.spending import answers, home, plan, plugins, spent


@pytest.mark.parametrize(("resource", "most", "one"), [("model_calls", 45, 0), ("money", 0.6, 0.1)])
def test_nobody_is_asked_beyond_what_a_run_may_spend(
    resource: str, most: float, one: float, tmp_path: Path
) -> None:
    with ModelServer(answers(most_busy=6)) as server:
        settings = Settings.model_validate(home(tmp_path, server, cache=CACHE))

        async def go() -> tuple[str, dict[str, float]]:
            async with open_installation(settings, plugins=plugins()) as installation:
                proposed = await propose_plan(
                    installation, plan(Budget.model_validate({resource: most})), tmp_path / "target"
                )
                begun = await begin(installation, proposed)
                await carry_out(installation, begun, Watcher())
                view = await view_run(installation, begun.record)
                (limit,) = (await spending_of(installation, view))["limits"]
                return view.state.status, limit["spent"]

        status, booked = asyncio.run(go())
        server.settle()
        given = spent(server)
    assert status == "over-budget"
    assert most - one <= given[resource] <= most, "all of it was given, and nothing more"
    assert booked[resource] == pytest.approx(given[resource])
    assert {exchange.status for exchange in server.exchanges if exchange.request.method == "POST"} >= {
        200,
        404,
        429,
    }
