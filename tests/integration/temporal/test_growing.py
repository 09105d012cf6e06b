"""Plans of many tasks: what travels stays small, and a run goes on under one history after the other."""

import asyncio
from collections import Counter

import pytest
from temporalio.client import Client

from astrolabe.adapters.temporal.course import Course
from astrolabe.adapters.temporal.skeleton import packed_plan, packed_state
from astrolabe.domain.event import EventType, NewEvent
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskState
from astrolabe.engine.decisions import Finish, Start
from tests.integration.temporal.conftest import Cluster, told
from tests.integration.temporal.test_hosts import began

PAYLOAD_BYTES = 2_000_000


def large(count: int) -> Plan:
    tasks = (
        Task(
            id=f"task-number-{number}",
            name=f"Write the part number {number}",
            agent="command",
            goal="what is to be done here is told at some length " * 3,
            inputs={"run": f"echo {number} > part-{number}.txt"},
            writes=(f"part-{number}.txt",),
            depends_on=tuple(
                f"task-number-{number - step}" for step in (1, 7, 50) if number % 9 and number >= step
            ),
            retries=number % 3,
        )
        for number in range(count)
    )
    return Plan(goal="many parts", tasks=tuple(tasks))


def test_ten_thousand_tasks_travel_well_below_what_temporal_takes() -> None:
    plan = large(10_000)
    assert len(plan.model_dump_json()) > PAYLOAD_BYTES
    skeleton = packed_plan(plan)
    state = RunState("r", tasks={task.id: TaskState() for task in plan.tasks})
    course = Course(skeleton, packed_state(state))
    while True:
        decisions = course.decide(0.0)
        if any(isinstance(decision, Finish) for decision in decisions):
            break
        for decision in decisions:
            assert isinstance(decision, Start)
            started = NewEvent(
                type=EventType.TASK_STARTED, task=decision.task, attempt=1, data={"agent": "command"}
            )
            data = {"commit": None, "tree": None}
            passed = NewEvent(type=EventType.TASK_PASSED, task=decision.task, attempt=1, data={**data})
            course.fold([started, passed], 1.0)
    assert len(skeleton) < PAYLOAD_BYTES / 8
    assert len(course.packed()) < PAYLOAD_BYTES / 8


@pytest.mark.parametrize("count", [120])
def test_a_run_goes_on_under_one_history_after_the_other(cluster: Cluster, count: int) -> None:
    tasks: list[dict[str, object]] = [{"id": f"n{number}", "agent": "nothing"} for number in range(count)]

    async def go() -> None:
        async with cluster.person() as installation:
            run, following = await began(cluster, installation, *tasks, parallel=20)
            assert (await following).status is RunStatus.PASSED
            events = await installation.store.events(run)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            passed = Counter(event.task for event in told(events, "task.passed"))
            assert passed == Counter({f"n{number}": 1 for number in range(count)})
            assert len(told(events, "task.started")) == count
            client = await Client.connect(cluster.server.address, namespace=cluster.namespace)
            histories = [one async for one in client.list_workflows(f"WorkflowId = '{run}'")]
            assert len(histories) > 1
            assert all(one.history_length < 2000 for one in histories)

    with cluster.hand("a", tasks=20):
        asyncio.run(go())
