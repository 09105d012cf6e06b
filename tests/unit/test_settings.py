"""Settings: what wins over what, and that nothing wrong is ignored in silence."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.person import Person, person

from astrolabe.settings import Settings, known_secrets

__all__ = ["person"]


@dataclass(frozen=True)
class Operator:
    """Somebody with a configuration file and variables."""

    file: Path
    person: Person
    variables: pytest.MonkeyPatch

    def types(self, *words: str, **variables: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the document of a command."""
        with self.variables.context() as here:
            for name, value in variables.items():
                here.setenv(name, value)
            done = self.person.types(*words, "--json")
        return done.code, done.document

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
def operator(tmp_path: Path, person: Person, monkeypatch: pytest.MonkeyPatch) -> Operator:
    file = tmp_path / "config.yaml"
    file.touch()
    for name in ("ASTROLABE_HOME", "ASTROLABE_CACHE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("ASTROLABE_CONFIG", str(file))
    return Operator(file, person, monkeypatch)


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


def test_all_that_is_wrong_is_told_at_once_with_its_place(operator: Operator) -> None:
    operator.file.write_text(
        "engine: {parallel_tasks: many}\n"
        "sandbox: {memory_bytes: 1, colour: red}\n"
        "extra: 1\n"
        "home: here\n"
        "extra: 2\n"
    )
    places = operator.places_of_problems(
        ASTROLABE_NONSENSE="1",
        ASTROLABE_ENGINE__PARALLEL_COMMANDS="-1",
        ASTROLABE_ENGINE__REUSE_EVIDENCE="perhaps",
        ASTROLABE_SANDBOX__NETWORK="[oops",
        ASTROLABE_SANDBOX__OPEN_FILES="99999999999999999999",
        ASTROLABE_SANDBOX__WALL_SECONDS="inf",
        astrolabe_home="/elsewhere",
    )
    assert places == [
        f"{operator.file}:1:26 engine.parallel_tasks",
        f"{operator.file}:2:25 sandbox.memory_bytes",
        f"{operator.file}:2:28 sandbox.colour",
        f"{operator.file}:3:1 extra",
        f"{operator.file}:4:7 home",
        f"{operator.file}:5:1",
        "astrolabe_home",
        "ASTROLABE_ENGINE__PARALLEL_COMMANDS",
        "ASTROLABE_ENGINE__REUSE_EVIDENCE",
        "ASTROLABE_NONSENSE",
        "ASTROLABE_SANDBOX__NETWORK",
        "ASTROLABE_SANDBOX__OPEN_FILES",
        "ASTROLABE_SANDBOX__WALL_SECONDS",
    ]


def test_a_misspelt_setting_is_told_the_right_one(operator: Operator) -> None:
    operator.file.write_text("sandbox: {memory_byte: 1}\n")
    _, document = operator.types("config", "check", ASTROLABE_ENGINE__PARALEL_TASKS="3")
    hints = [problem["hint"] for problem in document["error"]["problems"]]
    assert hints == ["did you mean `memory_bytes`?", "did you mean `parallel_tasks`?"]


@pytest.mark.parametrize("name", ["SANDBOX__OFF", "SANDBOX", "ENGINE__PARALLEL_TASKS__MORE", "_", "HOME__X"])
def test_no_variable_is_ignored_in_silence(operator: Operator, name: str) -> None:
    assert operator.places_of_problems(**{f"ASTROLABE_{name}": "true"}) == [f"ASTROLABE_{name}"]


def test_an_empty_variable_is_none(operator: Operator) -> None:
    without = operator.types("config", "show")
    assert operator.types("config", "show", ASTROLABE_HOME="", ASTROLABE_ENGINE="") == without


def test_a_list_in_a_variable_is_json(operator: Operator) -> None:
    told = operator.settings(ASTROLABE_SANDBOX__NETWORK='["a:1", "b:2"]')
    assert told["sandbox"]["network"] == ["a:1", "b:2"]


def test_a_folder_in_a_variable_is_one_of_the_folder_it_was_typed_in(operator: Operator) -> None:
    told = operator.settings(ASTROLABE_HOME="state", ASTROLABE_CACHE="~/caches", HOME="/somebody")
    assert (told["home"], told["cache"]) == (str(Path.cwd() / "state"), "/somebody/caches")


def test_in_a_folder_that_is_gone_only_absolute_paths_lead_anywhere(
    operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert operator.settings(ASTROLABE_HOME="/somewhere")["home"] == "/somewhere"
    assert operator.places_of_problems(ASTROLABE_HOME="here") == ["ASTROLABE_HOME"]


def test_a_folder_in_the_file_may_begin_with_the_home_folder(operator: Operator) -> None:
    operator.file.write_text("home: ~/astrolabe\n")
    assert operator.settings(HOME="/somebody")["home"] == "/somebody/astrolabe"


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"# nothing chosen\n\n  # yet\r\n", b"\xef\xbb\xbf# by an editor\n"]
)
def test_a_file_without_settings_chooses_nothing(operator: Operator, content: bytes) -> None:
    without = operator.settings()
    operator.file.write_bytes(content)
    assert operator.settings() == without


