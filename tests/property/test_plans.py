"""Plans of every shape: validated, mended, written, read back, drawn and compared."""

import itertools
import json
import random
import re
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.domain.plan import Plan, Task
from astrolabe.errors import PlanValidationError, Problem
from astrolabe.planning.difference import as_text, diff_as_mermaid, difference
from astrolabe.planning.document import read_plan
from astrolabe.planning.graph import ancestors, cycles, ordered
from astrolabe.planning.mermaid import as_mermaid
from astrolabe.planning.order import levels
from astrolabe.planning.overlap import warnings_in
from astrolabe.planning.places.reading import read_document
from astrolabe.planning.places.validation import validate
from astrolabe.planning.rendering import as_json, as_yaml, rows
from astrolabe.planning.validation import mended, problems_in

# the machines this runs on may be busy with other tests: no deadline an example
HARMLESS = dict.fromkeys(map(ord, "\n\u200c\u200d\u3000"))
AGENTS = ("code", "test", "end")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = (
    *[
        "on",
        "no",
        "~",
        "null",
        "1e5",
        "0o17",
        "0x1f",
        "007",
        "1_000",
        "12:30",
        "=",
        "<<",
        "#",
        "'",
        "%",
        "@x",
        "`",
        "|",
        "{",
        "[",
        "*a",
        "&a",
        "!x",
        "---",
        "...",
        ".5",
        "1.",
        "\x9b",
        "\u202e",
        "\u2028",
    ],
    *(
        "- a",
        "a: b",
        "a\nb\n",
        " a\n b",
        "a\r\nb",
        "\n",
        "a\tb",
        "> x",
        '"',
        "\x1b[2J",
        "\x85",
        "\ufeff",
        "e\u0301",
    ),
    *("x" * 300, "x " * 80, "\U0001f600"),
)
words = st.one_of(texts, st.sampled_from(ODD))
names = words.filter(bool)
values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), words
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)
seconds = st.floats(min_value=0.001, max_value=1e9)
checks = st.fixed_dictionaries(
    {"name": names.map(lambda name: name[:120]), "run": names},
    optional={
        "inputs": st.lists(words, max_size=2),
        "produces": st.lists(words, max_size=2),
        "uses": st.lists(words, max_size=2),
        "timeout": seconds,
        "required": st.booleans(),
        "not_run_exit_code": st.integers(1, 125),
        "environment": st.fixed_dictionaries({"toolchains": st.lists(words, max_size=2)}),
        "policy": st.fixed_dictionaries(
            {
                "network": st.lists(st.sampled_from(["a:1", "b.example:443"]), max_size=2),
                "processes": st.integers(8, 99),
            }
        ),
    },
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "name": names.map(lambda name: name[:200]),
        "goal": words,
        "inputs": st.dictionaries(words, values, max_size=3),
        "writes": st.lists(words, max_size=3),
        "checks": st.lists(checks, max_size=3),
        "retries": st.integers(0, 100),
        "timeout": seconds,
        "backoff": st.fixed_dictionaries({"base": st.floats(0, 1e6), "max": st.floats(0, 1e6)}),
        "priority": st.integers(-1000, 1000),
        "budget": st.fixed_dictionaries({"money": st.floats(0, 1e6), "tokens": st.integers(0)}),
        "environment": st.fixed_dictionaries({"lockfiles": st.lists(words, max_size=2)}),
    },
)


@st.composite
def edges(draw: st.DrawFn, most: int = 12) -> list[list[int]]:
    """Return for each node what it needs, without a cycle: only nodes before it in a hidden order."""
    count = draw(st.integers(1, most))
    place = draw(st.permutations(range(count)))
    return [
        draw(st.lists(st.sampled_from(before), max_size=3, unique=True)) if before else []
        for node in range(count)
        for before in [[other for other in range(count) if place[other] < place[node]]]
    ]


