"""The scheduler against a plain model of the rules, under any order of endings, answers, pauses, deaths and returns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

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
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 12))
    tasks = []
    for number in range(count):
        earlier = [f"t{k}" for k in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        more = draw(helped())
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
        "backoff": draw(st.sampled_from([Backoff(base=0), Backoff(base=5, max=5)])),
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
        self.full: frozenset[str] = frozenset()
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

    def carry_out(self) -> bool:
        """Do what is decided, but for starts of agents that have no room; tell whether anything was done."""
        decisions = self.scheduler.decide(self.now, self.full)
        assert decisions == self.scheduler.decide(self.now, self.full), "the same is not decided again"
        fresh = Scheduler(self.plan, self.state, self.parallel).decide(self.now, self.full)
        assert matters(fresh) == matters(decisions), "another process would decide otherwise"
        if not self.stopping and not any(isinstance(decision, Skip | Finish) for decision in decisions):
            assert [one for one in decisions if isinstance(one, Start)] == self.ready()
        todo = [one for one in decisions if not (isinstance(one, Start) and one.agent in self.full)]
        for decision in todo:
            before = replace(self.state, tasks=dict(self.state.tasks))
            self.carry_out_one(decision)
            assert replace(self.state, seq=before.seq) != before, "what was carried out has changed nothing"
        return bool(todo)

    @property
    def stopping(self) -> bool:
        """Whether nothing more is to start."""
        state = self.state
        return bool(state.cancel_requested or state.over_budget or state.pause_requested or self.stops_at)

    @property
    def stops_at(self) -> list[str]:
        """The failed tasks of a plan that is to stop at them."""
        fast = self.plan.on_failure is OnFailure.FAIL_FAST
        return [name for name, task in self.state.tasks.items() if fast and task.status is TaskStatus.FAILED]

    def ready(self) -> list[Start]:
        """Return what is to start: the most urgent of those that have room, and as many of each agent that has none."""
        found = [task for task in self.plan.tasks if self.is_ready(task)]
        order = sorted(found, key=lambda task: (-task.priority, self.plan.tasks.index(task)))
        free = self.parallel - len(self.running())
        chosen: list[Task] = []
        for agent in ("a", "b", "c"):
            if agent in self.full:
                chosen += [task for task in order if self.agent(task) == agent][:free]
        chosen += [task for task in order if self.agent(task) not in self.full][:free]
        return [
            Start(task.id, self.state.tasks[task.id].attempt + 1, self.agent(task))
            for task in order
            if task in chosen
        ]

    def agent(self, task: Task) -> str:
        return self.state.tasks[task.id].agent or task.agent

    def is_ready(self, task: Task) -> bool:
        state = self.state.tasks[task.id]
        if state.status is TaskStatus.RETRYING:
            return state.retry_at is not None and state.retry_at <= self.now
        asked = task.approval is None or state.approved
        needs = [self.state.tasks[needed].status for needed in task.depends_on]
        return state.status is TaskStatus.WAITING and asked and set(needs) <= {TaskStatus.PASSED}

    def carry_out_one(self, decision: Decision) -> None:
        tasks = self.state.tasks
        match decision:
            case Start(task, attempt, agent):
                self.check_start(task, attempt, agent)
                self.tell(EventType.TASK_STARTED, task, attempt, agent=agent)
            case Skip(task, status, reason):
                self.check_skip(task, status, reason)
                self.tell(EventType.TASK_SKIPPED, task, status=status, reason=reason)
            case Ask(task):
                self.check_question(decision)
                self.add(asked_event(decision, tasks[task]))
            case Escalate(task):
                question = tasks[task].question
                assert question
                assert question.escalated_at is None
                assert question.asked_at + 20 <= self.now
                self.add(escalated_event(task, tasks[task]))
            case Expire(task, granted):
                question, approval = tasks[task].question, self.plan.task(task).approval
                assert question
                assert approval
                assert question.asked_at + 50 <= self.now
                lenient = approval.unanswered is Unanswered.APPROVE
                assert granted is (lenient and question.occasion is Occasion.START)
                self.add(expired_event(decision, tasks[task]))
            case Heal(task, measure):
                assert measure is self.plan.task(task).healing[tasks[task].healed]
                assert measure is not Measure.ASK
                self.add(not_healed_event(self.plan.task(task), tasks[task], "nobody can"))
            case Pause():
                assert self.state.pause_requested
                assert not self.running()
                self.tell(EventType.RUN_PAUSED)
            case Finish(status, reason):
                self.check_finish(status, reason)
                self.tell(EventType.RUN_FINISHED, status=status, reason=reason, commit=None)

    def check_skip(self, task: str, status: TaskStatus, reason: str) -> None:
        assert self.state.tasks[task].status in WAITS
        if status is TaskStatus.SKIPPED:
            others = {needed: self.state.tasks[needed].status for needed in self.plan.task(task).depends_on}
            bad = [name for name, other in others.items() if other.final and other is not TaskStatus.PASSED]
            assert reason in [f"{name!r}, which it needs, did not pass" for name in bad]
        elif self.state.cancel_requested:
            assert reason == "the run was cancelled"
        elif self.state.over_budget:
            assert reason == f"the run was stopped: {self.state.over_budget}"
        else:
            assert reason in [f"{name!r} failed and the plan is to stop then" for name in self.stops_at]

    def check_question(self, ask: Ask) -> None:
        """Hold what a person is asked against the plan."""
        state, spec = self.state.tasks[ask.task], self.plan.task(ask.task)
        asked = spec.approval
        if ask.occasion is Occasion.START:
            assert state.status is TaskStatus.WAITING
            assert asked
            assert ask.question == asked.question
        else:
            assert state.status is TaskStatus.HEALING
            assert spec.healing[state.healed] is Measure.ASK
            assert ask.question == f"{ask.task!r} failed: {state.reason} Try it again?"
        times = (asked.deadline_seconds, asked.escalate_after_seconds) if asked else (None, None)
        due = tuple(None if seconds is None else self.now + seconds for seconds in times)
        assert (ask.deadline_at, ask.escalate_at) == due
        assert ask.escalate_to == (asked.escalate_to if asked else "")

    def check_finish(self, status: RunStatus, reason: str) -> None:
        failed = [task.reason for task in self.state.tasks.values() if task.status is TaskStatus.FAILED]
        expected = {
            RunStatus.PASSED: [""],
            RunStatus.CANCELLED: ["cancelled"],
            RunStatus.OVER_BUDGET: [self.state.over_budget],
            RunStatus.FAILED: failed,
        }
        assert reason in expected[status]

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


@settings(max_examples=3 * settings().max_examples)
@given(plans(), st.integers(1, 4), st.data())
def test_every_run_ends_and_keeps_the_rules(plan: Plan, parallel: int, data: st.DataObject) -> None:
    world = World(plan, parallel)
    for _ in range(900):
        done = world.carry_out()
        if world.state.status.final:
            break
        if world.state.status is RunStatus.PAUSED:
            assert world.scheduler.decide(world.now + 1e9) == []
            world.tell(EventType.RUN_RESUMED)
            world.revive()
            continue
        disturb(world, data)
        if not done and world.full:
            world.full = frozenset()
        elif not done and not world.scheduler.decide(world.now):
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
    elif drawn in {11, 12, 13}:
        world.full = frozenset(data.draw(st.sets(st.sampled_from(["a", "b", "c"]))))
    elif drawn in {9, 10} and not world.state.pause_requested:
        world.tell(EventType.RUN_PAUSE_REQUESTED)


def matters(decisions: Sequence[Decision]) -> list[str]:
    """Return what decisions come to: the order of starts counts, and a death may have another of two failed tasks blamed."""
    starts = [repr(decision) for decision in decisions if isinstance(decision, Start)]
    others = [decision for decision in decisions if not isinstance(decision, Start)]
    blameless = [replace(one, reason="") if isinstance(one, Skip | Finish) else one for one in others]
    return [*sorted(map(repr, blameless)), *starts]


def go_on(world: World, data: st.DataObject) -> None:
    """Let an attempt end, a person answer, or time pass until something is due."""
    if not world.stopping:
        for question in filter(None, (world.state.tasks[name].question for name in world.asked())):
            passed_on = question.escalated_at is not None or question.escalate_at is None
            assert passed_on or (question.escalate_at or 0) > world.now, "nobody is told that nobody answers"
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
