"""What changed between two versions of a plan."""

from typing import Any

from inline_snapshot import snapshot

from astrolabe.domain.plan import Budget, Check, Plan, Task
from astrolabe.planning.difference import as_text, diff_as_mermaid, difference, side_by_side


def task(name: str, /, *needs: str, **fields: Any) -> Task:
    return Task.model_validate(
        {"id": name, "agent": "code", "depends_on": needs, "goal": f"make {name}", **fields}
    )


def plan(*tasks: Task, goal: str = "x") -> Plan:
    return Plan(goal=goal, tasks=tasks)


def lines(old: Plan, new: Plan) -> list[str]:
    return list(as_text(difference(old, new)))


OLD = plan(
    task("site", writes=("site/", "old.md")),
    task("api", "site", checks=(Check(name="types", run="tsc"), Check(name="unit", run="jest"))),
    task("gone", "api"),
    task("docs", "gone"),
)
NEW = plan(
    task("web", writes=("site/", "old.md"), goal="make site"),
    task(
        "api",
        "web",
        checks=(
            Check(name="unit", run="jest --ci"),
            Check(name="types", run="tsc"),
            Check(name="lint", run="eslint"),
        ),
        retries=2,
        budget=Budget(money=3),
        inputs={"a": [1, 2], "b": {"c": 1}},
    ),
    task("docs", "new", writes=("docs",)),
    task("new", "api"),
    goal="y",
)


def test_a_plan_does_not_differ_from_itself() -> None:
    assert not difference(OLD, OLD)
    assert lines(OLD, plan(*reversed(OLD.tasks))) == ["no difference"]


def test_every_change_is_a_line() -> None:
    assert lines(OLD, NEW) == snapshot(
        [
            '~ goal: "x" → "y"',
            "- gone (code)",
            "+ new (code)",
            "~ web (code), was site",
            "~ api (code)",
            "    inputs.a: + [1, 2]",
            '    inputs.b: + {"c": 1}',
            '    checks.unit.run: "jest" → "jest --ci"',
            '    checks.lint: + {"run": "eslint"}',
            "    retries: 0 → 2",
            "    budget.money: null → 3.0",
            "~ docs (code)",
            '    depends_on: - "gone"',
            '    depends_on: + "new"',
            '    writes: + "docs"',
        ]
    )


def test_the_chart_shows_both_versions() -> None:
    assert diff_as_mermaid(difference(OLD, NEW)) == snapshot("""\
flowchart TD
    n0["web<br/>code"]
    n1["api<br/>code"]
    n2["docs<br/>code"]
    n3["new<br/>code"]
    n4["gone<br/>code"]
    n0 --> n1
    n3 --> n2
    n1 --> n3
    n1 -.-> n4
    n4 -.-> n2
    classDef added fill:#d7f5dd,stroke:#1a7f37,color:#0b3d1a
    classDef removed fill:#ffe1e0,stroke:#cf222e,color:#5c0a10,stroke-dasharray:4 3
    classDef changed fill:#fff3c4,stroke:#9a6700,color:#3d2a00
    class n0 changed
    class n1 changed
    class n2 changed
    class n3 added
    class n4 removed
""")


def test_a_renamed_task_is_known_by_all_that_stayed() -> None:
    found = difference(plan(task("a"), task("b", "a")), plan(task("z", goal="make a"), task("b", "z")))
    assert (found.added, found.removed) == ((), ())
    assert [(change.id, change.old_id, change.fields) for change in found.changed] == [("z", "a", ())]
    assert as_text(found) == ("~ z (code), was a",)


def test_a_renamed_chain_is_known() -> None:
    old = plan(task("a"), task("b", "a"), task("c", "b"))
    new = plan(task("x", goal="make a"), task("y", "x", goal="make b"), task("z", "y", goal="make c"))
    assert [(change.old_id, change.id) for change in difference(old, new).changed] == [
        ("a", "x"),
        ("b", "y"),
        ("c", "z"),
    ]


