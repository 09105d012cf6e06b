"""Plans that must not run, and plans that are mended."""

import math
from typing import Any

import pytest

from astrolabe.domain.plan import Approval, Backoff, Budget, Check, Environment, Plan, Task, ref_name
from astrolabe.errors import PlanValidationError
from astrolabe.planning.validation import mended, problems_in, validated


def task(name: str, *needs: str, **fields: Any) -> Task:
    return Task(id=name, name=name, agent="code", depends_on=needs, **fields)


def plan(*tasks: Task) -> Plan:
    return Plan(goal="x", tasks=tasks)


def found(*tasks: Task) -> list[str]:
    return [str(problem) for problem in problems_in(plan(*tasks), ["code", "test"])]


def test_a_good_plan_has_no_problems() -> None:
    good = plan(task("a"), task("b", "a", writes=("src/", "*.md"), checks=(Check(name="c", run="ls"),)))
    assert problems_in(good) == ()
    assert validated(good, ["code"]) is good
    assert mended(good, ["code"]) is good


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([task("a"), task("a")], ["tasks[1].id: the id `a` is taken by tasks[0] (ids are unique)"]),
        (
            [task("a"), task("A")],
            [
                "tasks[1].id: the id `A` is too like `a` of tasks[0] (ids become file names, in which case does not count)"
            ],
        ),
        (
            [task("Big One"), task(ref_name("Big One"))],
            [
                (
                    f"tasks[1].id: the id `{ref_name('Big One')}` is too like `Big One` of tasks[0]"
                    " (ids become file names, in which case does not count)"
                )
            ],
        ),
        ([task("a", "b")], ["tasks[0].depends_on[0]: unknown task `b`"]),
        (
            [task("build-web"), task("b", "buildweb")],
            ["tasks[1].depends_on[0]: unknown task `buildweb` (did you mean `build-web`?)"],
        ),
        (
            [task("web").model_copy(update={"name": "Build the web"}), task("b", "Build the Web")],
            ["tasks[1].depends_on[0]: unknown task `Build the Web` (did you mean `web`?)"],
        ),
        ([task("a", "a")], ["tasks[0].depends_on[0]: depends on itself (remove it)"]),
        ([task("a"), task("b", "a", "a")], ["tasks[1].depends_on[1]: depends on `a` twice (remove one)"]),
        (
            [task("c", "a"), task("a", "b"), task("b", "c")],
            [
                "tasks[0].depends_on[0]: cycle: c → a → b → c (each waits for the next; remove one of these dependencies)"
            ],
        ),
        (
            [task("a", "b"), task("b", "a", "c"), task("c", "b")],
            [
                "tasks[0].depends_on[0]: cycle: a → b → a (each waits for the next; remove one of these dependencies)",
                "tasks[1].depends_on[1]: cycle: b → c → b (each waits for the next; remove one of these dependencies)",
            ],
        ),
        (
            [task("a", "b"), task("b", "a"), task("c", "b"), task("d", "c")],
            [
                "tasks[0].depends_on[0]: cycle: a → b → a (each waits for the next; remove one of these dependencies)",
                "tasks[2].depends_on[0]: can never start: it needs `b`, which is part of a cycle",
                "tasks[3].depends_on[0]: can never start: it needs `c`, which can never start either",
            ],
        ),
        (
            [task("a", "x"), task("b", "a")],
            [
                "tasks[0].depends_on[0]: unknown task `x`",
                "tasks[1].depends_on[0]: can never start: it needs `a`, which needs a task there is not",
            ],
        ),
        (
            [task("a", writes=("../x",))],
            ["tasks[0].writes[0]: the path `../x` leaves the workspace with '..'"],
        ),
        (
            [task("a", writes=("ok", "/x"))],
            ["tasks[0].writes[1]: the path `/x` is absolute; paths are relative to the workspace"],
        ),
        (
            [task("a", environment=Environment(lockfiles=("../l",)))],
            ["tasks[0].environment.lockfiles[0]: the path `../l` leaves the workspace with '..'"],
        ),
        (
            [task("a", checks=(Check(name="c", run="ls", inputs=("a", ".git"), produces=("",)),))],
            [
                "tasks[0].checks[0].inputs[1]: the path `.git` names .git, which no task may touch",
                "tasks[0].checks[0].produces[0]: the path `` is empty",
            ],
        ),
        (
            [task("a", checks=(Check(name="c", run="ls", environment=Environment(lockfiles=("/l",))),))],
            [
                "tasks[0].checks[0].environment.lockfiles[0]: the path `/l` is absolute; paths are relative to the workspace"
            ],
        ),
        (
            [
                task(
                    "a",
                    checks=(Check(name="c", run="ls"), Check(name="d", run="x"), Check(name="c", run="y")),
                )
            ],
            ["tasks[0].checks[2].name: a second check named `c` (give it a name of its own)"],
        ),
        (
            [
                task(
                    "a",
                    checks=(
                        Check(name="one", run="ls", uses=("two", "too", "two")),
                        Check(name="two", run="ls", uses=("three",)),
                        Check(name="three", run="ls", uses=("one", "three")),
                    ),
                ),
                task("b", checks=(Check(name="four", run="ls", uses=("one",)),)),
            ],
            [
                "tasks[0].checks[0].uses[0]: cycle: one → two → three → one (each waits for the next; remove one of these)",
                "tasks[0].checks[0].uses[1]: unknown check `too` (did you mean `two`?)",
                "tasks[0].checks[0].uses[2]: uses `two` twice (remove one)",
                "tasks[0].checks[2].uses[1]: cycle: three → three (each waits for the next; remove one of these)",
                "tasks[1].checks[0].uses[0]: unknown check `one`",
            ],
        ),
        (
            [task("a", checks=(Check(name="c", run=" \n"),))],
            [
                "tasks[0].checks[0].run: is an empty command (a check needs a command that passes or fails)",
            ],
        ),
        (
            [task("a", checks=(Check(name="c", run="a\0b"),))],
            ["tasks[0].checks[0].run: has a NUL character, which no command can have"],
        ),
        (
            [task("a", checks=(Check(name="c", run=": " + "ü" * 65_535),))],
            ["tasks[0].checks[0].run: has 131072 bytes, but a command can have 131071: put it into a file"],
        ),
        (
            [task("a", backoff=Backoff(base=5, max=4.5))],
            ["tasks[0].backoff: waits 5 s at first, but at most 4.5 s (`max` must not be below `base`)"],
        ),
        (
            [task("a", fallback=("code", "coed"))],
            [
                "tasks[0].fallback[0]: the agent `code` a second time (name agents that have not been tried)",
                "tasks[0].fallback[1]: unknown agent `coed` (did you mean `code`? known: code, test)",
            ],
        ),
        (
            [
                task(
                    "a",
                    approval=Approval(question="go?", escalate_after_seconds=9, deadline_seconds=9),
                )
            ],
            [
                "tasks[0].approval: is passed on after 9 s, but counts as unanswered after 9 s (`escalate_after` must be below `deadline`)"
            ],
        ),
        ([task("a\x1b")], ["tasks[0].id: has a control character"]),
        ([task("a", timeout_seconds=math.inf)], ["tasks[0].timeout: is not a finite number"]),
        (
            [task("a", checks=(Check(name="c", run="x", timeout_seconds=math.inf),))],
            ["tasks[0].checks[0].timeout: is not a finite number"],
        ),
        ([task("a", budget=Budget(money=math.inf))], ["tasks[0].budget.money: is not a finite number"]),
        (
            [task("a", timeout_seconds=1e12, budget=Budget(tokens=10**400, wall_seconds=9))],
            [
                "tasks[0].budget.tokens: is more than 1,000,000,000,000, which nobody can mean (write a smaller number)",
                "tasks[0].timeout: is more than 315,360,000, which nobody can mean (write a smaller number)",
            ],
        ),
        (
            [task("a", inputs={"a": [1, {"b": math.nan}]})],
            ["tasks[0].inputs: holds a number that is not finite"],
        ),
    ],
)
def test_each_fault_is_one_problem(tasks: list[Task], said: list[str]) -> None:
    assert found(*tasks) == said


