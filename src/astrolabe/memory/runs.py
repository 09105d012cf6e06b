"""What past runs of a project teach: what was wanted, what came of it, what failed and why."""

from collections.abc import Iterator

from astrolabe.domain.memory import Document, Origin
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState
from astrolabe.domain.task import TaskState, TaskStatus
from astrolabe.ports.store import RunRecord, Store

MOST_RUNS = 50
"""The newest of a project's runs that are looked at for something to remember."""
_GOAL, _REASON, _TITLE = 2000, 600, 120


async def fact_of(store: Store, record: RunRecord) -> Document | None:
    """Return what is to be remembered of a run that has ended; nothing of one that only found something out."""
    state = RunState(record.id).apply(await store.events(record.id))
    if state.ground.aside:
        return None
    versions = await store.plan_versions(record.plan_id)
    plan = versions[state.plan_version - 1].plan
    title = " ".join(record.goal.split())[:_TITLE]
    return Document(
        record.id, "\n".join(_lines(record, state, plan)), f"{record.status.value}: {title}", Origin.RUN
    )


def _lines(record: RunRecord, state: RunState, plan: Plan) -> Iterator[str]:
    yield f"Goal: {record.goal.strip()[:_GOAL]}"
    yield f"Outcome: {record.status.value}" + (f". {_short(record.reason)}" if record.reason else "")
    names = {task.id: task.name for task in plan.tasks}
    for task, told in state.tasks.items():
        yield f"Task {task} ({_short(names.get(task, task))}): {_outcome(told)}"
        for attempt in told.attempts:
            if attempt.reason:
                agent = f" of {attempt.agent}" if attempt.agent else ""
                yield f"  attempt {attempt.number}{agent} failed: {_short(attempt.reason)}"


def _outcome(task: TaskState) -> str:
    if task.status is TaskStatus.PASSED:
        return f"passed{f', checkpoint {task.commit[:12]}' if task.commit else ''}"
    return f"{task.status.value}{f'. {_short(task.reason)}' if task.reason else ''}"


def _short(text: str) -> str:
    return " ".join(text.split())[:_REASON]
