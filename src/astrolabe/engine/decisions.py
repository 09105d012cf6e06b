"""What the scheduler can decide. Each is decided again until an event says that it was carried out."""

from dataclasses import dataclass

from astrolabe.domain.plan import Measure
from astrolabe.domain.run import RunStatus
from astrolabe.domain.task import Occasion, TaskStatus


@dataclass(frozen=True)
class Start:
    """Begin this attempt (counted from 1) of a task with this agent."""

    task: str
    attempt: int
    agent: str


@dataclass(frozen=True)
class Ask:
    """Put a question to a person. Times are seconds since the epoch."""

    task: str
    occasion: Occasion
    question: str
    deadline_at: float | None
    escalate_at: float | None
    escalate_to: str


@dataclass(frozen=True)
class Escalate:
    """Pass a task's open question on: nobody has answered it for too long."""

    task: str


@dataclass(frozen=True)
class Expire:
    """End a task's open question as unanswered; `granted` tells whether the task goes on all the same."""

    task: str
    granted: bool


@dataclass(frozen=True)
class Heal:
    """Try this measure on a task that no agent could do."""

    task: str
    measure: Measure


@dataclass(frozen=True)
class Skip:
    """End a task that was not started; SKIPPED when something it needs failed, CANCELLED when the run is being ended."""

    task: str
    status: TaskStatus
    reason: str


@dataclass(frozen=True)
class Pause:
    """Nothing of the run goes on any more; it waits until a person takes it up again."""


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    status: RunStatus
    reason: str


Decision = Start | Ask | Escalate | Expire | Heal | Skip | Pause | Finish
