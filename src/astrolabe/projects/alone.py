"""How one test is run alone, so that what it owes to others, or to chance, is seen."""

import re
from shlex import quote

from astrolabe.projects.results import Case
from astrolabe.projects.runner import Runner

_REGEX = re.compile(r"[\\^$.*+?()\[\]{}|/]")


def alone(runner: Runner, case: Case) -> str | None:
    """Return what selects a test in its runner's reporting command; None when the runner cannot be told which."""
    match runner.name:
        case "pytest":
            return _pytest(case)
        case "unittest":
            return quote(case.id)
        case "jest" | "vitest":
            return _jest(runner, case)
        case "mocha":
            name = _escaped(case.id.replace("::", " ", 1))
            return f"--grep {quote(f'^{name}$')}"
        case "node:test":
            return quote(_inside(runner, case.file)) if case.file else None
        case "go test":
            return _go(case)
        case "maven":
            return f"-Dtest={quote(case.id.replace('::', '#'))} -Dsurefire.failIfNoSpecifiedTests=false"
        case "gradle":
            return f"--tests {quote(case.id.replace('::', '.').removesuffix('()'))}"
        case "cargo test":
            return f"-- --exact {quote(_rust(case.id))}"
        case _:
            return None


def _inside(runner: Runner, file: str) -> str:
    return file.removeprefix(f"{runner.folder}/") if runner.folder else file


def _pytest(case: Case) -> str | None:
    """Return the node id: the file, the classes that the class name has beyond the module, the test."""
    owner, _, name = case.id.rpartition("::")
    if not case.file:
        return None
    module = re.sub(r"\.py\Z", "", case.file).replace("/", ".")
    inner = owner.removeprefix(module).strip(".") if owner.startswith(module) else ""
    return quote("::".join([case.file, *filter(None, inner.split(".")), name]))


def _jest(runner: Runner, case: Case) -> str:
    name = case.id.partition("::")[2]
    return f"{quote(_inside(runner, case.file))} -t {quote(f'^{_escaped(name)}$')}"


def _escaped(name: str) -> str:
    return _REGEX.sub(lambda found: f"\\{found.group()}", name)


def _go(case: Case) -> str | None:
    package, _, test = case.id.partition("::")
    if not test:
        return quote(package)
    steps = "/".join(f"^{re.escape(part)}$" for part in test.split("/"))
    return f"-run {quote(steps)} {quote(package)}"


def _rust(name: str) -> str:
    """Return a test's own path: before it stands the target, as `src/lib.rs` or `unittests src/lib.rs`."""
    return name.partition(".rs::")[2] or name
