"""The time left is judged by what the same work took before, and not told where that is not known."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Check, Plan, Task
from astrolabe.domain.run import RunState
from astrolabe.services.expectation import Usual

seconds = st.integers(0, 100)


class Log:
    """A run that goes as it is told: a clock, and events."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.at = 0.0
        self.events: list[Event] = []
        self._add(EventType.RUN_CREATED, tasks=[task.id for task in plan.tasks])

    def _add(self, kind: EventType, task: str | None = None, **data: object) -> None:
        made = Event(
            run="R",
            seq=len(self.events) + 1,
            type=kind,
            v=1,
            at=self.at,
            task=task,
            attempt=1,
            actor="a",
            data=data,
        )
        self.events.append(made)

    def work(self, task: Task, took: float) -> None:
        self._add(EventType.TASK_STARTED, task.id, agent=task.agent)
        self.at += took
        self._add(EventType.TASK_WORKED, task.id, tree="0" * 40)

    def check(self, task: Task, check: Check, took: float, *, reused: str | None = None) -> None:
        evidence = Evidence(
            check=check.name,
            command=check.run,
            verdict=Verdict.PASSED,
            tree="0" * 40,
            inputs_digest="",
            policy_digest="",
            sandbox="none",
            started_at=self.at,
            duration_seconds=took,
            reused_from=reused,
        )
        self._add(EventType.CHECK_FINISHED, task.id, **evidence.model_dump(mode="json"))

    def passed(self, task: Task) -> None:
        self._add(EventType.TASK_PASSED, task.id, commit="0" * 40, tree="0" * 40)

    def left(self, usual: Usual, parallel: int) -> float | None:
        return usual.seconds_left(self.plan, RunState("R").apply(self.events), parallel)


def chain(works: Sequence[int], checks: Sequence[int]) -> Plan:
    """Return tasks one after the other, the last with all the checks."""
    made = [
        Task(id=f"t{n}", name=f"t{n}", agent="a", depends_on=(f"t{n - 1}",) if n else ())
        for n in range(len(works))
    ]
    last = made[-1].model_copy(
        update={"checks": tuple(Check(name=f"c{n}", run=f"check {n}") for n in range(len(checks)))}
    )
    return Plan(goal="g", tasks=(*made[:-1], last))


@given(st.lists(seconds, min_size=1, max_size=5), st.lists(seconds, max_size=6), st.integers(1, 4))
def test_what_is_left_is_never_less_than_the_rest_takes_and_ends_at_nothing(
    works: list[int], checks: list[int], parallel: int
) -> None:
    plan, usual = chain(works, checks), Usual()
    before = Log(plan)
    now = Log(plan)
    steps = [(task, None, took) for task, took in zip(plan.tasks, works, strict=True)]
    steps += [
        (plan.tasks[-1], check, took) for check, took in zip(plan.tasks[-1].checks, checks, strict=True)
    ]
    for task, check, took in steps:
        before.work(task, took) if check is None else before.check(task, check, took)
    usual.take_in(before.events)

    told = [now.left(usual, parallel)]
    assert told == [sum(works) + max(max(checks, default=0), sum(checks) / parallel)]
    for task, check, took in steps:
        if check is None:
            now.work(task, took)
            if task.id != plan.tasks[-1].id:
                now.passed(task)
        else:
            now.check(task, check, took)
        told.append(now.left(usual, parallel))
    assert None not in told
    assert told == sorted(told, key=lambda left: -(left or 0))
    assert told[-1] == 0


def test_side_by_side_the_longest_way_counts() -> None:
    tasks = [Task(id=name, name=name, agent="a") for name in ("short", "long")]
    last = Task(id="last", name="last", agent="a", depends_on=("short", "long"))
    plan, usual = Plan(goal="g", tasks=(*tasks, last)), Usual()
    before = Log(plan)
    for task, took in zip(plan.tasks, (5, 50, 7), strict=True):
        before.work(task, took)
    usual.take_in(before.events)
    assert Log(plan).left(usual, 8) == 57


def test_nothing_is_told_of_what_was_never_done_or_was_another_thing() -> None:
    plan, usual = chain([3], [4]), Usual()
    assert Log(plan).left(usual, 1) is None
    before = Log(plan)
    before.work(plan.tasks[0], 3)
    usual.take_in(before.events)
    assert Log(plan).left(usual, 1) is None, "the check has never run"
    before.check(plan.tasks[0], plan.tasks[0].checks[0], 4, reused="another run")
    usual.take_in(before.events)
    assert Log(plan).left(usual, 1) is None, "known from elsewhere, so it took no time"
    before.check(plan.tasks[0], plan.tasks[0].checks[0], 4)
    usual.take_in(before.events)
    assert Log(plan).left(usual, 1) == 7
    other = plan.tasks[0].model_copy(update={"agent": "b"})
    assert Log(plan.model_copy(update={"tasks": (other,)})).left(usual, 1) is None


def test_a_newer_run_counts_for_more_than_an_older_one() -> None:
    plan, usual = chain([3], []), Usual()
    for took in (9, 1):
        log = Log(plan)
        log.work(plan.tasks[0], took)
        usual.take_in(log.events)
    assert Log(plan).left(usual, 1) == 9
