"""Which tasks may start, wait, be skipped, and when a run is over: rules only, no clock, no input or output.

Feed it every event of a run's log in order (`observe`), ask it what to do next (`decide`). The cost of both depends on
what changed, never on the length of the log or the size of the plan.
"""

import heapq
from collections.abc import Collection, Iterable

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.plan import Measure, OnFailure, Plan, Task, Unanswered
from astrolabe.domain.run import RunState, RunStatus
from astrolabe.domain.task import Occasion, Question, TaskStatus
from astrolabe.engine.decisions import Ask, Decision, Escalate, Expire, Finish, Heal, Pause, Skip, Start

RULES_VERSION = 2
"""Written into a run's first event. Change it with any change of a decision below, and keep the old rules for old runs."""


_Entry = tuple[int, int, int]
"""Something ready: its priority negated, its place in the plan, and when it became ready."""


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
        self._ready: dict[str, list[_Entry]] = {}
        self._ready_since: dict[str, int] = {}
        self._pushed = 0
        self._retrying: list[tuple[float, int, str]] = []
        self._to_ask: dict[str, None] = {}
        self._to_heal: dict[str, None] = {}
        self._asked: list[tuple[float, int, str]] = []
        self._running: set[str] = set()
        self._unreachable: dict[str, str] = {}
        self._open = len(plan.tasks)
        self._finished = state.status.final
        self._swept = False
        for task in plan.tasks:
            if not self._needs[task.id] and state.tasks[task.id].status is TaskStatus.WAITING:
                self._push(task)
        for task in plan.tasks:
            if (status := state.tasks[task.id].status) is not TaskStatus.WAITING:
                self._moved(task.id, status)

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

    @property
    def free(self) -> int:
        """How many attempts may start besides those that run."""
        return max(0, self._parallel - len(self._running))

    def decide(self, now: float, full: Collection[str] = ()) -> list[Decision]:
        """Return what to do at `now` (seconds since the epoch), most urgent first; nothing means wait.

        `full` names agents that have no room now, because of limits that span runs: what is ready for them is returned
        as well, but does not keep what is ready for others from starting.

        The same decision is returned again until an event says that it was carried out.
        """
        if self._finished or self._state.status is RunStatus.PAUSED:
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
        if self._state.pause_requested:
            return [] if self._running else [Pause()]
        return [*self._overdue(now), *self._questions(now), *self._heals(now), *self._starts(now, full)]

    def next_due(self) -> float | None:
        """Return when there will be something to decide without any event: a retry, or the deadline of a question."""
        while self._retrying and self._stale(self._retrying[0]):
            heapq.heappop(self._retrying)
        while self._asked and self._settled(self._asked[0]):
            heapq.heappop(self._asked)
        return min((waiting[0][0] for waiting in (self._retrying, self._asked) if waiting), default=None)

    @property
    def _failed(self) -> str | None:
        """The first task that failed: in time, whoever asks."""
        return self._state.failed[0] if self._state.failed else None

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
        return self._state.tasks[task].status in _WAITS

    def _overdue(self, now: float) -> list[Decision]:
        """Return what becomes of questions that nobody has answered for too long."""
        due: list[tuple[float, int, str]] = []
        while self._asked and self._asked[0][0] <= now:
            entry = heapq.heappop(self._asked)
            if not self._settled(entry):
                due.append(entry)
        for entry in due:
            heapq.heappush(self._asked, entry)
        return [self._late(task, now) for task in dict.fromkeys(task for _, _, task in due)]

    def _late(self, task: str, now: float) -> Decision:
        question = self._state.tasks[task].question
        if question is not None and question.deadline_at is not None and question.deadline_at <= now:
            approval = self._task(task).approval
            lenient = approval is not None and approval.unanswered is Unanswered.APPROVE
            return Expire(task, granted=lenient and question.occasion is Occasion.START)
        return Escalate(task)

    def _settled(self, entry: tuple[float, int, str]) -> bool:
        """Tell whether a time at which a question was to be looked at again has lost its meaning."""
        question = self._state.tasks[entry[2]].question
        return question is None or entry[0] not in _times(question)

    def _questions(self, now: float) -> list[Decision]:
        return [self._question(self._task(task), Occasion.START, now) for task in self._to_ask]

    def _question(self, task: Task, occasion: Occasion, now: float) -> Ask:
        asked = task.approval
        text = asked.question if asked is not None else ""
        if occasion is Occasion.AGAIN:
            text = f"{task.id!r} failed: {self._state.tasks[task.id].reason} Try it again?"
        if asked is None:
            return Ask(task.id, occasion, text, None, None, "")
        return Ask(
            task.id,
            occasion,
            text,
            deadline_at=None if asked.deadline_seconds is None else now + asked.deadline_seconds,
            escalate_at=None if asked.escalate_after_seconds is None else now + asked.escalate_after_seconds,
            escalate_to=asked.escalate_to,
        )

    def _heals(self, now: float) -> list[Decision]:
        return [
            self._question(self._task(task), Occasion.AGAIN, now)
            if (measure := self._measure(task)) is Measure.ASK
            else Heal(task, measure)
            for task in self._to_heal
        ]

    def _measure(self, task: str) -> Measure:
        return self._task(task).healing[self._state.tasks[task].healed]

    def _task(self, task: str) -> Task:
        return self._plan.tasks[self._index[task]]

    def _starts(self, now: float, full: Collection[str]) -> list[Decision]:
        while self._retrying and self._retrying[0][0] <= now:
            entry = heapq.heappop(self._retrying)
            if not self._stale(entry):
                self._push(self._plan.tasks[entry[1]])
        free = self.free
        chosen: list[_Entry] = []
        beside: list[_Entry] = []
        for agent, ready in self._ready.items():
            (beside if agent in full else chosen).extend(self._first(ready, free))
        first = sorted([*sorted(chosen)[:free], *beside])
        return [self._start(self._plan.tasks[index]) for _, index, _ in first]

    def _first(self, ready: list[_Entry], many: int) -> list[_Entry]:
        """Return the first that count of a heap, which keeps them."""
        first: list[_Entry] = []
        while len(first) < many and ready:
            entry = heapq.heappop(ready)
            if self._ready_since.get(self._plan.tasks[entry[1]].id) == entry[2]:
                first.append(entry)
        for entry in first:
            heapq.heappush(ready, entry)
        return first

    def _start(self, task: Task) -> Start:
        state = self._state.tasks[task.id]
        return Start(task.id, state.attempt + 1, state.agent or task.agent)

    def _verdict(self) -> Finish:
        if self._state.cancel_requested:
            return Finish(RunStatus.CANCELLED, "cancelled")
        if self._state.over_budget:
            return Finish(RunStatus.OVER_BUDGET, self._state.over_budget)
        if self._failed is not None:
            return Finish(RunStatus.FAILED, self._state.tasks[self._failed].reason)
        return Finish(RunStatus.PASSED, "")

    def _push(self, task: Task) -> None:
        """Make a task ready, or have a person asked first.

        An entry counts only while it is the task's latest: one left from before a start does not.
        """
        if task.approval is not None and not self._state.tasks[task.id].approved:
            self._to_ask[task.id] = None
            return
        self._pushed += 1
        self._ready_since[task.id] = self._pushed
        ready = self._ready.setdefault(self._state.tasks[task.id].agent or task.agent, [])
        heapq.heappush(ready, (-task.priority, self._index[task.id], self._pushed))

    def _stale(self, entry: tuple[float, int, str]) -> bool:
        state = self._state.tasks[entry[2]]
        return state.status is not TaskStatus.RETRYING or state.retry_at != entry[0]

    def _moved(self, task: str, status: TaskStatus) -> None:
        """Keep the indices in step with a task that has just taken `status`."""
        self._to_ask.pop(task, None)
        self._to_heal.pop(task, None)
        if status is not TaskStatus.WAITING:
            self._ready_since.pop(task, None)
        if status is TaskStatus.RUNNING:
            self._running.add(task)
            return
        self._running.discard(task)
        if status.final:
            self._open -= 1
            self._ended(task, status)
            return
        self._swept = False  # also what ran on while the run was being ended, and waits again now
        match status:
            case TaskStatus.WAITING:
                self._push(self._task(task))
            case TaskStatus.RETRYING:
                due = self._state.tasks[task].retry_at or 0.0
                heapq.heappush(self._retrying, (due, self._index[task], task))
            case TaskStatus.ASKING:
                for due in _times(self._state.tasks[task].question):
                    heapq.heappush(self._asked, (due, self._index[task], task))
            case _:
                self._to_heal[task] = None

    def _ended(self, task: str, status: TaskStatus) -> None:
        for dependent in self._dependents[task]:
            if status is not TaskStatus.PASSED:
                self._unreachable.setdefault(dependent, task)
                continue
            self._needs[dependent] -= 1
            if self._needs[dependent] == 0 and self._state.tasks[dependent].status is TaskStatus.WAITING:
                self._push(self._plan.tasks[self._index[dependent]])


def _times(question: Question | None) -> list[float]:
    """Return when an open question is to be looked at again."""
    if question is None:
        return []
    passed_on = None if question.escalated_at is not None else question.escalate_at
    return [due for due in (passed_on, question.deadline_at) if due is not None]


_WAITS = frozenset({TaskStatus.WAITING, TaskStatus.ASKING, TaskStatus.RETRYING, TaskStatus.HEALING})
_TRANSITIONS = frozenset(
    {
        EventType.TASK_STARTED,
        EventType.TASK_PASSED,
        EventType.TASK_FAILED,
        EventType.TASK_NOT_HEALED,
        EventType.TASK_SKIPPED,
        EventType.APPROVAL_REQUESTED,
        EventType.APPROVAL_ANSWERED,
    }
)
