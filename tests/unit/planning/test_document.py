"""A plan file read into a plan, or refused with everything that is wrong in it."""

import json
from pathlib import Path

import pytest

from astrolabe.domain.plan import Backoff, OnFailure, Plan
from astrolabe.errors import PlanValidationError
from astrolabe.planning.document import is_plan, read_plan

EXAMPLES = Path(__file__).parents[3] / "examples" / "plans"


def refused(text: str | bytes, *agents: str, name: str = "plan.yaml") -> list[str]:
    with pytest.raises(PlanValidationError) as caught:
        read_plan(text, name, agents or None)
    assert caught.value.problems
    return [str(problem) for problem in caught.value.problems]


def test_every_field_can_be_written() -> None:
    text = """
goal: everything
reasoning: because
on_failure: keep-going
tasks:
- id: a
  name: First
  agent: code
  goal: do it
  inputs: {run: ls, deep: [1, {x: null}]}
  writes: [src/, "*.md"]
  checks:
  - ls -la
  - {name: types, run: tsc, inputs: [src], produces: [out.log], uses: [ls -la], timeout: 5, required: false, not_run_exit_code: 75}
  retries: 3
  timeout: 90
  backoff: {base: 2, max: 8, jitter: 0.05}
  priority: -5
  budget: {money: 1.5, tokens: 10, model_calls: 2, tool_calls: 3, wall_seconds: 60}
  environment: {toolchains: [node], lockfiles: [package-lock.json]}
- {id: b, agent: code, depends_on: [a], backoff: 4}
"""
    plan = read_plan(text, "plan.yaml", ["code"])
    first, second = plan.tasks
    assert (plan.source, plan.on_failure) == ("person", OnFailure.KEEP_GOING)
    assert (first.name, first.timeout_seconds, first.priority) == ("First", 90, -5)
    assert (first.checks[0].run, first.checks[1].not_run_exit_code) == ("ls -la", 75)
    assert (second.name, second.depends_on, second.backoff) == ("b", ("a",), Backoff(base=4))
    assert read_plan(json.dumps(plan.model_dump(mode="json")), "plan.json") == plan


def test_every_kind_of_fault_comes_in_one_report() -> None:
    text = """goal: x
task: 3
tasks:
- id: 1
  agent: on
  dependson: [a]
  depends_on: a
  retries: true
  id: again
  checks: [{name: x}, ls, ls, " "]
  inputs: {a: .nan}
  backoff: {max: 0.5}
  writes: [/etc, ok]
- agent: code
- {id: a, agent: code, depends_on: [b]}
- {id: b, agent: coed, depends_on: [c]}
- {id: c, agent: code, depends_on: [a, nope]}
- {id: B, agent: code, depends_on: [B, c]}
on_failure: fail_fast
"""
    found = refused(text, "code")
    assert [line.split(": ")[0].removeprefix("plan.yaml:") for line in found] == [
        "2:1 task",
        "4:7 tasks[0].id",
        "5:10 tasks[0].agent",
        "6:3 tasks[0].dependson",
        "7:15 tasks[0].depends_on",
        "8:12 tasks[0].retries",
        "9:3",
        "10:12 tasks[0].checks[0]",
        "10:27 tasks[0].checks[2].name",
        "10:31 tasks[0].checks[3].run",
        "11:15 tasks[0].inputs.a",
        "12:3 tasks[0].backoff",
        "13:12 tasks[0].writes[0]",
        "14:3 tasks[1]",
        "15:37 tasks[2].depends_on[0]",
        "16:18 tasks[3].agent",
        "17:40 tasks[4].depends_on[1]",
        "18:8 tasks[5].id",
        "18:37 tasks[5].depends_on[0]",
        "19:13 on_failure",
    ]


