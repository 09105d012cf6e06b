"""Taking a goal from what a person typed."""

import os

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
