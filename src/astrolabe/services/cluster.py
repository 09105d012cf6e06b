"""Runs that a cluster drives: handed to it, followed, cancelled, and their results handed over where their target is."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from astrolabe.domain.event import NewEvent
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.engine.workshop import Watcher
from astrolabe.errors import ConflictError, DeadlineError, LeaseLostError, UndrivenError
from astrolabe.ports.store import RunRecord
from astrolabe.ports.workspace import Workspace
from astrolabe.services.installation import Clustered, Installation

RESUME_SECONDS = 60.0
_PAUSE_SECONDS = 0.1
LOOK_SECONDS = 5.0
"""A followed run's log is read again after this long even when no wake-up came."""


async def cluster_options(installation: Installation, target: Path) -> dict[str, Any]:
    """Return what a new run's record says of where it is driven; nothing when that is here."""
    return {} if installation.clustered is None else await installation.clustered.options(target)


async def unserved_agents(installation: Installation, plan: Plan) -> tuple[str, ...]:
    """Return the agents of a plan whose tasks no worker takes at present; none where runs are driven here.

    Raises:
        UnavailableError: the cluster does not answer, so nothing should be begun that it is to drive.
    """
    clustered = installation.clustered
    return () if clustered is None else await clustered.cluster.idle_agents(plan)


async def workspace_of(installation: Installation, record: RunRecord) -> Workspace:
    """Return a run's workspace on this host: with what other hosts have done, where they work on it as well."""
    if not record.elsewhere:
        return installation.workspace(Path(record.target))
    return await cluster_of(installation, record.id).workspace(record)


async def hand_to_cluster(installation: Installation, record: RunRecord, plan: Plan) -> None:
    """Have a cluster drive a run from where its log stands; one that is being driven is left alone.

    Raises:
        ConflictError: this process is not set to work with the cluster.
        UnavailableError: the cluster or the hub does not answer; the run can be taken up again.
    """
    clustered = cluster_of(installation, record.id)
    workspace = await clustered.workspace(record)
    state = RunState(record.id).apply(await installation.store.events(record.id))
    ground = (state.ground.base, state.ground.onto, state.ground.previous)
    adopted = (task.commit for task in state.tasks.values() if task.adopted_from is not None)
    await workspace.share([oid for oid in (*ground, *adopted) if oid is not None])
    if state.joined is None:
        await clustered.cluster.start(plan, state)
    if state.pause_requested:
        await clustered.cluster.ask(record.id, "resume", {})
        await _resumed(installation, record.id)


async def _resumed(installation: Installation, run: str) -> None:
    """Wait until a paused run goes on; there is no wake-up in this direction, so its row is read."""
    deadline = installation.determinism.monotonic() + RESUME_SECONDS
    while (await installation.store.run(run)).status is RunStatus.PAUSED:
        if installation.determinism.monotonic() > deadline:
            raise DeadlineError(
                f"run {run} was asked to go on, and has not after {RESUME_SECONDS:g} s",
                hint="It does once a worker takes up its workflow: is there any? astrolabe worker",
            )
        await asyncio.sleep(_PAUSE_SECONDS)


async def follow_run(installation: Installation, record: RunRecord, watcher: Watcher) -> RunState:
    """Show a run until it is finished or paused; hand its result over once there is one, if its target is on this host.

    Cancelling the calling task ends nothing but the showing.

    Raises:
        UndrivenError: nothing drives the run any more.
    """
    clustered = cluster_of(installation, record.id)
    await clustered.journal.follow(record.id, installation.owner)
    state = RunState(record.id)
    driven = True
    while True:
        events = await installation.store.events(record.id, state.seq)
        watcher.events(events)
        version = state.plan_version
        state.apply(events)
        if state.plan_version != version and state.changed:
            versions = await installation.store.plan_versions(record.plan_id)
            watcher.planned(versions[state.plan_version - 1].plan)
        if state.status is not RunStatus.RUNNING:
            return state
        if state.joined is not None and record.host == clustered.host:
            await _hand_over(clustered, state)
        elif events:
            driven = True
        elif driven:  # what has ended it may have told of its end meanwhile: the log is read once more
            driven = await _goes_on(clustered, state)
        else:
            raise UndrivenError(
                f"nothing drives run {record.id} any more", hint=f"Type: astrolabe resume {record.id}"
            )


async def ask_cluster(installation: Installation, run: str, verb: str, data: Mapping[str, Any]) -> None:
    """Tell what drives a run what a person asks of it.

    Raises:
        UndrivenError: nothing drives it.
    """
    await cluster_of(installation, run).cluster.ask(run, verb, data)


async def end_undriven(
    installation: Installation, run: str, news: Callable[[RunState], list[NewEvent]]
) -> None:
    """Continue the log of a run that nothing drives; whoever drove it can write no more."""
    journal = cluster_of(installation, run).journal
    lease = await journal.take_run(run)
    state = RunState(run).apply(await installation.store.events(run))
    await journal.append(lease, news(state))


def cluster_of(installation: Installation, run: str) -> Clustered:
    """Return the cluster a run is driven by; raises ConflictError when this process is not set to work with one."""
    if installation.clustered is None:
        raise ConflictError(
            f"run {run} is driven by Temporal", hint="Set ASTROLABE_TEMPORAL_ADDRESS to that server."
        )
    return installation.clustered


async def _hand_over(clustered: Clustered, state: RunState) -> None:
    try:
        await clustered.errands.hand_over(state.id, state.plan_version)
    except LeaseLostError:  # another process on this host does so, or has: the log will tell
        await asyncio.sleep(0)


async def _goes_on(clustered: Clustered, state: RunState) -> bool:
    """Wait for a wake-up; tell, when none came, whether the run can still go on."""
    began = clustered.monotonic()
    await clustered.woken(state.id, LOOK_SECONDS)
    if clustered.monotonic() - began < LOOK_SECONDS or state.joined is not None:
        return True
    return await clustered.cluster.drives(state.id)
