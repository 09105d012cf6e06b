"""Ending a conversation."""

from pydantic import Field

from astrolabe.agents.tools.tool import Arguments, Desk, Tool


class FinishWith(Arguments):
    """What `finish` takes."""

    summary: str = Field(description="What was done, and what is still open, in a few sentences.")


async def _finish(_given: FinishWith, _desk: Desk) -> str:
    return "Finished."


FINISH = Tool(
    "finish",
    "Say that the task is done, or why it cannot be.",
    FinishWith,
    _finish,
    foreign=False,
    ends=True,
)
