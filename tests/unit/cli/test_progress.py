"""The live tree fits the terminal it is drawn on, whatever its size and whatever is written into it."""

import io

import pytest
from rich.console import Console
from tests.unit.services.test_expectation import Log

from astrolabe.cli.progress import TaskTree
from astrolabe.cli.terminal import clean
from astrolabe.domain.plan import Check, Plan, Task
from astrolabe.domain.run import RunStatus
from astrolabe.ports.store import RunRecord

CHECKS = 30
HOSTILE = "\x1b[31mred\nand a second line\x1b[2J\u202e" + "wide 漢字 " * 15
PLAN = Plan(
    goal=f"A goal told at some length {HOSTILE}",
    tasks=(
        *(Task(id=f"t{n}", name=f"Task {n} {HOSTILE}", agent="a") for n in range(5)),
        Task(
            id="last",
            name="Last",
            agent="a",
            depends_on=tuple(f"t{n}" for n in range(5)),
            checks=tuple(Check(name=f"check {n}", run=f"run {n}") for n in range(CHECKS)),
        ),
    ),
)
RECORD = RunRecord(
    id="R",
    tenant="t",
    goal=PLAN.goal,
    plan_version=1,
    plan_id="P",
    target="/target",
    origin="",
    status=RunStatus.RUNNING,
    created_at=0,
    finished_at=None,
    commit=None,
    reason="",
    owner=None,
    options={},
)


def drawn(tree: TaskTree, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(tree)
    return capture.get().splitlines()


def at_work(seconds: float = 100, left: float | None = None) -> TaskTree:
    """Return a tree whose last task has ten checks passed and two running, of which one prints what it should not."""
    log = Log(PLAN)
    for task in PLAN.tasks[:-1]:
        log.work(task, 3)
        log.passed(task)
    last = PLAN.tasks[-1]
    log.work(last, 1)
    for check in last.checks[:10]:
        log.check(last, check, 2)
    tree = TaskTree(PLAN, RECORD, lambda: seconds, left=None if left is None else lambda _state: left)
    tree.take_in(log.events)
    tree.said("last", HOSTILE)
    for number in (10, 11):
        tree.output("last", f"check {number}", f"before\n{HOSTILE}\n".encode())
    return tree


@pytest.mark.parametrize(("width", "height"), [(40, 12), (40, 60), (80, 24), (200, 50), (24, 10)])
def test_it_is_no_wider_than_the_terminal_and_breaks_no_line(width: int, height: int) -> None:
    lines = drawn(at_work(), width, height)
    console = Console(width=width)
    assert max(console.measure(line).maximum for line in lines) <= width
    assert clean("\n".join(lines)) == "\n".join(lines)
    named = [line for line in lines if "check 10" in line or "Task 3" in line]
    assert len(named) == 2


def test_with_little_room_what_runs_is_shown_and_the_rest_counted() -> None:
    lines = drawn(at_work(), 100, 24)
    assert len(lines) < 24
    shown = " ".join(lines)
    assert [f"check {n} " in shown for n in (9, 10, 11, 12)] == [False, True, True, False]
    assert "10 checks passed" in shown
    assert f"{CHECKS - 12} checks waiting" in shown


def test_with_room_every_check_is_shown() -> None:
    lines = drawn(at_work(), 100, 60)
    assert sum("check " in line for line in lines) == CHECKS


@pytest.mark.parametrize(("left", "told"), [(None, None), (75, "about 1 min 15 s left"), (0.4, None)])
def test_the_time_left_is_told_when_it_is_known(left: float | None, told: str | None) -> None:
    head = drawn(at_work(left=left), 100, 60)[0]
    assert ("left" in head) == (told is not None)
    assert told is None or head.endswith(told)
