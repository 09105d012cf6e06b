"""Whatever ends a command, a program gets a document, a person a message with the next step, and both the code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.person import Person

from astrolabe import __version__
from astrolabe.cli.exits import Exit

WRONG_WORDS = [
    ("build",),
    ("build", "a goal"),
    ("frobnicate",),
    ("--frobnicate",),
    ("runs", "list", "--limit", "0"),
    ("runs", "list", "--limit", "many"),
    ("plan", "--format", "rings", "a goal"),
    ("plan", "diff", "one"),
    ("sandbox", "exec"),
    ("doctor", "now"),
]


@pytest.mark.parametrize("words", WRONG_WORDS, ids=" ".join)
def test_wrong_words_are_bad_input_for_people_and_programs(words: tuple[str, ...], person: Person) -> None:
    told = person.types(*words, "--json")
    assert told.code == Exit.BAD_INPUT
    assert told.document["error"]["code"] == "usage"

    said = person.types(*words)
    assert (said.code, said.out) == (Exit.BAD_INPUT, "")
    message, hint = said.err.strip().splitlines()
    assert message == f"astrolabe: {told.document['error']['message']}"
    assert hint.strip() == told.document["error"]["hint"]
    asked = hint.strip().removeprefix("See: astrolabe ").split()
    assert asked[-1] == "--help"
    assert person.types(*asked).code == Exit.DONE


@pytest.mark.parametrize("group", [(), ("plan",), ("runs",), ("sandbox",), ("config",)])
def test_a_group_alone_shows_its_help_and_is_bad_input(group: tuple[str, ...], person: Person) -> None:
    done = person.types(*group)
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert done.err == person.types(*group, "--help").out


def test_what_steers_a_terminal_is_not_repeated(person: Person) -> None:
    done = person.types("frob\x1b[31m\u202enicate\r")
    assert done.code == Exit.BAD_INPUT
    assert not set(done.err) & set("\x1b\u202e\r")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_terminal_without_our_signs_gets_escapes(form: tuple[str, ...], tmp_path: Path) -> None:
    done = _installed("config", "check", *form, home=tmp_path, ASTROLABE_ENGINE__PARALLEL_TASKS="ß")
    assert done.returncode == Exit.BAD_INPUT, done.stderr
    assert (done.stdout + done.stderr).isascii()


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = _installed("config", "show", home=tmp_path, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")


def test_the_version_is_printed(person: Person) -> None:
    assert person.types("--version").out == f"{__version__}\n"


def _installed(
    *words: str, home: Path, stdout: int = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from astrolabe.cli.main import main; main()", *words]
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    settings = buffered | {"ASTROLABE_HOME": str(home), "PYTHONIOENCODING": "ascii", **variables}
    return subprocess.run(
        command, env=settings, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )
