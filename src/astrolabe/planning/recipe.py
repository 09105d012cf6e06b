"""A recipe recognises a kind of goal and knows the tasks that reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from astrolabe.domain.plan import Task


@dataclass(frozen=True)
class Goal:
    """What the person wants: the text, and the file it came from (None for prose given directly)."""

    text: str
    path: str | None = None

    @property
    def title(self) -> str:
        """One line that names the goal."""
        first = next((line.strip("# \t") for line in self.text.splitlines() if line.strip("# \t-=")), "goal")
        return first[:120]


class Reading(StrEnum):
    """What became of a piece of the goal. UNREAD means: it was not understood, and nothing was done about it."""

    UNDERSTOOD = "understood"
    ASSUMED = "assumed"
    IGNORED = "ignored"
    UNREAD = "unread"


@dataclass(frozen=True)
class Sentence:
    """A piece of the goal, what became of it, and what it was taken to mean. `line` counts from 1, 0 when it has none."""

    text: str
    reading: Reading
    meaning: str = ""
    line: int = 0


@dataclass(frozen=True)
class Understanding:
    """A goal as a recipe reads it: a document in canonical form, and how each sentence contributed.

    `document` can be edited and given as a goal again. `tasks_from` is what `Recipe.tasks` is called with.
    """

    recipe: str
    title: str
    document: str
    document_name: str
    sentences: tuple[Sentence, ...] = ()
    canonical: bool = False
    summary: tuple[str, ...] = field(default=())


class Recipe(Protocol):
    """Part of a plugin."""

    name: str

    def read(self, goal: Goal) -> Understanding | None:
        """Return what was understood, or None for a goal of another kind.

        Raises:
            GoalError: it is a goal of this kind, but wrong; all its problems at once, each with its place.
        """
        ...

    def tasks(self, understanding: Understanding) -> tuple[Task, ...]:
        """Return the tasks that reach an understood goal; they form a valid plan."""
        ...

    def start_commands(self, folder: str) -> tuple[str, ...]:
        """Return the shell lines a person types to use the result that lies in `folder`."""
        ...

    def schema(self) -> Mapping[str, object]:
        """Return the JSON Schema of the canonical document."""
        ...
