"""Ending a conversation."""

from pydantic import ConfigDict, Field

from astrolabe.agents.tools.tool import Arguments, Desk, Tool
from astrolabe.domain.subject import LONGEST


class FinishWith(Arguments):
    """What `finish` takes. The subject is asked for, and work is not lost for want of one."""

    model_config = ConfigDict(json_schema_extra={"required": ["summary", "subject"]})

    summary: str = Field(
        description="What was done, and what is still open, in a few sentences.",
        json_schema_extra={"maxLength": 800},
    )
    subject: str = Field(
        default="",
        description="The subject line of the commit, at most 72 characters: a verb (Add, Fix, Keep) and what it does that to.",
        json_schema_extra={"maxLength": LONGEST},
    )


async def _finish(given: FinishWith, desk: Desk) -> str:
    desk.bench.entitle(given.subject)
    return "Finished."


class AnswerWith(Arguments):
    """What `finish` takes where nothing is changed."""

    summary: str = Field(description="The answer.", json_schema_extra={"maxLength": 2000})


async def _answer(_given: AnswerWith, _desk: Desk) -> str:
    return "Finished."


FINISH = Tool(
    "finish",
    "Say that the task is done, or why it cannot be.",
    FinishWith,
    _finish,
    foreign=False,
    ends=True,
)
ANSWER = Tool("finish", "Give the answer.", AnswerWith, _answer, foreign=False, ends=True)
