"""What `--help` offers is what the README promises, and every command explains itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from astrolabe.cli.app import app

README = Path(__file__).parents[3] / "README.md"
ROOT = get_command(app)


def commands(command: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Give every command below one, with the words that lead to it."""
    for name, below in command.commands.items() if isinstance(command, TyperGroup) else ():
        yield (*words, name), below
        yield from commands(below, *words, name)


ALL = dict(commands(ROOT))
TOP = {words[0] for words in ALL}


def promised() -> set[tuple[str, ...]]:
    """Read the README's table of commands; a bare name there belongs to the group named before it."""
    table = README.read_text().split("| command | what it does |", 1)[1].split("\n\n", 1)[0]
    found: set[tuple[str, ...]] = set()
    for row in table.splitlines():
        group = ""
        for told in re.findall(r"`([^`]+)`", row.split("|")[1] if "|" in row else ""):
            words = [word for word in told.removeprefix("astrolabe ").split() if re.fullmatch("[a-z]+", word)]
            group = words[0] if words[0] in TOP else group
            found.add(tuple(words) if words[0] in TOP else (group, *words))
    return found


def test_help_lists_what_the_readme_lists() -> None:
    listed = CliRunner().invoke(app, ["--help"]).output.split("Commands:", 1)[1]
    shown = set(re.findall(r"^  ([a-z]+)(?:  |$)", listed, re.MULTILINE))
    assert shown == {words[0] for words in promised()}


def test_every_command_the_readme_names_exists() -> None:
    assert len(promised()) > len(TOP)
    assert promised() <= set(ALL)


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_and_each_of_its_options_explains_itself(words: tuple[str, ...]) -> None:
    command = ALL[words]
    assert (command.help or "").strip()
    silent = [p.name for p in command.params if getattr(p, "help", None) in {None, ""} and p.name != "help"]
    assert not silent


@pytest.mark.parametrize("words", [w for w, c in ALL.items() if not isinstance(c, TyperGroup)], ids=" ".join)
def test_every_command_has_a_document_for_programs(words: tuple[str, ...]) -> None:
    assert "--json" in {option for parameter in ALL[words].params for option in parameter.opts}