@pytest.mark.parametrize(
    "content",
    [
        b"engine: [",
        b"\xff\xfe\x00",
        b"- a list\n",
        b"just words\n",
        b"engine:\n\tparallel_tasks: 1\n",
        b"models: {use: [1]}\n",
    ],
)
def test_a_file_that_is_no_configuration_is_bad_input(operator: Operator, content: bytes) -> None:
    operator.file.write_bytes(content)
    assert operator.places_of_problems()[0].startswith(f"{operator.file}:")


@pytest.mark.parametrize(
    ("name", "said"), [("missing.yaml", "there is no"), ("", "is a folder"), ("/dev/zero", "device")]
)
def test_a_file_that_was_named_must_be_there(operator: Operator, name: str, said: str) -> None:
    code, document = operator.types("config", "check", ASTROLABE_CONFIG=str(operator.file.parent / name))
    assert (code, document["error"]["code"]) == (2, "settings-invalid")
    assert said in document["error"]["message"]
    assert "ASTROLABE_CONFIG" in document["error"]["hint"]


def fields(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str | None]]:
    for name, field in model.model_fields.items():
        yield above + name, field.description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{above}{name}.")


def test_every_setting_is_described() -> None:
    described = dict(fields(Settings))
    assert "sandbox.memory_bytes" in described
    assert [name for name, text in described.items() if not text] == []


def test_the_address_of_a_database_is_checked_and_its_password_never_shown(operator: Operator) -> None:
    url = "postgres://me:s3cret@host/name"
    assert "s3cret" not in str(operator.settings(ASTROLABE_DATABASE_URL=url))
    for wrong in ("mysql://me:s3cret@host/name", "postgresql://me:s3cret@host", "s3cret"):
        code, document = operator.types("config", "check", ASTROLABE_DATABASE_URL=wrong)
        assert (code, document["error"]["code"]) == (2, "settings-invalid")
        assert document["error"]["problems"][0]["place"] == "ASTROLABE_DATABASE_URL"
        assert "s3cret" not in str(document)
        assert "postgresql://user:password@host/database" in str(document)


def test_the_address_of_redis_is_checked_and_its_password_never_shown(operator: Operator) -> None:
    assert "s3cret" not in str(operator.settings(ASTROLABE_REDIS_URL="redis://me:s3cret@host:6379/0"))
    for wrong in ("http://me:s3cret@host", "redis://", "s3cret"):
        code, document = operator.types("config", "check", ASTROLABE_REDIS_URL=wrong)
        assert (code, document["error"]["problems"][0]["place"]) == (2, "ASTROLABE_REDIS_URL")
        assert "s3cret" not in str(document)


def test_what_must_never_be_shown_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NAMED_BY_A_SETTING": "word-of-the-provider",
        "SOME_API_KEY": "k3y-in-a-variable",
        "AWS_SECRET_ACCESS_KEY": "s3cret/with+signs",
        "PATH_TO_KEY": "/etc/ssl/key",
        "SHORT_TOKEN": "abc1",
        "MAX_TOKEN": "12345678",
        "PLAIN": "n0thing-secret",
    }.items():
        monkeypatch.setenv(name, value)
    raw = {
        "database_url": "postgresql://ada:p%40ssword1@host/name",
        "models": {
            "providers": {"here": {"base_url": "http://127.0.0.1:1/v1", "key_variable": "NAMED_BY_A_SETTING"}}
        },
    }
    known = set(known_secrets(Settings.model_validate(raw)))
    assert {"word-of-the-provider", "k3y-in-a-variable", "s3cret/with+signs", "p@ssword1"} <= known
    assert not {"/etc/ssl/key", "abc1", "12345678", "n0thing-secret"} & known