def test_a_single_task_with_a_fault_is_not_also_said_to_be_missing() -> None:
    assert refused("goal: x\ntasks:\n- {agent: a}\n") == ["plan.yaml:3:3 tasks[0]: `id` is missing"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("- a", "a mapping"),
        ("goal: x", "`tasks` is missing"),
        ("tasks: [{id: a, agent: b}]", "`goal` is missing"),
        ("goal: ''\ntasks: [{id: a, agent: b}]", "goal: is empty"),
        ("goal: ' '\ntasks: [{id: a, agent: b}]", "goal: is blank"),
        ("goal: x\ntasks: []", "tasks: is empty"),
        ("goal: x\ntasks:", "tasks: is empty"),
        ("goal: x\ntasks: {id: a}", "is a mapping, but a list"),
        ("goal: x\ntasks: [{id: ' ', agent: b}]", "id: is blank"),
        ("goal: x\ntasks: [{id: a, agent: ''}]", "agent: is empty"),
        ("goal: x\ntasks: [{id: a, agent: b, timeout: 0}]", "more than 0"),
        ("goal: x\ntasks: [{id: a, agent: b, checks: [{run: ls}]}]", "checks[0]: `name` is missing"),
        ("goal: x\ntasks: [{id: a, agent: b, timeout: inf}]", "not a finite number"),
        ("goal: x\ntasks: [{id: a, agent: b}]\nmodel: y", "unknown field `model`"),
        ("goal: x\ntasks: [{id: a, agent: b}]\n---\ngoal: y", "second document"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, said: str) -> None:
    assert any(said in line for line in refused(text))


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_the_examples_are_plans(path: Path) -> None:
    assert is_plan(path.read_bytes(), path.name)
    plan = read_plan(path.read_bytes(), path.name, ["command"])
    assert all(isinstance(task.inputs["run"], str) and task.checks and task.writes for task in plan.tasks)


def test_there_are_examples() -> None:
    assert {path.suffix for path in EXAMPLES.iterdir()} == {".yaml", ".json"}


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("goal: x\ntasks: []", "plan.yaml", True),
        ('{"goal": 1, "tasks": 2}', "any", True),
        ("goal: x\ntasks:\n\t- broken", "plan.yaml", True),
        ('{"goal": "x",\n"tasks": [,]}', "plan.json", True),
        ("astrolabe: webapp/1\nentities: {}", "model.yaml", False),
        ("A todo list with tasks: they have a title", "brief.md", False),
        ("# Tasks\n\n- tasks: one\n\tgoal", "brief.md", False),
        (b"\x00\x01", "brief.md", False),
        ("", "plan.yaml", False),
    ],
)
def test_a_plan_is_known_by_its_tasks(text: str | bytes, name: str, expected: bool) -> None:
    assert is_plan(text, name) is expected


def test_a_plan_read_is_the_same_from_text_and_bytes() -> None:
    text = "goal: é\ntasks: [{id: a, agent: b}]"
    assert read_plan(text, "p.yaml") == read_plan(text.encode(), "p.yaml")
    assert isinstance(read_plan(text, "p.yaml"), Plan)


@pytest.mark.parametrize(
    "text",
    [
        "goal: x\ntasks: [" + "1, " * 11_000 + "1]",
        "goal: x\ntasks: [{id: a, agent: b, depends_on: [" + "q, " * 11_000 + "q]}]",
        "{" + ", ".join(f'"{number}": 1' for number in range(11_000)) + "}",
    ],
)
def test_no_file_has_more_problems_than_can_be_listed(text: str) -> None:
    with pytest.raises(PlanValidationError) as caught:
        read_plan(text, "plan.yaml")
    assert len(caught.value.problems) == 10_000


def test_of_far_too_many_tasks_only_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("astrolabe.planning.document.MOST_TASKS", 2)
    text = "goal: x\ntasks:\n- {id: 1}\n- {id: a}\n- {nonsense: 3}\n"
    (said,) = refused(text)
    assert said.startswith("plan.yaml:3:1 tasks: has 3 tasks, but a plan can have 2 (make several plans")
