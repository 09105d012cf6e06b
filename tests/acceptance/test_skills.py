"""Somebody who types `astrolabe skills`."""

from pathlib import Path

import pytest
from skills_ref import validator

from astrolabe.skills.finding import SHIPPED
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
