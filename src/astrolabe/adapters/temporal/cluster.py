"""The cluster of `ports/cluster.py`: a run is the workflow of its id."""

from collections.abc import Mapping
from typing import Any

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from astrolabe.adapters.temporal import words
from astrolabe.adapters.temporal.connection import connected, unreachable
from astrolabe.adapters.temporal.place import Place
from astrolabe.adapters.temporal.skeleton import packed_plan, packed_state
from astrolabe.adapters.temporal.words import Asked, RunOrder
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState
from astrolabe.errors import UndrivenError


class TemporalCluster:
    """Connects when it is first needed. A worker that was not heard of for `heartbeat_seconds` has its tasks taken."""

    def __init__(self, place: Place, heartbeat_seconds: float) -> None:
        self._place = place
        self._heartbeat_seconds = heartbeat_seconds
        self._client: Client | None = None

    async def start(self, plan: Plan, state: RunState) -> None:
        client = await self._connected()
        order = RunOrder(state.id, state.plan_version, self._heartbeat_seconds, state.seq)
        try:
            await client.start_workflow(
                words.RUN_WORKFLOW,
                args=[order, packed_plan(plan), packed_state(state)],
                id=state.id,
                task_queue=words.RUNS_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            )
        except RPCError as error:
            raise unreachable(self._place, error) from error

    async def ask(self, run: str, verb: str, data: Mapping[str, Any]) -> None:
        client = await self._connected()
        try:
            await client.get_workflow_handle(run).signal(words.ASK, Asked(verb, {**data}))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise unreachable(self._place, error) from error
            raise UndrivenError(
                f"nothing drives run {run} at present", hint=f"Type: astrolabe resume {run}"
            ) from error

    async def drives(self, run: str) -> bool:
        client = await self._connected()
        try:
            described = await client.get_workflow_handle(run).describe()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise unreachable(self._place, error) from error
            return False
        return described.status is WorkflowExecutionStatus.RUNNING

    async def idle_agents(self, plan: Plan) -> tuple[str, ...]:
        client = await self._connected()
        found = list[str]()
        for agent in dict.fromkeys(task.agent for task in plan.tasks):
            request = DescribeTaskQueueRequest(
                namespace=self._place.namespace,
                task_queue=TaskQueue(name=words.agent_queue(agent)),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            )
            try:
                described = await client.workflow_service.describe_task_queue(request)
            except RPCError as error:
                raise unreachable(self._place, error) from error
            if not described.pollers:
                found.append(agent)
        return tuple(found)

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await connected(self._place)
        return self._client
