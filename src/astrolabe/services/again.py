"""Doing a run again without doing again what it has done: retrying what failed, and forking at a task."""

from collections.abc import Collection, Sequence
from graphlib import TopologicalSorter

from pydantic import JsonValue

from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, ref_name
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskStatus
from astrolabe.errors import ConflictError, InputError, MissingError
from astrolabe.planning.visible import visible
from astrolabe.ports.store import RunRecord
from astrolabe.ports.workspace import Workspace
from astrolabe.services.budgets import Raise, raise_events
from astrolabe.services.builds import Begun, must_have_its_work, require_sandbox, start
from astrolabe.services.cluster import hand_to_cluster, workspace_of
from astrolabe.services.installation import Installation
from astrolabe.services.runs import plan_of, view_run


async def retry_run(installation: Installation, record: RunRecord, raises: Sequence[Raise] = ()) -> Begun:
    """Take a finished run on again where it failed: tasks that passed stay, all others begin anew.

    `raises` are new limits of what it, or one of its tasks, may spend.

    Raises:
        InputError: a limit cannot be raised so.
        ConflictError: the run is not finished, passed whole, or another one is on its way to the same place.
        StorageError: what it has done is gone.
        SandboxUnavailableError: nothing here can isolate what it would execute.
    """
    if not record.status.final:
        raise ConflictError(
            f"run {record.id} is not finished", hint=f"Go on with it: astrolabe resume {record.id}"
        )
    if record.status is RunStatus.PASSED:
        raise ConflictError(f"run {record.id} passed: nothing of it failed")
    await require_sandbox(installation)
    view = await view_run(installation, record)
    state = view.state
    raised = raise_events(view, raises)
    workspace = await workspace_of(installation, record)
    await workspace.start()
    await must_have_its_work(workspace, state)
    again = [name for name, task in state.tasks.items() if task.status is not TaskStatus.PASSED]
    reopened = NewEvent(type=EventType.RUN_REOPENED, data={"tasks": list(again)})
    lease = await installation.store.reopen(record.id, installation.owner, reopened, *raised)
    if record.elsewhere:
        await hand_to_cluster(installation, record, view.plan)
    return Begun(record, None if record.elsewhere else lease, view.plan, workspace)


async def fork_run(
    installation: Installation, record: RunRecord, tasks: Sequence[str], plan: Plan | None = None
) -> Begun:
    """Begin a new run from where another one stood before `tasks`: what they do not lead to is taken over from it.

    With a `plan` the new run follows that one; a task is taken over when it and all before it are as they were.

    Raises:
        MissingError: the plan that is to be followed has no such task.
        ConflictError: another run is on its way to the same place.
        StorageError: what the run has done is gone.
        SandboxUnavailableError: nothing here can isolate what it would execute.
    """
    await require_sandbox(installation)
    state = RunState(record.id).apply(await installation.store.events(record.id))
    before = await plan_of(installation, record, state)
    plan = plan or before
    _must_have(plan, tasks)
    kept = _kept(before, plan, state, tasks)
    workspace = await workspace_of(installation, record)
    await workspace.start()
    await must_have_its_work(workspace, state)
    adopted = [_adopted(record.id, state, task) for task in kept]
    begun = await start(
        installation,
        plan,
        record.target,
        workspace,
        state.ground,
        *adopted,
        forked_from=record.id,
        skills=state.skills,
    )
    await _keep(workspace, begun.record.id, state, kept)
    return begun


def _must_have(plan: Plan, tasks: Collection[str]) -> None:
    known = {task.id for task in plan.tasks}
    for task in tasks:
        if task not in known:
            shown = ", ".join(sorted(known)[:10])
            raise MissingError(f"the plan has no task {visible(task, 80)!r}", hint=f"It has: {shown}")
    if not tasks:
        raise InputError("nothing says from where to fork", hint="Name a task with --from.")


def _kept(before: Plan, plan: Plan, state: RunState, anew: Collection[str]) -> list[str]:
    """Return the tasks that are taken over, each after those it needs."""
    old = {task.id: task for task in before.tasks}
    new = {task.id: task for task in plan.tasks}
    kept: dict[str, None] = {}
    for name in TopologicalSorter({task.id: task.depends_on for task in plan.tasks}).static_order():
        task = new[name]
        passed = name in state.tasks and state.tasks[name].status is TaskStatus.PASSED
        unchanged = old.get(name) == task and kept.keys() >= set(task.depends_on)
        if passed and unchanged and name not in anew:
            kept[name] = None
    return list(kept)


async def _keep(workspace: Workspace, run: str, state: RunState, tasks: Sequence[str]) -> None:
    """Hold on to what is taken over, whatever becomes of the run it is from."""
    for task in tasks:
        commit = state.tasks[task].commit
        if commit is not None:
            await workspace.keep(f"runs/{run}/{ref_name(task)}", commit)


def _adopted(run: str, state: RunState, task: str) -> NewEvent:
    known = state.tasks[task]
    evidence: list[JsonValue] = [
        item.model_copy(update={"reused_from": item.reused_from or run}).model_dump(mode="json")
        for item in known.evidence
    ]
    data: dict[str, JsonValue] = {
        "run": known.adopted_from or run,
        "commit": known.commit,
        "tree": known.tree,
        "evidence": evidence,
    }
    return NewEvent(type=EventType.TASK_ADOPTED, task=task, data=data)
