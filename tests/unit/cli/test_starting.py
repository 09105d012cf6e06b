"""What is asked for without a command comes at once, and help never waits for the machinery of a build."""

import subprocess
import sys

import pytest
from tests.unit.cli.test_commands import ALL

from astrolabe.cli.overview import overview

OURS = {"astrolabe"}
MACHINERY = {"sqlalchemy", "alembic", "yaml", "jinja2", "rich", "pathspec", "asyncio"}
LISTING = "import sys; from astrolabe.cli.main import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"


def imported(*words: str, after: str = LISTING) -> set[str]:
    """Return the names of all modules a process has imported after it has answered a command."""
    command = [sys.executable, "-c", after, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_overview_import_nothing_but_the_library_that_comes_with_python(option: str) -> None:
    before = imported(after="import sys; print(*sys.modules, file=sys.stderr)")
    foreign = {name.split(".")[0] for name in imported(option) - before} - sys.stdlib_module_names
    assert foreign == OURS


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_version_and_overview_import_few_of_our_own(option: str) -> None:
    ours = {name for name in imported(option) if name.split(".")[0] in OURS}
    assert ours <= {"astrolabe", "astrolabe.cli", "astrolabe.cli.main", "astrolabe.cli.overview"}


@pytest.mark.parametrize("words", [("build",), ("runs", "list"), ("plan",), ("sandbox", "exec")])
def test_a_commands_help_imports_nothing_that_runs_it(words: tuple[str, ...]) -> None:
    loaded = imported(*words, "--help")
    assert not {name.split(".")[0] for name in loaded} & MACHINERY
    assert "astrolabe.bootstrap" not in loaded


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_overview_names_every_command_at_any_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = overview().splitlines()
    assert max(map(len, lines)) < columns
    assert {line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "} >= {
        w[0] for w in ALL
    }
