"""Settings: what wins over what, and that nothing wrong is ignored in silence. Each test is a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from astrolabe.settings import Settings

COMMAND = [sys.executable, "-c", "from astrolabe.cli.main import main; main()"]


@dataclass(frozen=True)
class Operator:
    """Somebody with a configuration file and variables."""

    file: Path

    def types(self, *words: str, **variables: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the document of a command."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASTROLABE_")}
        done = subprocess.run(
            [*COMMAND, *words, "--json"],
            check=False,
            env={**inherited, "ASTROLABE_CONFIG": str(self.file), **variables},
            capture_output=True,
            text=True,
        )
        return done.returncode, json.loads(done.stdout)

    def settings(self, **variables: str) -> dict[str, Any]:
        code, document = self.types("config", "show", **variables)
        assert code == 0, document
        return document["settings"]

    def places_of_problems(self, **variables: str) -> list[str]:
        code, document = self.types("config", "check", **variables)
        assert code == 2
        assert document["error"]["code"] == "settings-invalid"
        return [problem["place"] for problem in document["error"]["problems"]]


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "config.yaml")


def test_without_file_and_variables_the_defaults_hold(operator: Operator) -> None:
    told = operator.settings()
    assert told["engine"] == Settings.model_fields["engine"].default.model_dump(mode="json")
    assert told["sandbox"] == Settings.model_fields["sandbox"].default.model_dump(mode="json")


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(operator: Operator) -> None:
    operator.file.write_text("engine: {parallel_tasks: 3, reuse_evidence: false}\nsandbox: {processes: 99}\n")
    told = operator.settings(ASTROLABE_ENGINE__PARALLEL_TASKS="5", ASTROLABE_SANDBOX__OPEN_FILES="77")
    assert (told["engine"]["parallel_tasks"], told["engine"]["reuse_evidence"]) == (5, False)
    assert (told["sandbox"]["processes"], told["sandbox"]["open_files"]) == (99, 77)
    assert told["sandbox"]["files"] == 50_000


def test_one_folder_holds_state_and_cache_unless_the_cache_is_elsewhere(
    operator: Operator, tmp_path: Path
) -> None:
    home, cache = tmp_path / "home", tmp_path / "cache"
    _, document = operator.types("config", "show", ASTROLABE_HOME=str(home))
    assert (document["state"], document["cache"]) == (str(home / "state"), str(home / "cache"))
    _, document = operator.types("config", "show", ASTROLABE_HOME=str(home), ASTROLABE_CACHE=str(cache))
    assert (document["state"], document["cache"]) == (str(home / "state"), str(cache))


def test_an_unknown_variable_is_refused_by_name(operator: Operator) -> None:
    assert operator.places_of_problems(ASTROLABE_ENGIN__PARALLEL_TASKS="3") == [
        "ASTROLABE_ENGIN__PARALLEL_TASKS"
    ]


def test_all_that_is_wrong_is_told_at_once(operator: Operator) -> None:
    operator.file.write_text(
        "engine: {parallel_tasks: many}\nsandbox: {memory_bytes: 1, colour: red}\nextra: 1\n"
    )
    places = operator.places_of_problems(ASTROLABE_NONSENSE="1", ASTROLABE_ENGINE__PARALLEL_COMMANDS="-1")
    assert set(places) == {
        "engine.parallel_tasks",
        "engine.parallel_commands",
        "sandbox.memory_bytes",
        "sandbox.colour",
        "extra",
        "ASTROLABE_NONSENSE",
    }


def test_an_unknown_variable_inside_a_known_group_is_refused(operator: Operator) -> None:
    assert operator.places_of_problems(ASTROLABE_SANDBOX__OFF="true") == ["sandbox.off"]


@pytest.mark.parametrize("content", [b"engine: [", b"\xff\xfe\x00", b"- a list\n", b"just words\n"])
def test_a_file_that_is_no_configuration_is_bad_input(operator: Operator, content: bytes) -> None:
    operator.file.write_bytes(content)
    code, document = operator.types("config", "check")
    assert (code, document["error"]["code"]) == (2, "settings-invalid")


def fields(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str | None]]:
    for name, field in model.model_fields.items():
        yield above + name, field.description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{above}{name}.")


def test_every_setting_is_described() -> None:
    described = dict(fields(Settings))
    assert "sandbox.memory_bytes" in described
    assert [name for name, text in described.items() if not text] == []
