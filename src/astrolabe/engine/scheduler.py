"""Which tasks may start, wait, be skipped, and when a run is over: rules only, no clock, no input or output.

Feed it every event of a run's log in order (`observe`), ask it what to do next (`decide`). The cost of both depends on
what changed, never on the length of the log or the size of the plan.
"""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import OnFailure, Plan, Task
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import TaskStatus

RULES_VERSION = 1
"""Written into a run's first event. Change it with any change of a decision below, and keep the old rules for old runs."""


@dataclass(frozen=True)
class Start:
    """Begin this attempt (counted from 1) of a task."""

    task: str
    attempt: int


@dataclass(frozen=True)
class Skip:
    """End a task that was not started; SKIPPED when something it needs failed, CANCELLED when the run is being ended."""

    task: str
    status: TaskStatus
    reason: str


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    status: RunStatus
    reason: str


Decision = Start | Skip | Finish


class Scheduler:
    """The rules over one run."""

    def __init__(self, plan: Plan, state: RunState, parallel: int) -> None:
        self._plan = plan
        self._state = state
        self._parallel = parallel
        self._index = {task.id: number for number, task in enumerate(plan.tasks)}
        self._needs = {task.id: len(set(task.depends_on)) for task in plan.tasks}
        self._dependents: dict[str, list[str]] = {task.id: [] for task in plan.tasks}
        for task in plan.tasks:
            for needed in dict.fromkeys(task.depends_on):
                self._dependents[needed].append(task.id)
        self._ready: list[tuple[int, int, int]] = []
        self._ready_since: dict[str, int] = {}
        self._pushed = 0
        self._retrying: list[tuple[float, int, str]] = []
        self._running: set[str] = set()
        self._unreachable: dict[str, str] = {}
        self._open = len(plan.tasks)
        self._failed: str | None = None
        self._finished = state.status.final
        self._swept = False
        for task in plan.tasks:
            if not self._needs[task.id]:
                self._push(task)
        for task_id, task_state in state.tasks.items():
            self._moved(task_id, task_state.status)

    @property
    def running(self) -> frozenset[str]:
        """Tasks whose current attempt has started and not ended."""
        return frozenset(self._running)

    def observe(self, events: Iterable[Event]) -> None:
        """Take in events that the state has already applied."""
        for event in events:
            if event.task is not None and event.type in _TRANSITIONS:
                self._moved(event.task, self._state.tasks[event.task].status)
            elif event.type == EventType.RUN_FINISHED:
                self._finished = True

    def decide(self, now: float) -> list[Decision]:
        """Return what to do at `now` (seconds since the epoch), most urgent first; nothing means wait.

        The same decision is returned again until an event says that it was carried out.
        """
        if self._finished:
            return []
        ending = self._ending()
        if ending is not None:
            return self._wind_down(ending)
        skips: list[Decision] = [
            Skip(task, TaskStatus.SKIPPED, f"{needed!r}, which it needs, did not pass")
            for task, needed in self._unreachable.items()
            if not self._state.tasks[task].status.final
        ]
        if skips:
            return skips
        self._unreachable.clear()
        if self._open == 0:
            return [self._verdict()]
        return self._starts(now)

    def next_retry(self) -> float | None:
        """Return when the next waiting retry is due; None when none waits."""
        while self._retrying and self._stale(self._retrying[0]):
            heapq.heappop(self._retrying)
        return self._retrying[0][0] if self._retrying else None

    def _ending(self) -> str | None:
        if self._state.cancel_requested:
            return "the run was cancelled"
        if self._state.over_budget:
            return f"the run was stopped: {self._state.over_budget}"
        if self._failed is not None and self._plan.on_failure is OnFailure.FAIL_FAST:
            return f"{self._failed!r} failed and the plan is to stop then"
        return None

    def _wind_down(self, reason: str) -> list[Decision]:
        """Start nothing more: what runs may end (a cancel ends it), what waits is cancelled, then the run is over."""
        if not self._swept:
            waiting = [task.id for task in self._plan.tasks if self._waits(task.id)]
            if waiting:
                return [Skip(task, TaskStatus.CANCELLED, reason) for task in waiting]
            self._swept = True
        return [self._verdict()] if self._open == 0 else []

    def _waits(self, task: str) -> bool:
        return self._state.tasks[task].status in {TaskStatus.WAITING, TaskStatus.RETRYING}

    def _starts(self, now: float) -> list[Decision]:
        while self._retrying and self._retrying[0][0] <= now:
            entry = heapq.heappop(self._retrying)
            if not self._stale(entry):
                self._push(self._plan.tasks[entry[1]])
        free = self._parallel - len(self._running)
        chosen: list[tuple[int, int, int]] = []
        while len(chosen) < free and self._ready:
            entry = heapq.heappop(self._ready)
            if self._ready_since.get(self._plan.tasks[entry[1]].id) == entry[2]:
                chosen.append(entry)
        for entry in chosen:
            heapq.heappush(self._ready, entry)
        names = [self._plan.tasks[index].id for _, index, _ in chosen]
        return [Start(name, self._state.tasks[name].attempt + 1) for name in names]

    def _verdict(self) -> Finish:
        if self._state.cancel_requested:
            return Finish(RunStatus.CANCELLED, "cancelled")
        if self._state.over_budget:
            return Finish(RunStatus.OVER_BUDGET, self._state.over_budget)
        if self._failed is not None:
            return Finish(RunStatus.FAILED, self._state.tasks[self._failed].reason)
        return Finish(RunStatus.PASSED, "")

    def _push(self, task: Task) -> None:
        """Make a task ready. An entry counts only while it is the task's latest: one left from before a start does not."""
        self._pushed += 1
        self._ready_since[task.id] = self._pushed
        heapq.heappush(self._ready, (-task.priority, self._index[task.id], self._pushed))

    def _stale(self, entry: tuple[float, int, str]) -> bool:
        state = self._state.tasks[entry[2]]
        return state.status is not TaskStatus.RETRYING or state.retry_at != entry[0]

    def _moved(self, task: str, status: TaskStatus) -> None:
        """Keep the indices in step with a task that has just taken `status`."""
        if status is not TaskStatus.WAITING:
            self._ready_since.pop(task, None)
        if status is TaskStatus.RUNNING:
            self._running.add(task)
            return
        self._running.discard(task)
        if status is TaskStatus.RETRYING:
            self._swept = False  # also what ran on while the run was being ended, and waits again now
            retry_at = self._state.tasks[task].retry_at or 0.0
            heapq.heappush(self._retrying, (retry_at, self._index[task], task))
        elif status.final:
            self._open -= 1
            self._ended(task, status)

    def _ended(self, task: str, status: TaskStatus) -> None:
        if status is TaskStatus.FAILED and self._failed is None:
            self._failed = task
        for dependent in self._dependents[task]:
            if status is not TaskStatus.PASSED:
                self._unreachable.setdefault(dependent, task)
                continue
            self._needs[dependent] -= 1
            if self._needs[dependent] == 0 and self._state.tasks[dependent].status is TaskStatus.WAITING:
                self._push(self._plan.tasks[self._index[dependent]])


_TRANSITIONS = frozenset(
    {EventType.TASK_STARTED, EventType.TASK_PASSED, EventType.TASK_FAILED, EventType.TASK_SKIPPED}
)
