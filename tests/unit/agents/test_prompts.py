"""Prompt files, and who gets which variant of them."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.world import World, empty_home

from astrolabe.agents.prompts import Prompt, choose, load_prompts, read_prompt
from astrolabe.bootstrap import load_plugins
from astrolabe.domain.plan import Backoff, Plan, Task
from astrolabe.domain.run import RunStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import AgentFailedError, InputError, MissingError
from astrolabe.sdk import Plugin, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan, take_up

PLAIN = "---\nname: plan\nversion: 3\n---\n\nPlan {{ goal }}.\n"


def test_a_file_says_what_it_is_and_then_what_is_told() -> None:
    prompt = read_prompt(PLAIN, "plan.md")
    assert (prompt.name, prompt.variant, prompt.version, prompt.weight) == ("plan", "main", 3, 1)
    assert prompt.filled({"goal": "{{ goal }} of mine"}) == "Plan {{ goal }} of mine."
    assert prompt.digest != read_prompt(PLAIN.replace("Plan ", "Do "), "plan.md").digest
    assert (
        prompt.digest == read_prompt(PLAIN.replace("version: 3", "version: 4\nweight: 7"), "plan.md").digest
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("Plan it.", "plan.md:1:1: does not begin"),
        (PLAIN.replace("version: 3", "version: three"), "plan.md version"),
        (PLAIN.replace("version: 3", "verion: 3"), "plan.md:3:1: 'verion: 3' says nothing"),
        (PLAIN.replace("version: 3", "version: 3\nversion: 4"), "plan.md:4:1: 'version' a second time"),
        (PLAIN.replace("name: plan", "name: Plan it"), "plan.md name"),
        (PLAIN.replace("version: 3", "version: 3\nweight: -1"), "plan.md weight"),
        (PLAIN.replace("\nPlan {{ goal }}.\n", ""), "plan.md text"),
    ],
)
def test_a_file_that_is_no_prompt_is_refused_with_its_place(content: str, told: str) -> None:
    with pytest.raises(InputError) as refused:
        read_prompt(content, "plan.md")
    assert told in str(refused.value)


def test_who_works_with_a_model_here_is_shown_worked_examples() -> None:
    """P6: of the agents that come with us and ask models, each has a prompt that is dealt out with an example in it."""
    plugins, broken = load_plugins()
    assert not broken
    asking = [
        plugin
        for plugin in plugins
        if plugin.prompts and any(getattr(agent, "asks_models", False) for agent in plugin.agents)
    ]
    assert {"code", "planner", "reviewer"} <= {plugin.name for plugin in asking}
    for plugin in asking:
        assert any("example" in prompt.text.lower() for prompt in plugin.prompts if prompt.weight), (
            plugin.name
        )


def test_a_gap_that_nothing_fills_is_told() -> None:
    with pytest.raises(InputError, match=r"nothing fills \{\{ goal \}\}"):
        read_prompt(PLAIN, "plan.md").filled({})


def test_a_package_s_prompts_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some_role_of_a_test" / "prompts"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingError):
        load_prompts("some_role_of_a_test")
    (folder / "b.md").write_text(PLAIN.replace("version", "variant: terse\nversion"))
    (folder / "a.md").write_text(PLAIN)
    assert [prompt.variant for prompt in load_prompts("some_role_of_a_test")] == ["main", "terse"]
    (folder / "c.md").write_text(PLAIN)
    (folder / "d.md").write_text("nothing")
    with pytest.raises(InputError) as refused:
        load_prompts("some_role_of_a_test")
    assert [problem.place for problem in refused.value.problems] == ["c.md", "d.md:1:1"]
    sys.modules.pop("some_role_of_a_test", None)


def test_variants_are_dealt_out_by_weight_and_the_same_each_time() -> None:
    tried = [variant("a", 1), variant("b", 3), variant("off", 0)]
    chosen = {str(key): choose(tried, str(key)).variant for key in range(4000)}
    counts = Counter(chosen.values())
    assert counts["off"] == 0
    assert counts["b"] / 4000 == pytest.approx(0.75, abs=0.03)
    assert all(choose(tried[::-1], key).variant == was for key, was in chosen.items())
    with pytest.raises(InputError):
        choose([variant("off", 0)], "key")


def variant(name: str, weight: int = 1, text: str = "Plan it.") -> Prompt:
    return Prompt(name="plan", variant=name, version=1, weight=weight, text=text)


class Planner:
    """Its first attempt fails, and the process ends in its second, each after it has asked for its prompt."""

    name = "planner"
    version = "1"

    def __init__(self, *prompts: Prompt) -> None:
        self.prompts = prompts
        self.got: list[Prompt] = []
        self.hangs = asyncio.Event()

    async def work(self, task: Task, bench: Workbench) -> None:
        self.got.append(await bench.prompt(self.prompts, "plan"))
        if len(self.got) == 1:
            raise AgentFailedError("not yet")
        self.hangs.set()
        await asyncio.Event().wait()


class Successor(Planner):
    async def work(self, task: Task, bench: Workbench) -> None:
        self.got.append(await bench.prompt(self.prompts, "plan"))


def test_a_task_keeps_its_variant_through_attempts_and_an_attempt_its_words_through_an_update() -> None:
    with empty_home() as folder:
        first, later = asyncio.run(two_lives(World(folder)))
    assert first[0] == first[1]
    assert later == [first[1]]


async def two_lives(world: World) -> tuple[list[Prompt], list[Prompt]]:
    """Return what was asked for before a process ended, and after an update."""
    task = Task(id="plan", name="plan", agent="planner", retries=2, backoff=Backoff(base=0))
    plan = Plan(goal="a plan", tasks=(task,))
    first = Planner(*(variant(name) for name in "abcdefgh"))
    later = Successor(*(variant(name, text="Other words.") for name in "abcdefgh"))
    async with world.open(Plugin(name="p", agents=(first,))) as installation:
        begun = await begin(installation, await propose_plan(installation, plan, world.folder))
        life = asyncio.create_task(carry_out(installation, begun, Watcher()))
        await first.hangs.wait()
        life.cancel()
        with pytest.raises(asyncio.CancelledError):
            await life
    async with world.open(Plugin(name="p", agents=(later,))) as installation:
        begun = await take_up(installation, await installation.store.run(begun.record.id))
        assert (await carry_out(installation, begun, Watcher())).status is RunStatus.PASSED
    return first.got, later.got
