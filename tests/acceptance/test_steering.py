"""Steering runs: pausing, asking people, letting others step in, planning the rest anew, retrying, forking."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from astrolabe.bootstrap import open_installation
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Approval, Backoff, Measure, OnFailure, Plan, Task, Unanswered
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import FailureKind, Outcome, TaskStatus
from astrolabe.engine.replanner import Replanner
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import AgentFailedError, ConflictError, InputError, MissingError
from astrolabe.planning.replanning import Trouble
from astrolabe.ports.store import ApprovalRecord
from astrolabe.sdk import Plugin, Workbench
from astrolabe.services.again import fork_run, retry_run
from astrolabe.services.attempts import attempts_of
from astrolabe.services.builds import begin, carry_out, propose_plan, take_up
from astrolabe.services.installation import Installation
from astrolabe.services.runs import view_run
from astrolabe.services.settling import settle
from astrolabe.services.steering import answer, cancel_run, find_approval, pause_run
from tests.acceptance.test_stopping import Actor, settings
from tests.person import Person

Work = Callable[[Task, Workbench], Coroutine[Any, Any, None]]


class Ledger:
    """Agents that write down who worked on what, and do as they are told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.broken: set[str] = set()
        self.at_work = asyncio.Event()
        self.held = asyncio.Event()
        self.held.set()

    def agent(self, name: str) -> Actor:
        async def work(task: Task, bench: Workbench) -> None:
            self.lines.append(f"{name} {task.id}")
            self.at_work.set()
            await self.held.wait()
            if f"{name} {task.id}" in self.broken:
                raise AgentFailedError(f"{name} cannot do {task.id}")
            await bench.write({f"{task.id}.txt": f"{name}\n"})

        return Actor(name, work)

    def of(self, task: str) -> list[str]:
        return [line for line in self.lines if line.endswith(f" {task}")]


class Seen:
    """Tells when an event of a kind is in the log."""

    def __init__(self, kind: EventType) -> None:
        self._kind = kind
        self._seen = asyncio.Event()
        self.watcher = Watcher(events=self._take_in)

    def _take_in(self, events: Sequence[Event]) -> None:
        if any(event.type == self._kind for event in events):
            self._seen.set()

    async def wait(self) -> None:
        async with asyncio.timeout(60):
            await self._seen.wait()


def task(name: str, *needs: str, **more: Any) -> Task:
    written: dict[str, Any] = {"agent": "one", "backoff": Backoff(base=0), "writes": (f"{name}.txt",), **more}
    return Task(id=name, name=name, depends_on=needs, **written)


@asynccontextmanager
async def installed(folder: Path, ledger: Ledger, *replanners: Replanner):
    plugin = Plugin(
        name="ledger", agents=(ledger.agent("one"), ledger.agent("two")), replanners=tuple(replanners)
    )
    async with open_installation(settings(folder), plugins=[plugin]) as installation:
        yield installation


async def begun(installation: Installation, folder: Path, tasks: Sequence[Task], **more: Any):
    plan = Plan(goal="g", tasks=tuple(tasks), **more)
    return await begin(installation, await propose_plan(installation, plan, folder / "target"))


async def run(installation: Installation, folder: Path, tasks: Sequence[Task], **more: Any) -> RunState:
    return await carry_out(installation, await begun(installation, folder, tasks, **more), Watcher())


def statuses(state: RunState) -> str:
    return " ".join(f"{name}:{known.status}" for name, known in state.tasks.items())


