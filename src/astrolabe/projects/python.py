"""Python: pytest and unittest, also where tox calls them."""

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import cast

from astrolabe.domain.plan import Environment
from astrolabe.projects.listing import PYTHON_TEST, Listing, folder_of, mapping, name_of, own, within
from astrolabe.projects.runner import Coverage, Form, Runner, enter, words

_PYTHON = '"$ASTROLABE_PYTHON" -S'
_CONFIGURED = re.compile(r"^\[(tool:)?pytest\]", re.MULTILINE)
_FUNCTION = re.compile(
    r"^(async )?def test_|^[ \t]*(import|from) pytest\b|^class Test\w*(\(\))?:", re.MULTILINE
)
_UNITTEST = re.compile(r"^[ \t]*(import|from) unittest\b|\bTestCase\)", re.MULTILINE)
_NEEDED = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)")
_TOLD = 5
_ROOTS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini")


def python_runners(listing: Listing) -> Iterator[Runner]:
    """Yield a runner for each Python project that has tests; a project is a folder with a manifest, or else the root."""
    tests = [path for path in own(listing.paths) if PYTHON_TEST.match(name_of(path))]
    left = set(tests)
    for folder in _projects(listing, tests):
        mine = sorted(path for path in left if within(folder, path))
        left.difference_update(mine)
        if mine:
            yield _runner(listing, folder, mine)


def _projects(listing: Listing, tests: Sequence[str]) -> list[str]:
    """Return the projects' folders, the deepest first, so that a test belongs to the one nearest to it."""
    folders = {folder_of(path) for path in listing.named(*_ROOTS)}
    folders = {folder for folder in folders if any(within(folder, test) for test in tests)}
    return sorted(folders | {""}, key=lambda folder: (-len(folder.split("/")) * bool(folder), folder))


def _runner(listing: Listing, folder: str, tests: Sequence[str]) -> Runner:
    why = _pytest_reason(listing, folder, tests)
    environment, notes = _environment(listing, folder, pytest=bool(why))
    path = f"PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={_sources(listing, folder)}" + '"${PYTHONPATH:-}" '
    if why:
        measurable = any(
            re.search(r"^coverage\b", listing.text(lock), re.MULTILINE) for lock in environment.lockfiles
        )
        return _pytest(folder, path, environment, why, notes, measurable=measurable)
    return _unittest(folder, path, environment, notes, tests)


def _pytest(
    folder: str, path: str, environment: Environment, why: str, notes: tuple[str, ...], *, measurable: bool
) -> Runner:
    quiet = "-p no:cacheprovider"
    told = f'{quiet} -q -o junit_family=xunit1 --junitxml="$R/results" {{only}}'
    measure = (
        f'{path}COVERAGE_FILE="$R/data" {_PYTHON} -m coverage run --source=. -m pytest {told}; code=$?; '
        f'COVERAGE_FILE="$R/data" {_PYTHON} -m coverage json -q -o "$R/coverage"; exit $code'
    )
    return Runner(
        name="pytest",
        language="python",
        folder=folder,
        command=f"{enter(folder)}{path}{_PYTHON} -m pytest {quiet}",
        detailed=f"{path}{_PYTHON} -m pytest {told}",
        form=Form.JUNIT,
        environment=environment,
        why=why,
        coverage=Coverage.PYTHON if measurable else Coverage.NONE,
        covered=measure if measurable else "",
        notes=notes,
    )


def _unittest(
    folder: str, path: str, environment: Environment, notes: tuple[str, ...], tests: Sequence[str]
) -> Runner:
    start, pattern = _where(folder, tests)
    script = resources.files("astrolabe.projects").joinpath("unittest_tap.py").read_text("utf-8")
    return Runner(
        name="unittest",
        language="python",
        folder=folder,
        command=f"{enter(folder)}{path}{_PYTHON} -m unittest discover -s {words([start])} -t . -p {words([pattern])}",
        detailed=f'{path}{_PYTHON} -c {words([script])} "$R/results" {words([start, pattern])} {{only}}',
        form=Form.TAP,
        environment=environment,
        why=f"{tests[0]} uses unittest",
        notes=notes,
    )


