"""What a model planned, made a plan that can run."""

import json
from dataclasses import replace
from typing import Any

import pytest

from astrolabe.domain.conversation import Shape
from astrolabe.domain.plan import Check, Environment
from astrolabe.errors import PlanValidationError
from astrolabe.planning.extraction import Extracted, extract_plan
from astrolabe.planning.form import plan_shape, steps_shape
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.steps import as_steps, whole_plan

PROOF = Check(name="the project's own tests", run="pytest -q")
TERMS = Terms(
    goal="Make slug handle unicode",
    hands=(
        Hand("code"),
        Hand("test"),
        Hand("reviewer", writes=False),
        Hand("command", inputs=("run",), needs=("run",)),
    ),
    agent="code",
    proofs=(PROOF,),
    environment=Environment(toolchains=("python",)),
)
GOOD: dict[str, Any] = {
    "id": "fix",
    "name": "Fix it",
    "agent": "code",
    "goal": "Fix slug",
    "depends_on": [],
    "writes": ["src/slug.py"],
    "checks": ["pytest -q tests/test_slug.py"],
}


def plan_of(*tasks: Any, **more: Any) -> Any:
    return proposed_plan(Extracted({"reasoning": "so", "tasks": list(tasks), **more}), TERMS)


def test_a_good_plan_is_taken_as_it_is_and_its_last_task_proved_by_the_project_s_own_tests() -> None:
    look = {**GOOD, "id": "look", "agent": "reviewer", "depends_on": ["fix"], "writes": [], "checks": []}
    plan = plan_of(GOOD, look)
    assert (plan.goal, plan.source, plan.reasoning, plan.warnings) == (TERMS.goal, "model", "so", ())
    assert [check.run for check in plan.task("fix").checks] == ["pytest -q tests/test_slug.py"]
    assert plan.task("look").checks == (PROOF,)
    assert plan.task("fix").environment == TERMS.environment


@pytest.mark.parametrize(
    ("change", "expected", "told"),
    [
        ({"depends_on": ["nowhere"]}, {"depends_on": ()}, "dropped its dependency on `nowhere`"),
        ({"depends_on": ["fix"]}, {"depends_on": ()}, "dropped its dependency on itself"),
        ({"depends_on": "none"}, {"depends_on": ()}, ""),
        ({"id": "Fix It!"}, {"id": "fix-it"}, "had `Fix It!`"),
        ({"id": 7}, {"id": "7"}, ""),
        ({"id": None}, {"id": "fix-it"}, "had no id"),
        ({"id": "", "name": ""}, {"id": "task-1"}, "had no id"),
        ({"name": None}, {"name": "fix"}, ""),
        ({"agent": "Code"}, {"agent": "code"}, "there is no agent `Code`; `code` gets it"),
        ({"agent": "reviewr"}, {"agent": "reviewer", "writes": ()}, "there is no agent `reviewr`; `reviewer`"),
        ({"agent": "barista"}, {"agent": "code"}, "there is no agent `barista`; `code`"),
        ({"agent": None}, {"agent": "code"}, "it names no agent; `code`"),
        ({"writes": ["/src/a.py", "./b", "c//d", "win\\e", "C:\\f"]}, {"writes": ("src/a.py", "b", "c/d", "win/e", "f")}, "made relative"),
        ({"writes": []}, {"writes": ("**",)}, "may change everything"),
        ({"writes": "src"}, {"writes": ("src",)}, ""),
        ({"checks": ["true", "make test || true", "echo done", "exit 0", ""]}, {"checks": (PROOF,)}, "which cannot fail"),
        ({"checks": {"name": "t", "command": "make test"}}, {"checks": (Check(name="t", run="make test"), PROOF)}, ""),
        ({"checks": ["pytest -q"]}, {"checks": (PROOF,)}, ""),
        ({"checks": ["sh tools/check.sh && echo good"]}, {"checks": (Check(name="sh tools/check.sh && echo good", run="sh tools/check.sh && echo good"), PROOF)}, ""),
        ({"retries": -1}, {"retries": 1}, "left out its retries"),
        ({"timeout": "10 minutes"}, {"timeout_seconds": 3600.0}, "left out its timeout"),
        ({"priority": 3}, {"priority": 3}, ""),
        ({"policy": {"network": True}, "environment": {"toolchains": ["x"]}}, {"environment": TERMS.environment}, "policy, environment"),
    ],
)  # fmt: skip
def test_harmless_faults_are_mended_and_told(change: Any, expected: Any, told: str) -> None:
    plan = plan_of({**GOOD, **change})
    assert {key: getattr(plan.tasks[0], key) for key in expected} == expected
    assert told in "; ".join(plan.warnings)
    assert bool(told) == bool(plan.warnings)


def test_a_check_is_never_given_a_policy_of_its_own() -> None:
    plan = plan_of({**GOOD, "checks": [{"run": "curl x", "policy": {"network": "all"}, "required": False}]})
    assert plan.tasks[0].checks[0] == Check(name="curl x", run="curl x")


def test_names_that_other_models_use_are_understood() -> None:
    written = {"title": "Fix it", "role": "code", "description": "Fix slug", "dependsOn": [], "files": ["a"], "tests": ["t"]}  # fmt: skip
    task = plan_of({"id": "fix", **written}).tasks[0]
    assert (task.name, task.agent, task.goal, task.writes, task.checks[0].run) == ("Fix it", "code", "Fix slug", ("a",), "t")  # fmt: skip