def test_a_paused_run_ends_what_goes_on_and_starts_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.held.clear()
        async with installed(tmp_path, ledger) as own, installed(tmp_path, ledger) as other:
            started = await begun(own, tmp_path, [task("a"), task("b", "a")])
            asked = Seen(EventType.RUN_PAUSE_REQUESTED)
            driving = asyncio.create_task(carry_out(own, started, asked.watcher))
            await ledger.at_work.wait()
            pausing = asyncio.create_task(pause_run(other, started.record))
            await asked.wait()
            ledger.held.set()
            assert await pausing is RunStatus.PAUSED
            assert statuses(await driving) == "a:passed b:waiting"
            record = await other.store.run(started.record.id)
            with pytest.raises(ConflictError, match="paused already"):
                await pause_run(other, record)
            ended = await carry_out(other, await take_up(other, record), Watcher())
            assert (ended.status, statuses(ended)) == (RunStatus.PASSED, "a:passed b:passed")
            assert ledger.lines == ["one a", "one b"]
            assert await other.store.inbox(own.owner) == ()

    asyncio.run(whole())


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_what_a_dead_process_was_asked_stops_nobody_who_goes_on_later(verb: str, tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.held.clear()
        async with installed(tmp_path, ledger) as own:
            started = await begun(own, tmp_path, [task("a"), task("b", "a")])
            driving = asyncio.create_task(carry_out(own, started, Watcher()))
            await ledger.at_work.wait()
            driving.cancel()
            await asyncio.wait([driving])
            ledger.held.set()
            run, store = started.record.id, own.store
            await store.ask(run, verb)  # whoever asked found it dead, and then steered the run itself
            steer, go_on = {"pause": (pause_run, take_up), "cancel": (cancel_run, retry_run)}[verb]
            await steer(own, await store.run(run))
            ended = await carry_out(own, await go_on(own, await store.run(run)), Watcher())
            assert (ended.status, statuses(ended)) == (RunStatus.PASSED, "a:passed b:passed")

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.APPROVED, "passed a:passed b:passed c:passed"),
        (Outcome.DENIED, "failed a:passed b:failed c:skipped"),
    ],
)
@pytest.mark.parametrize("owned", [True, False], ids=["at-work", "cut-off"])
def test_a_task_waits_for_a_persons_word(
    outcome: Outcome, expected: str, owned: bool, tmp_path: Path
) -> None:
    tasks = [task("a"), task("b", "a", approval=Approval(question="go?")), task("c", "b")]

    async def whole() -> None:
        ledger = Ledger()
        async with installed(tmp_path, ledger) as own, installed(tmp_path, ledger) as other:
            started = await begun(own, tmp_path, tasks, on_failure=OnFailure.KEEP_GOING)
            asked = Seen(EventType.APPROVAL_REQUESTED)
            driving = asyncio.create_task(carry_out(own, started, asked.watcher))
            await asked.wait()
            waiting = await other.store.approvals(run=started.record.id)
            if not owned:
                driving.cancel()
                await asyncio.wait([driving])
            told = await answer(other, waiting[0], outcome, by="me", comment="so be it")
            assert (told.outcome, told.by, told.comment) == (outcome, "me", "so be it")
            with pytest.raises(ConflictError, match="already"):
                await answer(other, told, Outcome.APPROVED, by="me", comment="")
            told_again = rf"asks nothing more: 'b' was {outcome} by me, \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
            with pytest.raises(ConflictError, match=told_again):
                await find_approval(other, started.record.id, "b")
            if not owned:
                driving = asyncio.create_task(carry_out(own, await take_up(own, started.record), Watcher()))
            ended = await driving
            assert f"{ended.status} {statuses(ended)}" == expected
            assert ledger.of("b") == (["one b"] if outcome is Outcome.APPROVED else [])

    asyncio.run(whole())


@pytest.mark.parametrize("more", [[], [task("d")]], ids=["nothing-else", "something-else"])
def test_a_run_nobody_works_on_ends_with_a_denial_that_leaves_it_nothing_to_do(
    more: list[Task], tmp_path: Path
) -> None:
    tasks = [task("a", approval=Approval(question="go?")), task("c", "a"), *more]

    async def whole() -> None:
        ledger = Ledger()
        ledger.held.clear()
        async with installed(tmp_path, ledger) as own:
            _, asked = await asking(own, tmp_path, tasks, owned=False, on_failure=OnFailure.KEEP_GOING)
            record = await own.store.run(asked.run)
            assert not await settle(own, record), "it waits for an answer"
            await answer(own, asked, Outcome.DENIED, by="me", comment="")
            assert await settle(own, record) is (not more)
            view = await view_run(own, record)
            assert (view.status, view.state.reason) == (
                ("interrupted", "") if more else ("failed", view.state.tasks["a"].reason)
            )
            assert not await own.store.is_owned(await own.store.run(asked.run))

    asyncio.run(whole())


@pytest.mark.parametrize("owned", [True, False], ids=["at-work", "cut-off"])
def test_of_two_who_answer_at_once_one_is_told_that_it_was_the_other(owned: bool, tmp_path: Path) -> None:
    tasks = [task("a", approval=Approval(question="go?"))]

    async def whole() -> None:
        async with (
            installed(tmp_path, Ledger()) as own,
            installed(tmp_path, Ledger()) as one,
            installed(tmp_path, Ledger()) as other,
        ):
            driving, asked = await asking(own, tmp_path, tasks, owned=owned)
            answers = await asyncio.gather(
                answer(one, asked, Outcome.APPROVED, by="one", comment=""),
                answer(other, asked, Outcome.DENIED, by="other", comment=""),
                return_exceptions=True,
            )
            await asyncio.wait([driving])
            (told,) = await own.store.approvals(run=asked.run)
            (refused,) = [found for found in answers if isinstance(found, ConflictError)]
            assert f"is {told.outcome} already" in str(refused)
            assert [found for found in answers if found is not refused] == [told]

    asyncio.run(whole())


