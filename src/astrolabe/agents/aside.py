"""Handing a question to a fresh conversation: it has a window of its own, and its answer is all that comes back."""

from pydantic import Field

from astrolabe.agents.loop import Brief, LoopLimits, converse
from astrolabe.agents.tools import ANSWER, LOOKING
from astrolabe.agents.tools.tool import Arguments, Desk, Tool, bounded
from astrolabe.errors import AgentFailedError, InputError

_TURNS = 20
_RULES = """\
You find the answer to one question about a repository. You can list, search and read its files, and change nothing. When you \
know the answer, use finish and give it as the summary: exact, with paths, names and line numbers. If it cannot be found, say \
what you have looked at."""


class Aside(Arguments):
    """What `look_into` takes."""

    question: str = Field(
        min_length=1, max_length=4000, description="The question, with all that is needed to understand it."
    )


async def _aside(given: Aside, desk: Desk) -> str:
    brief = Brief(_RULES, given.question)
    try:
        outcome = await converse(
            desk.task, desk.bench, brief, (*LOOKING, ANSWER), limits=LoopLimits(turns=_TURNS)
        )
    except AgentFailedError as failed:
        raise InputError(f"no answer was found: {failed}", hint="Look yourself, or ask for less.") from failed
    desk.spent.append(outcome.use)
    return bounded(outcome.text, desk.shelf)


LOOK_INTO = Tool(
    "look_into",
    "Let somebody else look into a question about the repository that would take reading many files; you get the answer.",
    Aside,
    _aside,
)
"""What it uses is the task's: each of its calls is reserved and charged as the conversation's own are."""
