"""Warnings about tasks that may change the same files side by side."""

import time

import pytest

from astrolabe.domain.plan import Plan, Task
from astrolabe.planning.overlap import warnings_in


def warned(*tasks: tuple[str, str, str]) -> list[str]:
    """Return the warnings of tasks given as (id, depends on, writes)."""
    made = (
        Task(id=name, name=name, agent="x", depends_on=tuple(on.split()), writes=tuple(writes.split()))
        for name, on, writes in tasks
    )
    return [str(problem) for problem in warnings_in(Plan(goal="x", tasks=tuple(made)))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/", "src/a.py"),
        ("src/a.py", "src"),
        ("src/*.py", "src/a.py"),
        ("**/x", "a/b/x"),
        ("a b", "c b/d"),
        ("src/*.py", "src/**"),
        ("*", "src/deep/file"),
    ],
)
def test_two_tasks_side_by_side_with_common_paths_are_warned_about(one: str, other: str) -> None:
    (said,) = warned(("a", "", one), ("b", "", other))
    assert said.startswith("tasks[1].writes[")
    assert "by `a` at the same time" in said


@pytest.mark.parametrize(
    ("one", "other"), [("src/a", "src/b"), ("src", "srcs"), ("", "src"), ("a/*.py", "b/*.py")]
)
def test_disjoint_paths_are_not(one: str, other: str) -> None:
    assert warned(("a", "", one), ("b", "", other)) == []


def test_tasks_one_after_the_other_are_not() -> None:
    assert warned(("a", "", "src"), ("b", "a", ""), ("c", "b", "src")) == []
    assert warned(("c", "b", "src"), ("b", "a", ""), ("a", "", "src")) == []


def test_the_pattern_that_meets_is_named() -> None:
    (said,) = warned(("a", "", "x src"), ("b", "", "y src/z"))
    assert said.startswith("tasks[1].writes[1]: `src/z` may be changed by `a`")


def test_many_warnings_are_cut_and_cost_no_pairwise_comparison() -> None:
    started = time.process_time()
    assert len(warned(*((f"t{n}", "", "src/") for n in range(5_000)))) == 100
    assert warned(*((f"t{n}", f"t{n - 1}" if n else "", "src/") for n in range(5_000))) == []
    assert time.process_time() - started < 5
