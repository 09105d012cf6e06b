"""Taking a goal from what a person typed."""

import os
import socket
from pathlib import Path

import pytest

from astrolabe.errors import GoalError
from astrolabe.services.goals import take_goal

TERABYTE = 10**12


def test_a_file_that_is_too_long_is_refused_by_its_size_alone(tmp_path):
    file = tmp_path / "goal.md"
    file.touch()
    os.truncate(file, TERABYTE)

    with pytest.raises(GoalError) as refused:
        take_goal(str(file))

    [problem] = refused.value.problems
    assert problem.place == f"{file}:1:1"
    assert "1000000.0 MB are more than the 0.5 MB that are read" in problem.text


def test_words_have_the_same_limit_as_a_file():
    with pytest.raises(GoalError) as refused:
        take_goal("a book " * 1_000_000)

    assert "7.0 MB are more than the 0.5 MB" in refused.value.problems[0].text


PROSE = "A recipe has a title and a rating from 1 to 5. "


@pytest.mark.parametrize("length", [255, 256, 4095, 4096, 5000])
def test_words_too_long_for_a_file_name_are_words(length):
    words = (PROSE * 200)[:length]

    assert take_goal(words).text == words


def test_words_may_hold_what_no_file_name_can():
    with pytest.raises(GoalError, match="the goal cannot be read"):
        take_goal("a\0b")


@pytest.mark.parametrize("name", ["two\nlines.md", "-x", "with space.md", "no-suffix", "\x1b[31mred.md"])
def test_whatever_its_name_a_file_is_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(PROSE)

    assert take_goal(name).text == PROSE


def no_file(folder: Path, kind: str) -> str:
    """Make something that is no regular file; return its name."""
    place = folder / kind
    match kind:
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(place))
        case "device":
            return "/dev/zero"
        case "circle":
            place.symlink_to(place)
        case _:
            place.symlink_to(folder / "nothing")
    return str(place)


SAID = {
    "folder": "is a folder",
    "pipe": "is a pipe",
    "socket": "is a socket",
    "device": "is a device",
    "circle": "is a link that leads in a circle",
    "dangling": "is a link that leads nowhere",
}


@pytest.mark.parametrize("kind", SAID)
def test_what_is_no_file_is_refused_as_what_it_is_without_being_opened(kind, tmp_path, monkeypatch):
    name = no_file(tmp_path, kind)
    monkeypatch.setattr(Path, "open", None)

    with pytest.raises(GoalError, match=SAID[kind]) as refused:
        take_goal(name)

    assert refused.value.hint


@pytest.mark.parametrize("words", ["https://example.org/brief.md", "file:///etc/passwd"])
def test_an_address_is_not_taken_for_a_file_or_words(words):
    with pytest.raises(GoalError, match="is an address"):
        take_goal(words)


@pytest.mark.parametrize("words", ["missing.md", "nowhere/brief", "goal.md/below"])
def test_a_file_that_is_not_there_is_not_taken_for_words(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("goal.md").write_text(PROSE)

    with pytest.raises(GoalError, match="there is no file"):
        take_goal(words)
