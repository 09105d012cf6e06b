"""What foreign code may use while it runs. There is no value of this that means "outside a sandbox"."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import Field

from astrolabe.domain.egress import Destination
from astrolabe.domain.value import Value

MIB = 1024 * 1024
ARGUMENT_BYTES = 128 * 1024 - 1
"""A longer word of a command is refused by Linux (MAX_ARG_STRLEN, execve(2))."""
MOST_BYTES = 2**50
"""Far more than a machine has, and still a number the kernel takes for a limit."""
LONGEST_SECONDS = 30 * 24 * 3600


class Policy(Value):
    """Limits of one sandbox. Seconds are wall or processor time, sizes are bytes."""

    wall_seconds: float = Field(
        default=3600, gt=0, le=LONGEST_SECONDS, description="A command still running then is killed whole."
    )
    cpu_seconds: int = Field(
        default=1200, gt=0, le=LONGEST_SECONDS, description="Processor time of one process."
    )
    memory_bytes: int = Field(
        default=3072 * MIB, ge=16 * MIB, le=MOST_BYTES, description="Of all processes together."
    )
    processes: int = Field(
        default=512, ge=8, le=4_194_304, description="Processes and threads alive at once."
    )
    open_files: int = Field(default=4096, ge=64, le=1_048_576, description="Files one process holds open.")
    file_bytes: int = Field(default=512 * MIB, gt=0, le=MOST_BYTES, description="Largest single file.")
    workspace_bytes: int = Field(
        default=1024 * MIB, gt=0, le=MOST_BYTES, description="Of the workspace, dependencies not counted."
    )
    temporary_bytes: int = Field(
        default=512 * MIB,
        gt=0,
        le=MOST_BYTES,
        description="Of what is written elsewhere: /tmp, and over dependencies.",
    )
    output_bytes: int = Field(
        default=4 * MIB,
        gt=0,
        le=1024 * MIB,
        description="Of each of the two output streams; the rest is cut.",
    )
    files: int = Field(
        default=50_000, gt=0, le=100_000_000, description="Files that may come out of the workspace."
    )
    network: tuple[Destination, ...] = Field(
        default=(), description="`host:port` that may be reached over TLS; empty means none."
    )

    def digest(self, held_by: Mapping[str, str] | None = None) -> str:
        """Name this policy in evidence: SHA-256 of its canonical JSON, first 16 hex digits.

        With `held_by` (what holds each limit, as a self-test says) the name is that of the policy as it was in force:
        a limit that was watched is not the limit a control group held.
        """
        text = self.model_dump_json() + (json.dumps(dict(held_by), sort_keys=True) if held_by else "")
        return hashlib.sha256(text.encode()).hexdigest()[:16]