def test_a_dependency_on_an_id_used_twice_is_one_on_the_first() -> None:
    said = found(task("a", "c"), task("a"), task("c", "a"))
    assert [line.split(": ")[1] for line in said] == [
        "cycle",
        "the id `a` is taken by tasks[0] (ids are unique)",
    ]


def test_waits_that_do_not_grow_are_fine() -> None:
    assert found(task("a", backoff=Backoff(base=5, max=5))) == []


def test_an_unknown_agent_is_told_which_there_are() -> None:
    wrong = plan(Task(id="a", name="a", agent="cod"))
    assert [str(problem) for problem in problems_in(wrong, {"test", "code"})] == [
        "tasks[0].agent: unknown agent `cod` (did you mean `code`? known: code, test)"
    ]
    assert [str(problem) for problem in problems_in(wrong, ())] == [
        "tasks[0].agent: unknown agent `cod` (known: none)"
    ]
    assert problems_in(wrong) == ()


def test_a_blank_goal_is_a_problem() -> None:
    assert problems_in(Plan(goal=" ", tasks=(task("a"),)))[0].place == "goal"


def test_equal_looking_ids_are_too_like() -> None:
    assert "too like" in found(task("caf\u00e9"), task("cafe\u0301"))[0]


def test_problems_come_in_the_order_of_the_plan() -> None:
    tasks = [task(f"t{number}", "x", writes=("/",)) for number in range(12)]
    places = [line.split(":")[0] for line in found(*tasks)]
    assert places == [f"tasks[{n}].{field}" for n in range(12) for field in ("depends_on[0]", "writes[0]")]


