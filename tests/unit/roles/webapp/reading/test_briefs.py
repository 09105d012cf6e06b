"""A corpus of goals, each with what is to be understood of it."""

import importlib.util
from pathlib import Path

import pytest
import yaml

from astrolabe.roles.webapp.reading import model_of, read_goal
from astrolabe.sdk import Goal, GoalError, Reading

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("shortform", HERE / "shortform.py")
assert _spec
assert _spec.loader
shortform = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shortform)

BRIEFS = yaml.safe_load((HERE / "briefs.yaml").read_text())


def name_of(brief):
    return brief["goal"][:50].replace("\n", " ")


@pytest.mark.parametrize("brief", [brief for brief in BRIEFS if "model" in brief], ids=name_of)
def test_a_goal_is_understood(brief):
    read = read_goal(Goal(brief["goal"]))

    assert read is not None
    assert shortform.short(model_of(read.document)) == brief["model"]
    assert [s.text for s in read.sentences if s.reading is Reading.UNREAD] == brief["unread"]


@pytest.mark.parametrize("brief", [brief for brief in BRIEFS if "error" in brief], ids=name_of)
def test_a_goal_that_cannot_be_built_says_why(brief):
    with pytest.raises(GoalError) as raised:
        read_goal(Goal(brief["goal"]))

    assert [f"{problem.place}: {problem.text}" for problem in raised.value.problems] == brief["error"]


@pytest.mark.parametrize(
    "brief", [brief for brief in BRIEFS if brief.get("recognised") is False], ids=name_of
)
def test_a_goal_of_another_kind_is_left_alone(brief):
    assert read_goal(Goal(brief["goal"])) is None


def test_the_corpus_is_of_some_size():
    assert len(BRIEFS) >= 60