def _where(folder: str, tests: Sequence[str]) -> tuple[str, str]:
    """Return the folder in which unittest finds most tests, and the pattern of their names."""
    local = [test[len(folder) + 1 :] if folder else test for test in tests]
    tops = {test.split("/")[0] if "/" in test else "." for test in local}
    start = tops.pop() if len(tops) == 1 else "."
    prefixed = sum(name_of(test).startswith("test") for test in local)
    return start, "test*.py" if prefixed * 2 >= len(local) else "*_test.py"


def _pytest_reason(listing: Listing, folder: str, tests: Sequence[str]) -> str:
    """Say what tells that pytest is meant; nothing when nothing does."""
    at = f"{folder}/" if folder else ""
    if listing.has(f"{at}pytest.ini"):
        return f"{at}pytest.ini is there"
    for name in ("tox.ini", "setup.cfg"):
        if _CONFIGURED.search(listing.text(at + name)):
            return f"{at}{name} has a section for pytest"
    if "pytest" in mapping(listing.toml(f"{at}pyproject.toml").get("tool")):
        return f"{at}pyproject.toml has a section for pytest"
    naming = [path for path in listing.texts if within(folder, path) and not PYTHON_TEST.match(name_of(path))]
    for path in naming:
        if re.search(r"\bpytest\b", listing.text(path)) and name_of(path) != "package.json":
            return f"{path} names pytest"
    conftest = next((path for path in listing.named("conftest.py") if within(folder, path)), "")
    if conftest:
        return f"{conftest} is there"
    plain = next((test for test in tests if _tests_as_functions(listing.text(test))), "")
    if plain:
        return f"{plain} has tests as functions"
    unknown = not any(_UNITTEST.search(listing.text(test)) for test in tests)
    return f"{tests[0]} is there" if unknown else ""


def _tests_as_functions(text: str) -> bool:
    return bool(_FUNCTION.search(text))


def _environment(listing: Listing, folder: str, *, pytest: bool) -> tuple[Environment, tuple[str, ...]]:
    locks = [path for path in listing.named("requirements.txt") if _hashed(listing.text(path))]
    near = [path for path in locks if within(folder, path) or within(folder_of(path), f"{folder}/x")]
    toolchains = ("python", "pytest") if pytest else ("python",)
    needed = _needed(listing, folder)
    notes = () if near or not needed else (_unlocked(needed),)
    return Environment(toolchains=toolchains, lockfiles=tuple(near[:1])), notes


def _unlocked(needed: Sequence[str]) -> str:
    named = ", ".join(needed[:_TOLD]) + (" and more" if len(needed) > _TOLD else "")
    return f"it needs {named}, which is installed only where a requirements.txt locks it with hashes"


def _hashed(text: str) -> bool:
    return "--hash=sha256:" in text


def _needed(listing: Listing, folder: str) -> list[str]:
    """Return the names of what a project says it depends on, besides pytest itself."""
    at = f"{folder}/" if folder else ""
    project = mapping(listing.toml(f"{at}pyproject.toml").get("project"))
    dependencies: object = project.get("dependencies")
    told = (
        [str(item) for item in cast("list[object]", dependencies)] if isinstance(dependencies, list) else []
    )
    told += [
        line for line in listing.text(f"{at}requirements.txt").splitlines() if line.strip()[:1] not in "#-"
    ]
    names = [found.group(1) for line in told if (found := _NEEDED.match(line))]
    return [name for name in dict.fromkeys(names) if name.lower() not in {"pytest", "pluggy", "iniconfig"}]


def _sources(listing: Listing, folder: str) -> str:
    """Return the folders that have to be on the path; a `src` layout is not importable from its root."""
    at = f"{folder}/" if folder else ""
    has_sources = any(path.startswith(f"{at}src/") and path.endswith(".py") for path in listing.paths)
    return '"$PWD/src:$PWD:"' if has_sources else '"$PWD:"'
