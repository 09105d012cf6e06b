"""The Test Anything Protocol, version 14 with subtests, as Node's runner writes it: https://testanything.org/tap-version-14-specification.html."""

import re

from astrolabe.projects.results import Gathered, Results, Status, local, seconds_of

_LINE = re.compile(r"(?P<pad> *)(?P<not>not )?ok\b *(?P<number>\d+)?(?: *- *| +)?(?P<rest>.*)\Z")
_DIRECTIVE = re.compile(r"(?<!\\)# *(?P<word>skip|todo)\b *(?P<why>.*)\Z", re.IGNORECASE)
_PLAN = re.compile(r"1\.\.(\d{1,9})\b")
_SUBTEST = re.compile(r"(?P<pad> *)# Subtest: (?P<name>.*)\Z")
_FIELD = re.compile(r"\s*(?P<name>duration_ms|location|type): '?(?P<value>[^']*)'?\s*\Z")
_MOST_FIELD = 1000
_STEP = 4
_DEEPEST = 40


class _Point:
    """A line that says how a test ended, with what stands below it."""

    def __init__(self, names: tuple[str, ...], status: Status, *, parent: bool) -> None:
        self.names = names
        self.status = status
        self.parent = parent
        self.lines: list[str] = []


def read_tap(text: str) -> Results:
    """Read a TAP stream; a test with subtests is told by these, each named after those above it: `parent > child`."""
    reading = _Reading()
    for line in text.splitlines():
        reading.take(line)
    return reading.end()


class _Reading:
    def __init__(self) -> None:
        self._gathered = Gathered()
        self._above: list[str] = []
        self._children: list[int] = [0]
        self._point: _Point | None = None
        self._in_block = False
        self._planned: int | None = None
        self._bailed = ""

    def take(self, line: str) -> None:
        if self._in_block:
            self._in_block = line.strip() != "..."
            if self._point is not None and self._in_block:
                self._point.lines.append(line)
            return
        if line.strip() == "---" and self._point is not None:
            self._in_block = True
        elif found := _SUBTEST.match(line):
            self._close()
            self._enter(len(found["pad"]) // _STEP, found["name"])
        elif found := _LINE.match(line):
            self._close()
            self._open(found)
        elif found := _PLAN.match(line):
            self._planned = int(found.group(1))
        elif line.startswith("Bail out!"):
            self._bailed = line.removeprefix("Bail out!").strip() or "it gave up"

    def end(self) -> Results:
        self._close()
        if self._bailed:
            return self._gathered.results(f"it was given up: {self._bailed}"[:500])
        if self._planned is None:
            return self._gathered.results("it ends without a plan: the run was cut off")
        if self._planned != self._children[0]:
            return self._gathered.results(
                f"it tells of {self._children[0]} tests, and planned {self._planned}"
            )
        return self._gathered.results()

    def _enter(self, depth: int, name: str) -> None:
        depth = min(depth, len(self._above), _DEEPEST)
        self._above = [*self._above[:depth], name]
        self._children = [*self._children[: depth + 1], 0]

    def _open(self, found: re.Match[str]) -> None:
        depth = min(len(found["pad"]) // _STEP, len(self._children) - 1)
        parent = len(self._children) > depth + 1 and self._children[depth + 1] > 0
        self._children = self._children[: depth + 1]
        self._children[depth] += 1
        directive = _DIRECTIVE.search(found["rest"])
        name = (
            (found["rest"][: directive.start()] if directive else found["rest"]).strip().replace("\\#", "#")
        )
        above = tuple(self._above[:depth])
        self._above = self._above[:depth]
        status = Status.FAILED if found["not"] else Status.PASSED
        if directive is not None:
            status = Status.SKIPPED
        self._point = _Point(
            (*above, name or f"test {found['number'] or self._children[depth]}"), status, parent=parent
        )

    def _close(self) -> None:
        point, self._point, self._in_block = self._point, None, False
        if point is None:
            return
        fields = {
            found["name"]: found["value"]
            for line in point.lines
            if (found := _FIELD.match(line[:_MOST_FIELD]))
        }
        failed_itself = point.status is Status.FAILED and not any(
            "subtest" in line and "failed" in line for line in point.lines
        )
        if point.parent and not failed_itself:
            return
        milliseconds = seconds_of(fields.get("duration_ms"))
        self._gathered.add(
            " > ".join(point.names),
            point.status,
            seconds=None if milliseconds is None else milliseconds / 1000,
            message="\n".join(point.lines) if point.status is Status.FAILED else "",
            file=local(re.sub(r"(:\d+)+\Z", "", fields.get("location", ""))),
        )