def test_an_answer_that_comes_too_late_does_not_count(tmp_path: Path) -> None:
    tasks = [task("a", approval=Approval(question="go?", deadline_seconds=600))]

    async def whole() -> None:
        async with installed(tmp_path, Ledger()) as own:
            _, asked = await asking(own, tmp_path, tasks, owned=False)
            late = replace(own, determinism=replace(own.determinism, now=lambda: own.determinism.now() + 601))
            with pytest.raises(ConflictError, match="counts as unanswered"):
                await answer(late, asked, Outcome.APPROVED, by="me", comment="")
            assert await own.store.approvals(run=asked.run) == (asked,)

    asyncio.run(whole())


async def asking(
    own: Installation, folder: Path, tasks: Sequence[Task], *, owned: bool, **more: Any
) -> tuple[asyncio.Task[RunState], ApprovalRecord]:
    """Begin a run that asks something; cut it off then where it is to have no owner."""
    started = await begun(own, folder, tasks, **more)
    seen = Seen(EventType.APPROVAL_REQUESTED)
    driving = asyncio.create_task(carry_out(own, started, seen.watcher))
    await seen.wait()
    if not owned:
        driving.cancel()
        await asyncio.wait([driving])
    (asked,) = await own.store.approvals(run=started.record.id)
    return driving, asked


@pytest.mark.parametrize("unanswered", Unanswered)
def test_a_question_that_nobody_answers_is_passed_on_and_ends_in_time(
    unanswered: Unanswered, tmp_path: Path
) -> None:
    asked = Approval(
        question="go?",
        escalate_after_seconds=0.05,
        escalate_to="the night shift",
        deadline_seconds=0.1,
        unanswered=unanswered,
    )

    async def whole() -> None:
        async with installed(tmp_path, Ledger()) as own:
            ended = await run(own, tmp_path, [task("a", approval=asked)])
            (told,) = await own.store.approvals(run=ended.id)
            assert told.outcome is Outcome.UNANSWERED
            assert told.escalated_at is not None
            assert told.escalate_to == "the night shift"
            granted = unanswered is Unanswered.APPROVE
            assert ended.tasks["a"].status is (TaskStatus.PASSED if granted else TaskStatus.FAILED)
            assert granted or "nobody answered" in ended.reason

    asyncio.run(whole())


