"""One attempt at a task: its input tree, the agent's work, the checks on what it left, and the checkpoint."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from astrolabe.agents.agent import asks_models, check_inputs, told_apart
from astrolabe.agents.bench import TreeBench
from astrolabe.domain.checkpoint import checkpoint_message
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.evidence import Evidence, Verdict
from astrolabe.domain.plan import Check, Task, ref_name
from astrolabe.engine.benches import bench_of, discretion
from astrolabe.engine.faults import CrashPoint
from astrolabe.engine.floor import Floor
from astrolabe.engine.keeping import lost_tests
from astrolabe.engine.meter import task_time
from astrolabe.engine.screening import refuse_secrets
from astrolabe.engine.starting import Start, is_last, start_of
from astrolabe.engine.steps import Steps
from astrolabe.errors import AstrolabeError, MissingError


class ChecksFailedError(Exception):
    """Internal signal of an attempt: it ended with checks that did not pass."""

    def __init__(self, failed: Sequence[Evidence]) -> None:
        names = ", ".join(f"{evidence.check!r} ({evidence.reason})" for evidence in failed)
        super().__init__(f"{len(failed)} of its checks failed: {names}")


async def attempt_task(floor: Floor, task: Task, number: int) -> None:
    """Work on a task until it has passed; what an earlier process recorded of the same attempt is not repeated.

    Raises:
        ChecksFailedError: the work is done, but a check failed on it.
        OverBudgetError: a limit on what may be spent is reached; its `scope` tells whether that ends the whole run.
        AstrolabeError: the work could not be done.
    """
    if not floor.spending.limited:
        await _attempt(floor, task, number)
        return
    async with task_time(floor.spending, task.id, number):
        await _attempt(floor, task, number)


async def _attempt(floor: Floor, task: Task, number: int) -> None:
    state = floor.log.state
    start = await start_of(floor, task)
    worked = state.tasks[task.id].worked_tree
    if worked is None:
        worked = await _work(floor, task, number, start.tree)
    await refuse_secrets(floor, task.id, start.tree, worked)
    gone = await lost_tests(floor, task, start.tree, worked)
    evidence = await _verify(floor, task, number, worked)
    failed = [item for item in evidence if item.verdict is Verdict.FAILED]
    if failed:
        raise ChecksFailedError(failed)
    commit = await _checkpoint(floor, task, start, worked, evidence)
    passed: dict[str, JsonValue] = {"commit": commit, "tree": worked}
    passed |= {"lost_tests": list(gone)} if gone else {}
    floor.log.append(
        NewEvent(type=EventType.TASK_PASSED, task=task.id, attempt=number, data=passed), patient=True
    )


async def _work(floor: Floor, task: Task, number: int, tree: str) -> str:
    name = floor.log.state.tasks[task.id].agent or task.agent
    agent = floor.agents.get(name)
    if agent is None:
        raise MissingError(
            f"no agent {name!r} is installed", hint=f"There are: {', '.join(floor.agents) or 'none'}."
        )
    check_inputs(agent, task)
    floor.reach(CrashPoint.BEFORE_AGENT)
    steps = Steps(floor.log, floor.spending, task.id, number, floor.reach, floor.tape)
    redactor = await discretion(floor, task, tree) if asks_models(agent) else floor.redactor
    if asks_models(agent):
        with suppress(AstrolabeError):  # met again by the agent, which may do without
            await asyncio.to_thread(floor.models.chain, name)  # the first time it reads tables for seconds
    bench = bench_of(floor, steps, task, number, tree, name, redactor)
    try:
        async with bench:
            await agent.work(task, bench)
    except Exception as error:
        if steps.over is not None and error is not steps.over:
            raise steps.over from error
        raise
    if steps.over is not None:
        raise steps.over  # a limit is a hard stop, whatever an agent makes of it
    floor.reach(CrashPoint.AFTER_AGENT)
    floor.log.append(
        NewEvent(
            type=EventType.TASK_WORKED,
            task=task.id,
            attempt=number,
            data={
                **_left(tree, bench.tree),
                **_merges(bench),
                **_signed(bench),
                "by": {**told_apart(agent)},
            },
        ),
        patient=True,
    )
    return bench.tree


def _left(before: str, after: str) -> dict[str, JsonValue]:
    """Say what an agent left, and from which tree it made it where it changed anything."""
    return {"tree": after} if before == after else {"tree": after, "from": before}


def _merges(bench: TreeBench) -> dict[str, JsonValue]:
    return {"merged": list(bench.merges)} if bench.merges else {}


def _signed(bench: TreeBench) -> dict[str, JsonValue]:
    """Say which models worked on a change, and what they call it."""
    told: dict[str, JsonValue] = {"subject": bench.subject} if bench.subject else {}
    return {**told, "models": [*bench.answered]} if bench.answered else told


async def _verify(floor: Floor, task: Task, number: int, tree: str) -> tuple[Evidence, ...]:
    """Run the checks that have no evidence yet, side by side; each piece of evidence is durable at once."""
    known = {item.check for item in floor.log.state.tasks[task.id].evidence}
    await verify_side_by_side(
        floor, [(task, check, number) for check in task.checks if check.name not in known], tree
    )
    return floor.log.state.tasks[task.id].evidence


async def verify_side_by_side(floor: Floor, checks: Sequence[tuple[Task, Check, int]], tree: str) -> None:
    """Run checks of tasks (with the number of the attempt they belong to) on a tree, and make the evidence durable.

    Each waits for those it uses; of those that are ready, the ones that come first in `checks` go first.
    """
    asking: dict[tuple[str, str], asyncio.Task[None]] = {}
    if len(checks) == 1:
        await _check(_Asked(*checks[0], tree, rank=0), floor, (), asking)
        return
    try:
        async with asyncio.TaskGroup() as group:
            for rank, (task, check, number) in enumerate(checks):
                used = [(task.id, name) for name in check.uses]
                waiting = _check(_Asked(task, check, number, tree, rank), floor, used, asking)
                asking[task.id, check.name] = group.create_task(waiting)
    except BaseExceptionGroup as group:
        raise first_of(group) from None


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error of a group, however deep it lies; the others came of the same stop."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = cast("BaseException", first.exceptions[0])
    return first


@dataclass(frozen=True)
class _Asked:
    """A check of a task's attempt, put to a tree; of those that wait, the lowest rank goes first."""

    task: Task
    check: Check
    attempt: int
    tree: str
    rank: int


