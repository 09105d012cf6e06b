"""Skills on the bench: on the wire of each question, recorded once, counted once, a project's only when trusted."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench import Room
from tests.unit.agents.test_loop import DONE, FILES, FIX, results, task, work

from astrolabe.errors import StorageError
from astrolabe.ports.skills import SkillUse, Trusted
from astrolabe.skills.home import SkillHome
from astrolabe.skills.reading import Content
from astrolabe.testing.models_double import ScriptedModel, ScriptedModels, calls

OURS = (
    b"---\nname: slug-rules\ndescription: Make slugs lower case the way we do\n---\nOUR-RULES about slugs\n"
)
PLACE = ".agents/skills/slug-rules/SKILL.md"


class Kept:
    """Records in memory."""

    def __init__(self, *digests: str) -> None:
        self.digests = frozenset(digests)
        self.told: list[tuple[tuple[str, ...], str, str, int]] = []

    async def trust(self, skills: Sequence[Trusted]) -> None:
        self.digests |= {skill.digest for skill in skills}

    async def trusted(self) -> frozenset[str]:
        return self.digests

    async def used(self, names: Sequence[str], *, run: str, task: str, attempt: int) -> None:
        self.told.append((tuple(names), run, task, attempt))

    async def uses(self) -> tuple[SkillUse, ...]:
        return ()


DIGEST = Content("one", {"SKILL.md": OURS}).digest


def room(
    *answers: Any, home: SkillHome | None, files: dict[str, bytes] | None = None
) -> tuple[Room, ScriptedModel]:
    model = ScriptedModel(answers)
    return Room(task(), ScriptedModels(model), FILES | {PLACE: OURS} | (files or {}), skills=home), model


def rules(model: ScriptedModel, at: int) -> str:
    return model.asked[at].messages[0].text


def test_a_trusted_skill_is_in_every_question_and_counted_once() -> None:
    kept = Kept(DIGEST)
    here, model = room(calls(FIX), calls(DONE), home=SkillHome(kept))
    work(here)
    assert len(model.asked) == 2
    assert all("OUR-RULES" in rules(model, at) for at in range(2))
    assert "- legacy-code-tests: " in rules(model, 0)
    assert kept.told == [(("slug-rules",), "run", "fix", 1)]
    again, repeated = room(calls(DONE), home=SkillHome(Kept()))
    again.record = here.record
    work(again)
    assert not repeated.asked
    assert kept.told == [(("slug-rules",), "run", "fix", 1)]


def test_what_nobody_vouched_for_is_told_to_no_model_not_even_when_it_asks() -> None:
    for home in (SkillHome(Kept()), SkillHome(Kept(DIGEST[::-1]))):
        here, model = room(calls(("skill", {"name": "slug-rules"})), calls(FIX), calls(DONE), home=home)
        work(here)
        assert not any("OUR-RULES" in rules(model, at) for at in range(3))
        assert "not trusted" in "".join(results(model, 1))


def test_a_listed_skill_can_be_loaded_and_is_counted_then() -> None:
    kept = Kept()
    here, model = room(
        calls(("skill", {"name": "safe-file-paths"})), calls(FIX), calls(DONE), home=SkillHome(kept)
    )
    work(here)
    assert "is_relative_to" in "".join(results(model, 1))
    assert kept.told == [(("safe-file-paths",), "run", "fix", 1)]


def test_without_skills_there_are_neither_text_nor_tool() -> None:
    for home in (None, SkillHome(Kept(DIGEST), enabled=False)):
        here, model = room(calls(FIX), calls(DONE), home=home)
        work(here)
        assert "OUR-RULES" not in rules(model, 0)
        assert "skill" not in {tool.name for tool in model.asked[0].tools}
        assert "skills:chosen" not in here.record.taken


def test_skills_that_cannot_be_read_keep_nobody_from_working(tmp_path: Path) -> None:
    class Broken(SkillHome):
        async def catalogue(self, project: object = ()) -> Any:
            raise StorageError("the disk is gone")

    here, model = room(calls(FIX), calls(DONE), home=Broken(Kept()))
    work(here)
    assert len(model.asked) == 2
    assert "works without skills: the disk is gone" in here.said


def test_a_skill_fits_the_window_of_the_model() -> None:
    async def chosen(most: int) -> str:
        here, _ = room(home=SkillHome(Kept(DIGEST)))
        async with here.bench() as bench:
            return (await bench.skills.choose("Make slugs lower case", most)).text

    assert "OUR-RULES" in asyncio.run(chosen(4_000))
    assert asyncio.run(chosen(10)) == ""
