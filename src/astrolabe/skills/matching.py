"""Which skills a task calls for, with a score and a reason for each.

A skill that the task names is meant, whatever else it says. The others are ranked by meaning where an embedder is there;
mixing the ranking by words into it made it worse (measured in `benchmarks/retrieval`), so words rank only where nothing
better can.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astrolabe.domain.skill import Skill
from astrolabe.ports.embedding import Embedder
from astrolabe.retrieval.words import WordIndex, shared

if TYPE_CHECKING:
    from astrolabe.retrieval.directions import Directions

RELATED_BY_WORDS = 0.25
"""From this share of what a task's words ask for on, a skill is likely about it."""
_MOST_SHARED = 4


@dataclass(frozen=True)
class Match:
    """A skill and how well it fits a task: `score` from 0 to 1. `related` tells whether it is likely of use."""

    skill: Skill
    score: float
    reason: str
    related: bool


class Matcher:
    """Ranks the same skills for any number of tasks; directions are made when the first one is asked for.

    With an embedder it computes for some milliseconds: call it in a thread.
    """

    def __init__(self, skills: Sequence[Skill], embedder: Embedder | None) -> None:
        self._skills = tuple(skills)
        self._embedder = embedder
        self._named = re.compile("|".join(filter(None, map(_said, self._skills))) or r"(?!)", re.IGNORECASE)
        self._by_words: WordIndex | None = None
        self._by_meaning: Directions | None = None

    @property
    def how(self) -> str:
        """Say what skills are ranked by."""
        if self._embedder is None:
            return "words alone: no embedder is there, so a task in other words than a skill's goes unnoticed"
        return f"meaning ({self._embedder.name})"

    def match(self, task: str, most: int = 10) -> tuple[Match, ...]:
        """Return up to `most` skills for a task, the best first."""
        if not self._skills or not task.strip():
            return ()
        named = self._literal(task)
        ranked = self._by_words_of(task, most) if self._embedder is None else self._by_meaning_of(task, most)
        known = {match.skill.name for match in named}
        return (*named, *(match for match in ranked if match.skill.name not in known))[:most]

    def _literal(self, task: str) -> list[Match]:
        said = {_key(found[0]) for found in self._named.finditer(task)}
        skills = [skill for skill in self._skills if _key(skill.name) in said] if said else []
        return [Match(skill, 1.0, "the task names it", related=True) for skill in skills]

    def _by_words_of(self, task: str, most: int) -> list[Match]:
        if self._by_words is None:
            self._by_words = WordIndex(_whole(skill) for skill in self._skills)
        return [
            Match(self._skills[at], score, _sharing(task, self._skills[at]), score >= RELATED_BY_WORDS)
            for at, score in self._by_words.nearest(task, most)
        ]

    def _by_meaning_of(self, task: str, most: int) -> list[Match]:
        assert self._embedder is not None  # noqa: S101 - the caller has looked
        if self._by_meaning is None:
            self._by_meaning = _directions(self._skills, self._embedder)
        (wanted,) = self._embedder.embed([task])
        return [
            self._meant(self._skills[at], task, max(0.0, score))
            for at, score in self._by_meaning.nearest(wanted, most)
        ]

    def _meant(self, skill: Skill, task: str, score: float) -> Match:
        assert self._embedder is not None  # noqa: S101 - the caller has looked
        related = score >= self._embedder.related
        near = "near in meaning" if related else "far in meaning"
        words = _sharing(task, skill)
        return Match(skill, score, f"{near}; {words}" if words else near, related)


def _directions(skills: Sequence[Skill], embedder: Embedder) -> "Directions":
    """Return where skills point: amid their name, their description, and both. Each alone finds less."""
    from astrolabe.retrieval.directions import Directions, middle  # noqa: PLC0415 - numpy is an extra

    names = [_spoken(skill) for skill in skills]
    told = [skill.description for skill in skills]
    views = (names, told, [_whole(skill) for skill in skills])
    return Directions(middle([embedder.embed(view) for view in views]))


def _spoken(skill: Skill) -> str:
    return skill.name.replace("-", " ").replace("_", " ")


def _whole(skill: Skill) -> str:
    return f"{_spoken(skill)}: {skill.description}"


def _key(said: str) -> str:
    return said.casefold().strip("$/`'\"").removeprefix("skill ").removesuffix(" skill").strip("`'\"")


def _said(skill: Skill) -> str:
    """Return what a task says when it names a skill: a name of several words as it is, one word only when called a skill."""
    name = re.escape(skill.name)
    if "-" in skill.name:
        return rf"(?<![\w-]){name}(?![\w-])"
    return rf"(?<!\w)[$/]{name}(?![\w/.-])|(?<!\w)[`'\"]?{name}[`'\"]? skill\b|\bskill [`'\"]?{name}(?![\w-])[`'\"]?"


def _sharing(task: str, skill: Skill) -> str:
    words = shared(task, _whole(skill))[:_MOST_SHARED]
    return f"both say {', '.join(words)}" if words else ""
