"""What became of each test, however a runner told of it. What is read was written by foreign code: nothing in it is trusted."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath

from astrolabe.domain.value import Value

MOST_CASES = 50_000
MOST_MESSAGE = 2000
MOST_NAME = 500
WORKSPACE = PurePosixPath("/workspace")


class Status(StrEnum):
    """FLAKY: it failed, and passed when it was run again alone."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    FLAKY = "flaky"


class Case(Value):
    """One test. `id` is unique in its results, `file` is relative to the workspace or the runner's folder where it is known.

    `before` tells whether it failed on the tree that the run began with: None where that was not asked.
    """

    id: str
    status: Status
    seconds: float | None = None
    message: str = ""
    file: str = ""
    before: bool | None = None


class Results(Value):
    """All tests one runner told of. `fault` says why this cannot be all of it; it is empty when the report was whole."""

    cases: tuple[Case, ...] = ()
    fault: str = ""

    def count(self, status: Status) -> int:
        return sum(case.status is status for case in self.cases)

    def of(self, status: Status) -> tuple[Case, ...]:
        return tuple(case for case in self.cases if case.status is status)


class Gathered:
    """Collects tests while a report is read: one name once, the worse end counting, and never more than there is room for."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}
        self.fault = ""

    def add(
        self, name: str, status: Status, *, seconds: float | None = None, message: str = "", file: str = ""
    ) -> None:
        """Take in how a test ended."""
        shown = name.strip()[:MOST_NAME] or "a test without a name"
        if shown not in self._cases and len(self._cases) >= MOST_CASES:
            self.fault = f"it tells of more than {MOST_CASES:,} tests"
            return
        known = self._cases.get(shown)
        if known is None or _RANK[status] > _RANK[known.status]:
            self._cases[shown] = Case(
                id=shown,
                status=status,
                seconds=seconds,
                message=message.strip()[-MOST_MESSAGE:],
                file=file[:MOST_NAME],
            )

    def results(self, fault: str = "") -> Results:
        return Results(cases=tuple(self._cases.values()), fault=fault or self.fault)


_RANK: Mapping[Status, int] = {Status.SKIPPED: 0, Status.PASSED: 1, Status.FLAKY: 2, Status.FAILED: 3}


def seconds_of(told: object) -> float | None:
    """Return a duration as a report has it; None when it is no sensible number of seconds."""
    try:
        value = float(str(told).replace(",", ""))
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None  # noqa: PLR2004 - thirty years


def local(path: str) -> str:
    """Return a path as the workspace has it."""
    pure = PurePosixPath(path.removeprefix("file://"))
    return str(pure.relative_to(WORKSPACE)) if pure.is_relative_to(WORKSPACE) else str(pure) if path else ""


def whole(text: str, exit_code: int) -> Results:
    """Return the results of a runner that only tells whether all is well."""
    gathered = Gathered()
    gathered.add("all tests", Status.PASSED if exit_code == 0 else Status.FAILED, message=text)
    return gathered.results()
