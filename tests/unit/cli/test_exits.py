"""Exit codes: one for everything that can happen, and the same ones wherever a person reads about them."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from astrolabe.cli.app import app
from astrolabe.cli.exits import BY_KIND, BY_STATUS, Exit, exit_of
from astrolabe.domain.run import RunStatus
from astrolabe.errors import AstrolabeError, Kind

README = Path(__file__).parents[3] / "README.md"


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_error_ends_a_command_with_a_code_of_its_own_that_is_not_success(kind: Kind) -> None:
    error = type("RaisedError", (AstrolabeError,), {"kind": kind})("what happened")
    assert exit_of(error) is BY_KIND[kind]
    assert exit_of(error) not in {Exit.DONE, Exit.CHECKS_FAILED}


@pytest.mark.parametrize("status", RunStatus)
def test_every_status_of_a_run_has_a_code_and_only_a_passed_one_is_success(status: RunStatus) -> None:
    assert (BY_STATUS[status] is Exit.DONE) == (status is RunStatus.PASSED)


def test_the_codes_scripts_rely_on_stay() -> None:
    assert {code.name: code.value for code in Exit} == {
        "DONE": 0,
        "CHECKS_FAILED": 1,
        "BAD_INPUT": 2,
        "REFUSED": 3,
        "INTERRUPTED": 4,
        "UNPROVED": 5,
        "UNAVAILABLE": 6,
        "OVER_BUDGET": 7,
        "BUG": 70,
    }


def test_the_readme_tells_every_code_once() -> None:
    table = README.read_text().split("| exit code | meaning |", 1)[1].split("\n\n", 1)[0]
    told = [int(code) for code in re.findall(r"^\| (\d+) \| \S", table, re.MULTILINE)]
    assert told == sorted(Exit)


def test_the_help_tells_every_code() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"]).output.split()).split("Exit codes:", 1)[1]
    assert [int(code) for code in re.findall(r"(?:^|, )\s*(\d+) ", told)] == sorted(Exit)
