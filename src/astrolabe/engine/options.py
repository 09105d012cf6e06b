"""What an operator may choose about running plans."""

from typing import Annotated

from pydantic import AfterValidator, Field

from astrolabe.domain.health import Breaker
from astrolabe.domain.limits import SlotLimits
from astrolabe.domain.paths import path_fault
from astrolabe.domain.value import Value


def _within_a_workspace(pattern: str) -> str:
    fault = path_fault(pattern)
    if fault is not None:
        raise ValueError(fault)
    return pattern


WorkspacePattern = Annotated[str, AfterValidator(_within_a_workspace)]


class EngineOptions(Value):
    """How much goes on at once, and what is done again."""

    parallel_tasks: int = Field(
        default=8, ge=1, le=1000, description="Attempts of one run that go on at once."
    )
    parallel_commands: int = Field(
        default=0, ge=0, le=256, description="Checks of one run that go on at once; 0 means one a processor."
    )
    lease_seconds: float = Field(
        default=15.0,
        ge=1.0,
        le=3600.0,
        description="A process that has not said for so long that it is there counts as dead, and its work is taken over.",
    )
    drain_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="After SIGTERM, attempts may go on for this long; then they are cut off.",
    )
    reuse_evidence: bool = Field(
        default=True,
        description="Take over evidence of earlier runs that answers the same question about the same content.",
    )
    secrets_allowed_in: tuple[WorkspacePattern, ...] = Field(
        default=(),
        description="Paths whose content may hold what looks like a secret, such as those of test data.",
    )
    breaker: Breaker = Field(
        default=Breaker(), description="When an agent or provider that keeps failing is left alone."
    )
    limits: SlotLimits = Field(
        default=SlotLimits(),
        description="Attempts that go on at once over all runs and processes; the same for each of them.",
    )
