"""What the two sides of Temporal say to each other: names, and values that become JSON."""

from dataclasses import dataclass, field
from typing import Any

RUN_WORKFLOW = "astrolabe-run"
RUNS_QUEUE = "astrolabe-runs"
DEPLOYMENT = "astrolabe"

ATTEMPT = "attempt"
CALL_OFF = "call-off"
NOTE = "note"
FINISH = "finish"
HEAL = "heal"
ASK = "ask"


def agent_queue(agent: str) -> str:
    """Return the task queue of an agent kind."""
    return f"astrolabe-agent-{agent}"


@dataclass(frozen=True)
class RunOrder:
    """What a run's workflow starts with, besides the plan's skeleton and the state so far.

    `notes` is the number of the last note the workflow has had written into the log; every later one's is higher. It begins
    with the length of the log, which no earlier note's number can exceed.
    """

    run: str
    plan_version: int
    heartbeat_seconds: float
    notes: int = 0


@dataclass(frozen=True)
class AttemptOrder:
    """An attempt to be made, or to be called off for a reason."""

    run: str
    plan_version: int
    task: str
    attempt: int
    agent: str
    reason: str = ""
    raised: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])


@dataclass(frozen=True)
class Told:
    """An event before it has a place in the log, as it travels.

    `retry_in` are the seconds until the next attempt: no host's clock is held against another's.
    """

    type: str
    task: str | None = None
    attempt: int | None = None
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    retry_in: float | None = None


@dataclass(frozen=True)
class NoteOrder:
    run: str
    number: int
    events: list[Told]


@dataclass(frozen=True)
class FinishOrder:
    run: str
    plan_version: int
    status: str
    reason: str


@dataclass(frozen=True)
class HealOrder:
    """A measure to be tried on a task; `healed` counts those that have been."""

    run: str
    plan_version: int
    task: str
    measure: str
    healed: int


@dataclass(frozen=True)
class Healed:
    """The event a measure ended with, and the skeleton of the plan that is followed now, in base64; empty for the same."""

    told: Told
    skeleton: str


@dataclass(frozen=True)
class Ended:
    """What a run ended with, and whether that was handed over."""

    status: str
    handed_over: bool


@dataclass(frozen=True)
class Asked:
    """A verb of the inbox."""

    verb: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])
