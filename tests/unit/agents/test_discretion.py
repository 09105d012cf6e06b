"""A model is told no secret, in whatever part of a conversation it stands."""

import asyncio

import pytest

from astrolabe.agents.discretion import discreet
from astrolabe.domain.conversation import (
    Message,
    Part,
    Question,
    Speaker,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from astrolabe.domain.secrets.redaction import Redactor

OWN = "own-7f3a-value"
FILL = "a line of the file\n" * 20_000


@pytest.mark.parametrize("fill", ["", FILL])
@pytest.mark.parametrize(
    "part",
    [
        Text(text=f"it is {OWN}"),
        ToolCall(id="1", tool="write", arguments={"files": [{"text": OWN}]}),
        ToolCall(id="1", tool="write", malformed=OWN),
        ToolResult(id="1", tool="read", text=f"KEY={OWN}"),
    ],
)
def test_no_secret_leaves_with_a_question(part: Part, fill: str) -> None:
    parts = (Text(text=fill), part)
    asked = asyncio.run(
        discreet(Redactor([OWN]), Question(messages=(Message(speaker=Speaker.USER, parts=parts),)))
    )
    assert OWN not in asked.model_dump_json()
    assert "[secret: configured value]" in asked.model_dump_json()
    assert asked.messages[0].parts[0] == parts[0]


def test_what_holds_none_is_asked_as_it_is() -> None:
    thought = Thinking(text=f"hm {OWN}", signature="c2lnbmVk", provider="p")
    question = Question(messages=(Message(speaker=Speaker.ASSISTANT, parts=(thought, Text(text="hello"))),))
    assert asyncio.run(discreet(Redactor([OWN]), question)) is question