def test_a_long_cycle_is_shown_shortened() -> None:
    tasks = [task(f"t{number}", f"t{(number + 1) % 100}") for number in range(100)]
    (said,) = found(*tasks)
    assert "t0 → t1 → t2 → t3 → t4 → t5 → … 88 more … → t94 → t95 → t96 → t97 → t98 → t99 → t0" in said


def test_only_the_first_of_many_unknown_names_are_guessed() -> None:
    tasks = [task(f"task-number-{number}", f"task-nmber-{number}") for number in range(50)]
    assert sum("did you mean" in line for line in found(*tasks)) == 20


def test_validated_raises_with_every_problem() -> None:
    with pytest.raises(PlanValidationError, match="2 problems") as caught:
        validated(plan(task("a", "x"), task("b", "y")))
    assert len(caught.value.problems) == 2
    with pytest.raises(PlanValidationError, match="a problem"):
        validated(plan(task("a", "x")))


def test_harmless_faults_of_a_models_plan_are_mended_and_recorded() -> None:
    checks = tuple(
        Check(name=name, run=run) for name, run in (("c", "1"), ("c", "2"), ("c (2)", "3"), ("c", "4"))
    )
    wrong = plan(task("a", checks=checks), task("b", "x", "a", "a", "y"))
    right = mended(wrong, ["code"])
    assert right.task("b").depends_on == ("a",)
    assert [check.name for check in right.task("a").checks] == ["c", "c (3)", "c (2)", "c (4)"]
    assert [check.run for check in right.task("a").checks] == ["1", "2", "3", "4"]
    assert right.warnings == (
        "task `a`: renamed a second check `c` to `c (3)`",
        "task `a`: renamed a second check `c` to `c (4)`",
        "task `b`: dropped its dependency on `x`: no such task",
        "task `b`: its dependency on `a` stood there 2 times",
        "task `b`: dropped its dependency on `y`: no such task",
    )
    assert mended(right, ["code"]) is right


def test_what_is_not_harmless_in_a_models_plan_is_refused() -> None:
    with pytest.raises(PlanValidationError) as caught:
        mended(plan(task("a", "x", "b"), task("b", "a")), ["code"])
    assert len(caught.value.problems) == 1
    assert "cycle" in caught.value.problems[0].text
