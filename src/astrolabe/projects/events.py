"""Runners with forms of their own: `go test -json`, the JSON of jest and vitest, and what `cargo test` prints."""

import re
from collections import defaultdict
from typing import Any, cast

from astrolabe.projects.foreign import json_of
from astrolabe.projects.listing import mapping
from astrolabe.projects.results import MOST_MESSAGE, Gathered, Results, Status, local, seconds_of

_ENDS = {
    "pass": Status.PASSED,
    "passed": Status.PASSED,
    "fail": Status.FAILED,
    "failed": Status.FAILED,
    "skip": Status.SKIPPED,
    "skipped": Status.SKIPPED,
    "pending": Status.SKIPPED,
    "todo": Status.SKIPPED,
    "disabled": Status.SKIPPED,
}
_CARGO = re.compile(r"test (?P<name>.+?)(?: - should panic)? \.\.\. (?P<end>ok|FAILED|ignored)\b")
_CARGO_TARGET = re.compile(r"\s*(?:Running|Doc-tests) (?P<name>.*?)(?: \(.*\))?\Z")
_CARGO_OUTPUT = re.compile(r"---- (?P<name>.+?) stdout ----\Z")
_CARGO_END = re.compile(r"test result: \w+\. \d+ passed")


def read_go(text: str) -> Results:
    """Read a stream of events (`go doc test2json`). A test with subtests is told by these; a package that fails without a failed test by itself."""
    gathered, fault = Gathered(), ""
    output: defaultdict[str, list[str]] = defaultdict(list)
    parents, failed = set[str](), set[str]()
    ended: list[tuple[str, str, dict[str, Any]]] = []
    for line in text.splitlines():
        event = _object(line)
        if event is None:
            fault = fault or (f"it has a line that is no event: {line[:80]!r}" if line.strip() else "")
            continue
        package, test = str(event.get("Package", "")), str(event.get("Test", ""))
        name = f"{package}::{test}" if test else package
        action = str(event.get("Action", ""))
        if action == "output" and sum(map(len, output[name])) < 10 * MOST_MESSAGE:
            output[name].append(str(event.get("Output", "")))
        elif action in _ENDS and (test or package):
            ended.append((name, test, event))
            parents.update(f"{package}::{above}" for above in _above(test))
            failed.update({package} if test and action == "fail" else ())
    for name, test, event in ended:
        status = _ENDS[str(event["Action"])]
        silent = name in parents or (not test and (status is not Status.FAILED or name in failed))
        if not silent:
            told = "".join(output[name]) if status is Status.FAILED else ""
            gathered.add(name, status, seconds=seconds_of(event.get("Elapsed")), message=told)
    return gathered.results(fault or ("" if ended else "it tells of no test"))


def _above(test: str) -> list[str]:
    parts = test.split("/")[:32]
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def read_jest(text: str) -> Results:
    """Read the JSON that jest and vitest write; a file that could not be run is a failed test of its own name."""
    gathered = Gathered()
    document = _object(text)
    files = None if document is None else document.get("testResults")
    if not isinstance(files, list):
        return gathered.results("it is no JSON with testResults")
    for file in cast("list[object]", files):
        _jest_file(gathered, mapping(file))
    return gathered.results()


def _jest_file(gathered: Gathered, file: dict[str, Any]) -> None:
    path = local(str(file.get("name", "")))
    told: object = file.get("assertionResults")
    tests = [mapping(one) for one in cast("list[object]", told)] if isinstance(told, list) else []
    if not tests and file.get("status") == "failed":
        gathered.add(path, Status.FAILED, message=str(file.get("message", "")), file=path)
    for one in tests:
        messages: object = one.get("failureMessages")
        shown = "\n".join(map(str, cast("list[object]", messages))) if isinstance(messages, list) else ""
        milliseconds = seconds_of(one.get("duration"))
        gathered.add(
            f"{path}::{one.get('fullName') or one.get('title', '')}",
            _ENDS.get(str(one.get("status")), Status.FAILED),
            seconds=None if milliseconds is None else milliseconds / 1000,
            message=shown,
            file=path,
        )


def read_cargo(text: str) -> Results:
    """Read what `cargo test` prints; without a line that sums up, it was cut off or did not compile."""
    gathered = Gathered()
    target, ended, listening = "", False, ""
    output: defaultdict[str, list[str]] = defaultdict(list)
    tests: list[tuple[str, Status]] = []
    for line in text.splitlines():
        if found := _CARGO_TARGET.match(line):
            target = found["name"]
        elif found := _CARGO.match(line):
            status = {"ok": Status.PASSED, "FAILED": Status.FAILED, "ignored": Status.SKIPPED}[found["end"]]
            tests.append((_cargo_name(target, found["name"]), status))
        elif found := _CARGO_OUTPUT.match(line):
            listening = _cargo_name(target, found["name"])
        elif _CARGO_END.match(line):
            ended, listening = True, ""
        elif listening and len(output[listening]) < MOST_MESSAGE:
            output[listening].append(line)
    for name, status in tests:
        gathered.add(name, status, message="\n".join(output[name]) if status is Status.FAILED else "")
    return gathered.results(
        "" if ended else "it has no line that sums up: it did not compile, or was cut off"
    )


def _cargo_name(target: str, name: str) -> str:
    return f"{target}::{name}" if target else name


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json_of(text)
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
