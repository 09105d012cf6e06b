"""A recorded run being played again: its steps answer for the world, and where the code asks otherwise is noted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from astrolabe.domain.budget import Usage
from astrolabe.errors import AgentFailedError


@dataclass(frozen=True)
class Taped:
    """A step as it was recorded: what it was `about`, the reply, and what that had used."""

    about: str
    reply: Any
    used: Usage


@dataclass(frozen=True)
class Turn:
    """Where the course is another one. `then` and `now` are what the step was about; None where there was no such step."""

    step: str
    then: str | None
    now: str | None


@dataclass
class Tape:
    """The steps of a recorded run by their keys. `turns` are noted in the order in which they were met."""

    steps: Mapping[str, Taped]
    turns: list[Turn] = field(default_factory=list[Turn])
    played: set[str] = field(default_factory=set[str])

    def play(self, key: str, about: str) -> Taped:
        """Return the recorded step; one that was about something else answers all the same, and is noted.

        Raises:
            AgentFailedError: no such step was recorded, so nobody can answer.
        """
        taped = self.steps.get(key)
        if taped is None:
            self.turns.append(Turn(key, None, about))
            raise AgentFailedError(f"the recording has no step {key}")
        self.played.add(key)
        if taped.about != about:
            self.turns.append(Turn(key, taped.about, about))
        return taped

    def left(self) -> tuple[Turn, ...]:
        """Return the recorded steps that nobody asked for."""
        return tuple(
            Turn(key, taped.about, None) for key, taped in self.steps.items() if key not in self.played
        )