def test_tasks_with_one_id_get_ids_of_their_own_and_references_mean_the_one_before() -> None:
    third = {**GOOD, "id": "ship", "depends_on": ["fix"]}
    plan = plan_of(
        GOOD, {**GOOD, "depends_on": ["fix"]}, third, {**GOOD, "id": "FIX", "depends_on": ["Fix it"]}
    )
    assert [(task.id, task.depends_on) for task in plan.tasks] == [
        ("fix", ()), ("fix-2", ("fix",)), ("ship", ("fix-2",)), ("fix-3", ("ship",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        (
            [{**GOOD, "id": "a", "depends_on": ["b"]}, {**GOOD, "id": "b", "depends_on": ["a"]}],
            "cycle: a → b → a",
        ),
        ([{**GOOD, "writes": ["../elsewhere"]}], "leaves the workspace"),
        ([{**GOOD, "writes": [".git/hooks/x"]}], "names .git"),
        ([{**GOOD, "agent": "command"}], "tasks[0].inputs: `run` is missing"),
        ([{"id": "x"}], "does not say what is to be done"),
        ([GOOD] * 201, "plan 1 to 200"),
    ],
)
def test_what_cannot_be_mended_is_listed(tasks: Any, told: str) -> None:
    with pytest.raises(PlanValidationError, match=r"plan") as refused:
        plan_of(*tasks)
    assert told in str(refused.value)


def test_a_plan_that_proves_nothing_is_refused() -> None:
    terms = Terms(goal="x", hands=(Hand("code"),), agent="code")
    with pytest.raises(PlanValidationError, match="none of them has a check"):
        proposed_plan(Extracted({"tasks": [{**GOOD, "checks": ["true"]}]}), terms)


def test_inputs_come_as_an_object_or_as_pairs() -> None:
    for inputs in (
        {"run": "make", "other": 1},
        [{"name": "run", "value": "make"}, {"name": "other", "value": "1"}],
    ):
        assert plan_of({**GOOD, "agent": "command", "inputs": inputs}).tasks[0].inputs == {"run": "make"}


def test_a_reply_that_was_cut_off_says_so() -> None:
    reply = json.dumps({"tasks": [GOOD, {**GOOD, "id": "b"}, {**GOOD, "id": "c"}]})[:-100]
    plan = proposed_plan(extract_plan(reply), TERMS)
    assert [task.id for task in plan.tasks] == ["fix", "b"]
    assert any("cut off" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    "shape",
    [plan_shape(["code", "test"], inputs=True), steps_shape(checks=True), steps_shape(checks=False)],
    ids=["whole", "steps", "proved steps"],
)
def test_a_form_keeps_to_what_every_strict_mode_takes_and_bounds_all_that_is_written(shape: Shape) -> None:
    strict = {"type", "properties", "required", "additionalProperties", "items", "enum", "description"}
    left: list[Any] = [shape.json_schema]
    while left:
        schema = left.pop()
        assert set(schema) <= strict | {"maxLength", "maxItems", "minItems"}
        if schema["type"] == "object":
            assert schema["required"] == list(schema["properties"])
            assert schema["additionalProperties"] is False
            left += schema["properties"].values()
        elif schema["type"] == "array":
            assert 0 < schema["maxItems"] <= 50
            left.append(schema["items"])
        else:
            assert "enum" in schema or 0 < schema["maxLength"] <= 1_000


def test_steps_are_done_one_after_the_other_each_under_the_proofs_of_the_repository() -> None:
    raw: list[Any] = [
        {"name": "Mend slug()", "goal": "g", "writes": ["a.py"]},
        {"name": "Cover it", "goal": "h"},
    ]
    plan = proposed_plan(as_steps(Extracted({"tasks": [*raw, raw[0]]}), TERMS), TERMS)
    assert [(task.id, task.agent, task.depends_on) for task in plan.tasks] == [
        ("mend-slug", TERMS.agent, ()),
        ("cover-it", TERMS.agent, ("mend-slug",)),
        ("mend-slug-2", TERMS.agent, ("cover-it",)),
    ]
    assert all([check.run for check in task.checks] == [PROOF.run] for task in plan.tasks)
    assert not [warning for warning in plan.warnings if "agent" in warning or "no id" in warning]


def test_without_a_model_the_whole_goal_is_one_task_that_the_repository_itself_proves() -> None:
    goal = "Make slug() handle unicode " + "and the rest " * 20 + "\nand cover it"
    plan = whole_plan(replace(TERMS, goal=goal, reviewer="reviewer"), "no answer could run")
    assert plan is not None
    assert (plan.source, plan.warnings[0]) == ("static", "no answer could run")
    whole, review = plan.tasks
    assert (whole.goal, whole.writes, whole.checks) == (goal, ("**",), (PROOF,))
    assert len(whole.name) <= 72
    assert review.depends_on == (whole.id,)
    assert whole_plan(replace(TERMS, proofs=()), "") is None


def test_somebody_who_did_not_make_it_looks_at_it_in_the_end() -> None:
    terms = replace(TERMS, reviewer="reviewer")
    fix, cover = {**GOOD, "id": "review"}, {**GOOD, "id": "cover"}
    plan = proposed_plan(Extracted({"tasks": [fix, cover]}), terms)
    assert (plan.tasks[-1].id, plan.tasks[-1].agent) == ("review-2", "reviewer")
    assert set(plan.tasks[-1].depends_on) == {"review", "cover"}
    assert plan.tasks[-1].inputs == {"goal": TERMS.goal}
    assert PROOF in plan.task("cover").checks
    look: Any = {
        **GOOD,
        "id": "look",
        "agent": "reviewer",
        "depends_on": ["review"],
        "writes": [],
        "checks": [],
    }
    assert len(proposed_plan(Extracted({"tasks": [fix, look]}), terms).tasks) == 2
    without = replace(terms, hands=(Hand("code"),))
    assert len(proposed_plan(Extracted({"tasks": [fix]}), without).tasks) == 1
