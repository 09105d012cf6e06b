"""Runs inside, by a bare interpreter: find unittest's tests, run them, and write what became of each, as TAP, to a file.

usage: python -c THIS FILE START PATTERN [TEST...]
"""

import sys
import unittest
from pathlib import Path
from typing import Any, TextIO

MOST_CHARACTERS = 3000


class Told(unittest.TextTestResult):
    """Writes a line for each test as soon as it is over."""

    out: TextIO
    count = 0

    def _tell(self, test: unittest.TestCase, word: str, more: str = "") -> None:
        Told.count += 1
        name = " ".join(test.id().replace("#", "\\#").split())
        self.out.write(f"{word} {Told.count} - {name}{more}\n")
        self.out.flush()

    def _detail(self, text: str) -> None:
        indented = "".join(f"    {line}\n" for line in text[-MOST_CHARACTERS:].splitlines())
        self.out.write(f"  ---\n  error: |-\n{indented}  ...\n")

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's name
        super().addSuccess(test)
        self._tell(test, "ok")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._tell(test, "not ok")
        self._detail(self.failures[-1][1])

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        self._tell(test, "not ok")
        self._detail(self.errors[-1][1])

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._tell(test, "not ok", "")
            self._detail((self.failures + self.errors)[-1][1])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self._tell(test, "ok", f" # SKIP {' '.join(reason.split())}")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)
        self._tell(test, "ok")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._tell(test, "not ok")


def run(file: str, start: str, pattern: str, *names: str) -> int:
    """Return 0 when there were tests and all went well."""
    loader = unittest.TestLoader()
    with Path(file).open("w", encoding="utf-8", errors="replace") as Told.out:
        found = loader.loadTestsFromNames(names) if names else loader.discover(start, pattern, ".")
        kind: Any = Told
        result = unittest.TextTestRunner(resultclass=kind, verbosity=0).run(found)
        Told.out.write(f"1..{Told.count}\n")
    return 0 if result.wasSuccessful() and Told.count else 1


if __name__ == "__main__":
    sys.path.insert(0, "")
    sys.exit(run(*sys.argv[1:]))