def test_a_renaming_that_rests_on_a_wrong_one_falls_with_it() -> None:
    old = plan(task("a"), task("b", "a"), task("c", "b"))
    new = plan(task("x", goal="make a"), task("y", goal="make b"), task("z", "y", goal="make c"))
    found = difference(old, new)
    assert [(change.old_id, change.id) for change in found.changed] == [("a", "x")]
    assert (found.added, found.removed) == (("y", "z"), ("b", "c"))


def test_a_task_that_hangs_elsewhere_is_no_renamed_one() -> None:
    old, new = plan(task("a"), task("b", "a")), plan(task("a"), task("z", goal="make b"))
    found = difference(old, new)
    assert (found.added, found.removed, found.changed) == (("z",), ("b",), ())


def test_twins_are_not_guessed_at() -> None:
    old = plan(task("a", goal=""), task("b", goal=""))
    new = plan(task("y", goal=""), task("z", goal=""))
    found = difference(old, new)
    assert (found.added, found.removed) == (("y", "z"), ("a", "b"))


def test_a_title_of_its_own_counts_a_default_one_does_not() -> None:
    old = plan(task("a", name="Title"))
    assert difference(old, plan(task("z", name="Title", goal="make a"))).added == ()
    assert difference(old, plan(task("z", name="Other", goal="make a"))).added == ("z",)


def test_order_alone_is_a_change_where_it_counts() -> None:
    old, new = (
        plan(task("a"), task("b"), task("c", "a", "b")),
        plan(task("a"), task("b"), task("c", "b", "a")),
    )
    assert lines(old, new) == ["~ c (code)", '    depends_on: ["a", "b"] → ["b", "a"]']


def test_checks_that_share_a_name_are_compared_as_a_list() -> None:
    twice = (Check(name="c", run="1"), Check(name="c", run="2"))
    old, new = plan(task("a", checks=twice)), plan(task("a", checks=twice[:1]))
    (change,) = difference(old, new).changed
    (gone,) = change.fields
    assert (gone.field, gone.new) == ("checks", "nothing")
    assert '"run": "2"' in gone.old


def test_the_order_of_checks_counts() -> None:
    one, other = Check(name="c", run="1"), Check(name="d", run="2")
    old, new = plan(task("a", checks=(one, other))), plan(task("a", checks=(other, one)))
    assert lines(old, new) == ["~ a (code)", '    checks: ["c", "d"] → ["d", "c"]']


def test_types_count() -> None:
    old, new = plan(task("a", inputs={"x": 1})), plan(task("a", inputs={"x": True}))
    assert lines(old, new) == ["~ a (code)", "    inputs.x: 1 → true"]
    old, new = plan(task("a", inputs={"y": None})), plan(task("a"))
    assert lines(old, new) == ["~ a (code)", "    inputs.y: - null"]


def test_long_values_are_cut_to_where_they_differ() -> None:
    old, new = (
        plan(task("a", goal="g" * 500 + "old" + "h" * 500)),
        plan(task("a", goal="g" * 500 + "new" + "h" * 500)),
    )
    (_, line) = lines(old, new)
    assert line.startswith("    goal: …" + "g" * 20 + "oldh")
    assert "→ …" + "g" * 20 + "newh" in line
    assert len(line) < 400


def test_hostile_text_is_shown_escaped() -> None:
    old, new = plan(task("a\x1b[2J")), plan(task("b\x1b", goal="\x9b"))
    assert all(line.isprintable() for line in lines(old, new))


def test_both_sides_of_every_change_stand_beside_each_other() -> None:
    sides = {side.what: (side.old, side.new) for side in side_by_side(difference(OLD, NEW))}
    assert sides["goal"] == ('"x"', '"y"')
    assert sides["task gone"] == ("gone (code, after api)", "")
    assert sides["task new"] == ("", "new (code, after api)")
    assert sides["task web"] == ("site", "web")
    assert sides["api.retries"] == ("0", "2")
    assert sides["api.checks.lint"][0] == ""
    assert len(side_by_side(difference(OLD, NEW))) == len(difference(OLD, NEW).plan) + 3 + sum(
        len(task.fields) for task in difference(OLD, NEW).changed
    )
    assert side_by_side(difference(OLD, OLD)) == ()
