"""`astrolabe models`, and what is seen of models before a run begins: by the command, over HTTP."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from astrolabe.testing.models import ModelServer, say
from tests.person import Person

KEY = "sk-canary-51b2f0"
PLAN = """
goal: Write a file
tasks:
  - id: work
    goal: Write it
    agent: code
    writes: ["**"]
    checks: [{name: there, run: test -f done.txt}]
"""


@pytest.fixture
def server(person: Person, monkeypatch: pytest.MonkeyPatch) -> Generator[ModelServer]:
    """A provider `company` with the model `large-1`, which the settings name and whose key lies in a variable."""
    with ModelServer([say("Yes.")], key=KEY, models=["large-1", "small-1"]) as server:
        config = {
            "models": {
                "use": ["company/large-1"],
                "providers": {"company": {"base_url": server.openai_url, "key_variable": "COMPANY_KEY"}},
            }
        }
        file = person.file("config.yaml", json.dumps(config))
        monkeypatch.setenv("ASTROLABE_CONFIG", str(file))
        monkeypatch.setenv("COMPANY_KEY", KEY)
        yield server


def test_models_are_listed_and_no_key_is_told(person: Person, server: ModelServer) -> None:
    for words in (
        ("list",),
        ("list", "--json"),
        ("show", "company/large-1"),
        ("check",),
        ("check", "--json"),
    ):
        done = person.types("models", *words)
        assert done.code == 0, done.err
        assert KEY not in done.out + done.err
    listed = person.types("models", "list", "--json").document
    (model,) = listed["models"]
    assert (model["name"], model["provider"]["key"], model["fault"]) == ("company/large-1", "set", None)
    assert {"company", "openai", "ollama"} <= {provider["name"] for provider in listed["providers"]}
    assert [request.method for request in server.requests] == ["GET", "GET"]


def test_a_wrong_key_is_found(person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANY_KEY", "sk-wrong")
    done = person.types("models", "check", "--json")
    (answer,) = done.document["providers"]
    assert (done.code, answer["error"]["code"]) == (6, "model-key")
    assert "sk-wrong" not in done.out + done.err
    assert "company" in person.types("doctor").out
    del server


def test_a_key_that_is_not_there_is_missed(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COMPANY_KEY")
    done = person.types("models", "check")
    assert done.code == 6
    assert "COMPANY_KEY" in done.out
    assert server.requests == ()


def test_a_model_that_is_not_there_brings_likely_ones(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROLABE_MODELS__USE", "company/larg-1")
    done = person.types("models", "check")
    assert done.code == 6
    assert "did you mean large-1" in done.out
    del server


@pytest.mark.parametrize("name", ["nowhere/large", "large-1", "/", "company/"])
def test_a_name_that_is_none_is_refused_with_the_setting_it_stands_in(
    person: Person, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("ASTROLABE_MODELS__USE", name)
    done = person.types("models", "list")
    assert done.code == 2
    assert "models" in done.err.lower()


def begun(person: Person, tmp_path: Path) -> tuple[int, str]:
    plan = person.file("plan.yaml", PLAN)
    person.shell("mkdir -p project && cd project && git init -q && git commit -q --allow-empty -m first")
    done = person.types("run", plan, "--repo", tmp_path / "project")
    assert person.types("runs", "list", "--json").document == []
    return done.code, done.err


def test_a_run_that_needs_a_model_does_not_begin_without_one(person: Person, tmp_path: Path) -> None:
    code, told = begun(person, tmp_path)
    assert code == 2
    assert "ASTROLABE_MODELS__USE" in told


def test_what_a_run_asked_can_be_read_again(person: Person, server: ModelServer, tmp_path: Path) -> None:
    plan = person.file("plan.yaml", PLAN)
    person.shell("mkdir -p project && cd project && git init -q && git commit -q --allow-empty -m first")
    person.types("run", plan, "--repo", tmp_path / "project")
    (run,) = (row["id"] for row in person.types("runs", "list", "--json").document)
    first = person.types("runs", "models", run, "--json").document[0]
    assert (first["model"], first["reply"]["message"]["parts"][0]["text"]) == ("company/large-1", "Yes.")
    asked = person.types("runs", "models", run, "--log")
    assert asked.code == 0, asked.err
    assert "Write it" in asked.out
    assert "Yes." in asked.out
    assert KEY not in asked.out
    del server


def test_a_run_does_not_begin_with_a_key_that_is_not_taken(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COMPANY_KEY", "sk-wrong")
    code, told = begun(person, tmp_path)
    assert code == 6
    assert "does not take its key" in told
    assert [request.method for request in server.requests] == ["GET"]


def test_an_interrupted_run_does_not_go_on_with_a_key_that_is_not_taken(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person.begins(person.file("plan.yaml", PLAN), tmp_path / "target")
    monkeypatch.setenv("COMPANY_KEY", "sk-wrong")
    done = person.types("resume", "last")
    assert done.code == 6
    assert "has no model it can ask" in done.err
    assert [request.method for request in server.requests if request.method == "POST"] == []
    listed = person.types("runs", "list", "--json").document
    assert [run["status"] for run in listed] == ["interrupted"]


def test_a_fallback_without_a_key_is_told_before_the_run_begins(
    person: Person, server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The models of an agent's own count, and those of agents that only stand in for others."""
    monkeypatch.setenv("ASTROLABE_MODELS__AGENTS__REVIEWER", "anthropic/claude-sonnet-4-5")
    monkeypatch.setenv("ASTROLABE_MODELS__USE", "company/large-1,mistral/small")
    for name in ("ANTHROPIC_API_KEY", "MISTRAL_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    plan = PLAN.replace(
        "agent: code", "agent: command\n    inputs: {run: 'touch done.txt'}\n    fallback: [code, reviewer]"
    )
    done = person.types("run", person.file("plan.yaml", plan), "--workspace", tmp_path / "target")
    assert done.code == 0, done.err
    assert "warning: the agent 'code' cannot ask mistral/small" in done.err
    assert "warning: the agent 'reviewer' cannot ask anthropic/claude-sonnet-4-5" in done.err
    assert "company/large-1" not in done.err
    assert all(request.method == "GET" for request in server.requests)
