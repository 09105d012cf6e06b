"""The whole engine in a process that dies at any crash points: plans end as they must, nothing is lost and nothing repeated."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from astrolabe.domain.budget import amounts_of
from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import FailureKind, TaskStatus
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.workshop import Limits, Watcher
from astrolabe.errors import UnavailableError
from astrolabe.sdk import Plugin, Task, Usage, Workbench
from astrolabe.services.builds import begin, carry_out, propose_plan, take_up
from astrolabe.services.installation import Installation
from tests.world import Boxes, Command, World, empty_home

RESERVED, USED = Usage(tokens=10), Usage(tokens=4)
FATES = ["away", "broken", "unmet"]
KINDS = {
    "away": (FailureKind.TRANSIENT, "not now"),
    "broken": (FailureKind.PERMANENT, "ValueError: never"),
    "unmet": (FailureKind.CHECKS, "1 of its checks failed: 'met' (exit code 1)"),
}


class DeathError(SystemExit):
    """Ends the event loop at once, whatever goes on in it."""


@dataclass(frozen=True)
class Durable:
    """What was found in the log after a life: keys of replies, attempts whose work is done, tasks that have passed."""

    life: int
    replies: set[str]
    worked: set[tuple[str, int]]
    passed: set[str]


@dataclass
class Lives:
    """What agents did in all lives of a run, and in which; each life but the last ends at a crash point."""

    ends: list[int]
    now: int = 0
    dead: bool = False
    left: int = 0
    did: list[tuple[int, str, str, int, str]] = field(default_factory=list)
    durable: list["Durable"] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)
    at_work: int = 0
    most_at_work: int = 0
    installation: Installation | None = None

    def begin(self) -> None:
        self.now += 1
        self.dead, self.at_work = False, 0
        self.left = self.ends[self.now - 1] if self.now <= len(self.ends) else -1

    def reach(self, point: CrashPoint) -> None:
        assert isinstance(point, CrashPoint)
        self.left -= 1
        if self.left == 0:
            self.die()

    def die(self) -> None:
        self.dead = True
        if self.installation is not None:
            self.installation.store._database.place.write = _gone  # pyright: ignore[reportAttributeAccessIssue]
        raise DeathError

    def note(self, what: str, task: str, step: str = "") -> None:
        self.did.append((self.now, what, task, self.attempts[task], step))

    def hear(self, task: str, text: str) -> None:
        self.said.append((task, text))

    def watch(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.type == EventType.TASK_STARTED:
                self.attempts[event.task or ""] = event.attempt or 0


def _unheard(_loop: object, _context: object) -> None:
    pass


def _gone(_do: object) -> None:
    raise OSError("the process is gone")


def dies(life: Coroutine[Any, Any, None]) -> bool:
    """Run a life to its end; tell whether it died. What was still going on then is cancelled, and can write nothing more."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        task = loop.create_task(life)
        died = False
        while pending := asyncio.all_tasks(loop):
            try:
                loop.run_until_complete(asyncio.gather(*pending, return_exceptions=died))
            except DeathError:
                died = True
                loop.set_exception_handler(_unheard)  # nobody is left to be told
                for one in asyncio.all_tasks(loop):
                    one.cancel()
        if not died:
            task.result()
        return died


class Hand:
    """Does what its task's inputs say; `fates` are those of its attempts, all agents' together, then it succeeds."""

    version = "1"

    def __init__(self, name: str, lives: Lives) -> None:
        self.name = name
        self._lives = lives

    async def work(self, task: Task, bench: Workbench) -> None:
        lives = self._lives
        lives.note("work", task.id, self.name)
        if task.inputs["idle"]:
            return
        lives.at_work += 1
        lives.most_at_work = max(lives.most_at_work, lives.at_work)
        fates = fates_of(task)
        number = lives.attempts[task.id]
        fate = fates[number - 1] if number <= len(fates) else ""
        bench.say(self.name)
        await bench.write({f"{task.id}.txt": ""})
        for step in range(int(str(task.inputs["steps"]))):
            answer = await bench.call("ask", self._asked(task, step), **calls(step))
            assert answer == ([task.id, number, step], USED if step % 2 == 0 else Usage())
            done = await bench.run(f"line {task.id}")
            assert done.exit_code == 0
        if fate == "unmet":
            await bench.write({f"{task.id}.txt": "unmet"})
        lives.at_work -= 1
        if fate == "away":
            raise UnavailableError("not now")
        if fate == "broken":
            raise ValueError("never")

    def _asked(self, task: Task, step: int):
        async def do() -> tuple[JsonValue, Usage]:
            self._lives.note("begin", task.id, str(step))
            await asyncio.sleep(0)
            self._lives.note("end", task.id, str(step))
            return [task.id, self._lives.attempts[task.id], step], USED if step % 2 == 0 else Usage()

        return do


