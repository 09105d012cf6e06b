"""The `knowledge` agent and `astrolabe memory`: what is remembered is cited, and is one project's own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.script import Turn
from tests.person import Done, Person

GUIDE = (
    "# Guide\n\n{filler}\n\n## Backups\n\nBackups are taken every night at three and kept for nine weeks.\n"
)
QUESTION = "how long are backups kept"


@pytest.fixture
def project(person: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one committed document, and one that is not."""
    monkeypatch.setenv("ASTROLABE_SKILLS__EMBEDDER", "wordllama")
    folder = person.folder / "project"
    folder.mkdir()
    (folder / "guide.md").write_text(GUIDE.format(filler="Nothing to see here, go on. " * 12))
    (folder / ".env").write_text("PASSWORD=do-not-keep-this\n")
    (folder / "blob.bin").write_bytes(b"\0\1")
    person.shell("cd project; git init -q; git add -A; git commit -qm first")
    (folder / "draft.md").write_text("Backups are a draft that nobody has committed.\n")
    return folder


def asks(person: Person, project: Path, **inputs: Any) -> Done:
    task = {"id": "k", "agent": "knowledge", "writes": ["answer.md"], "inputs": inputs}
    plan = person.file("plan.json", json.dumps({"goal": "know", "tasks": [task]}))
    return person.types("run", plan, "--workspace", project)


def answer(person: Person) -> Any:
    shown = person.types("runs", "context", "last", "knowledge/k", "--json").document
    return shown["values"][-1]["value"]


def test_what_is_committed_is_remembered_found_and_forgotten(person: Person, project: Path) -> None:
    added = person.types("memory", "add", "--repo", project, "--json").document
    assert (added["added"], added["unchanged"]) == (1, 0)
    assert sum(added["passed_over"].values()) == 1
    note = person.types(
        "memory", "add", "--repo", project, "--note", "Backups go to Lyon.", "--title", "where"
    )
    assert note.code == 0
    found = person.types("memory", "search", QUESTION, "--repo", project, "--json").document["passages"]
    assert found[0]["citation"] == "guide.md:5-7"
    assert {one["origin"] for one in found} == {"document", "note"}
    assert not any("draft" in one["text"] or "do-not-keep" in one["text"] for one in found)
    assert "guide.md:5-7" in person.types("memory", "search", QUESTION, "--repo", project).out
    again = person.types("memory", "add", "--repo", project, "--json").document
    assert (again["added"], again["unchanged"]) == (0, 1)
    person.shell("cd project; git mv guide.md handbook.md; git commit -qm second")
    moved = person.types("memory", "add", "--repo", project, "--json").document
    assert (moved["added"], moved["forgotten"]) == (1, 1)
    assert person.types("memory", "forget", "nothing.md", "--repo", project).code == 2
    assert person.types("memory", "forget", "handbook.md", "--repo", project).code == 0
    names = person.types("memory", "list", "--repo", project, "--json").document["sources"]
    assert [one["origin"] for one in names] == ["note"]


def test_one_projects_memory_is_not_anothers(person: Person, project: Path) -> None:
    other = person.folder / "other"
    other.mkdir()
    person.types("memory", "add", "--repo", project)
    assert person.types("memory", "search", QUESTION, "--repo", other, "--json").document["passages"] == []
    listed = person.types("memory", "list", "--all", "--json").document["projects"]
    assert [one["project"] for one in listed] == [str(project)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "--repo", "{folder}/nowhere"], "is no folder"),
        (["add", "--repo", "{folder}"], "has no commit"),
        (["add", "../x", "--repo", "{folder}/project"], "leaves the workspace"),
        (["add", "x.md", "--repo", "{folder}/project"], "no x.md"),
        (["add", "x.md", "--note", "y"], "leave out the paths"),
        (["search", " ", "--repo", "{folder}/project"], "nothing is asked"),
        (["forget"], "--all"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(
    person: Person, project: Path, words: Sequence[str], said: str
) -> None:
    done = person.types("memory", *(word.format(folder=person.folder) for word in words))
    assert done.code == 2
    assert said in done.err


def test_without_a_model_the_agent_answers_with_the_passages(person: Person, project: Path) -> None:
    done = asks(person, project, question=QUESTION, report="answer.md")
    assert done.code == 0, done.err
    told = answer(person)
    assert told["by"] == "passages"
    assert told["passages"][0]["at"] == "guide.md:5-7"
    assert told["documents"]["added"] == 1
    assert "kept for nine weeks" in (project / "answer.md").read_text()
    assert asks(person, project, question="zebra quantum xylophone", documents=[]).code == 1


def test_a_claim_counts_only_with_words_of_the_passage_it_names(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [
        {"claim": "Nine weeks.", "passage": 1, "quote": "kept for  nine weeks."},
        {"claim": "For ever.", "passage": 1, "quote": "Backups are kept for ever."},
        {"claim": "Elsewhere.", "passage": 9, "quote": "kept for nine weeks."},
    ]
    with ModelServer([Turn(text=json.dumps({"claims": claims}))], key="test") as server:
        providers = {"here": {"base_url": server.openai_url, "key": "test", "window": 30_000}}
        config = person.file("config.yaml", json.dumps({"models": {"use": "here/m", "providers": providers}}))
        monkeypatch.setenv("ASTROLABE_CONFIG", str(config))
        assert asks(person, project, question=QUESTION).code == 0
        asked = [one.request.body.decode() for one in server.exchanges if one.request.method == "POST"]
    told = answer(person)
    assert [(one["claim"], one["at"]) for one in told["claims"]] == [("Nine weeks.", "guide.md:5-7")]
    assert told["dropped"] == 2
    assert "<data " in asked[0]


def test_what_became_of_a_run_is_remembered(person: Person, project: Path) -> None:
    task = {
        "id": "t",
        "agent": "command",
        "inputs": {"run": "true"},
        "checks": [{"name": "lizard", "run": "false"}],
    }
    plan = person.file("broken.json", json.dumps({"goal": "teach the lizard to sing", "tasks": [task]}))
    assert person.types("run", plan, "--workspace", project).code == 1
    found = person.types("memory", "search", "was the lizard taught to sing", "--repo", project, "--json")
    (passage,) = found.document["passages"]
    assert passage["origin"] == "run"
    assert "Outcome: failed" in passage["text"]
    assert "lizard" in passage["text"]
    assert "exit code 1" in passage["text"]