@st.composite
def odd_plans(draw: st.DrawFn) -> Plan:
    """Return a plan that is well-formed but else anything; its dependencies form a DAG."""
    needs = draw(edges(6))
    ids = draw(st.lists(names, min_size=len(needs), max_size=len(needs), unique=True))
    tasks = [
        {
            "id": ids[node][:200],
            "agent": draw(names),
            **draw(fields),
            "depends_on": [ids[other][:200] for other in needed],
        }
        for node, needed in enumerate(needs)
    ]
    top = st.fixed_dictionaries(
        {"goal": names},
        optional={
            "reasoning": words,
            "recipe": words,
            "warnings": st.lists(words, max_size=2),
            "source": st.sampled_from(["static", "model", "person"]),
            "on_failure": st.sampled_from(["fail-fast", "keep-going"]),
        },
    )
    return Plan.model_validate({**draw(top), "tasks": tasks})


def made(needs: Sequence[Sequence[int]], **changes: Any) -> list[dict[str, Any]]:
    """Return faultless tasks t0, t1, … with these dependencies, as they would stand in a file."""
    return [
        {
            "id": f"t{node}",
            "agent": "code",
            "depends_on": [f"t{other}" for other in needed],
            "writes": [f"out/{node}"],
            "checks": [{"name": "it is there", "run": f"test -e out/{node}"}],
            **changes,
        }
        for node, needed in enumerate(needs)
    ]


def plan_of(tasks: list[dict[str, Any]]) -> Plan:
    return Plan.model_validate({"goal": "x", "tasks": tasks})


def _unknown_dependency(task: dict[str, Any]) -> str:
    task["depends_on"].append("nowhere")
    return f"depends_on[{len(task['depends_on']) - 1}]: unknown task `nowhere`"


def _self_dependency(task: dict[str, Any]) -> str:
    task["depends_on"].append(task["id"])
    return f"depends_on[{len(task['depends_on']) - 1}]: depends on itself (remove it)"


def _unknown_agent(task: dict[str, Any]) -> str:
    task["agent"] = "zzzzzzzzz"
    return "agent: unknown agent `zzzzzzzzz` (known: code, end, test)"


def _bad_path(task: dict[str, Any]) -> str:
    task["writes"].append("a/../b")
    return f"writes[{len(task['writes']) - 1}]: the path `a/../b` leaves the workspace with '..'"


def _bad_input(task: dict[str, Any]) -> str:
    task["checks"][0]["inputs"] = ["x", "/y"]
    return "checks[0].inputs[1]: the path `/y` is absolute; paths are relative to the workspace"


def _empty_command(task: dict[str, Any]) -> str:
    task["checks"][0]["run"] = "\t"
    return "checks[0].run: is an empty command (a check needs a command that passes or fails)"


def _same_check(task: dict[str, Any]) -> str:
    task["checks"].append(dict(task["checks"][0], run="true", inputs=[]))
    return f"checks[{len(task['checks']) - 1}].name: a second check named `it is there` (give it a name of its own)"


def _backoff(task: dict[str, Any]) -> str:
    task["backoff"] = {"base": 3, "max": 2}
    return "backoff: waits 3 s at first, but at most 2 s (`max` must not be below `base`)"


SEEDS = [
    _unknown_dependency,
    _self_dependency,
    _unknown_agent,
    _bad_path,
    _bad_input,
    _empty_command,
    _same_check,
    _backoff,
]


@given(edges(), st.data())
def test_exactly_the_seeded_faults_are_found(needs: list[list[int]], data: st.DataObject) -> None:
    tasks = made(needs)
    expected: set[str] = set()
    for node in range(len(tasks)):
        for seed in data.draw(st.lists(st.sampled_from(SEEDS), max_size=2, unique=True)):
            expected.add(f"tasks[{node}].{seed(tasks[node])}")
    found = {str(problem) for problem in problems_in(plan_of(tasks), AGENTS)}
    assert {said for said in found if "can never start" not in said} == expected
    stuck = {node for node, task in enumerate(tasks) if {task["id"], "nowhere"} & set(task["depends_on"])}
    reached = ancestors(needs)
    behind = {
        node
        for node in range(len(tasks))
        if node not in stuck and any(reached[node] >> at & 1 for at in stuck)
    }
    assert {said.split(".")[0] for said in found if "can never start" in said} == {
        f"tasks[{node}]" for node in behind
    }