def calls(step: int) -> dict[str, Any]:
    """Return how a step is asked for: every other one reserves nothing, and has an id of its own."""
    return {"reserve": RESERVED} if step % 2 == 0 else {"reserve": Usage(), "call_id": f"c{step}"}


def keys(task: str, attempt: int, step: int) -> tuple[str, str]:
    """Return the keys of a call and of the command after it."""
    ask = f"{2 * step + 1}/ask" if step % 2 == 0 else f"ask:c{step}"
    return f"{task}/{attempt}/{ask}", f"{task}/{attempt}/{2 * step + 2}/run"


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    tasks = []
    for number in range(draw(st.integers(1, 5))):
        earlier = [f"t{k}" for k in range(number)]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        idle = draw(st.integers(0, 5)) == 0
        fates = (
            []
            if idle
            else draw(st.lists(st.sampled_from(FATES), max_size=3) if draw(st.booleans()) else st.just([]))
        )
        tasks.append(
            {
                "id": f"t{number}",
                "agent": "a",
                "inputs": {"fates": fates, "steps": 0 if idle else draw(st.integers(0, 2)), "idle": idle},
                "depends_on": needs,
                "writes": [f"t{number}.txt"],
                "checks": [
                    {"name": "after", "run": "look", "uses": ["met"]},
                    {"name": "met", "run": f"met t{number}", "produces": ["made"]},
                ],
                "retries": draw(st.integers(0, 2)),
                "backoff": {"base": 0},
                "fallback": draw(st.sampled_from([[], ["b"]])),
            }
        )
    return Plan.model_validate(
        {
            "goal": "g",
            "tasks": draw(st.permutations(tasks)),
            "on_failure": draw(st.sampled_from(["keep-going", "fail-fast"])),
            "parallel": draw(st.sampled_from([None, 1, 2])),
            "budget": draw(st.sampled_from([{}, {"tokens": 10_000, "tool_calls": 500}])),
        }
    )


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")  # what dies awaits nothing more
@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans(), deaths=st.lists(st.integers(1, 40), max_size=3))
def test_what_dies_goes_on_and_ends_as_if_it_had_not(plan: Plan, deaths: list[int]) -> None:
    with empty_home() as folder:
        Story(plan, deaths, folder).check()


