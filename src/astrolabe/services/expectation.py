"""How long what is left of a run may take, judged by what the same tasks and checks took in earlier runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.evidence import Verdict
from astrolabe.domain.plan import Plan, Task
from astrolabe.domain.run import RunState
from astrolabe.domain.task import TaskState
from astrolabe.planning.order import critical_path
from astrolabe.services.installation import Installation

_LOOKED_AT = 5
"""Earlier runs that are looked at, the newest first."""


@dataclass(frozen=True)
class Usual:
    """Seconds that tasks' work and checks took when they were last done, by their ids, names and what they did."""

    work: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    checks: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def take_in(self, events: Sequence[Event]) -> None:
        """Learn from the log of a run; what is known from a newer one stays."""
        begun: dict[str, Event] = {}
        for event in events:
            if event.task is None:
                continue
            if event.type == EventType.TASK_STARTED:
                begun[event.task] = event
            elif event.type == EventType.TASK_WORKED and event.task in begun:
                start = begun[event.task]
                self.work.setdefault((event.task, str(start.data["agent"])), event.at - start.at)
            elif event.type == EventType.CHECK_FINISHED:
                self._take_in_check(event.task, event.data)

    def _take_in_check(self, task: str, data: Mapping[str, object]) -> None:
        fresh = data["verdict"] == Verdict.PASSED and data.get("reused_from") is None
        if fresh and isinstance(data["duration_seconds"], int | float):
            self.checks.setdefault((task, str(data["command"])), float(data["duration_seconds"]))

    def seconds_left(self, plan: Plan, state: RunState, parallel: int) -> float | None:
        """Return the seconds left when `parallel` commands run at once; None when something in it was never done.

        It is the larger of two bounds: the longest chain of tasks, and all commands shared out evenly.
        """
        left = {task.id: self._left(task, state.tasks[task.id]) for task in plan.tasks}
        known = {task: seconds for task, seconds in left.items() if seconds is not None}
        if len(known) < len(left):
            return None
        alone = {task: seconds.side_by_side(parallel) for task, seconds in known.items()}
        chain = sum(alone[task.id] for task in critical_path(plan, alone))
        return max(chain, sum(seconds.total for seconds in known.values()) / parallel)

    def _left(self, task: Task, state: TaskState) -> "_Left | None":
        if state.status.final:
            return _Left(0, ())
        work = 0.0 if state.worked_tree else self.work.get((task.id, task.agent))
        done = {evidence.check for evidence in state.evidence}
        checks = [self.checks.get((task.id, check.run)) for check in task.checks if check.name not in done]
        known = tuple(seconds for seconds in checks if seconds is not None)
        return _Left(work, known) if work is not None and len(known) == len(checks) else None


@dataclass(frozen=True)
class _Left:
    """Seconds left of a task: of its work, and of each of its checks."""

    work: float
    checks: tuple[float, ...]

    @property
    def total(self) -> float:
        return self.work + sum(self.checks)

    def side_by_side(self, parallel: int) -> float:
        """Return how long it takes by itself, its checks as far side by side as may be."""
        return self.work + max(max(self.checks, default=0), sum(self.checks) / parallel)


async def expecting(installation: Installation, plan: Plan) -> Callable[[RunState], float | None]:
    """Return what tells how many seconds are left of a run of `plan`, judged by the newest finished runs."""
    usual = Usual()
    runs = await installation.store.runs(limit=_LOOKED_AT * 2)
    for record in [run for run in runs if run.status.final][:_LOOKED_AT]:
        usual.take_in(await installation.store.events(record.id))
    return lambda state: usual.seconds_left(plan, state, installation.limits.commands)
