"""One trial of an agent at a task of a suite, as the plan of a run: so it is isolated, limited, recorded and resumed like any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import JsonValue

from astrolabe.domain.evidence import Verdict
from astrolabe.domain.plan import OnFailure, Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import FailureKind, TaskState, TaskStatus
from astrolabe.evaluation.laying import LayOut, Layout
from astrolabe.evaluation.suite import Suite, SuiteTask

ORACLE, IDLE = "oracle", "idle"
"""Contestants that need no agent: one writes the solution a suite holds, the other does nothing."""
SET_UP, SOLVE, JUDGE = "set-up", "solve", "judge"


class Cause(StrEnum):
    """Why a trial was not passed. BROKEN and INTERRUPTED say nothing of the contestant and do not count as trials."""

    CHECKS = "checks failed"
    AGENT = "agent failed"
    MODEL = "model did not answer"
    TIME = "out of time"
    BUDGET = "over budget"
    BROKEN = "could not be judged"
    INTERRUPTED = "interrupted"

    @property
    def counts(self) -> bool:
        """Whether it is a failure of the contestant."""
        return self not in {Cause.BROKEN, Cause.INTERRUPTED}


@dataclass(frozen=True)
class Contestant:
    """Who is tried. `setting` names all that may make a difference besides the agent: model, skills, prompts.

    `inputs` are given to the agent with each task.
    """

    agent: str
    version: str = ""
    setting: str = ""
    inputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])


@dataclass(frozen=True)
class Trial:
    """What came of one trial. Money in US dollars, `seconds` of the work itself; `reason` is for a person.

    `checks` are the verdicts by the names of the suite's checks; empty when it did not come to them.
    """

    task: str
    number: int
    run: str
    passed: bool
    cause: Cause | None
    reason: str
    seconds: float
    money: float
    tokens: int
    model_calls: int
    checks: dict[str, str]

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**self.__dict__, "cause": None if self.cause is None else self.cause.value}


def plan_of_trial(suite: Suite, task: SuiteTask, contestant: Contestant, number: int) -> Plan:
    """Return the plan: the workspace is laid out, the contestant works, then the hidden files are laid over the result.

    Everything that tells one trial from another is in it, so that an equal plan is the same trial, taken up again.
    """
    who = " ".join(filter(None, (contestant.agent, contestant.version, contestant.setting)))
    return Plan(
        goal=f"{suite.name}: {task.name}"[:200],
        reasoning=f"trial {number} of {who}",
        tasks=(
            _laid(SET_UP, Layout(files=task.workspace)),
            _solving(task, contestant),
            Task(
                **_laid(JUDGE, Layout(files=task.hidden, removes=task.removes), SOLVE).model_dump(
                    exclude={"checks", "environment"}
                ),
                checks=task.checks,
                environment=task.environment,
            ),
        ),
        on_failure=OnFailure.FAIL_FAST,
    )


def _laid(name: str, layout: Layout, *after: str) -> Task:
    inputs = layout.model_dump(mode="json")
    return Task(id=name, name=name, agent=LayOut.name, inputs=inputs, writes=("**",), depends_on=after)


def _solving(task: SuiteTask, contestant: Contestant) -> Task:
    if contestant.agent in {ORACLE, IDLE}:
        known = task.solution if contestant.agent == ORACLE else {}
        return _laid(SOLVE, Layout(files=known), SET_UP)
    return Task(
        id=SOLVE,
        name=task.name[:200],
        agent=contestant.agent,
        goal=task.goal,
        inputs=dict(contestant.inputs),
        writes=task.writes,
        depends_on=(SET_UP,),
        environment=task.environment,
        timeout_seconds=task.timeout_seconds,
        budget=task.budget,
    )


def judged(task: SuiteTask, number: int, state: RunState) -> Trial:
    """Return what a run of a trial came to, in whatever state it is."""
    solve, judge = state.tasks[SOLVE], state.tasks[JUDGE]
    cause, reason = _cause(state, solve, judge)
    used = list(state.used.values())
    return Trial(
        task=task.name,
        number=number,
        run=state.id,
        passed=cause is None,
        cause=cause,
        reason=reason,
        seconds=round(
            sum((attempt.ended_at or attempt.started_at) - attempt.started_at for attempt in solve.attempts),
            3,
        ),
        money=round(sum(float(usage.get("money", 0)) for usage in used), 6),
        tokens=sum(int(usage.get("tokens", 0)) for usage in used),
        model_calls=sum(int(usage.get("model_calls", 0)) for usage in used),
        checks={item.check: item.verdict.value for item in judge.evidence},
    )


def _cause(state: RunState, solve: TaskState, judge: TaskState) -> tuple[Cause | None, str]:
    if judge.status is TaskStatus.PASSED:
        return _if_unjudged(judge)
    if state.status is RunStatus.OVER_BUDGET:
        return Cause.BUDGET, state.reason
    if not state.status.final or state.status is RunStatus.CANCELLED:
        return Cause.INTERRUPTED, state.reason or f"run {state.id} is not finished"
    if solve.status is TaskStatus.FAILED:
        return _of_agent(state, solve)
    failed = [item for item in judge.evidence if item.verdict is Verdict.FAILED]
    if failed:
        return Cause.CHECKS, f"{failed[0].check}: {failed[0].reason}"
    return Cause.BROKEN, judge.reason or state.tasks[SET_UP].reason or state.reason


def _if_unjudged(judge: TaskState) -> tuple[Cause | None, str]:
    """Say what is to be said of checks that could not run: no failure of theirs, and no success of anybody's."""
    unasked = [item for item in judge.evidence if item.verdict is Verdict.NOT_RUN]
    return (Cause.BROKEN, f"{unasked[0].check}: {unasked[0].reason}") if unasked else (None, "")


def _of_agent(state: RunState, solve: TaskState) -> tuple[Cause, str]:
    last = solve.attempts[-1]
    reason = solve.reason or last.reason
    if last.failure is FailureKind.TIMEOUT:
        return Cause.TIME, reason
    if last.failure is FailureKind.BUDGET:
        return Cause.BUDGET, reason
    return (Cause.MODEL if _unanswered(state, last.number) else Cause.AGENT), reason


def _unanswered(state: RunState, attempt: int) -> bool:
    """Tell whether the last thing an attempt did was to ask a model that gave no answer (see `agents/asking.py`)."""
    steps = [reply for key, reply in state.steps.items() if key.startswith(f"{SOLVE}/{attempt}/")]
    return bool(steps) and isinstance(steps[-1], dict) and "question" in steps[-1] and "error" in steps[-1]