class Story:
    """A plan carried out in as many lives as it takes."""

    def __init__(self, plan: Plan, deaths: list[int], folder: Path) -> None:
        self.plan = plan
        lines = {f"line {task.id}": _adds_a_line(f"{task.id}.txt") for task in plan.tasks}
        checks = {f"met {task.id}": _is_met(f"{task.id}.txt") for task in plan.tasks}
        looks: dict[str, Command] = {"look": lambda files: int(files.get("made") != b"met")}
        self.world = World(folder, boxes=Boxes(lines | checks | looks), limits=Limits(3, 2))
        self.lives = Lives(deaths)
        self.log: tuple[Event, ...] = ()
        self.charges: tuple = ()
        while dies(self._live()):
            asyncio.run(self._look_back())

    async def _live(self) -> None:
        lives = self.lives
        lives.begin()
        plugin = Plugin(name="hands", agents=(Hand("a", lives), Hand("b", lives)))
        async with self.world.open(plugin, lives.reach) as installation:
            lives.installation = installation
            records = await installation.store.runs()
            if records and records[0].status.final:  # it died when all was done
                self.log = await installation.store.events(records[0].id)
                return
            begun = (
                await take_up(installation, records[0])
                if records
                else await begin(installation, await propose_plan(installation, self.plan, Path("/target")))
            )
            watcher = Watcher(events=lives.watch, said=lives.hear)
            state = await carry_out(installation, begun, watcher)
            self.log = await installation.store.events(begun.record.id)
            assert RunState(state.id).apply(self.log) == state
            self.charges = await installation.store.budgets.charges(begun.record.id)

    async def _look_back(self) -> None:
        """See what is durable after a death, and must stay so."""
        async with self.world.open(Plugin(name="nobody")) as installation:
            records = await installation.store.runs()
            log = await installation.store.events(records[0].id) if records else ()
        found = [(event.type, event.task or "", event.attempt or 0, event.data) for event in log]
        durable = Durable(
            self.lives.now,
            {data["key"] for kind, _, _, data in found if kind == EventType.STEP_DONE},
            {(task, attempt) for kind, task, attempt, _ in found if kind == EventType.TASK_WORKED},
            {task for kind, task, _, _ in found if kind == EventType.TASK_PASSED},
        )
        self.lives.durable.append(durable)

    def check(self) -> None:
        assert [event.seq for event in self.log] == list(range(1, len(self.log) + 1))
        assert [e.type for e in self.log].count(EventType.RUN_FINISHED) == 1
        state = RunState(self.log[0].run).apply(self.log)
        assert state.status is (RunStatus.PASSED if self._all_pass(state) else RunStatus.FAILED)
        self._check_attempts(state)
        self._check_effects()
        self._check_steps(state)
        self._check_results(state)
        if self.plan.budget.tokens is not None and self.charges:
            self._check_charges(state)
        assert self.lives.most_at_work <= min(3, self.plan.parallel or 3)

    def _all_pass(self, state: RunState) -> bool:
        return all(task.status is TaskStatus.PASSED for task in state.tasks.values())

    def _check_attempts(self, state: RunState) -> None:
        """Deaths make no attempt of their own: there are as many as the fates ask for, by the agents that are to make them."""
        expected = {task.id: tried(task) for task in self.plan.tasks}
        ends = {name: self._end(name) for name in expected}
        stops = self.plan.on_failure == "fail-fast" and TaskStatus.FAILED in ends.values()
        for name, task in state.tasks.items():
            made = [(attempt.agent, attempt.failure, attempt.reason) for attempt in task.attempts]
            assert task.status is ends[name] or (stops and task.status is TaskStatus.CANCELLED)
            begun = task.status in {TaskStatus.PASSED, TaskStatus.FAILED}
            assert made == (expected[name][0] if begun else expected[name][0][: len(made)])
            assert stops or begun or not made

    def _end(self, name: str) -> TaskStatus:
        task = self.plan.task(name)
        if any(self._end(needed) is not TaskStatus.PASSED for needed in task.depends_on):
            return TaskStatus.SKIPPED
        return TaskStatus.PASSED if tried(task)[1] else TaskStatus.FAILED

    def _check_effects(self) -> None:
        begun = Counter(
            (task, attempt, step) for _, what, task, attempt, step in self.lives.did if what == "begin"
        )
        by_life = Counter(did for did in self.lives.did if did[1] == "begin")
        assert not by_life or max(by_life.values()) == 1
        assert not begun or max(begun.values()) <= self.lives.now
        for durable in self.lives.durable:
            later = [did for did in self.lives.did if did[0] > durable.life]
            assert not durable.passed & {task for _, _, task, _, _ in later}, (
                "a task that had passed was begun"
            )
            assert not durable.worked & {(task, attempt) for _, _, task, attempt, _ in later}, (
                "work was repeated"
            )
            asked = [did for did in later if did[1] == "begin"]
            again = {keys(task, attempt, int(step))[0] for _, _, task, attempt, step in asked}
            assert not durable.replies & again, "a call whose reply was durable was made again"
        assert set(self.lives.said) <= {
            (task, agent) for _, what, task, _, agent in self.lives.did if what == "work"
        }
        worked = Counter(
            (life, task, attempt) for life, what, task, attempt, _ in self.lives.did if what == "work"
        )
        assert not worked or max(worked.values()) == 1
        finished = Counter(
            (e.task, e.attempt, e.data["check"], e.data["tree"])
            for e in self.log
            if e.type == EventType.CHECK_FINISHED
        )
        assert not finished or max(finished.values()) == 1

    def _check_steps(self, state: RunState) -> None:
        expected = {
            key
            for name, task in state.tasks.items()
            for attempt in task.attempts
            if attempt.ended_at is not None
            for step in range(int(str(self.plan.task(name).inputs["steps"])))
            for key in keys(name, attempt.number, step)
        }
        assert set(state.steps) == expected
        assert not state.intended
        for event in self.log:
            if event.type in {EventType.STEP_INTENDED, EventType.STEP_DONE}:
                assert event.data["key"].startswith(f"{event.task}/{event.attempt}/")
        for charge in self.charges:
            assert charge.key.startswith(f"{charge.task}/{charge.attempt}/")

    def _check_results(self, state: RunState) -> None:
        trees = self.world.trees
        for name, task in state.tasks.items():
            if task.status is TaskStatus.PASSED:
                assert task.commit is not None
                steps = int(str(self.plan.task(name).inputs["steps"]))
                spec = self.plan.task(name)
                if spec.inputs["idle"] and len(spec.depends_on) == 1:
                    assert task.commit == state.tasks[spec.depends_on[0]].commit
                elif not spec.inputs["idle"]:
                    assert trees.content(task.commit)[f"{name}.txt"] == b"line\n" * steps
                    tree, _, message = trees.commits[task.commit]
                    assert tree == task.tree
                    assert trees.refs[f"runs/{state.id}/{name}"] == task.commit
                    assert {f"Astrolabe-Run: {state.id}", f"Astrolabe-Task: {name}"} <= set(
                        message.splitlines()
                    )
                assert {one.verdict for one in task.evidence} == {"passed"}
                assert sum(one.tree == task.tree for one in task.evidence) == 2
        if state.status is RunStatus.PASSED:
            assert state.commit is not None
            assert set(trees.content(state.commit)) == {
                f"{task.id}.txt" for task in self.plan.tasks if not task.inputs["idle"]
            }
            assert trees.published[-1][1] == state.commit
            assert state.published
            assert (state.published["branch"], state.published["moved"]) == (f"astrolabe/{state.id}", True)
            if state.commit not in {task.commit for task in state.tasks.values()}:
                assert trees.refs[f"runs/{state.id}/joined"] == state.commit
                assert f"Astrolabe-Run: {state.id}" in trees.commits[state.commit][2].splitlines()
        else:
            assert state.commit is None
            assert state.reason

    def _check_charges(self, state: RunState) -> None:
        """Each reply is charged once what it used, each call nobody knows of what it had reserved."""
        spent = Counter[str]()
        for charge in self.charges:
            assert charge.used is not None
            if charge.kind == "ask":
                spent["done" if charge.used == amounts_of(USED) else "in doubt"] += 1
                assert charge.used in (amounts_of(USED), amounts_of(RESERVED))
        asked = sum(key.endswith("/ask") for key in state.steps)  # the others reserve nothing
        assert spent["done"] == asked
        assert spent["in doubt"] <= 6 * (self.lives.now - 1)


def fates_of(task: Task) -> list[str]:
    return cast("list[str]", task.inputs["fates"])


def tried(task: Task) -> tuple[list[tuple[str, FailureKind | None, str]], bool]:
    """Return which agents make the attempts at a task, how each ends, and whether the last one passes."""
    made: list[tuple[str, FailureKind | None, str]] = []
    fates = fates_of(task)
    for agent in (task.agent, *task.fallback):
        for failures in range(1, task.retries + 2):
            fate = fates[len(made)] if len(made) < len(fates) else None
            kind, reason = KINDS[fate] if fate else (None, "")
            made.append((agent, kind, reason))
            if fate is None:
                return made, True
            if fate == "broken" or failures > task.retries:
                break
    return made, False


def _adds_a_line(path: str) -> Command:
    def change(files: dict[str, bytes]) -> int:
        files[path] += b"line\n"
        return 0

    return change


def _is_met(path: str) -> Command:
    def look(files: dict[str, bytes]) -> int:
        files["made"] = b"met"
        return int(files.get(path) == b"unmet")

    return look
