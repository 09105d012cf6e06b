"""Folders that are named for a result and cannot hold one: bad input, and nothing is made."""

from pathlib import Path

import pytest
from tests.person import Done, Person

from astrolabe.cli.exits import Exit

PLAN = "goal: x\ntasks: [{id: a, agent: command, inputs: {run: 'true'}}]\n"


def to(person: Person, folder: str) -> Done:
    return person.types("run", person.file("plan.yaml", PLAN), "--workspace", folder, "--json")


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("", "names no folder"),
        ("home/state/result", "is Astrolabe's own"),
        ("home/state/not/there", "is Astrolabe's own"),
        ("link/result", "is Astrolabe's own"),
        ("plan.yaml", "is a file"),
        (".", "is a folder with files"),
        ("x" * 256, "longer than a path can be"),
    ],
)
def test_a_folder_that_can_hold_no_result(
    folder: str, said: str, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.folder)
    Path("link").symlink_to("home/state")
    done = to(person, folder)
    assert done.code == Exit.BAD_INPUT
    assert said in done.out
    assert (
        sorted(path.name for path in person.folder.iterdir()) == ["home", "link", "plan.yaml"] or not folder
    )


def test_in_a_folder_that_is_gone_a_relative_name_leads_nowhere(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = person.folder / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = to(person, "result")
    assert done.code == Exit.BAD_INPUT
    assert "the current folder is gone" in done.document["error"]["message"]


@pytest.mark.parametrize(
    "words",
    [
        ("runs", "files", "last", "--json", "--out"),
        ("runs", "artifacts", "last", "--json", "--out"),
        ("sandbox", "exec", "--json", "--workspace", "", "--", "true"),
    ],
)
def test_an_empty_text_is_not_the_current_folder(words: tuple[str, ...], person: Person) -> None:
    done = person.types(*words, *([""] if "" not in words else []))
    assert done.code == Exit.BAD_INPUT
    assert "names no folder" in done.document["error"]["message"]


@pytest.mark.parametrize("words", [("replay",), ("skills", "validate"), ("skills", "trust"), ("eval",)])
def test_a_name_longer_than_any_file_has_is_bad_input(person: Person, words: tuple[str, ...]) -> None:
    done = person.types(*words, "a" * 5000, "--json")
    assert (done.code, done.document["error"]["code"]) == (2, "input-invalid")
