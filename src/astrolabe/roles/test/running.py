"""One runner's tests: all of them, then those that failed alone, then those on the tree that the run began with."""

import re
from dataclasses import dataclass

from astrolabe.sdk import (
    COVERAGE,
    RESULTS,
    AstrolabeError,
    Case,
    CommandResult,
    Covered,
    Form,
    Results,
    Runner,
    Status,
    UnavailableError,
    Workbench,
    alone,
    read_coverage,
    read_results,
    reporting,
    sections,
)

MOST_ALONE = 20
"""Of the failing tests that are run again alone; where more fail, chance is not the reason."""
_TAIL = 3000
_NOT_THERE = re.compile(
    r"(?P<what>[\w./ :-]+?): (command )?not found|No module named '?(?P<module>\w+)'?\s*\Z|Can't open .*gradlew"
)
_NO_TEST = re.compile(r"no tests? (ran|found|files?)|no test files found|found 0 tests", re.IGNORECASE)
_TELLING = re.compile(r"\b\w*(error|exception|fatal|panic)\b", re.IGNORECASE)
_NOT_FOUND = 127


@dataclass(frozen=True)
class Ran:
    """What one runner told. `fault` says why it cannot be all; `before` what failed on the tree from before, None: not asked."""

    runner: Runner
    results: Results
    exit_code: int
    fault: str = ""
    said: str = ""
    coverage: Covered | None = None
    coverage_note: str = ""
    compared: bool = False

    @property
    def new_failures(self) -> tuple[Case, ...]:
        """What fails and did not fail before, as far as that is known."""
        return tuple(case for case in self.results.of(Status.FAILED) if not case.before)


class Running:
    """Runs tests at a bench."""

    def __init__(self, bench: Workbench, timeout_seconds: float, repeats: int, *, measured: bool) -> None:
        self._bench = bench
        self._seconds = timeout_seconds
        self._repeats = repeats
        self._measured = measured

    async def run(self, runner: Runner, *, compare: bool) -> Ran:
        """Return what became of a runner's tests.

        Raises:
            UnavailableError: the runner is not installed in the sandbox, or cannot be fetched.
        """
        self._bench.say(f"running {runner.name} in {runner.folder or 'the root'}: {runner.why}")
        measured = self._measured and bool(runner.covered)
        done = await self._do(runner, measured=measured)
        _refuse_absent(runner, done)
        results, fault = _read(runner, done)
        results = await self._isolated(runner, results)
        compared = compare and bool(results.of(Status.FAILED))
        if compared:
            results = await self._compared(runner, results)
        told = sections(done.stdout).get(COVERAGE, "")
        coverage = read_coverage(runner.coverage, told) if measured else None
        note = "" if coverage or not self._measured else _unmeasured(runner, measured=measured)
        said = (done.stderr or done.stdout).strip()[-_TAIL:]
        return Ran(runner, results, done.exit_code, fault, said, coverage, note, compared)

    async def _do(
        self, runner: Runner, only: str = "", *, measured: bool = False, before: bool = False
    ) -> CommandResult:
        line = reporting(runner, only, measured=measured)
        return await self._bench.try_out(
            line, timeout_seconds=self._seconds, environment=runner.environment, before=before
        )

    async def _isolated(self, runner: Runner, results: Results) -> Results:
        """Run what failed again alone: what then passes at least once is flaky, not passed."""
        failed = results.of(Status.FAILED)
        if not failed or len(failed) > MOST_ALONE or runner.form is Form.EXIT:
            return results
        flaky = {case.id for case in failed if await self._passes_alone(runner, case)}
        cases = [
            case.model_copy(update={"status": Status.FLAKY}) if case.id in flaky else case
            for case in results.cases
        ]
        return results.model_copy(update={"cases": tuple(cases)})

    async def _passes_alone(self, runner: Runner, case: Case) -> bool:
        for _ in range(self._repeats):
            done = await self._do(runner, alone(runner, case) or "")
            told, _fault = _read(runner, done)
            if any(one.id == case.id and one.status is Status.PASSED for one in told.cases):
                return True
        return False

    async def _compared(self, runner: Runner, results: Results) -> Results:
        """Mark the failures with whether they were there before the run changed anything."""
        try:
            done = await self._do(runner, before=True)
        except AstrolabeError as error:  # what it needs was not locked then: nothing is known of before
            self._bench.say(f"{runner.name} could not be run on the tree from before: {error}")
            return results
        told, fault = _read(runner, done)
        ended = {case.id: case.status for case in told.cases}
        cases = [_since(case, ended.get(case.id), fault) for case in results.cases]
        return results.model_copy(update={"cases": tuple(cases)})


def _since(case: Case, before: Status | None, fault: str) -> Case:
    if case.status is not Status.FAILED or (before is None and fault):
        return case
    return case.model_copy(update={"before": before is Status.FAILED})


def _read(runner: Runner, done: CommandResult) -> tuple[Results, str]:
    """Return what a report told, and why it cannot be all of it."""
    if runner.form is Form.EXIT:
        return _whole(done), "it still ran when its time was over" if done.timed_out else ""
    results = read_results(runner.form, sections(done.stdout).get(RESULTS, ""))
    if done.timed_out:
        return results, "it still ran when its time was over"
    if not results.cases and (not results.fault or _NO_TEST.search(done.stderr[-_TAIL:])):
        return results, f"it ran no test{_reason(done)}"
    if results.fault:
        return results, f"{results.fault}{_reason(done)}"
    if done.exit_code != 0 and not results.of(Status.FAILED):
        return results, f"no test tells why it failed{_reason(done)}"
    skipped = results.count(Status.SKIPPED)
    return results, f"it skipped each of its {skipped} tests" if skipped == len(results.cases) else ""


def _reason(done: CommandResult) -> str:
    """Return how a runner ended and the lines that say most of why; nothing when it ended well."""
    if done.exit_code == 0:
        return ""
    lines = [line.strip() for line in done.stderr[-_TAIL:].splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if _TELLING.search(line)), max(0, len(lines) - 3))
    told = " / ".join(lines[first : first + 3]) or "without a word"
    return f"; it ended with code {done.exit_code}: {told[:400]}"


def _whole(done: CommandResult) -> Results:
    status = Status.PASSED if done.exit_code == 0 and not done.timed_out else Status.FAILED
    said = (done.stderr or done.stdout).strip()[-_TAIL:]
    message = "" if status is Status.PASSED else said
    return Results(cases=(Case(id="all tests", status=status, message=message),))


def _refuse_absent(runner: Runner, done: CommandResult) -> None:
    """Tell a runner that is not there from tests that fail."""
    absent = _NOT_THERE.search(done.stderr[-_TAIL:]) if done.exit_code == _NOT_FOUND else None
    if absent is None:
        return
    notes = "".join(f" {note[:1].upper()}{note[1:]}." for note in runner.notes)
    raise UnavailableError(
        f"the tests of {runner.folder or 'the root'} were not run: {absent.group().strip()[-200:]}",
        hint=f"The sandbox shows the programs below /usr and what lock files install; {runner.program} is not among them.{notes}",
    )


def _unmeasured(runner: Runner, *, measured: bool) -> str:
    return (
        "the coverage tool left no figures"
        if measured
        else f"the project has no coverage tool for {runner.name}"
    )
