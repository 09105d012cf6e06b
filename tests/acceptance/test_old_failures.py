"""Tests that fail before any change: known while planning, told to the model and the person, and no task is blamed for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from astrolabe.testing.models import ModelServer, Script, call, say
from tests.person import Person

TASK = {
    "id": "add",
    "name": "Add shout",
    "agent": "code",
    "goal": "Add shout() to words.py.",
    "depends_on": [],
    "writes": ["words.py"],
    "checks": ["python3 -c 'import words; assert words.shout(1)'"],
}
TESTS = """import unittest

import words


class Words(unittest.TestCase):
    def test_old(self):
        self.assertEqual(words.whisper("A"), "{expected}")

    def test_fine(self):
        self.assertEqual(words.whisper("B"), "b")
"""
CODE = "def whisper(text):\n    return text.lower()\n"
SHOUT = CODE + "\n\ndef shout(text):\n    return str(text).upper()\n"
BREAKS = SHOUT.replace(".lower()", ".title()")


@pytest.fixture
def project(person: Person, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
    monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW", "32000")
    person.file("project/words.py", CODE)
    return person.folder / "project"


def ran(
    person: Person, project: Path, tests: str, left: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, str]:
    if tests:
        person.file("project/test_words.py", tests)
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm before")
    turns = (
        say(json.dumps({"reasoning": "One change.", "tasks": [TASK]})),
        call("read", {"path": "words.py"}),
        call("write", {"path": "words.py", "content": left}),
        call("finish", {"summary": "done"}),
        call("verdict", {"summary": "Looked.", "verdict": "pass", "findings": []}),
    )
    with ModelServer(Script(turns=turns)) as server:
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        done = person.types("run", "add shout() to words", "--repo", project, "--yes", "--json")
        asked = next(one for one in server.requests if one.method == "POST")
    return done.document, asked.body.decode()


def test_old_failures_are_told_and_blame_no_task(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, asked = ran(person, project, TESTS.format(expected="never"), SHOUT, monkeypatch)
    assert told["run"]["status"] == "passed", told
    assert "fail before any change: exit code 1" in asked
    assert [task["id"] for task in told["tasks"]] == ["add", "tests", "review"]
    shared = person.types("runs", "context", "last", "tests/tests", "--json").document["values"][-1]["value"]
    assert shared["verdict"] == "passed-before"
    assert [(one["status"], one["before"]) for one in shared["runners"][0]["tests"]] == [("failed", True)]


def test_a_new_failure_beside_an_old_one_is_found(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, _ = ran(person, project, TESTS.format(expected="never"), BREAKS, monkeypatch)
    assert told["run"]["status"] == "failed"
    tests = told["tasks"][1]
    assert (tests["id"], tests["status"]) == ("tests", "failed")
    assert "1 tests fail" in tests["reason"]
    assert "test_fine" in tests["reason"]


def test_tests_that_pass_are_the_proof_and_none_is_said(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, asked = ran(person, project, TESTS.format(expected="a"), SHOUT, monkeypatch)
    assert told["run"]["status"] == "passed", told
    assert "fail before any change" not in asked
    assert "the project's own tests" in {check["check"] for check in told["checks"]}


def test_a_repository_without_tests_is_told_as_such(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, asked = ran(person, project, "", SHOUT, monkeypatch)
    assert told["run"]["status"] == "passed", told
    assert "no tests were found in the repository" in asked


def test_tests_that_pass_before_any_change_are_told_to_nobody(
    person: Person, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.file(
        "project/test_words.py", "import words\n\n\ndef test_fine():\n    assert words.whisper('B') == 'b'\n"
    )
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm before")
    with ModelServer([say(json.dumps({"reasoning": "One change.", "tasks": [TASK]}))]) as server:
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        planned = person.types("plan", "add shout() to words", "--repo", project, "--json")
        asked = next(one for one in server.requests if one.method == "POST").body.decode()
    assert planned.code == 0, planned.err
    assert "before any change" not in asked
    assert planned.document["warnings"] == []
    assert any("pytest" in check["run"] for task in planned.document["tasks"] for check in task["checks"])
