"""A goal for a repository of one's own: a model plans it, agents carry it out, its own tests prove it."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from astrolabe.testing.models import FailureKind, ModelServer, fail
from astrolabe.testing.models.script import Script, Turn, call, say
from tests.person import Person

GOAL = "make slug() lower what it is given, and cover that"
FIX = {
    "id": "lower",
    "name": "Lower slugs",
    "agent": "code",
    "goal": "slug() in slug.py must lower its text; cover it in test_slug.py",
    "depends_on": ["nowhere"],
    "writes": ["slug.py", "test_slug.py"],
    "checks": ["grep -q lower slug.py"],
}
PLAN = json.dumps({"reasoning": "One small change.", "tasks": [FIX]})
BEFORE = 'def slug(text):\n    return text.replace(" ", "-")\n'
AFTER = 'def slug(text):\n    return text.lower().replace(" ", "-")\n'
TESTS = """import unittest

from slug import slug


class Slugs(unittest.TestCase):
    def test_slug(self):
        self.assertEqual(slug("a b"), "a-b")
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[ModelServer]:
    turns: list[Turn] = [
        say("I would begin by reading the code."),
        say(f"Here is the plan:\n```json\n{PLAN}\n```"),
        call("read", {"path": "slug.py"}),
        call("write", {"path": "slug.py", "content": AFTER}),
        call("finish", {"summary": "slug() lowers its text"}),
        call("verdict", {"summary": "Looked at the one change.", "verdict": "pass", "findings": []}),
    ]
    with ModelServer(Script(turns=tuple(turns))) as running:
        monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", running.openai_url)
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW", "32000")
        yield running


@pytest.fixture
def repository(person: Person) -> Path:
    person.file("project/slug.py", BEFORE)
    person.file("project/test_slug.py", TESTS)
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm before")
    person.file("project/notes.txt", "mine, and not committed\n")
    return person.folder / "project"


def test_a_goal_is_planned_shown_and_carried_out(
    person: Person, server: ModelServer, repository: Path
) -> None:
    planned = person.types("plan", GOAL, "--repo", repository, "--json")
    assert planned.code == 0, planned.err
    assert [len(one["problems"]) for one in planned.document["planning"]["tries"]] == [1, 0]
    assert planned.document["reasoning"] == "One small change."
    assert "dropped its dependency on `nowhere`" in planned.document["warnings"][0]
    assert any("unittest" in check["run"] for check in planned.document["tasks"][0]["checks"])
    assert person.shell("cd project && git branch --format='%(refname:short)'").split() == ["main"]
    assert person.shell("cd project && git status --porcelain").split() == ["??", "notes.txt"]

    refused = person.types("run", GOAL, "--repo", repository)
    assert (refused.code, "nobody is there to accept the plan" in refused.err) == (2, True)
    assert (repository / "slug.py").read_text() == BEFORE

    done = person.types("run", GOAL, "--repo", repository, "--yes", "--json")
    assert done.code == 0, done.out
    assert done.document["run"]["planned_by"] == planned.document["planning"]["run"]
    assert done.document["planning"]["model_calls"] == 2
    assert done.document["planning"]["tokens"] > 0
    assert [(task["agent"], task["status"]) for task in done.document["tasks"]] == [
        ("code", "passed"),
        ("reviewer", "passed"),
    ]
    assert "Looked at the one change." in person.types("runs", "context", done.document["run"]["id"]).out
    assert done.document["used"]["model_calls"] == 4
    assert (repository / "slug.py").read_text() == AFTER
    assert (repository / "notes.txt").read_text() == "mine, and not committed\n"

    rows = {row["name"]: row for row in person.types("prompts", "report", "--json").document["prompts"]}
    for name in ("code", "planner", "reviewer"):
        assert (rows[name]["trials"], rows[name]["passed"]) == (1, 1)
    assert rows["code"]["rate"]["low"] < 0.5 < rows["code"]["rate"]["high"] == 1.0
    assert person.types("prompts", "show", "code").out.strip()
    assert person.types("prompts", "show", "cod").code == 2


def test_a_person_may_change_the_plan_before_it_runs(
    person: Person, server: ModelServer, repository: Path
) -> None:
    editor = person.file("editor.sh", "#!/bin/sh\nsed -i 's/Lower slugs/Lower them all/' \"$1\"\n")
    editor.chmod(0o755)
    person._monkeypatch.setenv("VISUAL", str(editor))
    done = person.types("run", GOAL, "--repo", repository, "--yes", "--edit", "--json")
    assert done.code == 0, done.err
    assert done.document["tasks"][0]["name"] == "Lower them all"
    assert done.document["run"]["plan"]["version"] == 2


BAD_EDITS = {
    "no plan any more": ("printf 'tasks: [{id: 7' > \"$1\"", "plan", True),
    "an agent that is not there": ("sed -i 's/agent: code/agent: nobody/' \"$1\"", "unknown agent", True),
    "an editor that fails": ("echo '# mine' >> \"$1\"; exit 3", "could not be edited", True),
    "not text": ("printf '\\377\\376' > \"$1\"", "cannot be read", True),
    "emptied": (': > "$1"', "was emptied", False),
}


def test_a_bad_edit_begins_nothing_and_what_was_written_is_not_lost(
    person: Person, server: ModelServer, repository: Path
) -> None:
    for name, (script, told, kept) in BAD_EDITS.items():
        editor = person.file("editor.sh", f"#!/bin/sh\n{script}\n")
        editor.chmod(0o755)
        person._monkeypatch.setenv("VISUAL", str(editor))
        done = person.types("run", GOAL, "--repo", repository, "--yes", "--edit")
        assert done.code == 2, (name, done.err)
        assert told in done.err, (name, done.err)
        assert ("is kept" in done.err) is kept, name
        for draft in [Path(word) for word in done.err.split() if word.endswith(".yaml")][-1:]:
            assert draft.read_bytes(), name
            draft.unlink()
    assert person.shell("cd project && git branch --format='%(refname:short)'").split() == ["main"]
    assert len(person.types("runs", "list", "--json").document) == 1, "only the plan was made"

    person._monkeypatch.setenv("VISUAL", "true")
    unchanged = person.types("run", GOAL, "--repo", repository, "--yes", "--edit", "--json")
    assert (unchanged.code, unchanged.document["run"]["plan"]["version"]) == (0, 1), unchanged.err


def test_that_no_model_answers_is_told_as_what_it_is(person: Person, repository: Path) -> None:
    person._monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
    busy = fail(FailureKind.WRONG_KEY).model_copy(update={"times": None})
    with ModelServer(Script(turns=(busy,))) as server:
        person._monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        done = person.types("run", GOAL, "--repo", repository, "--yes")
    assert done.code == 6, done.err
    assert "key" in done.err
    assert "more exactly" not in done.err
