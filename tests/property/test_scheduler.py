"""The scheduler against a plain model of the rules, under any order of endings, deaths and returns."""

from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import OnFailure, Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskStatus
from astrolabe.engine.scheduler import Finish, Scheduler, Skip, Start


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 12))
    tasks = []
    for number in range(count):
        earlier = [f"t{k}" for k in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        tasks.append(
            Task(
                id=f"t{number}",
                name="x",
                agent="a",
                depends_on=tuple(needs),
                priority=draw(st.integers(-2, 2)),
            )
        )
    order = draw(st.permutations(tasks))
    return Plan(goal="g", tasks=tuple(order), on_failure=draw(st.sampled_from(OnFailure)))


class World:
    """A run whose events are made by carrying out what the scheduler decides, and by drawn outcomes."""

    def __init__(self, plan: Plan, parallel: int) -> None:
        self.plan, self.parallel = plan, parallel
        self.state = RunState("r")
        self.log: list[Event] = []
        self.now = 0.0
        self.add(EventType.RUN_CREATED, None, tasks=[task.id for task in plan.tasks])
        self.revive()

    def revive(self) -> None:
        self.state = RunState("r").apply(self.log)
        self.scheduler = Scheduler(self.plan, self.state, self.parallel)

    def add(self, kind: EventType, task: str | None, attempt: int | None = None, **data: object) -> None:
        event = Event(
            run="r",
            seq=len(self.log) + 1,
            type=kind,
            v=1,
            at=self.now,
            task=task,
            attempt=attempt,
            actor="t",
            data=data,
        )
        self.log.append(event)
        self.state.apply([event])
        if hasattr(self, "scheduler"):
            self.scheduler.observe([event])

    def carry_out(self) -> list[object]:
        decisions = self.scheduler.decide(self.now)
        for decision in decisions:
            match decision:
                case Start(task, attempt):
                    self.check_start(task, attempt)
                    self.add(EventType.TASK_STARTED, task, attempt, agent="a")
                case Skip(task, status, reason):
                    assert self.state.tasks[task].status in {TaskStatus.WAITING, TaskStatus.RETRYING}
                    self.add(EventType.TASK_SKIPPED, task, status=status, reason=reason)
                case Finish(status, reason):
                    self.add(EventType.RUN_FINISHED, None, status=status, reason=reason, commit=None)
        return list(decisions)

    def check_start(self, task: str, attempt: int) -> None:
        spec = self.plan.task(task)
        tasks = self.state.tasks
        assert all(tasks[needed].status is TaskStatus.PASSED for needed in spec.depends_on)
        assert tasks[task].status in {TaskStatus.WAITING, TaskStatus.RETRYING}
        assert attempt == tasks[task].attempt + 1
        assert sum(t.status is TaskStatus.RUNNING for t in tasks.values()) < self.parallel

    def running(self) -> list[str]:
        return [name for name, task in self.state.tasks.items() if task.status is TaskStatus.RUNNING]

    def end(self, task: str, outcome: str) -> None:
        number = self.state.tasks[task].attempt
        if outcome == "pass":
            self.add(EventType.TASK_PASSED, task, number, commit="c", tree="t")
            return
        retry_at = self.now + 5 if outcome == "retry" else None
        self.add(EventType.TASK_FAILED, task, number, failure="transient", reason="r", retry_at=retry_at)


@settings(max_examples=400)
@given(plans(), st.integers(1, 4), st.data())
def test_every_run_ends_and_keeps_the_rules(plan: Plan, parallel: int, data: st.DataObject) -> None:
    world = World(plan, parallel)
    failed_for_good: set[str] = set()
    for _ in range(300):
        decisions = world.carry_out()
        if world.state.status.final:
            break
        if data.draw(st.integers(0, 9)) == 0:
            world.revive()  # the process died and another folded the log
        if data.draw(st.integers(0, 60)) == 0 and not world.state.cancel_requested:
            world.add(EventType.RUN_CANCEL_REQUESTED, None)
            for task in world.running():
                world.add(
                    EventType.TASK_SKIPPED,
                    task,
                    world.state.tasks[task].attempt,
                    status="cancelled",
                    reason="c",
                )
            continue
        if decisions:
            continue
        running = world.running()
        if running:
            task = data.draw(st.sampled_from(running))
            outcome = data.draw(st.sampled_from(["pass", "pass", "pass", "retry", "fail"]))
            failed_for_good |= {task} if outcome == "fail" else set()
            world.end(task, outcome)
        else:
            due = world.scheduler.next_retry()
            assert due is not None, "nothing runs, nothing waits for a time, and yet the run has not ended"
            assert due > world.now, "nothing runs, a retry is due, and yet nothing is decided"
            world.now = due
    else:
        raise AssertionError("the run does not end")
    check_end(world, failed_for_good)


def check_end(world: World, failed_for_good: set[str]) -> None:
    tasks = world.state.tasks
    assert all(task.status.final for task in tasks.values())
    if world.state.cancel_requested:
        assert world.state.status is RunStatus.CANCELLED
    elif failed_for_good:
        assert world.state.status is RunStatus.FAILED
    else:
        assert world.state.status is RunStatus.PASSED
        assert all(task.status is TaskStatus.PASSED for task in tasks.values())
    if failed_for_good and world.plan.on_failure is OnFailure.KEEP_GOING and not world.state.cancel_requested:
        check_keep_going(world, failed_for_good)
    assert RunState("r").apply(world.log) == world.state, "folding the log again gives another state"


def check_keep_going(world: World, failed: set[str]) -> None:
    doomed = set(failed)
    for _ in world.plan.tasks:
        doomed |= {task.id for task in world.plan.tasks if set(task.depends_on) & doomed}
    for name, task in world.state.tasks.items():
        expected = (
            TaskStatus.FAILED
            if name in failed
            else TaskStatus.SKIPPED
            if name in doomed
            else TaskStatus.PASSED
        )
        assert task.status is expected


@settings(max_examples=100)
@given(plans(), st.integers(1, 12))
def test_what_is_ready_starts_by_priority_and_fills_the_limit(plan: Plan, parallel: int) -> None:
    world = World(plan, parallel)
    ready = [task for task in plan.tasks if not task.depends_on]
    starts = [decision.task for decision in world.scheduler.decide(0.0) if isinstance(decision, Start)]
    order = sorted(ready, key=lambda task: (-task.priority, plan.tasks.index(task)))
    assert starts == [task.id for task in order[:parallel]]