@given(edges(), st.data())
def test_a_faultless_plan_has_no_problem_and_an_order(needs: list[list[int]], data: st.DataObject) -> None:
    plan = plan_of(made(needs))
    assert problems_in(plan, AGENTS) == ()
    assert mended(plan, AGENTS) is plan
    done: set[str] = set()
    for level in levels(plan):
        assert all(set(task.depends_on) <= done for task in level)
        done |= {task.id for task in level}
    assert len(done) == len(plan.tasks)
    assert [row.level for row in rows(plan)] == sorted(row.level for row in rows(plan))


@given(edges(), st.data())
def test_one_edge_backwards_is_one_cycle(needs: list[list[int]], data: st.DataObject) -> None:
    reached = ancestors(needs)
    ways = [
        (low, high) for high in range(len(needs)) for low in range(len(needs)) if reached[high] >> low & 1
    ]
    if not ways:
        return
    low, high = data.draw(st.sampled_from(ways))
    needs[low].append(high)
    found = [problem for problem in problems_in(plan_of(made(needs)), AGENTS) if "cycle:" in problem.text]
    assert len(found) == 1
    path = found[0].text.removeprefix("cycle: ").split(" → ")
    assert path[0] == path[-1]
    assert len(set(path)) == len(path) - 1
    for one, other in itertools.pairwise(path):
        assert int(other[1:]) in needs[int(one[1:])]


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=4, unique=True), min_size=n, max_size=n)
    )
)
def test_without_the_edges_of_its_cycles_a_graph_has_none(needs: list[list[int]]) -> None:
    found = cycles(needs)
    edges_found = [
        (one, other) for loop in found for one, other in zip(loop, [*loop[1:], loop[0]], strict=True)
    ]
    assert len(edges_found) == len(set(edges_found))
    assert all(
        other in needs[one] and loop[0] == min(loop)
        for loop in found
        for one, other in zip(loop, [*loop[1:], loop[0]], strict=True)
    )
    left = [
        [other for other in needed if (node, other) not in edges_found] for node, needed in enumerate(needs)
    ]
    assert len(ordered(left)) == len(needs)
    assert bool(found) == (len(ordered(needs)) < len(needs))


@given(edges(), st.data())
def test_harmless_faults_are_mended_and_nothing_else_changes(
    needs: list[list[int]], data: st.DataObject
) -> None:
    tasks = made(needs)
    faults = 0
    for task in tasks:
        for seed in data.draw(
            st.lists(st.sampled_from([_unknown_dependency, _same_check]), max_size=2, unique=True)
        ):
            seed(task)
            faults += 1
        if task["depends_on"] and data.draw(st.booleans()):
            twice = task["depends_on"][0]
            faults += twice != "nowhere"
            task["depends_on"].append(twice)
    plan = mended(plan_of(tasks), AGENTS)
    assert problems_in(plan, AGENTS) == ()
    assert len(plan.warnings) == faults
    good = plan_of(made(needs))
    for task, intended in zip(plan.tasks, good.tasks, strict=True):
        assert set(task.depends_on) == set(intended.depends_on)
        assert task.checks[0] == intended.checks[0]


@given(odd_plans())
def test_a_plan_written_reads_back_equal(plan: Plan) -> None:
    for text, name in ((as_yaml(plan), "p.yaml"), (as_json(plan), "p.json")):
        assert text.translate(HARMLESS).isprintable()
        assert _read_anyway(text, name).model_dump_json() == plan.model_dump_json()
    assert yaml.safe_load(as_yaml(plan))["goal"] == plan.goal
    assert Plan.model_validate(json.loads(as_json(plan))) == plan


