"""The durable state: logs of runs with their projections, plans, blobs, leases and the inbox."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from astrolabe.domain.event import Event, NewEvent
from astrolabe.domain.evidence import Evidence
from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import Occasion, Outcome
from astrolabe.ports.budgets import Budgets
from astrolabe.ports.context import Contexts
from astrolabe.ports.health import HealthRecords
from astrolabe.ports.leases import Lease, Owner
from astrolabe.ports.memory import MemoryRecords
from astrolabe.ports.processes import Processes
from astrolabe.ports.schedules import Schedules
from astrolabe.ports.skills import SkillRecords


@dataclass(frozen=True)
class RunRecord:
    """A run as listed. `target` is the folder its result goes to, `origin` what the run was started from (a digest)."""

    id: str
    tenant: str
    goal: str
    plan_version: int
    plan_id: str
    target: str
    origin: str
    status: RunStatus
    created_at: float
    finished_at: float | None
    commit: str | None
    reason: str
    owner: Owner | None
    options: dict[str, Any]

    @property
    def elsewhere(self) -> bool:
        """Whether the run is driven by a cluster rather than by the process that owns it."""
        return self.options.get("driver", "local") != "local"

    @property
    def host(self) -> str:
        """The host whose folder `target` is; empty for a run that is driven there as well."""
        return self.options.get("host", "")


@dataclass(frozen=True)
class PlanVersion:
    """One version of a plan; versions of the same `id` count from 1."""

    id: str
    version: int
    plan: Plan
    created_at: float


@dataclass(frozen=True)
class Message:
    """Something another process asks of a run's owner."""

    id: int
    run: str
    verb: str
    data: dict[str, Any]


@dataclass(frozen=True)
class ApprovalRecord:
    """What a run asks a person about a task, or has asked. Times are seconds since the epoch.

    `outcome` is None while it waits; `granted` tells whether the task went on.
    """

    run: str
    task: str
    number: int
    goal: str
    occasion: Occasion
    question: str
    asked_at: float
    deadline_at: float | None
    escalate_to: str
    escalated_at: float | None
    outcome: Outcome | None
    granted: bool | None
    answered_at: float | None
    by: str
    comment: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.run, self.task, self.number


class Store(Protocol):
    """Every method returns when what it wrote is durable."""

    @property
    def budgets(self) -> Budgets: ...

    @property
    def health(self) -> HealthRecords: ...

    @property
    def processes(self) -> Processes:
        """Who works on this state."""
        ...

    @property
    def schedules(self) -> Schedules: ...

    @property
    def skills(self) -> SkillRecords: ...

    @property
    def memory(self) -> MemoryRecords: ...

    @property
    def contexts(self) -> Contexts: ...

    async def add_plan(self, plan: Plan, plan_id: str | None = None) -> PlanVersion:
        """Keep a plan as the next version of `plan_id`, or as version 1 of a new one."""
        ...

    async def plan_versions(self, plan_id: str) -> tuple[PlanVersion, ...]: ...

    async def create_run(
        self, record: RunRecord, owner: Owner, *events: NewEvent, plan: Plan | None = None
    ) -> Lease:
        """Add a run, owned from the start, with the first events of its log; `plan` is kept as the one it names.

        Raises:
            ConflictError: another run for the same target is not finished; nothing was added.
        """
        ...

    async def claim(self, run: str, owner: Owner) -> Lease:
        """Take over a run whose owner is gone.

        Raises:
            MissingError: there is no such run.
            ConflictError: its owner lives, or it is finished.
        """
        ...

    async def reopen(self, run: str, owner: Owner, *events: NewEvent) -> Lease:
        """Take a finished run on again, with the events that say what is to be done anew; what it was asked before is void.

        Raises:
            MissingError: there is no such run.
            ConflictError: it is not finished, or another run for the same target is not.
        """
        ...

    async def is_owned(self, record: RunRecord) -> bool:
        """Tell whether a living process owns the run."""
        ...

    async def release(self, lease: Lease) -> None: ...

    def append(
        self, lease: Lease, events: Sequence[Event], *, patient: bool = False
    ) -> "asyncio.Future[None]":
        """Continue a run's log, with the projections that follow, in one transaction; logs grow in the order of calls.

        The future is done when the events are durable; cancelling it takes nothing back. A `patient` append may wait a
        moment, so that others are committed with it.

        Raises (in the future):
            LeaseLostError: another owner has taken the run; nothing was written.
            StorageError: they could not be written; nor will what follows them.
        """
        ...

    async def events(self, run: str, after: int = 0) -> tuple[Event, ...]: ...

    async def run(self, run: str) -> RunRecord:
        """Raises MissingError."""
        ...

    async def runs(
        self, *, unfinished: bool = False, target: str | None = None, limit: int = 100
    ) -> tuple[RunRecord, ...]:
        """Newest first."""
        ...

    async def runs_called(self, name: str, limit: int) -> tuple[str, ...]:
        """Return ids of runs, newest first: the one that is `name` (letters and digits), else those it begins or ends."""
        ...

    async def plans_called(self, name: str, limit: int) -> tuple[str, ...]:
        """Return likewise ids of plans that were run."""
        ...

    async def evidence_for(self, inputs_digest: str) -> tuple[str, Evidence] | None:
        """Return passed evidence that asked the same question of the same content, and the run it is of."""
        ...

    async def put_blob(self, content: bytes) -> str:
        """Keep bytes; return their SHA-256."""
        ...

    async def blob(self, digest: str) -> bytes: ...

    async def approvals(
        self, *, run: str | None = None, waiting: bool = False, limit: int = 1000
    ) -> tuple[ApprovalRecord, ...]:
        """Return what runs ask, oldest first; `waiting` leaves out what has been answered."""
        ...

    async def ask(self, run: str, verb: str, data: dict[str, Any] | None = None) -> None:
        """Leave a message for a run's owner and wake it."""
        ...

    async def inbox(self, owner: Owner) -> tuple[Message, ...]:
        """Return what is asked of the runs a process owns, oldest first."""
        ...

    async def taken(self, message: Message) -> None:
        """Remove a message that was taken in."""
        ...

    async def probe(self) -> str:
        """Ask the database something; return what it is and where. Raises StorageError when it does not answer."""
        ...

    async def close(self) -> None: ...
