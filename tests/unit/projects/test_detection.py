"""How a project's tests are run follows from its listing alone."""

import pytest

from astrolabe.projects.detection import runners
from astrolabe.projects.detection import test_command as command_of
from astrolabe.projects.listing import Listing, worth_reading
from astrolabe.projects.runner import Form

FUNCTIONS = "def test_a():\n    assert True\n"
CASES = "import unittest\nclass T(unittest.TestCase):\n    def test_a(self): ...\n"
HASHED = "pytest==9.0.2 --hash=sha256:" + "0" * 64


def of(files: dict[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    found = runners(Listing(tuple(files), {path: files[path] for path in worth_reading(files)}))
    return [(one.name, one.folder, one.environment.lockfiles) for one in found]


def package(test: str = "", **dependencies: str) -> str:
    scripts = f'"scripts": {{"test": "{test}"}}, ' if test else ""
    names = ", ".join(f'"{name}": "{version}"' for name, version in dependencies.items())
    return f'{{{scripts}"devDependencies": {{{names}}}}}'


LAYOUTS = {
    "nothing at all": ({}, []),
    "no tests": ({"src/a.py": "", "README.md": ""}, []),
    "functions at the root": ({"a.py": "", "test_a.py": FUNCTIONS}, [("pytest", "", ())]),
    "unittest in a folder": ({"tests/__init__.py": "", "tests/test_a.py": CASES}, [("unittest", "", ())]),
    "unittest's cases, but pytest is set up": (
        {"tests/test_a.py": CASES, "pyproject.toml": "[tool.pytest.ini_options]\n"},
        [("pytest", "", ())],
    ),
    "src layout with a lock": (
        {"src/a/__init__.py": "", "tests/test_a.py": FUNCTIONS, "requirements.txt": HASHED},
        [("pytest", "", ("requirements.txt",))],
    ),
    "a broken manifest": ({"pyproject.toml": "[[[", "tests/test_a.py": FUNCTIONS}, [("pytest", "", ())]),
    "tox calls pytest": (
        {"tox.ini": "[testenv]\ncommands = pytest\n", "tests/test_a.py": CASES},
        [("pytest", "", ())],
    ),
    "several Python projects": (
        {
            "one/pyproject.toml": "[project]\n",
            "one/tests/test_a.py": CASES,
            "two/pyproject.toml": "[project]\n",
            "two/tests/test_b.py": FUNCTIONS,
        },
        [("unittest", "one", ()), ("pytest", "two", ())],
    ),
    "tests of what is installed": ({".venv/lib/x/test_a.py": FUNCTIONS, "vendor/test_b.py": FUNCTIONS}, []),
    "npm's own stub": ({"package.json": package('echo \\"Error: no test specified\\" && exit 1')}, []),
    "node's runner": ({"package.json": package("node --test")}, [("node:test", "", ())]),
    "jest": ({"package.json": package("jest", jest="1")}, [("jest", "", ())]),
    "vitest that only stands in the dependencies": (
        {"package.json": package(vitest="1")},
        [("vitest", "", ())],
    ),
    "mocha": ({"package.json": package("mocha -r ts-node", mocha="1")}, [("mocha", "", ())]),
    "something else": ({"package.json": package("make check")}, [("npm test", "", ())]),
    "a monorepo with one lock": (
        {
            "package.json": '{"workspaces": ["api", "web"], "scripts": {"test": "npm test --workspaces"}}',
            "package-lock.json": "{}",
            "api/package.json": package("jest", jest="1"),
            "web/package.json": package("vitest run", vitest="1"),
        },
        [("jest", "api", ("package-lock.json",)), ("vitest", "web", ("package-lock.json",))],
    ),
    "go": ({"go.mod": "module x\n", "a_test.go": ""}, [("go test", "", ())]),
    "go without tests": ({"go.mod": "module x\n", "a.go": ""}, []),
    "a workspace of crates": (
        {"Cargo.toml": "[workspace]\n", "a/Cargo.toml": "[package]\n", "a/src/lib.rs": ""},
        [("cargo test", "", ())],
    ),
    "maven with modules": (
        {"pom.xml": "", "core/pom.xml": "", "core/src/test/java/ATest.java": ""},
        [("maven", "", ())],
    ),
    "gradle": ({"build.gradle.kts": "", "gradlew": "", "src/test/java/ATest.java": ""}, [("gradle", "", ())]),
    "two languages": (
        {"package.json": package("jest"), "server/go.mod": "", "server/a_test.go": ""},
        [("jest", "", ()), ("go test", "server", ())],
    ),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_runners_of(name: str) -> None:
    files, expected = LAYOUTS[name]
    assert of(files) == expected


def test_the_command_for_a_check_is_that_of_the_tests_nearest_to_the_root() -> None:
    files = {"test_a.py": CASES, "web/package.json": package("vitest run", vitest="1")}
    found = command_of(Listing(tuple(files), {path: files[path] for path in worth_reading(files)}))
    assert found is not None
    assert (found.form, "-m unittest discover" in found.command) == (Form.TAP, True)
    assert found.environment.toolchains == ("python",)
    assert command_of(Listing(())) is None


def test_what_is_not_locked_is_told() -> None:
    files = {
        "pyproject.toml": '[project]\ndependencies = ["flask>=3", "pytest"]\n',
        "tests/test_a.py": FUNCTIONS,
    }
    [found] = runners(Listing(tuple(files), files))
    assert "flask" in found.notes[0]
    assert "pytest" not in found.notes[0]
    files = {"package.json": package("jest", jest="1"), "pnpm-lock.yaml": ""}
    [found] = runners(Listing(tuple(files), files))
    assert "pnpm-lock.yaml" in found.notes[0]


def test_fifty_thousand_files_are_looked_through_and_few_of_them_read() -> None:
    paths = tuple(f"pkg{i % 500}/sub{i % 7}/test_{i}.py" for i in range(50_000))
    wanted = worth_reading(paths)
    assert len(wanted) < 100
    assert len(runners(Listing(paths, dict.fromkeys(wanted, CASES)))) == 1