def _read_anyway(text: str, name: str) -> Plan:
    """Read a plan that may be one that cannot run: what is said about it must be about that, not about the reading."""
    plan = validate(read_document(text, name), Plan)
    said = [problem.text for problem in problems_in(plan)]
    assert sorted(problem.text for problem in refusal(text, name)) == sorted(said)
    return plan


BOX = re.compile(r'    n(\d+)\["(?:[\w .,/+-]|#\d{2,7};|<br/>)*"\]\Z')
ARROW = re.compile(r"    n(\d+) (?:-->|-\.->) n(\d+)\Z")
STYLE = re.compile(r"    (?:classDef \w+ [\w#:,;. -]+|class n(\d+) \w+)\Z")


def charted(text: str) -> tuple[int, list[tuple[int, int]]]:
    """Read a flowchart by the small grammar that is used; return how many boxes it has, and its arrows."""
    head, *lines = text.splitlines()
    assert head == "flowchart TD"
    boxes = [match for line in lines if (match := BOX.match(line))]
    arrows = [match for line in lines if (match := ARROW.match(line))]
    styles = [match for line in lines if (match := STYLE.match(line))]
    assert len(boxes) + len(arrows) + len(styles) == len(lines)
    assert [int(box[1]) for box in boxes] == list(range(len(boxes)))
    ends = [(int(arrow[1]), int(arrow[2])) for arrow in arrows]
    assert all(end < len(boxes) for pair in ends for end in pair)
    return len(boxes), ends


@given(odd_plans())
def test_a_chart_keeps_to_its_grammar_whatever_the_names(plan: Plan) -> None:
    boxes, arrows = charted(as_mermaid(plan))
    assert boxes == len(plan.tasks)
    ids = [task.id for task in plan.tasks]
    assert sorted(arrows) == sorted(
        (ids.index(needed), at) for at, task in enumerate(plan.tasks) for needed in task.depends_on
    )


@given(odd_plans(), odd_plans(), st.randoms(use_true_random=False))
def test_differences(one: Plan, other: Plan, chance: random.Random) -> None:
    shuffled = list(one.tasks)
    chance.shuffle(shuffled)
    assert not difference(one, one.model_copy(update={"tasks": tuple(shuffled)}))
    forth, back = difference(one, other), difference(other, one)
    assert (forth.added, forth.removed) == (back.removed, back.added)
    assert bool(forth) == (one.digest() != other.digest())
    assert all(line.translate(HARMLESS).isprintable() for line in as_text(forth))
    charted(diff_as_mermaid(forth))


@given(odd_plans(), st.data())
def test_a_change_of_one_task_is_found_as_that(plan: Plan, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(plan.tasks) - 1))
    changed = Task.model_validate({**plan.tasks[at].model_dump(by_alias=True), **data.draw(fields)})
    tasks = (*plan.tasks[:at], changed, *plan.tasks[at + 1 :])
    found = difference(plan, plan.model_copy(update={"tasks": tasks}))
    assert (found.added, found.removed, found.plan) == ((), (), ())
    same = changed.model_dump_json() == plan.tasks[at].model_dump_json()
    assert [change.id for change in found.changed] == ([] if same else [changed.id])


