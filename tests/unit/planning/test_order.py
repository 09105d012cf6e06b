"""The order in which the tasks of a plan can run."""

from collections.abc import Callable

import pytest

from astrolabe.domain.plan import Plan, Task
from astrolabe.errors import PlanValidationError
from astrolabe.planning.order import critical_path, depths_of, in_order, levels, needs_of


def plan(**needs: str) -> Plan:
    """Return a plan; `c="a b"` is a task c that depends on a and b."""
    tasks = (Task(id=name, name=name, agent="x", depends_on=tuple(on.split())) for name, on in needs.items())
    return Plan(goal="x", tasks=tuple(tasks))


def ids(tasks: tuple[Task, ...]) -> str:
    return " ".join(task.id for task in tasks)


def test_levels_hold_what_can_run_side_by_side() -> None:
    diamond = plan(d="b c", b="a", a="", c="a", e="")
    assert [ids(level) for level in levels(diamond)] == ["a e", "b c", "d"]
    assert depths_of(diamond) == [2, 1, 0, 1, 0]
    assert ids(in_order(diamond)) == "a e b c d"


def test_the_critical_path_is_the_slowest_chain() -> None:
    diamond = plan(a="", b="a", c="a", d="b c")
    assert ids(critical_path(diamond, {})) == "a b d"
    assert ids(critical_path(diamond, {"c": 1.5})) == "a c d"
    assert ids(critical_path(plan(a="", b=""), {"b": 9})) == "b"


def test_unknown_and_repeated_dependencies_are_passed_over() -> None:
    assert needs_of(plan(a="x", b="a a")) == [[], [0]]


@pytest.mark.parametrize("ask", [levels, in_order, depths_of])
def test_a_cycle_has_no_order(ask: Callable[[Plan], object]) -> None:
    with pytest.raises(PlanValidationError):
        ask(plan(a="b", b="a"))


def test_a_cycle_has_no_critical_path() -> None:
    with pytest.raises(PlanValidationError):
        critical_path(plan(a="", b="c", c="b"), {})
