"""Rights to continue a log, each with a fence: the store refuses whoever has been overtaken."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """A process: unique token, and enough to tell on the same host whether it still lives."""

    token: str
    pid: int
    boot_id: str
    started_ticks: int


@dataclass(frozen=True)
class Lease:
    """The right to append to a run's log; `fence` grows with every new owner, an older one is refused."""

    run: str
    fence: int
    owner: Owner

    @property
    def actor(self) -> str:
        """How events name who wrote them."""
        return f"process-{self.owner.pid}"


@dataclass(frozen=True)
class TaskLease:
    """The right to tell of one task of a run; `fence` grows with every taking, an older one is refused.

    A lease of the run itself has no `task`; it tells of what concerns no single one, and of the end.
    """

    run: str
    task: str
    fence: int
    actor: str
