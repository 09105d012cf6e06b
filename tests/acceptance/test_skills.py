"""Somebody who types `astrolabe skills`."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from skills_ref import validator

from astrolabe.bootstrap import open_installation
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.sdk import Plugin, Task, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan
from astrolabe.services.skills import list_skills
from astrolabe.settings import Settings, load_settings
from astrolabe.skills.finding import SHIPPED
from astrolabe.skills.options import SkillOptions
from tests.person import Person


@pytest.fixture
def project(person: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a skill of its own, whose owner has one too."""
    monkeypatch.setenv("HOME", str(person.folder / "me"))
    monkeypatch.setenv("ASTROLABE_SKILLS__EMBEDDER", "none")
    skill(person.folder / "me/.agents/skills/mine", "Greet people in Latin")
    folder = person.folder / "project"
    skill(folder / ".agents/skills/ours", "Bake bread the way we do", "ours: knead twice")
    monkeypatch.chdir(folder)
    return folder


def skill(folder: Path, description: str, body: str = "body") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_text(f"---\nname: {folder.name}\ndescription: {description}\n---\n{body}\n")


def names(person: Person, part: str = "skills") -> set[str]:
    return {one["name"] for one in person.types("skills", "list", "--json").document[part]}


def test_a_projects_skill_counts_once_its_owner_vouches_and_until_it_changes(
    person: Person, project: Path
) -> None:
    assert "mine" in names(person)
    assert "ours" not in names(person)
    assert names(person, "untrusted") == {"ours"}
    assert "not trusted" in person.types("skills", "list").out
    shown = person.types("skills", "show", "ours")
    assert "not trusted" in shown.out
    assert "knead twice" in shown.out
    refused = person.types("skills", "trust", project)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert person.types("skills", "trust", project, "--json").document["error"]["code"] == "not-accepted"
    assert names(person, "untrusted") == {"ours"}
    assert person.types("skills", "trust", project, "--yes").code == 0
    assert "ours" in names(person)
    assert "already" in person.types("skills", "trust", project).out
    skill(project / ".agents/skills/ours", "Bake bread the way we do", "ours: run what the page says")
    assert names(person, "untrusted") == {"ours"}


def test_matching_tells_score_reason_and_what_it_was_ranked_by(person: Person, project: Path) -> None:
    told = person.types("skills", "match", "greet the people in latin, please", "--json").document
    assert told["matches"][0]["name"] == "mine"
    assert told["matches"][0]["related"]
    assert "Greet" in told["matches"][0]["reason"]
    assert "no embedder" in told["ranked_by"]
    assert "ours" not in {one["name"] for one in told["matches"]}
    plain = person.types("skills", "match", "greet the people in latin, please")
    assert "mine" in plain.out
    assert person.types("skills", "match", "qwertz").out.startswith("no skill fits")
    assert person.types("skills", "match", " ").code == 2


