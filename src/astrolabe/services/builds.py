"""From a goal to a run of the plan that reaches it."""

import hashlib
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from astrolabe.domain.checkpoint import GENERATED
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import Ground, RunState, RunStatus
from astrolabe.engine.log import RunLog
from astrolabe.engine.scheduler import RULES_VERSION
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import (
    ConflictError,
    MissingError,
    Problem,
    SandboxUnavailableError,
    StorageError,
    TargetError,
)
from astrolabe.planning.recipe import Goal, Understanding
from astrolabe.planning.static import plan_goal
from astrolabe.ports.sandbox import SelfTest
from astrolabe.ports.store import Lease, PlanVersion, RunRecord
from astrolabe.ports.workspace import TargetKind, TargetState, Workspace
from astrolabe.services.cluster import cluster_options, follow_run, hand_to_cluster, unserved_agents
from astrolabe.services.installation import Installation
from astrolabe.services.models import require_models
from astrolabe.services.oddities import oddities_of
from astrolabe.services.reach import must_be_reachable
from astrolabe.services.runs import RunView, plan_of

PLANNED_BY = "planned_by"
"""The option of a run that names the run its plan came from."""


@dataclass(frozen=True)
class Proposal:
    """What a build would do; nothing has been written yet.

    `interrupted` is a run of the same plan for the same target that was cut off and will be taken up again. `run` is the id
    a new one gets, where that has been settled before. `planned_by` is the run that a model's plan came from, `version` a
    plan that is kept already. Without `skills`, its agents are given none.
    """

    understanding: Understanding | None
    plan: Plan
    target: TargetState
    interrupted: RunRecord | None = None
    run: str | None = None
    planned_by: str | None = None
    version: PlanVersion | None = None
    skills: bool = True


@dataclass(frozen=True)
class Begun:
    """A run this process owns; without a lease it is driven by a cluster, and no worker served the agents `unserved` then.

    `notes` say what of the repository is handled otherwise than its files.
    `doubts` say what will be missing once it is needed, if it ever is: a fallback model without a key.
    """

    record: RunRecord
    lease: Lease | None
    plan: Plan
    workspace: Workspace
    unserved: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


async def propose_build(installation: Installation, goal: Goal, into: Path) -> Proposal:
    """Read a goal, plan it, and look at the place it is to go to.

    Raises:
        GoalError: no recipe recognises the goal, or what it says is wrong.
        TargetError: the place cannot take the result.
        ConflictError: another run is on its way there.
    """
    plan, understanding = plan_goal(goal, installation.recipes, installation.agents.keys())
    target = await installation.workspace(into).inspect()
    interrupted = await _interrupted(installation, plan, target)
    if interrupted is None:
        must_be_workable(installation, target)
        await must_be_ours(installation.workspace(into), target)
    return Proposal(understanding, plan, target, interrupted)


async def propose_plan(installation: Installation, plan: Plan, workspace: Path) -> Proposal:
    """Look at the place a person's plan is to run on.

    Raises:
        TargetError: the place cannot be worked on.
        ConflictError: another run is on its way there.
    """
    target = await installation.workspace(workspace).inspect()
    interrupted = await _interrupted(installation, plan, target)
    if interrupted is None:
        must_be_workable(installation, target)
    return Proposal(None, plan, target, interrupted)


async def begin(installation: Installation, proposal: Proposal) -> Begun:
    """Make the proposal a run, or take up the interrupted one.

    Raises:
        SandboxUnavailableError: nothing here can isolate what the run would execute; nothing was written.
        NoModelError, ModelKeyError: an agent of the plan has no language model that it can ask.
    """
    await require_sandbox(installation)
    if proposal.interrupted is not None:
        return await go_on(installation, proposal.interrupted)
    doubts = await require_models(installation, proposal.plan)
    workspace = installation.workspace(proposal.target.path)
    ground = await _ground(workspace, proposal.plan, await workspace.start())
    target = str(proposal.target.path)
    told = (
        proposal.planned_by or proposal.plan.recipe
    )  # in the plan's own warnings, or all of it is generated
    notes = () if told else await oddities_of(workspace, ground.base)
    begun = await start(
        installation,
        proposal.plan,
        target,
        workspace,
        ground,
        run=proposal.run,
        planned_by=proposal.planned_by,
        version=proposal.version,
        skills=proposal.skills,
    )
    return replace(begun, notes=notes, doubts=doubts)


