"""Taking a goal from what a person typed: a file's content or the words themselves."""

import re
from pathlib import Path

from astrolabe.errors import GoalError
from astrolabe.planning.recipe import Goal
from astrolabe.planning.static import check_goal_size, checked_goal, read_goal
from astrolabe.planning.visible import visible
from astrolabe.services.files import content_of, find_file

_SUFFIXES = {".md", ".yaml", ".yml", ".txt", ".json"}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+\s*\Z", re.IGNORECASE)


def take_goal(words: str) -> Goal:
    """Return the goal: the file of that name if there is one, else the words.

    Raises:
        GoalError: it is empty, too long, not text, or the name of something that is no file.
    """
    file = find_file(words, GoalError, "Name the file with the goal in it, or say the goal in words.")
    if file is not None:
        check_goal_size(file.stat().st_size, words)
        return read_goal(content_of(file, GoalError), words)
    if _ADDRESS.match(words):
        hint = "Download it, look at it, and name the file."
        raise GoalError(f"{visible(words, 200)} is an address, and goals are not fetched", hint=hint)
    if _looks_like_a_file(words):
        raise GoalError(
            f"there is no file {visible(words, 200)}", hint="Check the name, or say the goal in words."
        )
    return checked_goal(Goal(words))


def _looks_like_a_file(words: str) -> bool:
    return not any(char.isspace() for char in words) and ("/" in words or Path(words).suffix in _SUFFIXES)
