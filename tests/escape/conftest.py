"""Says in the end how many of the attempts held, and whether the host says otherwise."""

import pytest

from tests.contract.sandbox.conftest import marker

__all__ = ["marker"]

_ATTEMPTS = ("::test_it_does_not_", "/test_starving.py::")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed, failed = _cases(terminalreporter, "passed"), _cases(terminalreporter, "failed", "error")
    held, broken = (set(filter(_is_attempt, cases)) for cases in (passed - failed, failed))
    but = f"; {len(failed - broken)} looks at what they left failed" if failed - broken else ""
    terminalreporter.write_line(f"escape: {len(held)} of {len(held | broken)} attempts held{but}")


def _cases(reporter: pytest.TerminalReporter, *outcomes: str) -> set[str]:
    reports = [report for outcome in outcomes for report in reporter.getreports(outcome)]
    names = {report.nodeid for report in reports if isinstance(report, pytest.TestReport)}
    return {name for name in names if name.startswith("tests/escape/")}


def _is_attempt(name: str) -> bool:
    return any(part in name for part in _ATTEMPTS)
