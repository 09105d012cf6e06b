"""Runs a project's tests with the project's own runners, and says which failures are new, old, or up to chance."""

import json
import re
from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, Field

from astrolabe.roles.test.running import Ran, Running
from astrolabe.roles.test.telling import report_of, summary
from astrolabe.sdk import (
    AgentFailedError,
    Case,
    MissingError,
    Runner,
    Status,
    Task,
    Workbench,
    listing_of,
    runners,
)

_ERROR = re.compile(r"(E +)?([\w.]*(Error|Exception|Failure)\b.*|error: .*[^|-]\Z)")


class Demand(StrEnum):
    """Which failures fail the task."""

    NO_NEW = "no-new-failures"
    EVERY = "all-pass"
    NOTHING = "nothing"


class TestInputs(BaseModel, extra="forbid"):
    """What a task of this agent is given."""

    folder: str = Field(default="", description="only the tests below this folder; all when empty")
    runner: str = Field(
        default="", description="only this runner, such as `pytest` or `jest`; all when empty"
    )
    demand: Demand = Field(
        default=Demand.NO_NEW,
        description="which failures fail the task: `no-new-failures` lets pass what failed before the run changed anything, "
        "`all-pass`, or `nothing`, to learn how things stand",
    )
    repeats: int = Field(
        default=3,
        ge=0,
        le=20,
        description="how often a failing test is run again alone, to see whether it is flaky",
    )
    coverage: bool = Field(
        default=False,
        description="measure how much of the code the tests reach, where the project has the tool",
    )
    needs_tests: bool = Field(default=True, description="whether a project without tests fails the task")
    timeout_seconds: float = Field(default=1800, gt=0, description="for each run of a runner")
    report: str = Field(
        default="", description="where to write the results as JSON; one of the task's `writes`"
    )


class TestAgent:
    """Finds the runners, runs them on a throw-away copy, runs what fails alone and on the tree from before."""

    name = "test"
    version = "1"
    purpose = (
        "Runs the project's own tests (Python, JavaScript, Go, Rust, Java) and tells which fail, which failed before "
        "and which are flaky; changes nothing."
    )
    inputs = TestInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Leave the results in the shared context under `tests/<task>`; a failure that counts fails the task."""
        asked = TestInputs.model_validate(task.inputs)
        found = _chosen(asked, runners(await listing_of(bench)))
        if not found:
            await _without_tests(task, bench, asked)
            return
        running = Running(bench, asked.timeout_seconds, asked.repeats, measured=asked.coverage)
        ran = [await running.run(runner, compare=asked.demand is not Demand.EVERY) for runner in found]
        document = report_of(ran)
        await bench.context.set(f"tests/{task.id}", document)
        if asked.report:
            await bench.write({asked.report: _text(document)})
        bench.say(summary(ran))
        _judge(asked.demand, ran)


def _chosen(asked: TestInputs, found: Sequence[Runner]) -> list[Runner]:
    folder = asked.folder.strip("/")
    return [
        runner
        for runner in found
        if (not folder or f"{runner.folder}/".startswith(f"{folder}/"))
        and (not asked.runner or runner.name == asked.runner)
    ]


async def _without_tests(task: Task, bench: Workbench, asked: TestInputs) -> None:
    limits = " and ".join(
        filter(None, (asked.folder and f"in {asked.folder}", asked.runner and f"for {asked.runner}"))
    )
    said = f"no tests were found{f' {limits}' if limits else ''}"
    await bench.context.set(f"tests/{task.id}", {"v": 1, "verdict": "not-run", "reason": said, "runners": []})
    bench.say(f"not run: {said}")
    if asked.needs_tests:
        raise MissingError(
            f"{said}, so nothing is proved",
            hint="Looked for pytest, unittest, vitest, jest, mocha, node --test, npm test, go test, cargo test, Maven and "
            "Gradle. Add tests, or say `needs_tests: false` in the task's inputs.",
        )


def _judge(demand: Demand, ran: Sequence[Ran]) -> None:
    """Raise AgentFailedError when something fails that must not."""
    if demand is Demand.NOTHING:
        return
    faults = [
        f"{one.runner.name} in {one.runner.folder or 'the root'}: {one.fault}" for one in ran if one.fault
    ]
    failing: list[Case] = [case for one in ran for case in _counting(demand, one)]
    if faults or failing:
        named = [f"{case.id}: {_telling(case.message)}" if case.message else case.id for case in failing[:5]]
        more = [f"and {len(failing) - 5} more"] if len(failing) > len(named) else []
        raise AgentFailedError(
            "; ".join([*faults, *([f"{len(failing)} tests fail"] if failing else []), *named, *more])
        )


def _counting(demand: Demand, ran: Ran) -> tuple[Case, ...]:
    return ran.new_failures if demand is Demand.NO_NEW else ran.results.of(Status.FAILED)


def _telling(message: str) -> str:
    """Return the line of a failure's message that says most: the error's own, else the last."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return next(iter(errors or lines[-1:]), "")[:200]


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
