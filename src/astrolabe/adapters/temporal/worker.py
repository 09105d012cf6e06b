"""A worker: it takes tasks from the queues of its agents, and carries the workflows of runs."""

import asyncio
import itertools
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from astrolabe.adapters.temporal import words
from astrolabe.adapters.temporal.activities import Activities, Reached
from astrolabe.adapters.temporal.connection import connected, unreachable
from astrolabe.adapters.temporal.place import Place
from astrolabe.adapters.temporal.workflow import RunWorkflow
from astrolabe.engine.errand import Errands
from astrolabe.engine.scheduler import RULES_VERSION
from astrolabe.errors import UnavailableError
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.tasks import TaskJournal

RUNNER = UnsandboxedWorkflowRunner()
"""The library's own would load our modules anew for each workflow, and be entered for each value that travels; what it
guards against, a clock or a door inside a workflow, is held by a test of what those modules import, and by replays."""
_RUN_ACTIVITIES = 20


_PATIENCE_SECONDS = 60.0
"""How long a server may take to know of a build that polls it: on a busy machine that is more than a moment."""
_LOOK_SECONDS, _LONGEST_LOOK_SECONDS = 0.1, 2.0
_PASSES = {
    RPCStatusCode.NOT_FOUND,  # the deployment is known once its first worker has polled
    RPCStatusCode.FAILED_PRECONDITION,  # somebody else has changed it just now
    RPCStatusCode.RESOURCE_EXHAUSTED,  # the server takes only so many changes of a deployment at a time
}


@dataclass(frozen=True)
class WorkerOptions:
    """`version` is the package's; with the rules' it names the build that runs are pinned to.

    A run whose worker was not heard of for `heartbeat_seconds` is taken up by another, as its tasks are.
    """

    version: str
    drain_seconds: float
    heartbeat_seconds: float

    @property
    def build_id(self) -> str:
        return f"{self.version}+rules-{RULES_VERSION}"


async def serve(
    place: Place,
    errands: Errands,
    journal: TaskJournal,
    determinism: Determinism,
    reached: Reached,
    options: WorkerOptions,
    agents: Sequence[str],
    tasks: int,
    stop: asyncio.Event,
) -> None:
    """Take tasks of agents, at most so many of each at once, until told to stop and what goes on has ended.

    Raises:
        UnavailableError: the server does not answer.
    """
    client = await connected(place)
    activities = Activities(errands, journal, determinism, reached)
    pollers = _workers(client, activities, agents, tasks, options)
    running = [asyncio.create_task(poller.run()) for poller in pollers]
    stopping = asyncio.create_task(stop.wait())
    try:
        await make_current(client, place, options.build_id)
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*(poller.shutdown() for poller in pollers))
        await asyncio.gather(*running)
    finally:
        for task in (*running, stopping):
            task.cancel()


def _workers(
    client: Client, activities: Activities, agents: Sequence[str], tasks: int, options: WorkerOptions
) -> list[Worker]:
    """Return the pollers of one process: one for runs, and one an agent kind."""
    deployment = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(words.DEPLOYMENT, options.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
    drain = timedelta(seconds=options.drain_seconds)
    runs = Worker(
        client,
        task_queue=words.RUNS_QUEUE,
        workflows=[RunWorkflow],
        activities=activities.of_runs(),
        workflow_runner=RUNNER,
        max_concurrent_activities=_RUN_ACTIVITIES,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=options.heartbeat_seconds),
        graceful_shutdown_timeout=drain,
        deployment_config=deployment,
    )
    of_agents = (
        Worker(
            client,
            task_queue=words.agent_queue(agent),
            activities=activities.of_agents(),
            max_concurrent_activities=tasks,
            graceful_shutdown_timeout=drain,
            deployment_config=deployment,
        )
        for agent in agents
    )
    return [runs, *of_agents]


async def make_current(client: Client, place: Place, build_id: str) -> None:
    """Let new runs begin with this build, unless a newer one is there already; begun ones stay with theirs."""
    described = DescribeWorkerDeploymentRequest(namespace=place.namespace, deployment_name=words.DEPLOYMENT)
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    pauses = itertools.accumulate(itertools.repeat(1.5), operator.mul, initial=_LOOK_SECONDS)
    while asyncio.get_running_loop().time() < deadline:
        try:
            told = await client.workflow_service.describe_worker_deployment(described)
            info = told.worker_deployment_info
            current = info.routing_config.current_deployment_version.build_id
            if current and _order(current) >= _order(build_id):
                return
            known = {summary.deployment_version.build_id for summary in info.version_summaries}
            if build_id in known:  # asked earlier, the server refuses, and takes only so many requests
                await client.workflow_service.set_worker_deployment_current_version(
                    SetWorkerDeploymentCurrentVersionRequest(
                        namespace=place.namespace,
                        deployment_name=words.DEPLOYMENT,
                        build_id=build_id,
                        conflict_token=told.conflict_token,
                        ignore_missing_task_queues=True,
                        identity="astrolabe worker",
                    )
                )
                return
        except RPCError as error:
            if error.status not in _PASSES:
                raise unreachable(place, error) from error
        await asyncio.sleep(min(_LONGEST_LOOK_SECONDS, next(pauses)))
    raise UnavailableError(f"Temporal at {place.address} does not take this worker's build {build_id}")


def _order(build_id: str) -> list[int]:
    """Return what builds are ordered by: the package's version, then the rules'."""
    return [int(number) for number in re.findall(r"\d+", build_id)]
