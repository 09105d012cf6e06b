"""What a check proved, about which tree, under which policy. Written by the engine alone."""

from enum import StrEnum

from pydantic import Field

from astrolabe.domain.egress import Request
from astrolabe.domain.value import Value


class Verdict(StrEnum):
    """NOT_RUN is no kind of success: the check could not look, for the reason it states."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not-run"


class Artifact(Value):
    """A file a check or an agent left: its path, the SHA-256 of its content (a blob in the store), its size."""

    path: str
    digest: str
    size_bytes: int


class Evidence(Value):
    """One check, run once in a sandbox on exactly the tree named.

    `inputs_digest` covers the paths the check could see, the environment's images, the policy and the command:
    equal digests mean the same question was asked of the same content. `reused_from` names the run whose
    evidence of the same digest was taken instead of asking again. `network` are all connections it asked for.
    """

    check: str
    command: str
    verdict: Verdict
    reason: str = ""
    exit_code: int | None = None
    tree: str
    inputs_digest: str
    output_digest: str | None = None
    output_tail: str = ""
    policy_digest: str
    sandbox: str
    limits: dict[str, str] = Field(default_factory=dict)
    started_at: float
    duration_seconds: float
    artifacts: tuple[Artifact, ...] = ()
    required: bool = True
    reused_from: str | None = None
    network: tuple[Request, ...] = Field(default=(), exclude_if=lambda requests: not requests)
