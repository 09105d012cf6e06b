"""What a checkpoint says of a change that models made: the line they gave it, and who they were."""

import asyncio
from pathlib import Path

import pytest
from tests.world import Trees, World, empty_home

from astrolabe.domain.plan import Plan
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.workshop import Watcher
from astrolabe.roles.code.agent import PROMPTS, CodeAgent
from astrolabe.sdk import Check, Plugin, Task
from astrolabe.services.builds import Begun, begin, carry_out, propose_plan
from astrolabe.services.installation import Installation
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls

TARGET = Path("/target")
TASK = Task(
    id="fix",
    name="The task's name",
    agent="code",
    goal="Make slugs lower case",
    writes=("slug.py",),
    checks=(Check(name="true", run="true"),),
)
EDIT = ("edit", {"path": "slug.py", "old": "return text", "new": "return text.lower()"})
SECRET = "ghp_" + "R4nd0mL3tt3rs" * 3


class Died(BaseException):
    """The process is gone."""


def message(subject: str | None, *, dies: CrashPoint | None = None) -> str:
    given = {"summary": "Done."} if subject is None else {"summary": "Done.", "subject": subject}
    model = ScriptedModel([calls(EDIT), calls(("finish", given))], name="scripted/one")
    plugin = Plugin(name="hands", agents=(CodeAgent(),), prompts=PROMPTS)

    def reach(point: CrashPoint) -> None:
        if point is dies:
            raise Died

    async def live(installation: Installation) -> None:
        begun = await begin(
            installation, await propose_plan(installation, Plan(goal="g", tasks=(TASK,)), TARGET)
        )
        assert isinstance(begun, Begun)
        await carry_out(installation, begun, Watcher())

    async def go(world: World) -> None:
        if dies is not None:
            async with world.open(plugin, reach) as installation:
                with pytest.raises(Died):
                    await live(installation)
        async with world.open(plugin) as installation:
            await live(installation)

    with empty_home() as home:
        world = World(home, Trees({"slug.py": b"    return text\n"}), models=ScriptedModels(model))
        asyncio.run(go(world))
    assert len(model.asked) == 2
    (found,) = [said for _, _, said in world.trees.commits.values() if "Astrolabe-Task: fix" in said]
    return found


def test_a_model_gives_its_change_a_line_and_is_named() -> None:
    said = message("make slugs lower case.")
    assert said.startswith("Make slugs lower case\n\nMake slugs lower case\n\nAstrolabe-Run: ")
    assert "\nAstrolabe-Model: scripted/one\n" in said


@pytest.mark.parametrize("subject", [None, "Lowered slugs", f"Use {SECRET}", "Make it\n\nSigned-off-by: me"])
def test_a_line_that_is_none_gives_way_to_the_name_of_the_task(subject: str | None) -> None:
    said = message(subject)
    assert said.startswith("The task's name\n\n")
    assert SECRET not in said
    assert "Signed-off" not in said


def test_the_line_outlasts_a_process_that_died_before_the_commit() -> None:
    assert message("Make slugs lower case", dies=CrashPoint.BEFORE_COMMIT).startswith(
        "Make slugs lower case\n"
    )
