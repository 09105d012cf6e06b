"""What is kept and said of runs of tests."""

from collections.abc import Sequence
from typing import Any

from astrolabe.roles.test.running import Ran
from astrolabe.sdk import Case, Status

MOST_TOLD = 200
MOST_NAMES = 5000
_MESSAGE = 1000
_SHOWN = 10


def report_of(ran: Sequence[Ran]) -> dict[str, Any]:
    """Return the results as JSON: counts, each test that did not simply pass, and the names of those that did."""
    return {"v": 1, "verdict": verdict(ran), "runners": [_runner(one) for one in ran]}


def verdict(ran: Sequence[Ran]) -> str:
    """Return `passed`, `passed-before` (nothing fails that did not before) or `failed`."""
    if any(one.fault or one.new_failures for one in ran):
        return "failed"
    return "passed" if not any(one.results.of(Status.FAILED) for one in ran) else "passed-before"


def _runner(ran: Ran) -> dict[str, Any]:
    results = ran.results
    notable = [case for case in results.cases if case.status in {Status.FAILED, Status.FLAKY}]
    return {
        "runner": ran.runner.name,
        "folder": ran.runner.folder,
        "command": ran.runner.command,
        "exit_code": ran.exit_code,
        "fault": ran.fault,
        "said": ran.said if ran.fault else "",
        "total": len(results.cases),
        **{status.value: results.count(status) for status in Status},
        "new_failures": len(ran.new_failures),
        "compared_with_before": ran.compared,
        "tests": [_case(case) for case in notable[:MOST_TOLD]],
        "passing": [
            case.id
            for case in results.of(Status.PASSED)[: MOST_NAMES // max(1, len(results.cases) // MOST_NAMES)]
        ],
        "coverage": None if ran.coverage is None else ran.coverage.model_dump(),
        "coverage_note": ran.coverage_note,
        "notes": list(ran.runner.notes),
    }


def _case(case: Case) -> dict[str, Any]:
    return case.model_dump(mode="json") | {"message": case.message[-_MESSAGE:]}


def summary(ran: Sequence[Ran]) -> str:
    """Return a few lines for a person, or for a model that is to mend what fails."""
    return "\n".join(line for one in ran for line in _lines(one))


def _lines(ran: Ran) -> list[str]:
    counts = [f"{ran.results.count(status)} {status.value}" for status in Status if ran.results.count(status)]
    where = ran.runner.folder or "the root"
    lines = [f"{ran.runner.name} in {where}: {', '.join(counts) or 'no test'}"]
    if ran.fault:
        lines += [f"  not the whole truth: {ran.fault}", *(f"  {note}" for note in ran.runner.notes)]
    if ran.coverage is not None:
        lines.append(f"  coverage: {ran.coverage.lines:.1f} % of lines")
    elif ran.coverage_note:
        lines.append(f"  coverage: not measured, {ran.coverage_note}")
    notable = [case for case in ran.results.cases if case.status in {Status.FAILED, Status.FLAKY}]
    lines += [f"  {_word(case)}: {case.id}" for case in notable[:_SHOWN]]
    return lines + ([f"  and {len(notable) - _SHOWN} more"] if len(notable) > _SHOWN else [])


def _word(case: Case) -> str:
    if case.status is Status.FLAKY:
        return "flaky"
    return {None: "fails", True: "failed before", False: "fails now"}[case.before]
