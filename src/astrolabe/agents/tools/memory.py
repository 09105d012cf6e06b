"""Remembering and recalling, for a model that works on a project others have worked on before."""

from pydantic import Field

from astrolabe.agents.tools.tool import Arguments, Desk, Tool, bounded
from astrolabe.domain.memory import Passage


class Recall(Arguments):
    """What `recall` takes."""

    question: str = Field(min_length=1, max_length=4000, description="What to look for, in words.")
    most: int = Field(default=6, ge=1, le=20, description="How many passages to return at most.")


class Remember(Arguments):
    """What `remember` takes."""

    text: str = Field(
        min_length=1, max_length=20_000, description="What later runs should know, in full sentences."
    )
    title: str = Field(default="", max_length=200, description="What it is about.")


async def _recall(given: Recall, desk: Desk) -> str:
    recalled = await desk.bench.memory.recall(given.question, given.most)
    related = [passage for passage in recalled.passages if passage.related]
    return bounded(told_passages(related), desk.shelf) if related else "Nothing that fits is remembered."


async def _remember(given: Remember, desk: Desk) -> str:
    return f"Remembered as {await desk.bench.memory.remember(given.text, given.title)}."


def told_passages(passages: list[Passage]) -> str:
    """Return passages as a model reads them, each after the place it stands at."""
    return "\n\n".join(f"[{one.citation}] {one.chunk.heading}\n{one.chunk.text.strip()}" for one in passages)


RECALL = Tool(
    "recall",
    "Search what is remembered of this project: its documents, notes of earlier work, what became of past runs.",
    Recall,
    _recall,
)
REMEMBER = Tool(
    "remember",
    "Keep a note for later work on this project: what was found out and is not written anywhere.",
    Remember,
    _remember,
    foreign=False,
)
