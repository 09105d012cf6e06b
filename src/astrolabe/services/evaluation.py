"""Trying an agent on a suite: each trial is a run; what has been tried already is not tried again."""

import asyncio
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.engine.attempt import first_of
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import MissingError, NoModelError
from astrolabe.evaluation.outcome import Evaluation
from astrolabe.evaluation.suite import Suite, SuiteTask
from astrolabe.evaluation.trial import IDLE, ORACLE, Contestant, Trial, judged, plan_of_trial
from astrolabe.planning.guess import Names
from astrolabe.ports.store import RunRecord
from astrolabe.services.builds import Proposal, begin, carry_out, origin_of, require_sandbox, take_up
from astrolabe.services.installation import Installation
from astrolabe.services.runs import view_run

Told = Callable[[Trial, int, int], None]
"""Called with each trial as it is known, how many are known by now, and how many there are."""


def contestant_named(installation: Installation, agent: str, setting: str = "") -> Contestant:
    """Return who is to be tried.

    Raises:
        MissingError: no agent of that name is installed.
    """
    if agent in {ORACLE, IDLE}:
        return Contestant(agent)
    if agent not in installation.agents:
        names = [ORACLE, IDLE, *installation.agents]
        hint = Names(names).hint(agent).capitalize() or f"There are: {', '.join(names)}."
        raise MissingError(f"no agent {agent!r} is installed", hint=hint)
    return Contestant(agent, installation.agents[agent].version, setting)


async def setting_of(installation: Installation, agent: str) -> str:
    """Return the models an agent would work with, in order; empty for one that works without, and where none is set."""
    if agent in {ORACLE, IDLE}:
        return ""
    try:
        chain = await asyncio.to_thread(installation.models.chain, agent)  # it may load a library
        return ", ".join(model.info.name for model in chain)
    except NoModelError:
        return ""


async def evaluate(
    installation: Installation,
    suite: Suite,
    contestant: Contestant,
    *,
    repeat: int,
    parallel: int,
    folder: Path | None = None,
    told: Told = lambda _trial, _known, _all: None,
) -> Evaluation:
    """Try a contestant on every task, `repeat` times each; the workspaces of trials are left in `folder`.

    A trial whose run is finished is taken as it is, one that was cut off is taken up where it was.

    Raises:
        SandboxUnavailableError: nothing here can isolate what agents run.
        ConflictError: another process is at the same trial.
    """
    await require_sandbox(installation)
    place = folder or installation.state / "evaluations"
    free = asyncio.Semaphore(parallel)
    wanted = [(task, number) for number in range(1, repeat + 1) for task in suite.tasks]
    known: dict[tuple[str, int], Trial] = {}

    async def one(task: SuiteTask, number: int) -> None:
        async with free:
            trial = await _trial(installation, suite, task, contestant, number, place)
        known[task.name, number] = trial
        told(trial, len(known), len(wanted))

    try:
        async with asyncio.TaskGroup() as group:
            for task, number in wanted:
                group.create_task(one(task, number))
    except BaseExceptionGroup as group:
        raise first_of(group) from None
    ordered = [known[task.name, number] for task in suite.tasks for number in range(1, repeat + 1)]
    return Evaluation(suite, contestant, repeat, tuple(ordered))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60] or "suite"


async def _trial(
    installation: Installation,
    suite: Suite,
    task: SuiteTask,
    contestant: Contestant,
    number: int,
    place: Path,
) -> Trial:
    plan = plan_of_trial(suite, task, contestant, number)
    folder = place / f"{contestant.agent}-{_plain(suite.name)}" / task.name
    for again in count(1):
        # Named after the plan as well: what another version of the suite left is no place to begin from.
        target = folder / f"{number}-{plan.digest()[:8]}{f'-{again}' if again > 1 else ''}"
        record = await _run_of(installation, plan, target)
        trial = judged(task, number, (await view_run(installation, record)).state)
        if trial.cause is None or trial.cause.counts or again > 1:
            return trial
        # An earlier run broke off for reasons that may be gone: tried once more, from an empty folder.
    raise AssertionError("count never ends")


async def _run_of(installation: Installation, plan: Plan, target: Path) -> RunRecord:
    """Return the finished run of a plan in a folder: the one there is, taken up if it was cut off, else a new one."""
    state = await installation.workspace(target).inspect()
    for record in await installation.store.runs(target=str(state.path)):
        if record.origin != origin_of(plan):
            continue
        if record.status not in {RunStatus.RUNNING, RunStatus.PAUSED}:
            return record
        begun = await take_up(installation, record)
        break
    else:
        begun = await begin(installation, Proposal(None, plan, state))
    await carry_out(installation, begun, Watcher())
    return begun.record
