"""A limit on what may be spent is a hard stop: nothing goes beyond it, all that passed is kept, and it is told what went where."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from astrolabe.bootstrap import open_installation
from astrolabe.domain.budget import Period, TenantBudget
from astrolabe.domain.plan import Budget, OnFailure, Plan
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import InputError
from astrolabe.sdk import OverBudgetError, Plugin, Task, Usage, Workbench
from astrolabe.services.budgets import parse_raises, raise_events, spending_of
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.services.runs import RunView, view_run
from astrolabe.settings import Settings
from tests.person import CACHE, Person


class Asker:
    """Makes calls of the kind `model`, as many as `inputs.calls` says, side by side if `inputs.together`."""

    name = "asker"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        calls = int(str(task.inputs.get("calls", 1)))
        try:
            if task.inputs.get("together"):
                await asyncio.gather(*(self._ask(task, bench, str(number)) for number in range(calls)))
            else:
                for _ in range(calls):
                    await self._ask(task, bench, None)
        except OverBudgetError:
            if not task.inputs.get("stubborn"):
                raise
        if task.inputs.get("forever"):
            await asyncio.Event().wait()
        await bench.write({task.writes[0]: "done\n"})

    async def _ask(self, task: Task, bench: Workbench, call_id: str | None) -> None:
        uses = int(str(task.inputs.get("uses", 60)))

        async def do() -> tuple[JsonValue, Usage]:
            await asyncio.sleep(0)
            return "an answer", Usage(tokens=uses, model_calls=1)

        await bench.call("model", do, reserve=Usage(tokens=100, model_calls=1), call_id=call_id)


def asker(name: str, budget: Budget | None = None, **inputs: Any) -> Task:
    return Task(
        id=name,
        name=name,
        agent="asker",
        writes=(f"{name}.txt",),
        inputs=inputs,
        budget=budget or Budget(),
        retries=3,
    )


@asynccontextmanager
async def installed(folder: Path, budget: TenantBudget | None = None) -> AsyncGenerator[Installation]:
    settings = Settings(home=folder / "home", cache=CACHE, budget=budget or TenantBudget())
    async with open_installation(settings, plugins=[Plugin(name="asker", agents=(Asker(),))]) as installation:
        yield installation


async def run(installation: Installation, folder: Path, plan: Plan) -> tuple[RunView, dict[str, Any]]:
    begun = await begin(installation, await propose_plan(installation, plan, folder))
    await carry_out(installation, begun, Watcher())
    view = await view_run(installation, begun.record)
    return view, await spending_of(installation, view)


def ran(
    folder: Path, *tasks: Task, tenant: TenantBudget | None = None, **of_plan: Any
) -> tuple[RunView, Any]:
    async def go() -> tuple[RunView, Any]:
        async with installed(folder, tenant) as installation:
            return await run(installation, folder / "target", Plan(goal="ask", tasks=tasks, **of_plan))

    return asyncio.run(go())


def test_a_run_stops_where_its_budget_ends_and_what_passed_is_kept(tmp_path: Path) -> None:
    tasks = (
        asker("frugal"),
        *(asker(f"greedy{n}", calls=1000).model_copy(update={"depends_on": ("frugal",)}) for n in range(4)),
    )
    view, told = ran(tmp_path, *tasks, budget=Budget(tokens=1000))

    assert view.state.status == "over-budget"
    assert "the run's budget, 1,000 tokens, has no room for 100 tokens more" in view.state.reason
    assert f"astrolabe runs retry {view.record.id} --budget tokens=AMOUNT" in view.state.reason
    (limit,) = told["limits"]
    assert 900 < limit["spent"]["tokens"] <= 1000
    assert limit["reserved"] == {}
    assert sum(spent["tokens"] for spent in told["by_task"].values()) == limit["spent"]["tokens"]
    assert told["by_kind"]["model"]["tokens"] == limit["spent"]["tokens"]
    statuses = {name: task.status for name, task in view.state.tasks.items()}
    assert statuses == {"frugal": "passed", **{f"greedy{n}": "cancelled" for n in range(4)}}


def test_a_task_that_spent_its_own_fails_at_once_and_the_others_go_on(tmp_path: Path) -> None:
    limited = Budget(tokens=150)
    view, told = ran(
        tmp_path,
        asker("poor", limited, calls=9),
        asker("stubborn", limited, calls=9, stubborn=True),
        asker("rich", calls=9),
        on_failure=OnFailure.KEEP_GOING,
    )
    assert view.state.status == "failed"
    for name in ("poor", "stubborn"):
        (attempt,) = view.state.tasks[name].attempts
        assert attempt.failure == "budget", "whatever the agent makes of it"
        assert "by kind of call: model 60 tokens" in attempt.reason
    assert view.state.tasks["rich"].status == "passed"
    assert {limit["task"]: limit["spent"]["tokens"] for limit in told["limits"]} == {
        "poor": 60,
        "stubborn": 60,
    }


def test_who_has_room_but_for_what_others_reserved_waits_for_them(tmp_path: Path) -> None:
    view, told = ran(tmp_path, asker("many", calls=20, uses=5, together=True), budget=Budget(tokens=200))
    assert view.state.status == "passed", view.state.reason
    assert told["limits"][0]["spent"] == {"tokens": 100, "model_calls": 20}


@pytest.mark.parametrize("whose", ["task", "run", "tenant"])
def test_time_is_limited_whatever_goes_on(whose: str, tmp_path: Path) -> None:
    view, told = ran(
        tmp_path,
        asker("slow", Budget(wall_seconds=0.3 if whose == "task" else None), forever=True),
        budget=Budget(wall_seconds=0.3 if whose == "run" else None),
        tenant=TenantBudget(wall_seconds=0.3 if whose == "tenant" else None, period=Period.NONE),
    )
    assert view.state.status == ("failed" if whose == "task" else "over-budget")
    named = {"task": "task 'slow'", "run": "the run", "tenant": "all runs together (ever)"}[whose]
    assert f"the time {named} may take, 0.3 s, is over" in view.state.reason
    assert "20 s" not in view.state.reason
    limit = told["tenant"] if whose == "tenant" else told["limits"][0]
    assert (limit["spent"]["wall_seconds"], limit["reserved"]) == (0.3, {})


def test_all_runs_together_keep_to_what_a_tenant_may_spend(tmp_path: Path) -> None:
    async def go() -> list[Any]:
        async with installed(tmp_path, TenantBudget(tokens=1000, period=Period.DAY)) as installation:
            plan = Plan(goal="ask", tasks=(asker("greedy", calls=1000),))
            return await asyncio.gather(*(run(installation, tmp_path / f"target{n}", plan) for n in range(3)))

    told = asyncio.run(go())
    assert {view.state.status for view, _ in told} == {"over-budget"}
    last = max(spending["tenant"]["spent"]["tokens"] for _, spending in told)
    assert 900 < last <= 1000
    assert sum(spending["by_kind"]["model"]["tokens"] for _, spending in told) == last


def test_what_nothing_limits_pays_nothing(tmp_path: Path) -> None:
    async def go() -> None:
        async with installed(tmp_path) as installation:
            view, told = await run(
                installation, tmp_path / "target", Plan(goal="ask", tasks=(asker("free", calls=3),))
            )
            assert view.state.status == "passed"
            assert told["limits"] == []
            assert await installation.store.budgets.charges(view.record.id) == ()
            assert await installation.store.budgets.balances(view.record.id) == ()

    asyncio.run(go())


def test_limits_are_raised_by_words_and_only_upwards(tmp_path: Path) -> None:
    view, _ = ran(tmp_path, asker("a", Budget(tokens=500)), budget=Budget(money=1))
    told = raise_events(view, parse_raises(["money=$2.50", "a:tokens=501", "model-calls=7"]))
    assert [event.data for event in told] == [
        {"of": "", "budget": {"money": 2.5, "model_calls": 7}},
        {"of": "a", "budget": {"tokens": 501}},
    ]
    with pytest.raises(InputError) as refused:
        parse_raises(["tokens", "gold=5", "tokens=-1", "tokens=many", "tokens=1.5"])
    assert len(refused.value.problems) == 5
    for wrong in ("money=1", "a:tokens=500", "b:tokens=5"):
        with pytest.raises(InputError, match="cannot be raised"):
            raise_events(view, parse_raises([wrong]))


def test_a_person_sees_what_was_spent(tmp_path: Path, person: Person) -> None:
    plan = person.folder / "plan.yaml"
    plan.write_text(
        "goal: two commands\nbudget: {tool_calls: 1}\ntasks:\n"
        "  - {id: one, agent: command, inputs: {run: echo 1 > one}, writes: [one]}\n"
        "  - {id: two, agent: command, inputs: {run: echo 2 > two}, writes: [two], depends_on: [one]}\n"
    )
    done = person.types("run", str(plan), "--workspace", str(person.folder / "there"))
    assert done.code == 7
    assert done.out.count("the run's budget, 1 tool call, has no room for 1 tool call more") == 1
    assert re.search(r"astrolabe runs retry \S{6} --budget tool_calls=2\n", done.out)
    shown = person.types("budgets", "show", "last").out
    assert "tool_calls" in shown
    document = person.types("budgets", "show", "last", "--json").document
    assert document["limits"][0]["spent"] == {"tool_calls": 1}
    assert document["by_task"]["one"]["tool_calls"] == 1
    again = person.types("runs", "retry", "last", "--budget", "tool_calls=2")
    assert again.code == 0, again.out + again.err
    assert "spent by the run: 2 of 2 tool calls" in again.out
    assert (person.folder / "there" / "two").read_text() == "2\n"
