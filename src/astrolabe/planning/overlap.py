"""Which tasks may change the same files at the same time: no fault, but their work has to go through a merge."""

from collections.abc import Iterator
from itertools import islice

from astrolabe.domain.paths import may_overlap
from astrolabe.domain.plan import Plan
from astrolabe.errors import Problem
from astrolabe.planning.graph import ancestors
from astrolabe.planning.order import needs_of
from astrolabe.planning.places.node import path_text
from astrolabe.planning.visible import visible

_MOST = 100
_WILD = frozenset("*?[")


def warnings_in(plan: Plan) -> tuple[Problem, ...]:
    """Return a warning for every two tasks that run side by side and declare overlapping `writes`; at most 100."""
    tasks = plan.tasks
    out: list[Problem] = []
    for early, late, index in islice(_pairs(plan), _MOST):
        pattern, other = visible(tasks[late].writes[index], 80), visible(tasks[early].id, 80)
        out.append(
            Problem(
                path_text(("tasks", late, "writes", index)),
                f"`{pattern}` may be changed by `{other}` at the same time; their work will be merged",
                "let one depend on the other, or narrow what they write",
            )
        )
    return tuple(out)


def _pairs(plan: Plan) -> Iterator[tuple[int, int, int]]:
    """Yield pairs of tasks with the position of the later one's pattern that meets the earlier one's writes.

    Sets of tasks are the bits of a number, so that ten thousand tasks behind each other cost no pairwise comparison.
    """
    before = ancestors(needs_of(plan))
    folders = _Folders()
    for late, task in enumerate(plan.tasks):
        for index, pattern in enumerate(task.writes):
            for early in _bits(folders.near(pattern) & ~before[late]):
                beside = not (before[early] >> late) & 1
                if beside and any(may_overlap(pattern, other) for other in plan.tasks[early].writes):
                    yield early, late, index
        for pattern in task.writes:
            folders.add(pattern, late)


class _Folders:
    """Tasks by the plain folders their patterns begin with."""

    def __init__(self) -> None:
        self._at: dict[tuple[str, ...], int] = {}
        self._below: dict[tuple[str, ...], int] = {}

    def add(self, pattern: str, task: int) -> None:
        parts = _plain_parts(pattern)
        self._at[parts] = self._at.get(parts, 0) | 1 << task
        for length in range(len(parts) + 1):
            prefix = parts[:length]
            self._below[prefix] = self._below.get(prefix, 0) | 1 << task

    def near(self, pattern: str) -> int:
        """Return the tasks with a pattern that begins in a folder above or below this one's."""
        parts = _plain_parts(pattern)
        found = self._below.get(parts, 0)
        for length in range(len(parts)):
            found |= self._at.get(parts[:length], 0)
        return found


def _plain_parts(pattern: str) -> tuple[str, ...]:
    out: list[str] = []
    for part in pattern.rstrip("/").split("/"):
        if _WILD & set(part):
            break
        out.append(part)
    return tuple(out)


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest
