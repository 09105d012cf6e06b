"""The state of a run, folded from its events."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from astrolabe.domain.event import Event, EventType
from astrolabe.domain.task import TaskState, TaskStatus, begun_anew, task_after


class RunStatus(StrEnum):
    """PAUSED goes on when a person says so; OVER_BUDGET was stopped because what it may cost was spent."""

    RUNNING = "running"
    PAUSED = "paused"
    PASSED = "passed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    OVER_BUDGET = "over-budget"

    @property
    def final(self) -> bool:
        return self not in {RunStatus.RUNNING, RunStatus.PAUSED}


@dataclass(frozen=True)
class Ground:
    """What a run stands on; git ids.

    Tasks without dependencies grow from the commit `base` (None: from nothing). When `onto` is given, the result is merged
    onto that commit, which has grown from the tree `previous` by a person's hand. A run that is `aside` hands nothing over:
    it was made for what it finds out.
    """

    base: str | None = None
    onto: str | None = None
    previous: str | None = None
    aside: bool = False


@dataclass
class RunState:
    """A run as its log tells it; changed only by `apply`, whose cost does not grow with the log.

    `merged` tells how a person's edits and a new generation went together, in lists of paths: `conflicts`, `kept` (edited,
    no longer generated), `edited` (generated, and theirs now), `added`, `changed`, `removed`; and the `commit` with marks.
    `changed` tells of each change of the plan since the run was begun, or last tried again: the `version` that it made, for
    which `task`, by which `measure`, the tasks `added`, the `reasoning`. `steps` maps a step key to its recorded reply, `used` to what it used where it told, `intended` holds the keys whose reply
    is not recorded yet. `message` is the last of the inbox that was taken in; without `skills`, agents are given none, as in runs from before there were any. `over_budget` says what was spent when that
    stopped the run; `failed` are the tasks that failed for good, in the order in which they did; `raised` are limits given since it was planned, by task (empty: the run's own). `joined` is what the run
    ends with (`status`, `reason`, `commit`) once that is known and waits to be handed over on the target's host.
    """

    id: str
    status: RunStatus = RunStatus.RUNNING
    tasks: dict[str, TaskState] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    intended: set[str] = field(default_factory=set)
    ground: Ground = Ground()
    merged: dict[str, Any] | None = None
    joined: dict[str, Any] | None = None
    cancel_requested: bool = False
    pause_requested: bool = False
    over_budget: str = ""
    failed: list[str] = field(default_factory=list)
    used: dict[str, dict[str, Any]] = field(default_factory=dict)
    raised: dict[str, dict[str, Any]] = field(default_factory=dict)
    message: int = 0
    skills: bool = False
    plan_version: int = 1
    changed: list[dict[str, Any]] = field(default_factory=list)
    rules_version: int = 1
    seq: int = 0
    created_at: float = 0.0
    finished_at: float | None = None
    commit: str | None = None
    published: dict[str, Any] | None = None
    reason: str = ""

    def apply(self, events: Iterable[Event]) -> Self:
        """Take in the next events of this run's log; types it does not know change only `seq`."""
        for event in events:
            if event.task is None:
                self._apply_to_run(event)
            else:
                self._apply_to_task(event, event.task)
            self.seq = event.seq
        return self

    def _apply_to_run(self, event: Event) -> None:
        self.message = max(self.message, event.data.get("message", 0))
        match event.type:
            case EventType.RUN_CREATED:
                self._created(event)
            case EventType.RUN_CANCEL_REQUESTED:
                self.cancel_requested = True
            case EventType.RUN_PAUSE_REQUESTED:
                self.pause_requested = True
            case EventType.RUN_PAUSED:
                self.status = RunStatus.PAUSED
            case EventType.RUN_RESUMED:
                self.status, self.pause_requested = RunStatus.RUNNING, False
            case EventType.RUN_BUDGET_EXCEEDED:
                self.over_budget = event.data["reason"]
            case EventType.RUN_BUDGET_RAISED:
                self.raised.setdefault(event.data["of"], {}).update(event.data["budget"])
            case EventType.RUN_REOPENED:
                self._reopened(event.data["tasks"])
            case EventType.PLAN_CHANGED:
                self._replanned(event)
            case EventType.RUN_JOINED:
                self.joined = event.data
            case EventType.RUN_FINISHED:
                self._finished(event)
            case _:
                pass

    def _created(self, event: Event) -> None:
        data = event.data
        self.tasks = {task: TaskState() for task in data["tasks"]}
        self.created_at = event.at
        self.ground = Ground(**data.get("ground", {}))
        self.plan_version = data.get("plan", {}).get("version", 1)
        self.rules_version = data.get("rules_version", 1)
        self.skills = data.get("skills", False)

    def _reopened(self, tasks: Iterable[str]) -> None:
        self.status, self.finished_at, self.reason = RunStatus.RUNNING, None, ""
        self.cancel_requested = self.pause_requested = False
        self.over_budget, self.joined, self.changed = "", None, []
        for task in tasks:
            self.tasks[task] = begun_anew(self.tasks[task])
        self._forget_failures()

    def _replanned(self, event: Event) -> None:
        data = event.data
        self.plan_version = data["plan"]["version"]
        told = {name: data[name] for name in ("task", "measure", "added", "reasoning") if name in data}
        self.changed.append({"version": self.plan_version, **told})
        again = set(data["again"])
        self.tasks = {
            task: begun_anew(self.tasks[task]) if task in again else self.tasks.get(task, TaskState())
            for task in data["tasks"]
        }
        self._forget_failures()

    def _forget_failures(self) -> None:
        """Keep of those that failed the ones that still are."""
        known = self.tasks
        self.failed = [
            task for task in self.failed if task in known and known[task].status is TaskStatus.FAILED
        ]

    def _finished(self, event: Event) -> None:
        data = event.data
        self.status = RunStatus(data["status"])
        self.finished_at = event.at
        self.commit = data.get("commit")
        self.published = data.get("published")
        self.reason = data.get("reason", "")

    def _apply_to_task(self, event: Event, task: str) -> None:
        self.message = max(self.message, event.data.get("message", 0))
        match event.type:
            case EventType.STEP_INTENDED:
                self.intended.add(event.data["key"])
            case EventType.STEP_DONE:
                self.intended.discard(event.data["key"])
                self.steps[event.data["key"]] = event.data["reply"]
                if "used" in event.data:
                    self.used[event.data["key"]] = event.data["used"]
            case EventType.EDITS_MERGED:
                self.merged = event.data
            case _:
                after = task_after(self.tasks[task], event)
                if after.status is TaskStatus.FAILED and task not in self.failed:
                    self.failed.append(task)
                self.tasks[task] = after
