"""An evaluation tells what agents can do: nobody sees the checks, nobody can bend them, and nothing is tried twice."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.evaluation.outcome import compared
from astrolabe.evaluation.reading import read_suite
from astrolabe.evaluation.suite import Suite
from astrolabe.evaluation.trial import Cause, Contestant, plan_of_trial
from astrolabe.sdk import AgentFailedError, Plugin, Task, Workbench
from astrolabe.services.builds import Proposal, begin
from astrolabe.services.evaluation import contestant_named, evaluate
from astrolabe.services.installation import Installation
from astrolabe.settings import Settings
from tests.person import CACHE, Person

SUITE = """
name: small
tasks:
  - name: lower
    goal: Write the word done into answer.txt.
    workspace: {answer.txt: "", notes.txt: keep}
    hidden: {check.sh: "grep -qx done answer.txt && test ! -e seen"}
    solution: {answer.txt: "done\\n"}
    checks: [sh check.sh]
  - name: upper
    goal: Write the word DONE into answer.txt.
    hidden: {check.sh: "grep -qx DONE answer.txt"}
    solution: {answer.txt: "DONE\\n"}
    checks: [sh check.sh]
"""


class Cheat:
    """Leaves a check of its own where the hidden one goes, and says whether it could see that one."""

    name = "cheat"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        if "check.sh" in await bench.paths():
            await bench.write({"seen": "yes"})
        await bench.write({"check.sh": "true\n"})


class Half:
    """Does small letters, and gives up on capitals."""

    name = "half"
    version = "1"
    works = 0

    async def work(self, task: Task, bench: Workbench) -> None:
        Half.works += 1
        if "DONE" in task.goal:
            raise AgentFailedError("capitals are not for me")
        await bench.write({"answer.txt": "done\n"})


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "suite.yaml").write_text(SUITE)
    return read_suite(tmp_path / "suite.yaml")


@asynccontextmanager
async def installed(folder: Path) -> AsyncGenerator[Installation]:
    plugin = Plugin(name="contestants", agents=(Cheat(), Half()))
    async with open_installation(
        Settings(home=folder / "home", cache=CACHE), plugins=[plugin]
    ) as installation:
        yield installation


def test_the_oracle_passes_all_the_idle_nothing_and_cheats_nothing(suite: Suite, tmp_path: Path) -> None:
    async def tried() -> None:
        async with installed(tmp_path) as installation:
            rates = {
                agent: (
                    await evaluate(
                        installation, suite, contestant_named(installation, agent), repeat=1, parallel=2
                    )
                ).document()["pass_rate"]
                for agent in ("oracle", "idle", "cheat")
            }
        assert rates == {"oracle": 1.0, "idle": 0.0, "cheat": 0.0}

    asyncio.run(tried())


def test_failures_are_sorted_and_nothing_is_tried_twice(suite: Suite, tmp_path: Path) -> None:
    async def tried() -> None:
        Half.works = 0
        async with installed(tmp_path) as installation:
            half = contestant_named(installation, "half")
            first = await evaluate(installation, suite, half, repeat=2, parallel=3)
            again = await evaluate(installation, suite, half, repeat=2, parallel=3)
            oracle = await evaluate(
                installation, suite, contestant_named(installation, "oracle"), repeat=2, parallel=2
            )
        assert Half.works == 4
        assert first.document() == again.document()
        told = first.document()
        assert (told["total"], told["passed"], told["pass_rate"]) == (4, 2, 0.5)
        assert told["failures"] == {Cause.AGENT.value: 2}
        assert [(task["name"], task["passed"], task["solved"]) for task in told["tasks"]] == [
            ("lower", 2, True),
            ("upper", 0, False),
        ]
        sides = compared(told, oracle.document())
        assert sides["difference"]["estimate"] == 0.5
        assert sides["better"] == ["upper"]

    asyncio.run(tried())


def test_a_trial_that_was_cut_off_is_taken_up_where_it_was(suite: Suite, tmp_path: Path) -> None:
    async def tried() -> None:
        Half.works = 0
        who = Contestant("half", "1")
        async with installed(tmp_path) as installation:
            plan = plan_of_trial(suite, suite.tasks[0], who, 1)
            target = installation.state / "evaluations/half-small/lower" / f"1-{plan.digest()[:8]}"
            state = await installation.workspace(target).inspect()
            begun = await begin(installation, Proposal(None, plan, state))
            assert begun.lease is not None
            await installation.store.release(begun.lease)
        async with installed(tmp_path) as installation:
            made = await evaluate(installation, suite, who, repeat=1, parallel=1)
        assert made.trials[0].run == begun.record.id
        assert made.passed == 1

    asyncio.run(tried())


def test_what_cannot_be_judged_counts_for_nobody(tmp_path: Path) -> None:
    async def tried() -> None:
        text = SUITE.replace(
            "checks: [sh check.sh]", "checks: [{name: c, run: exit 9, not_run_exit_code: 9}]"
        )
        (tmp_path / "suite.yaml").write_text(text)
        async with installed(tmp_path) as installation:
            made = await evaluate(
                installation,
                read_suite(tmp_path),
                contestant_named(installation, "oracle"),
                repeat=1,
                parallel=1,
            )
        told = made.document()
        assert (told["total"], told["passed"], told["not_counted"]) == (0, 0, 2)
        assert told["failures"] == {Cause.BROKEN.value: 2}

    asyncio.run(tried())


def test_the_command_line(person: Person, tmp_path: Path) -> None:
    person.file("suite/suite.yaml", SUITE)
    done = person.types(
        "eval", tmp_path / "suite", "--agent", "oracle", "--json", "--html", tmp_path / "page.html"
    )
    assert (done.code, done.document["pass_rate"], done.document["total"]) == (0, 1.0, 2)
    assert "<title>oracle on small</title>" in (tmp_path / "page.html").read_text()
    idle = person.types(
        "eval", tmp_path / "suite", "--agent", "idle", "--json", "--at-least", "0.5", "--only", "upp"
    )
    assert (idle.code, idle.document["passed"], idle.document["total"]) == (1, 0, 1)
    (tmp_path / "a.json").write_text(done.out)
    (tmp_path / "b.json").write_text(idle.out)
    sides = person.types("eval", "compare", tmp_path / "a.json", tmp_path / "b.json", "--json").document
    assert (sides["shared_tasks"], sides["difference"]["estimate"]) == (1, -1.0)
    shown = person.types("eval", tmp_path / "suite", "--agent", "idle")
    assert "0 of 2 passed" in shown.out
    unknown = person.types("eval", tmp_path / "suite", "--agent", "oracel")
    assert unknown.code == 2
    assert "oracle" in unknown.err
