"""A model that makes the tests green by taking them away has proved nothing, whatever its commands end with."""

import json
from pathlib import Path

import pytest

from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.script import Call, Script, Turn, When, call, say
from tests.person import Done, Person

GOAL = "make slug() lower what it is given"
TESTS = "import unittest\nfrom slug import slug\n\nclass Slugs(unittest.TestCase):\n" + "".join(
    f"    def test_{name}(self):\n        self.assertEqual(slug('{name}'), '{name}')\n" for name in "ab"
)
FEWER = TESTS[: TESTS.index("    def test_b")]
BROKEN = "1/0  # lower\n"
LOWER = "def slug(text):\n    return text.lower()\n"


@pytest.fixture
def repository(person: Person) -> Path:
    person.file("project/slug.py", "def slug(text):\n    return text\n")
    person.file("project/test_slug.py", TESTS)
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm before")
    return person.folder / "project"


def planned(*writes: str) -> Turn:
    task = {
        "id": "lower",
        "agent": "code",
        "goal": "slug() must lower its text",
        "writes": writes,
        "checks": ["grep -q lower slug.py"],
    }
    told = say(json.dumps({"reasoning": "One task.", "tasks": [task]}))
    return told.model_copy(update={"when": When(user_says="Answer with the plan"), "times": None})


def attempt(*turns: Turn) -> Turn:
    """Do all of an attempt in one answer, however often it is asked for."""
    calls = (
        *(one for turn in turns for one in turn.calls),
        Call(tool="finish", arguments={"summary": "done"}),
    )
    return Turn(calls=calls, when=When(last_says="Goal: slug() must lower its text"), times=None)


def write(path: str, content: str) -> Turn:
    """Replace a file as a model has to: what is there is read first."""
    read = Call(tool="read", arguments={"path": path})
    return Turn(calls=(read, Call(tool="write", arguments={"path": path, "content": content})))


PASSES = call("verdict", {"summary": "Fine.", "verdict": "pass", "findings": []}).model_copy(
    update={"when": When(offers="verdict"), "times": None}
)


def run(person: Person, repository: Path, *turns: Turn) -> Done:
    person._monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
    person._monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW", "32000")
    with ModelServer(Script(turns=(PASSES, *turns))) as server:
        person._monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        return person.types("run", GOAL, "--repo", repository, "--yes", "--json")


CHEATS = {
    "one is removed": [write("test_slug.py", FEWER), write("slug.py", LOWER)],
    "all are removed, and what they tested is broken": [call("run", {"command": "rm test_slug.py"}), write("slug.py", BROKEN)],
    "what runs them is put in the shade": [write("unittest/__main__.py", ""), write("unittest/__init__.py", ""), write("slug.py", BROKEN)],
}  # fmt: skip


@pytest.mark.parametrize("how", CHEATS)
def test_a_task_that_takes_the_tests_away_fails(person: Person, repository: Path, how: str) -> None:
    done = run(person, repository, planned("**"), attempt(*CHEATS[how]))
    assert done.code == 1, done.out
    assert "tests" in done.document["tasks"][0]["reason"], done.document["tasks"][0]["reason"]
    assert person.shell("cd project && git log --format=%s main").split() == ["before"]
    assert (repository / "test_slug.py").read_text() == TESTS


def test_a_task_whose_plan_names_the_file_may_and_it_is_told(person: Person, repository: Path) -> None:
    turns = attempt(write("test_slug.py", FEWER), write("slug.py", LOWER))
    done = run(person, repository, planned("slug.py", "test_slug.py"), turns)
    assert done.code == 0, done.out
    assert done.document["tasks"][0]["lost_tests"] == ["test_slug.py: Slugs.test_b"]
    shown = person.types("runs", "show", done.document["run"]["id"][-6:])
    assert "test_slug.py: Slugs.test_b" in shown.out
    assert "gone" in shown.out


def test_not_even_then_may_none_be_left(person: Person, repository: Path) -> None:
    turns = attempt(write("test_slug.py", "import unittest\n"), write("slug.py", BROKEN))
    done = run(person, repository, planned("slug.py", "test_slug.py"), turns)
    assert done.code == 1, done.out
    assert "no test" in done.document["tasks"][0]["reason"]
