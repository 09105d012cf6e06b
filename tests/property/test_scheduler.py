"""The scheduler against a plain model of the rules, under any order of endings, answers, pauses, deaths and returns."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.domain.event import Event, EventType, NewEvent
from astrolabe.domain.plan import Approval, Backoff, Measure, OnFailure, Plan, Task, Unanswered
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import FailureKind, Occasion, Outcome, TaskStatus
from astrolabe.engine.asking import answered_event, asked_event, escalated_event, expired_event
from astrolabe.engine.decisions import Ask, Decision, Escalate, Expire, Finish, Heal, Pause, Skip, Start
from astrolabe.engine.judging import failure_event, not_healed_event
from astrolabe.engine.scheduler import Scheduler
from astrolabe.errors import AgentFailedError, MissingError

WAITS = {TaskStatus.WAITING, TaskStatus.ASKING, TaskStatus.RETRYING, TaskStatus.HEALING}
APPROVALS = st.builds(
    Approval,
    question=st.just("go?"),
    deadline_seconds=st.sampled_from([None, 50.0]),
    escalate_after_seconds=st.sampled_from([None, 20.0]),
    escalate_to=st.just("boss"),
    unanswered=st.sampled_from(Unanswered),
)


@st.composite
def plans(draw: st.DrawFn, *, plain: bool = False) -> Plan:
    count = draw(st.integers(1, 12))
    tasks = []
    for number in range(count):
        earlier = [f"t{k}" for k in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        more = {} if plain else draw(helped())
        tasks.append(
            Task(
                id=f"t{number}",
                name="x",
                agent="a",
                depends_on=tuple(needs),
                priority=draw(st.integers(-2, 2)),
                **more,
            )
        )
    order = draw(st.permutations(tasks))
    return Plan(goal="g", tasks=tuple(order), on_failure=draw(st.sampled_from(OnFailure)))


@st.composite
def helped(draw: st.DrawFn) -> dict:
    return {
        "retries": draw(st.integers(0, 2)),
        "backoff": Backoff(base=5, max=5),
        "fallback": tuple(draw(st.sampled_from([[], ["b"], ["b", "c"]]))),
        "healing": tuple(draw(st.lists(st.sampled_from(Measure), max_size=3))),
        "approval": draw(st.none() | APPROVALS),
    }


class World:
    """A run whose events are made by carrying out what the scheduler decides, and by drawn outcomes."""

    def __init__(self, plan: Plan, parallel: int) -> None:
        self.plan, self.parallel = plan, parallel
        self.state = RunState("r")
        self.log: list[Event] = []
        self.failed: dict[str, str] = {}
        self.now = 0.0
        self.add(
            NewEvent(
                type=EventType.RUN_CREATED,
                data={"tasks": [task.id for task in plan.tasks], "rules_version": 2},
            )
        )
        self.revive()

    def revive(self) -> None:
        """Let another process fold the log."""
        self.state = RunState("r").apply(self.log)
        self.scheduler = Scheduler(self.plan, self.state, self.parallel)

    def add(self, new: NewEvent) -> None:
        event = new.placed("r", len(self.log) + 1, at=self.now, actor="t")
        self.log.append(event)
        self.state.apply([event])
        if (task := new.task) is not None and self.state.tasks[task].status is TaskStatus.FAILED:
            self.failed.setdefault(task, self.state.tasks[task].reason)
        if hasattr(self, "scheduler"):
            self.scheduler.observe([event])

    def tell(self, kind: EventType, task: str | None = None, attempt: int | None = None, **data) -> None:
        self.add(NewEvent(type=kind, task=task, attempt=attempt, data=data))

    def carry_out(self) -> list[Decision]:
        decisions = self.scheduler.decide(self.now)
        assert decisions == self.scheduler.decide(self.now), "the same is not decided again"
        for decision in decisions:
            self.carry_out_one(decision)
        return decisions

    def carry_out_one(self, decision: Decision) -> None:
        tasks = self.state.tasks
        match decision:
            case Start(task, attempt, agent):
                self.check_start(task, attempt, agent)
                self.tell(EventType.TASK_STARTED, task, attempt, agent=agent)
            case Skip(task, status, reason):
                assert tasks[task].status in WAITS
                self.tell(EventType.TASK_SKIPPED, task, status=status, reason=reason)
            case Ask(task, occasion):
                assert tasks[task].status is (
                    TaskStatus.WAITING if occasion is Occasion.START else TaskStatus.HEALING
                )
                self.add(asked_event(decision, tasks[task]))
            case Escalate(task):
                question = tasks[task].question
                assert question
                assert question.escalated_at is None
                assert question.asked_at + 20 <= self.now
                self.add(escalated_event(task, tasks[task]))
            case Expire(task):
                question = tasks[task].question
                assert question
                assert question.asked_at + 50 <= self.now
                self.add(expired_event(decision, tasks[task]))
            case Heal(task, measure):
                assert measure is self.plan.task(task).healing[tasks[task].healed]
                self.add(not_healed_event(self.plan.task(task), tasks[task], "nobody can"))
            case Pause():
                assert self.state.pause_requested
                assert not self.running()
                self.tell(EventType.RUN_PAUSED)
            case Finish(status, reason):
                self.tell(EventType.RUN_FINISHED, status=status, reason=reason, commit=None)

    def check_start(self, task: str, attempt: int, agent: str) -> None:
        spec, tasks = self.plan.task(task), self.state.tasks
        assert all(tasks[needed].status is TaskStatus.PASSED for needed in spec.depends_on)
        assert tasks[task].status in {TaskStatus.WAITING, TaskStatus.RETRYING}
        assert attempt == tasks[task].attempt + 1
        assert agent == (tasks[task].agent or spec.agent)
        assert spec.approval is None or any(question.granted for question in tasks[task].questions)
        assert sum(t.status is TaskStatus.RUNNING for t in tasks.values()) < self.parallel
        assert not self.state.pause_requested

    def running(self) -> list[str]:
        return [name for name, task in self.state.tasks.items() if task.status is TaskStatus.RUNNING]

    def asked(self) -> list[str]:
        return [name for name, task in self.state.tasks.items() if task.question is not None]

    def end(self, task: str, outcome: str) -> None:
        state = self.state.tasks[task]
        if outcome == "pass":
            self.tell(EventType.TASK_PASSED, task, state.attempt, commit="c", tree="t")
            return
        error = AgentFailedError(task) if outcome == "retry" else MissingError(f"no {task}")
        self.add(failure_event("r", self.plan.task(task), state, state.attempt, error, self.now))

    def stop(self, why: EventType) -> None:
        """End the run from outside, as the driver does: what runs is ended with it."""
        self.tell(why, reason="all is spent")
        for task in self.running():
            self.tell(
                EventType.TASK_SKIPPED, task, self.state.tasks[task].attempt, status="cancelled", reason="c"
            )


STOPS = [EventType.RUN_CANCEL_REQUESTED, EventType.RUN_BUDGET_EXCEEDED]


@settings(max_examples=400)
@given(plans(), st.integers(1, 4), st.data())
def test_every_run_ends_and_keeps_the_rules(plan: Plan, parallel: int, data: st.DataObject) -> None:
    world = World(plan, parallel)
    for _ in range(900):
        decisions = world.carry_out()
        if world.state.status.final:
            break
        if world.state.status is RunStatus.PAUSED:
            assert world.scheduler.decide(world.now + 1e9) == []
            world.tell(EventType.RUN_RESUMED)
            world.revive()
            continue
        disturb(world, data)
        if not decisions and not world.scheduler.decide(world.now):
            go_on(world, data)
    else:
        raise AssertionError("the run does not end")
    check_end(world)


def disturb(world: World, data: st.DataObject) -> None:
    """Let what nobody expects happen now and then."""
    drawn = data.draw(st.integers(0, 99))
    if drawn < 8:
        world.revive()
    elif drawn == 8 and not world.state.cancel_requested and not world.state.over_budget:
        world.stop(data.draw(st.sampled_from(STOPS)))
    elif drawn in {9, 10} and not world.state.pause_requested:
        world.tell(EventType.RUN_PAUSE_REQUESTED)


def go_on(world: World, data: st.DataObject) -> None:
    """Let an attempt end, a person answer, or time pass until something is due."""
    running, asked, due = world.running(), world.asked(), world.scheduler.next_due()
    ways = ["end"] * 3 * bool(running) + ["answer"] * bool(asked) + ["wait"] * (due is not None)
    assert ways, "nothing runs, nobody is asked, nothing waits for a time, and yet the run has not ended"
    match data.draw(st.sampled_from(ways)):
        case "end":
            task = data.draw(st.sampled_from(running))
            world.end(task, data.draw(st.sampled_from(["pass", "pass", "pass", "retry", "fail"])))
        case "answer":
            task = data.draw(st.sampled_from(asked))
            outcome = data.draw(st.sampled_from([Outcome.APPROVED, Outcome.APPROVED, Outcome.DENIED]))
            world.add(answered_event(task, world.state.tasks[task], outcome, by="b", message=len(world.log)))
        case _:
            assert due is not None
            assert running or due > world.now, "something is due, and yet nothing is decided"
            world.now = max(world.now, due)


def check_end(world: World) -> None:
    tasks, state = world.state.tasks, world.state
    assert all(task.status.final for task in tasks.values())
    failed = {name for name, task in tasks.items() if task.status is TaskStatus.FAILED}
    if state.cancel_requested:
        assert state.status is RunStatus.CANCELLED
    elif state.over_budget:
        assert state.status is RunStatus.OVER_BUDGET
    elif failed:
        assert state.status is RunStatus.FAILED
        assert state.reason == next(iter(world.failed.values())), "the first failure in time is told"
    else:
        assert state.status is RunStatus.PASSED
        assert all(task.status is TaskStatus.PASSED for task in tasks.values())
    stopped = state.cancel_requested or state.over_budget
    if failed and world.plan.on_failure is OnFailure.KEEP_GOING and not stopped:
        check_keep_going(world, failed)
    for name in failed:
        check_failed(world, name)
    assert RunState("r").apply(world.log) == world.state, "folding the log again gives another state"


def check_failed(world: World, name: str) -> None:
    """Nothing fails for good before all that its plan allows was tried, unless a person said no."""
    spec, state = world.plan.task(name), world.state.tasks[name]
    last = state.questions[-1] if state.questions else None
    if last is not None and not last.granted:
        assert last.outcome in {Outcome.DENIED, Outcome.UNANSWERED}
        return
    by_agent = Counter(attempt.agent for attempt in state.attempts)
    assert set(by_agent) == {spec.agent, *spec.fallback}
    hopeless = {attempt.agent for attempt in state.attempts if attempt.failure is FailureKind.PERMANENT}
    assert all(by_agent[agent] > spec.retries for agent in by_agent if agent not in hopeless)
    assert state.healed == len(spec.healing)


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
@given(plans(plain=True), st.integers(1, 12))
def test_what_is_ready_starts_by_priority_and_fills_the_limit(plan: Plan, parallel: int) -> None:
    world = World(plan, parallel)
    ready = [task for task in plan.tasks if not task.depends_on]
    starts = [decision.task for decision in world.scheduler.decide(0.0) if isinstance(decision, Start)]
    order = sorted(ready, key=lambda task: (-task.priority, plan.tasks.index(task)))
    assert starts == [task.id for task in order[:parallel]]