async def start(
    installation: Installation,
    plan: Plan,
    target: str,
    workspace: Workspace,
    ground: Ground,
    *more: NewEvent,
    forked_from: str | None = None,
    run: str | None = None,
    planned_by: str | None = None,
    version: PlanVersion | None = None,
    skills: bool = True,
) -> Begun:
    """Make a new run of a plan, owned by this process; its log begins with its creation and `more`.

    `planned_by` is the run that made the plan, `version` the one that is kept already.

    Raises:
        PlanValidationError: it would reach what the settings do not allow.
        ConflictError: another run for the same target is not finished.
        UnavailableError: the cluster that is to drive it does not answer; nothing was written.
    """
    must_be_reachable(installation, plan)
    unserved = await unserved_agents(installation, plan)
    plan_id = version.id if version else installation.determinism.new_id()
    number = version.version if version else 1
    record = RunRecord(
        id=run or installation.determinism.new_id(),
        tenant="default",
        goal=plan.goal,
        plan_id=plan_id,
        plan_version=number,
        target=target,
        origin=origin_of(plan),
        status=RunStatus.RUNNING,
        created_at=installation.determinism.now(),
        finished_at=None,
        commit=None,
        reason="",
        owner=installation.owner,
        options=await cluster_options(installation, Path(target))
        | ({PLANNED_BY: planned_by} if planned_by else {}),
    )
    for name, commit in (("base", ground.base), ("onto", ground.onto)):
        if commit is not None:
            await workspace.keep(f"runs/{record.id}/{name}", commit)
    data: dict[str, JsonValue] = {
        "tasks": [task.id for task in plan.tasks],
        "plan": {"id": plan_id, "version": number, "digest": plan.digest()},
        "rules_version": RULES_VERSION,
        "ground": {name: value for name, value in asdict(ground).items() if value is not False},
        "policy": installation.policy.digest(),
    }
    if skills and installation.skills.enabled:
        data["skills"] = True
    if forked_from is not None:
        data["forked_from"] = forked_from
    first = NewEvent(type=EventType.RUN_CREATED, data=data)
    lease = await installation.store.create_run(
        record, installation.owner, first, *more, plan=None if version else plan
    )
    if record.elsewhere:
        await hand_to_cluster(installation, record, plan)
    return Begun(record, None if record.elsewhere else lease, plan, workspace, unserved)


async def go_on(installation: Installation, record: RunRecord) -> Begun:
    """Take over a run that was cut off, once it is known that what is left of it has the models it needs.

    Raises as `take_up` and `require_models` do; then nothing was changed.
    """
    state = RunState(record.id).apply(await installation.store.events(record.id))
    plan = await plan_of(installation, record, state)
    done = {name for name, task in state.tasks.items() if task.status.final}
    doubts = await require_models(installation, plan, done)
    return replace(await take_up(installation, record), doubts=doubts)


async def take_up(installation: Installation, record: RunRecord) -> Begun:
    """Take over a run that was cut off.

    Raises:
        ConflictError: its process still lives, or it is finished.
        TargetError: the place it goes to can no longer take the result.
        StorageError: what it has done so far is gone.
    """
    workspace = installation.workspace(Path(record.target))
    if record.elsewhere:
        begun = await followed(installation, record)
        await hand_to_cluster(installation, record, begun.plan)
        return replace(begun, unserved=await unserved_agents(installation, begun.plan))
    lease = await installation.store.claim(record.id, installation.owner)
    try:
        await workspace.start()
        state = RunState(record.id).apply(await installation.store.events(record.id))
        await must_have_its_work(workspace, state)
        await _forget_pauses(installation, record)
        if state.pause_requested:
            log = RunLog(installation.store, lease, state, installation.determinism)
            await log.append(NewEvent(type=EventType.RUN_RESUMED))
    except BaseException:
        await installation.store.release(lease)
        raise
    return Begun(record, lease, await plan_of(installation, record, state), workspace)


async def _forget_pauses(installation: Installation, record: RunRecord) -> None:
    """Remove what asked its last process to pause, and came too late: it is told to go on now."""
    for message in await installation.store.inbox(installation.owner):
        if (message.run, message.verb) == (record.id, "pause"):
            await installation.store.taken(message)


async def followed(installation: Installation, record: RunRecord) -> Begun:
    """Return a run that a cluster drives, to be followed; raises ConflictError when it is driven by a process."""
    if not record.elsewhere:
        raise ConflictError(
            f"run {record.id} is driven by one process, which shows it",
            hint=f"Type: astrolabe runs show {record.id}",
        )
    state = RunState(record.id).apply(await installation.store.events(record.id))
    plan = await plan_of(installation, record, state)
    return Begun(record, None, plan, installation.workspace(Path(record.target)))