async def _check(
    asked: _Asked,
    floor: Floor,
    used: Sequence[tuple[str, str]],
    asking: Mapping[tuple[str, str], asyncio.Task[None]],
) -> None:
    task = asked.task.id

    def live(name: str, piece: bytes) -> None:
        floor.live(task, name, piece)

    if underway := [asking[key] for key in used if key in asking]:
        await asyncio.wait(underway)
    async with floor.commands.turn(asked.rank):
        floor.reach(CrashPoint.BEFORE_CHECK)
        given = _answers(floor, asked)
        evidence = await floor.verifier.verify(asked.task, asked.check, asked.tree, live, given)
        floor.reach(CrashPoint.AFTER_CHECK)
    data = evidence.model_dump(mode="json")
    event = NewEvent(type=EventType.CHECK_FINISHED, task=task, attempt=asked.attempt, data=data)
    floor.log.append(event, patient=True)


def _answers(floor: Floor, asked: _Asked) -> tuple[Evidence, ...]:
    """Return what is known of the checks that a check uses, about the same tree."""
    return tuple(
        evidence
        for evidence in floor.log.state.tasks[asked.task.id].evidence
        if evidence.check in asked.check.uses and evidence.tree == asked.tree
    )


async def _checkpoint(
    floor: Floor, task: Task, start: Start, tree: str, evidence: tuple[Evidence, ...]
) -> str:
    """Commit what passed. A task that changed nothing and joins nothing hands on the commit it grew from."""
    state = floor.log.state.tasks[task.id]
    parents = tuple(dict.fromkeys((*start.parents, *state.merged)))
    if tree == start.tree and len(parents) == 1:
        return parents[0]
    at = state.attempts[-1].started_at
    floor.reach(CrashPoint.BEFORE_COMMIT)
    message = checkpoint_message(
        floor.run,
        task,
        tree,
        evidence,
        subject=state.subject,
        models=state.models,
        generated=_is_generation(floor, task, start, tree),
    )
    commit = await floor.workspace.commit(tree, parents, floor.redactor.redacted(message), at)
    floor.reach(CrashPoint.BEFORE_KEEP)
    await floor.workspace.keep(f"runs/{floor.run}/{ref_name(task.id)}", commit)
    floor.reach(CrashPoint.AFTER_KEEP)
    return commit


def _is_generation(floor: Floor, task: Task, start: Start, tree: str) -> bool:
    """Tell whether a checkpoint holds exactly what a recipe's tasks generated, with nothing of a person's in it."""
    return (
        floor.plan.recipe is not None
        and floor.ground.onto is None
        and is_last(floor, task)
        and tree == start.tree
    )
