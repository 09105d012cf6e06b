"""A conversation as a model can take it: with its provider's own calls, or with calls as JSON that it writes."""

import json
from collections.abc import Sequence
from typing import Any

from astrolabe.agents.tools.tool import Tool
from astrolabe.domain.conversation import (
    Message,
    Part,
    Question,
    Shape,
    Speaker,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from astrolabe.ports.model import CallStyle

_HOW = """\
Answer with one JSON object and nothing else, which names one tool and its arguments:
{"action": {"tool": "NAME", "arguments": {…}}}
You are told what the tool answered, and then choose the next one. The tools:
"""


def question_of(
    messages: Sequence[Message], tools: Sequence[Tool], style: CallStyle, most_tokens: int
) -> Question:
    """Return what to ask a model that calls in this style."""
    if not tools:
        return Question(messages=tuple(messages), most_tokens=most_tokens)
    if style is CallStyle.NATIVE:
        specs = tuple(tool.spec for tool in tools)
        return Question(messages=tuple(messages), tools=specs, most_tokens=most_tokens)
    told = tuple(map(_in_words, _explained(messages, tools)))
    shape = shape_of(tools) if style is CallStyle.SHAPE else None
    return Question(messages=told, shape=shape, most_tokens=most_tokens)


def shape_of(tools: Sequence[Tool]) -> Shape:
    """Return the shape of an answer that calls one of the tools."""
    action = {"anyOf": [_one(tool) for tool in tools]}
    schema = {
        "type": "object",
        "properties": {"action": action},
        "required": ["action"],
        "additionalProperties": False,
    }
    return Shape(name="action", json_schema=schema)


def _one(tool: Tool) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"tool": {"const": tool.name}, "arguments": tool.spec.parameters},
        "required": ["tool", "arguments"],
        "additionalProperties": False,
    }


def _explained(messages: Sequence[Message], tools: Sequence[Tool]) -> list[Message]:
    """Say in the system's words which tools there are."""
    lines = [f"- {tool.name}: {tool.description} Arguments: {_brief(tool)}" for tool in tools]
    told = Text(text=_HOW + "\n".join(lines))
    if messages and messages[0].speaker is Speaker.SYSTEM:
        first = messages[0]
        return [first.model_copy(update={"parts": (*first.parts, told)}), *messages[1:]]
    return [Message(speaker=Speaker.SYSTEM, parts=(told,)), *messages]


def _brief(tool: Tool) -> str:
    schema = tool.spec.parameters
    return json.dumps(schema.get("properties", {}), ensure_ascii=False)


def _in_words(message: Message) -> Message:
    """Return a message whose calls and results are words."""
    parts: list[Part] = [told for part in message.parts for told in _told(part)]
    return message.model_copy(update={"parts": tuple(parts)})


def _told(part: Part) -> list[Part]:
    match part:
        case ToolCall():
            arguments = part.malformed or part.arguments
            return [
                Text(
                    text=json.dumps(
                        {"action": {"tool": part.tool, "arguments": arguments}}, ensure_ascii=False
                    )
                )
            ]
        case ToolResult():
            how = "failed" if part.failed else "answered"
            return [Text(text=f"The tool {part.tool} {how}:\n{part.text}")]
        case Thinking():
            return []
        case Text():
            return [part]
