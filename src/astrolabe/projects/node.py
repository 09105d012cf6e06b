"""JavaScript and TypeScript: vitest, jest, mocha, Node's own runner, or whatever `npm test` calls."""

import re
from collections.abc import Iterator
from typing import Any

from astrolabe.domain.plan import Environment
from astrolabe.projects.listing import Listing, folder_of, mapping, within
from astrolabe.projects.runner import Coverage, Form, Runner, enter

_NO_TESTS = re.compile(r"no test specified")
_NODE = re.compile(r"\bnode\s+(?P<before>(?:-\S+\s+)*)--test\b(?P<after>[^&|;]*)")
_VITEST_COVERAGE = ("@vitest/coverage-v8", "@vitest/coverage-istanbul")
_OTHER_LOCKS = ("pnpm-lock.yaml", "yarn.lock", "bun.lockb", "bun.lock")


def node_runners(listing: Listing) -> Iterator[Runner]:
    """Yield a runner for each package that has tests of its own."""
    for manifest in listing.named("package.json"):
        package = listing.json(manifest)
        folder = folder_of(manifest)
        script = mapping(package.get("scripts")).get("test")
        line = script if isinstance(script, str) and not _NO_TESTS.search(script) else ""
        if line or _has_runner(package):
            yield from _runner(listing, manifest, folder, package, line)


def _dependencies(package: dict[str, Any]) -> dict[str, Any]:
    return mapping(package.get("dependencies")) | mapping(package.get("devDependencies"))


def _has_runner(package: dict[str, Any]) -> bool:
    return any(name in _dependencies(package) for name in ("vitest", "jest", "mocha"))


def _runner(
    listing: Listing, manifest: str, folder: str, package: dict[str, Any], line: str
) -> Iterator[Runner]:
    environment, notes = _environment(listing, folder, package)
    framework = _framework(package, line)
    if not framework and _is_workspace_root(package, line):
        return  # it only calls the tests of its packages, which are found themselves
    detailed, form, covered = _lines(framework, line)
    if framework == "vitest" and not any(name in _dependencies(package) for name in _VITEST_COVERAGE):
        covered = ""  # it would ask to install one
    path = _path(environment, folder)
    yield Runner(
        name=framework or "npm test",
        language="javascript",
        folder=folder,
        command=f"{enter(folder)}npm test" if line else f"{enter(folder)}{path}{framework}",
        detailed=path + detailed,
        form=form,
        everything=_node(line)[1] if framework == "node:test" else "",
        environment=environment,
        why=f"{manifest} says `{line[:80]}`" if line else f"{manifest} depends on {framework}",
        coverage=Coverage.JEST if covered else Coverage.NONE,
        covered=path + covered if covered else "",
        notes=notes,
    )


def _framework(package: dict[str, Any], line: str) -> str:
    if _NODE.search(line):
        return "node:test"
    for name in ("vitest", "jest", "mocha"):
        if re.search(rf"\b{name}\b", line):
            return name
    known = _dependencies(package)
    return next((name for name in ("vitest", "jest", "mocha") if name in known and not line), "")


def _is_workspace_root(package: dict[str, Any], line: str) -> bool:
    return "workspaces" in package and bool(re.search(r"--workspaces?\b|-ws\b|turbo|lerna|nx\b", line))


def _lines(framework: str, line: str) -> tuple[str, Form, str]:
    """Return what runs the tests and writes results, their form, and the same with coverage."""
    summary = '; code=$?; mv "$R/c/coverage-summary.json" "$R/coverage"; exit $code'
    match framework:
        case "vitest":
            run = 'CI=1 vitest run --reporter=json --outputFile="$R/results" {only}'
            more = ' --coverage --coverage.reportOnFailure --coverage.reporter=json-summary --coverage.reportsDirectory="$R/c"'
            return run, Form.JEST, run + more + summary
        case "jest":
            run = 'CI=1 jest --ci --json --outputFile="$R/results" {only}'
            more = ' --coverage --coverageReporters=json-summary --coverageDirectory="$R/c"'
            return run, Form.JEST, run + more + summary
        case "mocha":
            return 'CI=1 mocha --reporter xunit --reporter-option output="$R/results" {only}', Form.JUNIT, ""
        case "node:test":
            return _node(line)[0], Form.TAP, ""
        case _:
            return "npm test", Form.EXIT, ""


def _node(line: str) -> tuple[str, str]:
    """Return what runs Node's own runner, and the files it is to run: all of the script's when none are chosen."""
    found = _NODE.search(line)
    before, after = (found["before"], found["after"].strip()) if found else ("", "")
    told = '--test-reporter=tap --test-reporter-destination="$R/results"'
    return f"node {before}--test {told} {{only}}", after


def _environment(
    listing: Listing, folder: str, package: dict[str, Any]
) -> tuple[Environment, tuple[str, ...]]:
    locks = [path for path in listing.named("package-lock.json") if within(folder_of(path), f"{folder}/x")]
    nearest = tuple(sorted(locks, key=len)[-1:])
    if nearest or not _dependencies(package):
        return Environment(toolchains=("node",), lockfiles=nearest), ()
    other = next(
        (path for path in listing.named(*_OTHER_LOCKS) if within(folder_of(path), f"{folder}/x")), ""
    )
    note = f"{other} cannot be installed from" if other else "its dependencies are not locked"
    return Environment(toolchains=("node",)), (f"{note}; only a package-lock.json can",)


def _path(environment: Environment, folder: str) -> str:
    """Return the assignment that puts the programs of installed packages on PATH."""
    above = {folder_of(lockfile) for lockfile in environment.lockfiles} | {folder}
    depth = folder.count("/") + 1 if folder else 0
    ups = [
        "../" * (depth - (one.count("/") + 1 if one else 0)) for one in sorted(above, key=len, reverse=True)
    ]
    return "".join(f'PATH="$PWD/{up}node_modules/.bin:$PATH"; ' for up in ups) + "export PATH; "
