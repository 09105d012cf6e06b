"""A way to run a project's tests: the command, what it needs, and the form in which it tells of each test."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from shlex import quote

from astrolabe.domain.plan import Environment

SECTION = "-----astrolabe-section-----"
"""Stands before each thing a reporting command prints: `<SECTION> <name>` on a line of its own."""
RESULTS, COVERAGE = "results", "coverage"


class Form(StrEnum):
    """How a runner tells of its tests. EXIT: only whether all is well."""

    JUNIT = "junit"
    TAP = "tap"
    GO = "go"
    JEST = "jest"
    CARGO = "cargo"
    EXIT = "exit"


class Coverage(StrEnum):
    """How a runner tells how much of the code its tests reach."""

    NONE = "none"
    PYTHON = "python"
    JEST = "jest"
    GO = "go"


@dataclass(frozen=True)
class Runner:
    """How the tests of one folder are run.

    `command` is the shell line a person would type at the workspace's root; it ends with 0 exactly when all is well.
    `detailed` writes its results to "$R/results" or, where `collects` is given, leaves files which that prints. `{only}`
    stands in it where chosen tests are named, and `everything` is what stands there when all are run. `notes` are what may keep it from running, one sentence each.
    """

    name: str
    language: str
    folder: str
    command: str
    detailed: str
    form: Form
    environment: Environment = field(default_factory=Environment)
    why: str = ""
    everything: str = ""
    collects: str = ""
    coverage: Coverage = Coverage.NONE
    covered: str = ""
    notes: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """What has to be installed for it, in a word."""
        return {"java": self.name, "go": "go", "rust": "cargo"}.get(self.language, self.name)


def reporting(runner: Runner, only: str = "", *, measured: bool = False) -> str:
    """Return a shell line that runs tests (all, or those `only` selects) and prints nothing but sections on its output.

    What tests print themselves goes to its standard error. It ends with the runner's exit code.
    """
    line = runner.covered if measured and runner.covered else runner.detailed
    told = [
        f"printf '%s\\n' {quote(f'{SECTION} {RESULTS}')}",
        runner.collects or 'cat "$R/results" 2>/dev/null',
    ]
    if measured and runner.covered:
        told += [f"printf '\\n%s\\n' {quote(f'{SECTION} {COVERAGE}')}", 'cat "$R/coverage" 2>/dev/null']
    steps = [f"( {line.replace('{only}', only or runner.everything)} ) >&2; code=$?", *told, "exit $code"]
    return f"R=$(mktemp -d) || exit 1; {enter(runner.folder)}{'; '.join(steps)}"


def enter(folder: str) -> str:
    """Return what goes before a line that is to run in a folder."""
    return f"cd {quote(folder)} || exit 1; " if folder else ""


def sections(output: str) -> dict[str, str]:
    """Cut what a reporting command printed into its sections."""
    found: dict[str, str] = {}
    for part in f"\n{output}".split(f"\n{SECTION} ")[1:]:
        name, _, body = part.partition("\n")
        found.setdefault(name.strip(), body)
    return found


def words(items: Sequence[str]) -> str:
    """Return words as a shell line has them."""
    return " ".join(map(quote, items))