@given(edges(), st.data())
def test_a_warning_for_every_pair_that_may_meet_and_no_other(
    needs: list[list[int]], data: st.DataObject
) -> None:
    tasks = made(needs)
    for task in tasks:
        task["writes"] = [data.draw(st.sampled_from(["a", "b", "a/x"]))]
    reached = ancestors(needs)
    expected = {
        (late, tasks[early]["id"])
        for late in range(len(tasks))
        for early in range(late)
        if not (reached[late] >> early & 1 or reached[early] >> late & 1)
        and tasks[early]["writes"][0][0] == tasks[late]["writes"][0][0]
    }
    found = warnings_in(plan_of(tasks))
    assert len(found) == len(expected)
    said = {(int(re.findall(r"\d+", one.place)[0]), one.text.split("by `")[1].split("`")[0]) for one in found}
    assert said == expected


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)), st.sampled_from(["p.yaml", "p.json", "p"]))
@settings(max_examples=200)
def test_no_text_breaks_the_reader(content: bytes | str, name: str) -> None:
    refused_or_read(content, name)


BITS = (
    *(
        "goal: x\n",
        "tasks:\n",
        "- id: a\n",
        "  agent: b\n",
        "  depends_on: [a, ",
        "]\n",
        "\t",
        "  ",
        "\n",
        ": ",
        "- ",
    ),
    *(
        "&a ",
        "*a ",
        "<<: ",
        "!!str ",
        "? ",
        "| \n",
        "'",
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        "---\n",
        "...\n",
        "%",
        "\\u",
    ),
    *(
        '{"goal": "x", ',
        '"tasks": [',
        '{"id": "a", "agent": "b"}',
        "]}",
        "null",
        "1e999",
        ".nan",
        "true",
        '"\\ud800"',
    ),
    *("\0", "~", "\u00e9"),
)


@given(st.lists(st.sampled_from(BITS), max_size=40).map("".join), st.sampled_from(["p.yaml", "p.json", "p"]))
@settings(max_examples=300)
def test_no_arrangement_of_bits_of_plans_breaks_the_reader(content: str, name: str) -> None:
    refused_or_read(content, name)


@given(odd_plans(), st.data())
def test_no_damaged_plan_breaks_the_reader(plan: Plan, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([as_yaml, as_json]))(plan)
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 20))
    refused_or_read(
        text[:start] + data.draw(texts) + text[start + length :],
        data.draw(st.sampled_from(["p.yaml", "p.json"])),
    )


@given(
    st.recursive(
        st.one_of(words, st.none(), st.integers(), st.booleans()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.one_of(
                    words,
                    st.sampled_from(
                        ["goal", "tasks", "id", "agent", "checks", "backoff", "depends_on", "environment"]
                    ),
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=20,
    )
)
def test_values_of_every_type_anywhere_are_told_not_raised(value: Any) -> None:
    refused_or_read(json.dumps({"goal": "x", "tasks": value}), "p.json")
    refused_or_read(
        json.dumps({"goal": "x", "tasks": [{"id": "a", "agent": "b", "checks": value, "depends_on": value}]}),
        "p.json",
    )
    refused_or_read(json.dumps(value), "p.yaml")


def refused_or_read(content: bytes | str, name: str) -> None:
    """Read a plan; if it is refused, every problem has a place in the file and can be shown."""
    for problem in refusal(content, name):
        assert re.match(rf"{name}:\d+:\d+( |\Z)", problem.place)
        assert str(problem).translate(HARMLESS).isprintable()


def refusal(content: bytes | str, name: str) -> tuple[Problem, ...]:
    """Return the problems for which a plan is refused, at least one; none when it is read, and can run."""
    try:
        plan = read_plan(content, name)
    except PlanValidationError as refused:
        return refused.problems or pytest.fail("refused for no reason")
    assert problems_in(plan) == ()
    return ()


@pytest.mark.parametrize("name", ["p.yaml", "p.json"])
def test_a_plan_that_is_only_read_by_its_places_says_the_line(name: str) -> None:
    text = as_json(plan_of(made([[], [0]]))).replace('"t0"\n', '"t9"\n')
    with pytest.raises(PlanValidationError) as caught:
        read_plan(text, name)
    (problem,) = caught.value.problems
    line = int(problem.place.split(":")[1])
    assert text.splitlines()[line - 1].strip() == '"t9"'