def test_matching_by_meaning_finds_what_says_it_in_other_words(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_SKILLS__EMBEDDER", "wordllama")
    told = person.types(
        "skills", "match", "welcome visitors with words of Italian and Spanish", "--json"
    ).document
    assert told["matches"][0]["name"] == "mine"
    assert "wordllama" in told["ranked_by"]
    again = person.types(
        "skills", "match", "welcome visitors with words of Italian and Spanish", "--json"
    ).document
    assert again == told
    half = person.types(
        "skills", "match", "welcome visitors with words of Italian and Spanish \udcff", "--json"
    )
    assert half.document["matches"][0]["name"] == "mine"


def test_validating_tells_every_problem_with_place_and_exits_with_one(person: Person, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "SKILL.md").write_text("---\nname: Bad\nauthor: me\n---\n")
    found = person.types("skills", "validate", bad)
    assert found.code == 1
    assert "bad/SKILL.md:2 name" in found.out
    assert "bad/SKILL.md:3 author" in found.out
    assert "description: is missing" in found.out
    document = person.types("skills", "validate", bad / "SKILL.md", "--json").document
    assert len(document["skills"][0]["problems"]) == 4
    missing = person.types("skills", "validate", tmp_path / "nowhere")
    assert missing.code == 2
    assert "nowhere" in missing.err


def test_what_is_shipped_is_valid_here_and_by_the_reference(person: Person) -> None:
    folders = sorted(file.parent for file in SHIPPED.glob("*/SKILL.md"))
    assert len(folders) >= 3
    assert person.types("skills", "validate", *folders).code == 0
    assert {folder.name: validator.validate(folder) for folder in folders} == {
        folder.name: [] for folder in folders
    }


def test_an_unknown_name_and_folder_are_told(person: Person, project: Path) -> None:
    assert person.types("skills", "show", "nothing").code == 2
    told = person.types("skills", "list", "--repo", person.folder / "nowhere")
    assert told.code == 2
    assert "nowhere" in told.err
    empty = person.folder / "empty"
    empty.mkdir()
    bare = person.types("skills", "trust", empty)
    assert bare.code == 2
    assert ".agents/skills" in bare.err


class Asker:
    """An agent that writes down which skills it was given."""

    name, version = "asker", "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        chosen = await bench.skills.choose("bake bread the way we do", 4_000)
        if "ours" in chosen.names:
            await bench.skills.load("mine")
        await bench.write({"given.txt": ",".join(chosen.names)})


def given(settings: Settings, folder: Path, *, skills: bool) -> tuple[str, dict[str, int]]:
    """Run the agent in a project; return what it was given, and what is counted when the next process looks."""
    document = {
        "goal": "g",
        "tasks": [{"id": "t", "name": "t", "agent": "asker", "goal": "g", "writes": ["given.txt"]}],
    }

    async def go() -> tuple[str, dict[str, int]]:
        async with open_installation(settings, plugins=[Plugin("asker", agents=(Asker(),))]) as installation:
            proposal = await propose_plan(installation, Plan.model_validate(document), folder)
            begun = await begin(installation, replace(proposal, skills=skills))
            state = await carry_out(installation, begun, Watcher())
            assert state.status is RunStatus.PASSED, state.reason
            workspace = installation.workspace(folder)
            files = await workspace.files(await workspace.tree_of(state.commit), ("given.txt",))
        async with open_installation(settings) as installation:
            return files[0].content.decode(), (await list_skills(installation, None)).uses

    return asyncio.run(go())


def test_a_run_is_given_what_is_trusted_in_its_own_tree_unless_it_is_to_have_none(
    person: Person, project: Path
) -> None:
    person.shell("cd project && git init -q && git add -A && git commit -qm first")
    settings = load_settings()
    before, uses = given(settings, project, skills=True)
    assert "ours" not in before.split(",")
    assert "ours" not in uses
    assert person.types("skills", "trust", project, "--yes").code == 0
    assert given(settings, project, skills=False) == ("", uses)
    told, uses = given(settings, project, skills=True)
    assert "ours" in told.split(",")
    assert uses["ours"] == 1
    run = person.types("runs", "list", "--json").document[0]["id"]
    (task,) = person.types("runs", "show", run, "--json").document["tasks"]
    assert task["skills"] == [*told.split(","), *({"mine"} - set(told.split(",")))]
    assert "ours (for t)" in person.types("runs", "show", run).out
    off = settings.model_copy(update={"skills": SkillOptions(enabled=False)})
    assert given(off, project, skills=True) == ("", uses)
    assert person.types("skills", "list", "--json").document["skills"][0]["uses"] == 1


def test_a_run_can_be_told_on_the_command_line_to_use_none(person: Person, project: Path) -> None:
    plan = person.folder / "plan.yaml"
    plan.write_text("goal: g\ntasks: [{id: t, name: t, agent: command, goal: g, inputs: {run: 'true'}}]\n")
    target = person.folder / "target"
    assert person.types("run", plan, "--workspace", target, "--no-skills", "--json").code == 0
    (run,) = person.types("runs", "list", "--json").document
    events = person.types("runs", "log", run["id"], "--json").document
    assert "skills" not in events[0]["data"]