async def must_have_its_work(workspace: Workspace, state: RunState) -> None:
    """Look for every commit and tree that a run goes on from: a lost one is told before anything is done.

    Raises:
        StorageError: one of them is gone.
    """
    ground, tasks = state.ground, state.tasks.values()
    commits = (ground.base, ground.onto, *(task.commit for task in tasks))
    trees = (ground.previous, *(task.worked_tree for task in tasks))
    try:
        for commit in filter(None, commits):
            await workspace.tree_of(commit)
        for tree in filter(None, trees):
            await workspace.paths(tree)
    except (MissingError, StorageError) as error:
        raise StorageError(
            f"run {state.id} cannot go on, because what it has done is gone: {error}",
            hint="If it was begun on another machine, or with another ASTROLABE_HOME, go on with it there. "
            f"Otherwise give it up, then start again: astrolabe runs cancel {state.id}",
        ) from error


async def carry_out(installation: Installation, begun: Begun, watcher: Watcher) -> RunState:
    """Drive a run to its end, or follow it to there; see `LocalDriver.drive` and `follow_run` for what they raise."""
    if begun.lease is None:
        return await follow_run(installation, begun.record, watcher)
    return await installation.driver.drive(begun.lease, begun.plan, begun.workspace, watcher)


def start_commands(installation: Installation, view: RunView) -> tuple[str, ...]:
    """Return the shell lines that start a finished run's result, as its recipe knows them."""
    recipe = next((recipe for recipe in installation.recipes if recipe.name == view.plan.recipe), None)
    return () if recipe is None else recipe.start_commands(view.record.target)


async def require_sandbox(installation: Installation) -> SelfTest:
    """Return the sandbox's self-test if it passed; raise SandboxUnavailableError, with how to get one, if not."""
    tested = await installation.sandbox.self_test()
    if not tested.passed:
        failed = ", ".join(probe.name for probe in tested.probes if not probe.held)
        raise SandboxUnavailableError(
            f"the sandbox {tested.backend} {tested.version} does not hold: {failed}",
            hint="See: astrolabe sandbox selftest",
        )
    return tested


def origin_of(plan: Plan) -> str:
    """Return what a run of a plan is recognised by: runs of equal plans have the same."""
    """Return the digest by which runs of equal plans are found again."""
    return hashlib.sha256(plan.digest().encode()).hexdigest()


async def _interrupted(installation: Installation, plan: Plan, target: TargetState) -> RunRecord | None:
    unfinished = await installation.store.runs(unfinished=True, target=str(target.path))
    for record in unfinished:
        if record.origin == origin_of(plan):
            return record
    if unfinished:
        raise ConflictError(
            f"run {unfinished[0].id} with another goal is not finished for {target.path}",
            hint=f"Type: astrolabe resume {unfinished[0].id}   or: astrolabe runs cancel {unfinished[0].id}",
        )
    return None


async def _ground(workspace: Workspace, plan: Plan, head: str | None) -> Ground:
    """Return what a run stands on.

    A person's plan grows from their commit. A recipe's grows from what it generated last, and is merged onto their commit:
    so the difference between the two is what they changed, and all of it is kept.
    """
    if head is None or plan.recipe is None:
        return Ground(base=head)
    found = await workspace.last_naming(head, GENERATED)
    if found is None:
        return Ground(onto=head)
    commit, tree = found
    if commit is None:  # rewritten by hand: only the tree it names is the generation
        commit = await workspace.commit(tree, (), f"The last generation\n\n{GENERATED}: {tree}\n", 0)
    return Ground(base=commit, onto=head, previous=tree)


async def must_be_ours(workspace: Workspace, target: TargetState) -> None:
    """Refuse a repository that was not built here: generated files and its own would be mixed."""
    if target.kind is not TargetKind.REPOSITORY:
        return
    head = await workspace.start()
    if head is None or await workspace.last_naming(head, GENERATED) is None:
        problem = Problem(
            str(target.path), "is a repository that Astrolabe did not build", "name a new or empty folder"
        )
        raise TargetError(f"{target.path} is not empty", [problem])


def must_be_workable(installation: Installation, target: TargetState) -> None:
    """Raise TargetError, saying why and what to do, for a place whose files cannot be worked on."""
    faults = {
        TargetKind.FILE: ("is a file", "name a folder"),
        TargetKind.INSIDE_REPOSITORY: (
            f"is inside the repository {target.repository}",
            "name a folder outside of it: a repository within a repository would not be committed",
        ),
        TargetKind.FOLDER: (
            "is a folder with files but no git repository",
            "name an empty folder, or type git init there",
        ),
    }
    fault = faults.get(target.kind)
    if fault is None and not target.writable:
        fault = ("cannot be written", "change its permissions or name another folder")
    if fault is None and not target.owned:
        fault = ("belongs to another user", "run as that user or name another folder")
    for folder in (installation.state, installation.cache):
        if target.path.is_relative_to(os.path.realpath(folder)):
            fault = (f"lies in {folder}, which is Astrolabe's own", "name a folder outside of it")
    if fault is not None:
        raise TargetError(f"{target.path} {fault[0]}", [Problem(str(target.path), *fault)])
