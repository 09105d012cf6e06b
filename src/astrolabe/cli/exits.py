"""What the exit codes mean; the same table is in the README."""

from enum import IntEnum

from astrolabe.errors import AstrolabeError, Kind


class Exit(IntEnum):
    """Codes of every command."""

    DONE = 0
    CHECKS_FAILED = 1
    BAD_INPUT = 2
    REFUSED = 3
    INTERRUPTED = 4
    UNPROVED = 5
    UNAVAILABLE = 6
    OVER_BUDGET = 7
    BUG = 70


BY_KIND: dict[Kind, Exit] = {
    Kind.USAGE: Exit.BAD_INPUT,
    Kind.MISSING: Exit.BAD_INPUT,
    Kind.CONFLICT: Exit.BAD_INPUT,
    Kind.REFUSED: Exit.REFUSED,
    Kind.UNAVAILABLE: Exit.UNAVAILABLE,
    Kind.TIMEOUT: Exit.UNAVAILABLE,
    Kind.BUG: Exit.BUG,
}

BY_STATUS: dict[str, Exit] = {
    "passed": Exit.DONE,
    "failed": Exit.CHECKS_FAILED,
    "cancelled": Exit.INTERRUPTED,
    "running": Exit.INTERRUPTED,
    "paused": Exit.INTERRUPTED,
    "over-budget": Exit.OVER_BUDGET,
}
"""By the value of `RunStatus`, whose module takes too long to import for a command that only shows its help."""


def exit_of(error: AstrolabeError) -> Exit:
    """Return the exit code an error ends a command with."""
    return BY_KIND[error.kind]
