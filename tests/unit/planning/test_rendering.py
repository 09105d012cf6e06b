"""A plan as JSON, YAML, table rows and Mermaid."""

import json
import re

import yaml
from inline_snapshot import snapshot

from astrolabe.domain.plan import Budget, Check, Plan, Task
from astrolabe.planning.document import read_plan
from astrolabe.planning.mermaid import as_mermaid, flowchart
from astrolabe.planning.rendering import as_json, as_yaml, rows

PLAN = Plan(
    goal="A site",
    source="static",
    recipe="webapp",
    tasks=(
        Task(id="site", name="site", agent="code", writes=("site/",), inputs={"version": "007", "on": None}),
        Task(
            id="test",
            name="Try it",
            agent="test",
            depends_on=("site",),
            retries=2,
            priority=5,
            timeout_seconds=90,
            budget=Budget(tokens=5),
            checks=(
                Check(name="unit", run="set -e\npytest\n"),
                Check(name="lint", run="ruff check", required=False),
            ),
        ),
    ),
)
HOSTILE = 'x"]; end --> n1\n\x1b[31m<b>`#`\u202e{}|subgraph'


def test_yaml_is_short_and_reads_back() -> None:
    assert as_yaml(PLAN) == snapshot("""\
goal: A site
tasks:
- id: site
  agent: code
  inputs:
    version: '007'
    'on': null
  writes:
  - site/
- id: test
  name: Try it
  agent: test
  depends_on:
  - site
  checks:
  - name: unit
    run: |
      set -e
      pytest
  - name: lint
    run: ruff check
    required: false
  retries: 2
  timeout: 90
  priority: 5
  budget:
    tokens: 5
source: static
recipe: webapp
""")
    assert read_plan(as_yaml(PLAN), "p.yaml") == PLAN


def test_yaml_means_the_same_to_readers_of_yaml_1_1() -> None:
    odd = Plan(
        goal="x",
        tasks=(
            Task(
                id="on",
                name="1e5",
                agent="no",
                inputs={
                    "a": "0o17",
                    "b": "12:30",
                    "c": "2026-01-01",
                    "d": "1_000",
                    "e": "~",
                    "f": "0x1F",
                    "g": "=",
                },
            ),
        ),
    )
    (task,) = yaml.safe_load(as_yaml(odd))["tasks"]
    assert task == {"id": "on", "name": "1e5", "agent": "no", "inputs": odd.tasks[0].inputs}
    assert read_plan(as_yaml(odd), "p.yaml") == odd


def test_json_holds_every_field_of_a_task() -> None:
    task = json.loads(as_json(PLAN))["tasks"][0]
    fields = "id name agent goal inputs depends_on writes checks retries timeout backoff priority budget environment"
    assert list(task) == fields.split()
    assert task["inputs"] == {"version": "007", "on": None}
    assert read_plan(as_json(PLAN), "p.json") == PLAN


def test_seconds_are_written_short_and_inputs_as_they_are() -> None:
    plan = Plan(goal="x", tasks=(Task(id="a", name="a", agent="b", timeout_seconds=90.0, inputs={"x": 2.0}),))
    for text in (as_json(plan), as_yaml(plan)):
        task = yaml.safe_load(text)["tasks"][0]
        assert (repr(task["timeout"]), repr(task["inputs"]["x"])) == ("90", "2.0")


def test_rows_are_by_level_and_safe_to_show() -> None:
    plan = PLAN.model_copy(update={"tasks": tuple(reversed(PLAN.tasks))})
    first, second = rows(plan)
    assert (first.id, first.level, first.writes) == ("site", 0, ("site/",))
    assert (second.id, second.level, second.depends_on, second.checks) == (
        "test",
        1,
        ("site",),
        ("unit", "lint (optional)"),
    )
    assert (second.priority, second.retries, second.timeout_seconds) == (5, 2, 90)
    (row,) = rows(Plan(goal="x", tasks=(Task(id="a", name=HOSTILE, agent="\x9b", writes=("\x07",)),)))
    assert all(text.isprintable() for text in (row.name, row.agent, *row.writes))


def test_no_text_form_can_command_a_terminal() -> None:
    plan = Plan(goal=HOSTILE, tasks=(Task(id="a", name=HOSTILE, agent="\x9b\x7f\u2066\u2028😀"),))
    for text in (as_json(plan), as_yaml(plan), as_mermaid(plan)):
        assert all(char.isprintable() for char in text.replace("\n", ""))
    assert read_plan(as_json(plan), "p.json") == plan
    assert read_plan(as_yaml(plan), "p.yaml") == plan


def test_mermaid_draws_an_arrow_from_what_is_needed() -> None:
    assert as_mermaid(PLAN) == snapshot("""\
flowchart TD
    n0["site<br/>code"]
    n1["test<br/>Try it<br/>test"]
    n0 --> n1
""")


def test_mermaid_labels_hold_nothing_that_has_a_meaning() -> None:
    plan = Plan(
        goal="x", tasks=(Task(id=HOSTILE, name=HOSTILE, agent="end"), Task(id="b", name="b", agent="c"))
    )
    _, box, *_ = as_mermaid(plan).splitlines()
    label = re.fullmatch(r'    n0\["(.*)"\]', box)
    assert label
    assert re.fullmatch(r"(?:[\w .,/+-]|#\d+;|<br/>)*", label[1])
    assert "x#34;#93;#59; end --#62; n1#92;n#92;x1b#91;31m" in label[1]


def test_mermaid_leaves_out_unknown_dependencies_and_cuts_long_labels() -> None:
    plan = Plan(goal="x", tasks=(Task(id="a", name="n" * 200, agent="b", depends_on=("zz",)),))
    text = as_mermaid(plan)
    assert "-->" not in text
    assert "n" * 79 + "#8230;" in text


def test_a_flowchart_may_have_classes_and_dotted_arrows() -> None:
    assert flowchart([["a"], ["b"]], [(0, 1)], {1: "new"}, {"new": "fill:#fff"}, [(1, 0)]) == snapshot("""\
flowchart TD
    n0["a"]
    n1["b"]
    n0 --> n1
    n1 -.-> n0
    classDef new fill:#fff
    class n1 new
""")
