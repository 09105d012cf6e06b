"""When work is to be begun by itself, and what became of each time it was."""

from dataclasses import dataclass
from enum import StrEnum


class CatchUp(StrEnum):
    """What is done about times that passed while nobody looked: nothing, the latest of them, or all."""

    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class Overlap(StrEnum):
    """What is done when a time comes while the run of an earlier one goes on: skip it, let it wait, or run beside it."""

    SKIP = "skip"
    QUEUE = "queue"
    ALLOW = "allow"


@dataclass(frozen=True)
class Schedule:
    """`cron` in `timezone` (an IANA name) says when. A plan of the store, as it was when the schedule was made.

    Of the times up to `looked_at` (seconds since the epoch) it is settled what becomes of them. `workspace` is the folder the
    runs work on; `{at}` in it stands for the time, as in `2026-11-21T0300Z`.
    """

    name: str
    cron: str
    timezone: str
    plan_id: str
    plan_version: int
    workspace: str
    catch_up: CatchUp
    overlap: Overlap
    paused: bool
    created_at: float
    looked_at: float


class FiringState(StrEnum):
    """DUE is to be begun; STARTED has its run; SKIPPED was left out, and FAILED could not begin, for a reason."""

    DUE = "due"
    STARTED = "started"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def settled(self) -> bool:
        return self is not FiringState.DUE


@dataclass(frozen=True)
class Firing:
    """One time of a schedule. The id of its run is settled with it, so that it cannot begin twice."""

    schedule: str
    due_at: float
    run: str
    state: FiringState = FiringState.DUE
    reason: str = ""
