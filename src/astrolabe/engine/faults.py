"""Every instant at which a run may be cut off, by name, so that tests can cut it off at each."""

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """Before and after each durable write and each side effect of a run."""

    BEFORE_APPEND = "before-append"
    AFTER_APPEND = "after-append"
    BEFORE_RESERVE = "before-reserve"
    AFTER_RESERVE = "after-reserve"
    BEFORE_SETTLE = "before-settle"
    AFTER_SETTLE = "after-settle"
    BEFORE_STEP = "before-step"
    AFTER_STEP = "after-step"
    BEFORE_AGENT = "before-agent"
    AFTER_AGENT = "after-agent"
    BEFORE_CHECK = "before-check"
    AFTER_CHECK = "after-check"
    BEFORE_COMMIT = "before-commit"
    BEFORE_KEEP = "before-keep"
    AFTER_KEEP = "after-keep"
    BEFORE_PUBLISH = "before-publish"
    AFTER_PUBLISH = "after-publish"
    BEFORE_RELEASE = "before-release"


Reach = Callable[[CrashPoint], None]
"""Called when a crash point is reached; the product's does nothing, a crash test's may kill the process."""


def unharmed(point: CrashPoint) -> None:
    """Pass every crash point."""
