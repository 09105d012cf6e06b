"""The shared context of runs."""

from typing import Protocol

from astrolabe.domain.context import Shared


class Contexts(Protocol):
    """Any number of readers and writers in any number of processes. Waits are bounded: DeadlineError when one is over."""

    async def get(self, run: str, key: str) -> Shared | None:
        """Return the newest version; None when there is none."""
        ...

    async def set(
        self, run: str, key: str, text: str, *, by: str, step: str, expected: int | None = None
    ) -> Shared:
        """Add a version, whose JSON is `text`, once for each `step` of a run; return it.

        Raises:
            ConflictError: the newest version is not `expected` (0: there is none yet); nothing was written.
        """
        ...

    async def every(self, run: str) -> tuple[Shared, ...]:
        """Return the newest version of each key, by key."""
        ...

    async def history(self, run: str, key: str) -> tuple[Shared, ...]:
        """Return the versions of a key that are sound, oldest first."""
        ...