def test_another_agent_steps_in_when_the_first_has_used_up_its_attempts(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.broken = {"one a"}
        async with installed(tmp_path, ledger) as own:
            ended = await run(own, tmp_path, [task("a", retries=1, fallback=("two",))])
            assert ended.status is RunStatus.PASSED
            assert ledger.lines == ["one a", "one a", "two a"]
            told = [(attempt.agent, attempt.failure) for attempt in ended.tasks["a"].attempts]
            assert told == [
                ("one", FailureKind.TRANSIENT),
                ("one", FailureKind.TRANSIENT),
                ("two", None),
            ]
            assert (tmp_path / "target" / "a.txt").read_text() == "two\n"
            listed = attempts_of(await view_run(own, await own.store.run(ended.id)), "a")
            assert [(one.agent, one.status) for one in listed] == [
                ("one", "failed"),
                ("one", "failed"),
                ("two", "passed"),
            ]

    asyncio.run(whole())


class Splitter:
    """Puts two tasks of the other agent into the place of one."""

    name = "double"

    async def replan(self, trouble: Trouble, bench: Workbench) -> Plan | None:
        def smaller(one: Task) -> tuple[Task, ...]:
            if one.id == trouble.task.id:
                halves = [task(f"{one.id}{half}", *one.depends_on, agent="two") for half in (1, 2)]
                return tuple(halves)
            if trouble.task.id in one.depends_on:
                needs = (f"{trouble.task.id}1", f"{trouble.task.id}2")
                return (one.model_copy(update={"depends_on": needs}),)
            return (one,)

        tasks = tuple(new for one in trouble.plan.tasks for new in smaller(one))
        return trouble.plan.model_copy(update={"tasks": tasks})


class Meddler:
    """Changes what has been done."""

    name = "double"

    async def replan(self, trouble: Trouble, bench: Workbench) -> Plan | None:
        tasks = tuple(one.model_copy(update={"goal": "other"}) for one in trouble.plan.tasks)
        return trouble.plan.model_copy(update={"tasks": tasks})


def test_a_task_that_nobody_can_do_is_split_and_what_has_been_done_stays(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.broken = {"one b"}
        tasks = [task("a"), task("b", "a", healing=(Measure.SPLIT,)), task("c", "b")]
        async with installed(tmp_path, ledger, Splitter()) as own:
            ended = await run(own, tmp_path, tasks)
            assert statuses(ended) == "a:passed b1:passed b2:passed c:passed", ended.reason
            assert ledger.lines[:2] == ["one a", "one b"]
            assert sorted(ledger.lines[2:4]) == ["two b1", "two b2"]
            record = await own.store.run(ended.id)
            assert (record.plan_version, record.status) == (2, RunStatus.PASSED)
            assert sorted(path.name for path in (tmp_path / "target").glob("*.txt")) == [
                "a.txt", "b1.txt", "b2.txt", "c.txt"
            ]  # fmt: skip

    asyncio.run(whole())


def test_a_new_plan_that_changes_what_is_done_is_refused_and_the_next_measure_is_tried(
    tmp_path: Path,
) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.broken = {"one b"}
        tasks = [task("a"), task("b", "a", healing=(Measure.REPLAN, Measure.ASK))]
        async with installed(tmp_path, ledger, Meddler()) as own:
            started = await begun(own, tmp_path, tasks)
            asked = Seen(EventType.APPROVAL_REQUESTED)
            driving = asyncio.create_task(carry_out(own, started, asked.watcher))
            await asked.wait()
            waiting = await own.store.approvals(run=started.record.id)
            assert "may no longer be changed" in waiting[0].question
            ledger.broken = set()
            await answer(own, waiting[0], Outcome.APPROVED, by="me", comment="")
            ended = await driving
            assert statuses(ended) == "a:passed b:passed"
            assert ledger.lines == ["one a", "one b", "one b"]

    asyncio.run(whole())


def test_what_failed_is_retried_and_what_passed_is_not_done_again(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.broken = {"one b"}
        tasks = [task("a"), task("b", "a"), task("c", "b")]
        async with installed(tmp_path, ledger) as own:
            failed = await run(own, tmp_path, tasks)
            assert statuses(failed) == "a:passed b:failed c:cancelled"
            ledger.broken = set()
            again = await retry_run(own, await own.store.run(failed.id))
            ended = await carry_out(own, again, Watcher())
            assert (ended.id, ended.status) == (failed.id, RunStatus.PASSED)
            assert ledger.lines == ["one a", "one b", "one b", "one c"]
            assert [attempt.number for attempt in ended.tasks["b"].attempts] == [1, 2]
            with pytest.raises(ConflictError, match="passed"):
                await retry_run(own, await own.store.run(failed.id))

    asyncio.run(whole())


def test_a_run_whose_place_was_taken_is_told_to_move_away_what_is_there(person: Person) -> None:
    """A run keeps to its folder, so that naming another is no way out of it."""
    plan = person.file("plan.yaml", "goal: g\ntasks: [{id: a, agent: command, inputs: {run: 'false'}}]\n")
    target = person.folder / "target"
    assert person.types("run", plan, "--workspace", target).code == 1
    target.touch()
    told = person.types("runs", "retry", "last")
    assert told.code == 2
    assert "move away what is there" in told.err
    assert "--into" not in told.err


def test_a_process_that_works_on_a_run_cancels_it_without_taking_it_from_itself(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        ledger.held.clear()
        async with installed(tmp_path, ledger) as own:
            started = await begun(own, tmp_path, [task("a")])
            driving = asyncio.create_task(carry_out(own, started, Watcher()))
            await ledger.at_work.wait()
            assert await cancel_run(own, started.record) is RunStatus.CANCELLED
            assert (await driving).status is RunStatus.CANCELLED

    asyncio.run(whole())


def test_a_fork_takes_over_what_the_task_does_not_lead_to(tmp_path: Path) -> None:
    async def whole() -> None:
        ledger = Ledger()
        tasks = [task("a"), task("b", "a"), task("c", "a"), task("d", "b", "c")]
        async with installed(tmp_path, ledger) as own:
            first = await run(own, tmp_path, tasks)
            assert first.status is RunStatus.PASSED
            ledger.lines.clear()
            record = await own.store.run(first.id)
            second = await carry_out(own, await fork_run(own, record, ["b"]), Watcher())
            assert (second.status, sorted(ledger.lines)) == (RunStatus.PASSED, ["one b", "one d"])
            assert second.tasks["a"].commit == first.tasks["a"].commit
            ledger.lines.clear()
            changed = Plan(goal="g", tasks=(*tasks[:2], task("c", "a", agent="two"), tasks[3]))
            third = await carry_out(own, await fork_run(own, record, ["d"], changed), Watcher())
            assert (third.status, sorted(ledger.lines)) == (RunStatus.PASSED, ["one d", "two c"])
            ledger.lines.clear()
            more = Plan(goal="g", tasks=(*tasks, task("e", "d")))
            fourth = await carry_out(own, await fork_run(own, record, ["e"], more), Watcher())
            assert (fourth.status, ledger.lines) == (RunStatus.PASSED, ["one e"])
            with pytest.raises(MissingError, match="no task 'x'"):
                await fork_run(own, record, ["x"])
            with pytest.raises(InputError, match="from where"):
                await fork_run(own, record, [])

    asyncio.run(whole())
