"""How those that work have fared lately, and when one that keeps failing is left alone."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from astrolabe.domain.value import Value


class Kind(StrEnum):
    """What can be ill. A TOOL only does what its task says: its failures are its task's, and it is never left alone."""

    AGENT = "agent"
    PROVIDER = "provider"
    TOOL = "tool"


class Health(StrEnum):
    """DEGRADED has failed lately; FAILED so often in a row that it is left alone."""

    IDLE = "idle"
    BUSY = "busy"
    DEGRADED = "degraded"
    FAILED = "failed"


class Circuit(StrEnum):
    """CLOSED lets every attempt through, OPEN none, HALF_OPEN one that tries whether it is well again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker(Value):
    """An agent or a provider that failed so often in a row is left alone for so long; then one attempt tries it."""

    failures: int = Field(default=5, ge=1, le=1000, description="Failures in a row that open it.")
    cooldown_seconds: float = Field(
        default=60.0, gt=0, le=86_400, description="How long it stays open before one attempt tries again."
    )


@dataclass(frozen=True)
class Record:
    """What is known of one that has failed. Times are seconds since the epoch by the store's clock.

    `failures` counts those in a row, `since` is when the first of them was; the rest tells of the last one. `ago_seconds`
    is how long that was ago when this was read.
    """

    kind: Kind
    name: str
    failures: int
    since: float
    failed_at: float
    ago_seconds: float
    failure: str
    reason: str
    run: str
    task: str
    attempt: int
    reset_at: float | None

    def circuit(self, breaker: Breaker) -> Circuit:
        """Return how the breaker stood when this was read."""
        if self.kind is Kind.TOOL or self.failures < breaker.failures:
            return Circuit.CLOSED
        return Circuit.OPEN if self.wait_seconds(breaker) > 0 else Circuit.HALF_OPEN

    def wait_seconds(self, breaker: Breaker) -> float:
        """Return how long an open breaker stays so."""
        return max(0.0, breaker.cooldown_seconds - self.ago_seconds)

    def health(self, breaker: Breaker, *, busy: bool) -> Health:
        """Return the state it is in."""
        if self.circuit(breaker) is not Circuit.CLOSED:
            return Health.FAILED
        if self.failures:
            return Health.DEGRADED
        return Health.BUSY if busy else Health.IDLE
