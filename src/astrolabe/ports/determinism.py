"""Clock, ids and randomness in one value, so that a run can be replayed and a test can hold time still."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Determinism:
    """`now` in seconds since the epoch; `monotonic` in seconds for durations; `new_id` gives a fresh ULID."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    new_id: Callable[[], str]
