"""JUnit's XML, as pytest, mocha, Maven and Gradle write it: https://github.com/testmoapp/junitxml.

It is read as a stream. A document type, and with it every entity that could expand or reach a file, ends the reading.
"""

import re

from astrolabe.projects.markup import NotWhole, RefusedError, feed
from astrolabe.projects.results import MOST_MESSAGE, Gathered, Results, Status, local, seconds_of

_DECLARATION = re.compile(r"<\?xml\b[^<>]*\?>")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DEEPEST = 64
_ENDS = {"failure": Status.FAILED, "error": Status.FAILED, "skipped": Status.SKIPPED}
_TOLD = frozenset({"failure", "error", "skipped", "rerunFailure", "flakyFailure"})


def read_junit(text: str) -> Results:
    """Read one document, or several one after the other."""
    gathered = Gathered()
    documents = [part for part in _DECLARATION.split(text) if part.strip()]
    if not documents:
        return gathered.results("the report is empty")
    faults = [fault for part in documents if (fault := _Document(gathered).read(part))]
    return gathered.results(faults[0] if faults else "")


class _Document:
    """One document being read."""

    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._depth = 0
        self._case: dict[str, str] | None = None
        self._status = Status.PASSED
        self._message: list[str] = []
        self._hears = False
        self._suites: list[str] = []

    def read(self, text: str) -> str:
        """Return what is wrong with it; nothing when nothing is."""
        try:
            feed(_NOT_XML.sub("\ufffd", text).encode(), self)
        except NotWhole as error:
            return f"it is no whole XML: {error}"
        except RefusedError as error:
            return str(error)
        return ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RefusedError(f"its elements are nested more than {_DEEPEST} deep")
        if name == "testsuite":
            self._suites.append(attributes.get("file", ""))
        elif name == "testcase":
            self._case, self._status, self._message = attributes, Status.PASSED, []
        elif self._case is not None and name in _TOLD:
            self._status = _ENDS.get(name, self._status)
            self._hears = name in _ENDS
            self._message.append(attributes.get("message", "") if self._hears else "")

    def hear(self, text: str) -> None:
        if self._hears and sum(map(len, self._message)) < 10 * MOST_MESSAGE:
            self._message.append(text)

    def end(self, name: str) -> None:
        self._depth -= 1
        if name in _TOLD:
            self._hears = False
        elif name == "testsuite" and self._suites:
            self._suites.pop()
        elif name == "testcase" and self._case is not None:
            self._add(self._case)
            self._case = None

    def _add(self, case: dict[str, str]) -> None:
        owner, name = case.get("classname", ""), case.get("name", "")
        file = local(case.get("file") or next((one for one in reversed(self._suites) if one), ""))
        self._gathered.add(
            f"{owner}::{name}" if owner else name,
            self._status,
            seconds=seconds_of(case.get("time")),
            message="\n".join(filter(None, self._message)),
            file=file,
        )
