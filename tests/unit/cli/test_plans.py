"""Plans on the command line: what cannot run is told before it does, and how a goal was read is told to programs too."""

import json
from pathlib import Path

import pytest
from tests.person import Person

from astrolabe.cli.exits import Exit

GOAL = """# Recipes

A web application to keep recipes.

- A recipe has a title and a rating from 1 to 5.
- It must glow in the dark.
"""
PLAN = """goal: two files
tasks:
  - {id: one, agent: command, inputs: {run: "echo x > one.txt"}, writes: [one.txt]}
  - {id: two, agent: command, inputs: {run: "echo x > two.txt"}, writes: [two.txt]}
"""


def task(**fields: object) -> str:
    return json.dumps(
        {"goal": "one task", "tasks": [{"id": "one", "agent": "command", "writes": ["a"], **fields}]}
    )


def test_how_a_goal_was_read_is_part_of_its_plans_document(person: Person) -> None:
    file = person.file("recipes.md", GOAL)
    document = person.types("plan", file, "--json").document
    read = {sentence["text"]: sentence["reading"] for sentence in document["understanding"]["sentences"]}
    assert read["A recipe has a title and a rating from 1 to 5."] == "understood"
    assert read["It must glow in the dark."] == "unread"
    assert "assumed" in read.values()
    assert "Recipe" in document["understanding"]["document"]

    again = person.types("plan", "validate", person.file("plan.json", json.dumps(document)), "--json")
    assert again.code == Exit.DONE, again.out
    assert again.document == {name: value for name, value in document.items() if name != "understanding"}
    assert person.types("plan", file, "--format", "json").document == again.document


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({}, "`run` is missing"),
        ({"inputs": {}}, "`run` is missing"),
        ({"inputs": {"rnu": "ls"}}, "`run` is missing"),
        ({"inputs": {"run": " \n"}}, "is blank"),
        ({"inputs": {"run": 7}}, "a text is expected"),
        ({"inputs": {"run": ["ls"]}}, "a text is expected"),
        ({"agent": "scaffold", "inputs": {"run": "ls"}}, "`model` is missing"),
    ],
)
@pytest.mark.parametrize("command", [("plan", "validate"), ("run",)])
def test_what_an_agent_needs_is_asked_for_before_anything_runs(
    command: tuple[str, ...], inputs: dict[str, object], said: str, person: Person
) -> None:
    where = ["--workspace", person.folder / "target"] if command == ("run",) else []
    done = person.types(*command, person.file("plan.json", task(**inputs)), *where, "--json")
    assert done.code == Exit.BAD_INPUT
    (problem,) = done.document["error"]["problems"]
    assert said in problem["text"]
    assert "tasks[0].inputs" in problem["place"]
    assert person.types("runs", "list", "--json").document == []


def test_every_missing_input_is_told_beside_all_other_faults(person: Person) -> None:
    tasks = [
        {"id": f"t{number}", "agent": agent}
        for number, agent in enumerate(["command", "scaffold", "command", "x"])
    ]
    done = person.types(
        "plan", "validate", person.file("p.json", json.dumps({"goal": " ", "tasks": tasks})), "--json"
    )
    places = [problem["place"].split(" ")[-1] for problem in done.document["error"]["problems"]]
    assert sorted(places) == [
        "goal",
        "tasks[0].inputs",
        "tasks[1].inputs",
        "tasks[2].inputs",
        "tasks[3].agent",
    ]


def test_work_that_may_have_to_be_merged_is_warned_of(person: Person) -> None:
    assert (
        person.types("plan", "validate", person.file("plan.yaml", PLAN), "--json").document["warnings"] == []
    )
    file = person.file("plan.yaml", PLAN.replace("[two.txt]", '["*.txt"]'))
    (warning,) = person.types("plan", "validate", file, "--json").document["warnings"]
    assert "tasks[1].writes[0]" in warning
    assert warning.split("`")[1] in person.types("plan", "validate", file).out


@pytest.mark.parametrize("words", [("plan", "a plan.yaml"), ("build", "a plan.yaml", "--into", "a target")])
def test_a_plan_given_for_a_goal_is_told_how_it_is_run(
    words: tuple[str, ...], person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.folder)
    person.file("a plan.yaml", PLAN)
    error = person.types(*words, "--json").document["error"]
    assert "is a plan" in error["message"]
    if words[0] == "plan":
        person.shell(error["hint"].split(": ", 1)[1])
    else:
        assert error["hint"].endswith("astrolabe run 'a plan.yaml' --workspace 'a target'")


def test_a_goal_given_for_a_plan_is_told_how_it_is_planned(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.folder)
    done = person.types("plan", "validate", person.file("recipes.md", GOAL).name)
    assert done.code == Exit.BAD_INPUT
    assert "astrolabe plan recipes.md" in done.err


def test_nothing_is_built_that_nobody_accepted_and_a_program_learns_what_was_understood(
    person: Person,
) -> None:
    done = person.types(
        "build", person.file("recipes.md", GOAL), "--into", person.folder / "target", "--json"
    )
    assert (done.code, done.err) == (Exit.BAD_INPUT, "")
    assert done.document["error"]["code"] == "not-accepted"
    assert done.document["understanding"]["sentences"]
    assert not Path(person.folder / "target").exists()


@pytest.mark.parametrize("words", [("plan", "history"), ("plan", "diff"), ("runs", "show"), ("resume",)])
@pytest.mark.parametrize("name", ["nothing", "\udcff", "ß", "é:2", "'", "%"])
def test_a_name_of_nothing_is_bad_input_whatever_it_is_made_of(
    words: tuple[str, ...], name: str, person: Person
) -> None:
    done = person.types(*words, name, *([name] if "diff" in words else []), "--json")
    assert done.code == Exit.BAD_INPUT
    assert done.document["error"]["code"] == "missing"
