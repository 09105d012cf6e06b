"""What a skill adds is measured: the same tasks and model, with its text before the model and without."""

import json

import pytest

from astrolabe.evaluation.answering import code_in
from astrolabe.testing.models import FailureKind, ModelServer, Turn, When, fail
from tests.person import Person

SKILL = """---
name: loud-words
description: Write words in capitals. Use when a word is asked for.
---
Words are written in CAPITALS-ALWAYS.
"""
TASK = """
  - name: {name}
    goal: Write out.txt with the word for {name}.
    writes: out.txt
    hidden: {{a.sh: "test -s out.txt", b.sh: "grep -qx '[A-Z]*' out.txt"}}
    checks: [{{name: correctness, run: sh a.sh}}, {{name: adherence, run: sh b.sh}}]
"""


def settings(person: Person, server: ModelServer) -> None:
    endpoint = {"base_url": server.openai_url, "key": "test", "window": 8000}
    models = {"use": ["here/one"], "providers": {"here": endpoint}}
    file = person.file("config.yaml", json.dumps({"models": models}))
    person._monkeypatch.setenv("ASTROLABE_CONFIG", str(file))


def questions(server: ModelServer) -> int:
    """Count what was asked of the model; before a run its provider is asked whether it takes the key."""
    return sum(request.path.endswith("/chat/completions") for request in server.requests)


def test_a_skill_that_helps_is_seen_to_help(person: Person) -> None:
    person.file("project/.agents/skills/loud-words/SKILL.md", SKILL)
    names = ["one", "two", "three"]
    suite = person.file("suite.yaml", "tasks:" + "".join(TASK.format(name=name) for name in names))
    skilled = Turn(text="Here:\n```text\nWORD\n```\n", when=When(holds="CAPITALS-ALWAYS"), times=None)
    plain = Turn(text="```\nword\n```", times=None)
    with ModelServer([skilled, plain], key="test") as server:
        settings(person, server)
        words = (
            "skills",
            "eval",
            "loud-words",
            "--suite",
            suite,
            "--repo",
            person.folder / "project",
            "--repeat",
            "1",
        )
        done = person.types(*words, "--json")
        asked = questions(server)
        again = person.types(*words)
        assert questions(server) == asked == 6
    told = done.document
    assert (told["without"]["passed"], told["with"]["passed"]) == (0, 3)
    assert told["compared"]["checks"]["correctness"]["estimate"] == 0.0
    assert told["compared"]["checks"]["adherence"] == {
        "estimate": 1.0,
        "low": 1.0,
        "high": 1.0,
        "excludes_zero": True,
    }
    assert told["with"]["tokens"] > 0
    assert "adherence: +100.0%" in again.out


def test_a_model_that_does_not_answer_is_the_cause_that_is_told(person: Person) -> None:
    suite = person.file("suite.yaml", "tasks:" + TASK.format(name="one"))
    with ModelServer([fail(FailureKind.WRONG_KEY).model_copy(update={"times": None})]) as server:
        settings(person, server)
        told = person.types("eval", suite, "--agent", "answer", "--json").document
    assert told["failures"] == {"model did not answer": 1}
    assert told["setting"] == "here/one"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("```python\na = 1\n```", "a = 1\n"),
        ("Sure!\n```\nshort\n```\nand\n```py\nthe longer one\n```\nbye", "the longer one\n"),
        ("a = 1", "a = 1\n"),
        ("```python\ncut off = ", "cut off = \n"),
    ],
)
def test_the_code_in_an_answer(answer: str, code: str) -> None:
    assert code_in(answer) == code
