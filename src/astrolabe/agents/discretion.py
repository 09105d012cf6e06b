"""What is kept and what models are told, without its secrets."""

import asyncio

from astrolabe.domain.conversation import Message, Part, Question, Text, ToolCall, ToolResult
from astrolabe.domain.secrets.redaction import Redactor

_LONG_CHARACTERS = 100_000
"""From here on, scanning takes long enough for others to be waiting meanwhile."""


async def without_secrets(redactor: Redactor, text: str) -> str:
    """Return a text of any length without its secrets; a long one is scanned beside the event loop."""
    if len(text) < _LONG_CHARACTERS:
        return redactor.redacted(text)
    return await asyncio.to_thread(redactor.redacted, text)


async def discreet(redactor: Redactor, question: Question) -> Question:
    """Return a question as it may leave this machine.

    What a model thought stays as it is: it is the model's own, and signed.
    """
    if sum(_length(part) for message in question.messages for part in message.parts) < _LONG_CHARACTERS:
        return _question(redactor, question)
    return await asyncio.to_thread(_question, redactor, question)


def _length(part: Part) -> int:
    if isinstance(part, ToolCall):
        return len(part.malformed) + len(str(part.arguments))
    return len(part.text)


def _question(redactor: Redactor, question: Question) -> Question:
    messages = tuple(_message(redactor, message) for message in question.messages)
    return question if messages == question.messages else question.model_copy(update={"messages": messages})


def _message(redactor: Redactor, message: Message) -> Message:
    return message.model_copy(update={"parts": tuple(_part(redactor, part) for part in message.parts)})


def _part(redactor: Redactor, part: Part) -> Part:
    if isinstance(part, Text | ToolResult):
        return part.model_copy(update={"text": redactor.redacted(part.text)})
    if isinstance(part, ToolCall):
        arguments = redactor.redacted_json(part.arguments)
        malformed = redactor.redacted(part.malformed)
        return part.model_copy(update={"arguments": arguments, "malformed": malformed})
    return part
