"""Taking a goal from what a person typed: a file's content or the words themselves."""

from pathlib import Path

from astrolabe.errors import GoalError
from astrolabe.planning.recipe import Goal
from astrolabe.planning.static import check_goal_size, checked_goal, read_goal

PATH_CHARACTERS = 4096
"""Words longer than any path are words."""
_SUFFIXES = {".md", ".yaml", ".yml", ".txt", ".json"}


def take_goal(words: str) -> Goal:
    """Return the goal: the file of that name if there is one, else the words.

    Raises:
        GoalError: it is empty, too long, not text, or a file name that does not exist.
    """
    if _may_be_a_path(words):
        path = Path(words)
        if path.is_file():
            return read_goal(_content(path), words)
        if path.is_dir():
            raise GoalError(
                f"{words} is a folder", hint="Name the file with the goal in it, or say the goal in words."
            )
        if _looks_like_a_file(words):
            raise GoalError(f"there is no file {words}", hint="Check the name, or say the goal in words.")
    return checked_goal(Goal(words))


def _content(path: Path) -> bytes:
    try:
        check_goal_size(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise GoalError(f"{path} cannot be read: {error.strerror}", hint="Check its permissions.") from error


def _may_be_a_path(words: str) -> bool:
    short = len(words.encode(errors="replace")) < PATH_CHARACTERS
    return short and bool(words.strip()) and "\n" not in words and "\0" not in words


def _looks_like_a_file(words: str) -> bool:
    return not any(char.isspace() for char in words) and ("/" in words or Path(words).suffix in _SUFFIXES)
