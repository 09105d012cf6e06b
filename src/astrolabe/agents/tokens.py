"""How many tokens something is, without the tokenizer of whoever counts them: rather too many than too few."""

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from astrolabe.domain.conversation import Message, Question, Text, Thinking, ToolCall, ToolResult

_MESSAGE = 6
"""What a provider's own marks around a message and its parts come to."""
_PIECES = re.compile(r"[A-Za-z]+|[0-9]|\s+|[^\x00-\x7f]|[^\w\s]|_")
_LETTERS_A_TOKEN = 4


@lru_cache(1024)  # a conversation is counted again with each question
def tokens_of(text: str) -> int:
    """Return an upper estimate: a token for four letters of a word, for each digit, mark or run of blanks.

    Signs beyond ASCII count as their bytes, for a tokenizer that does not know one falls back on those.
    """
    count = 0
    for piece in _PIECES.finditer(text):
        found = piece[0]
        if found[0].isascii() and found[0].isalpha():
            count += -(-len(found) // _LETTERS_A_TOKEN)
        elif found[0].isspace():
            count += 1 if len(found) > 1 or found != " " else 0
        else:
            count += len(found.encode()) if not found.isascii() else 1
    return count


def tokens_of_message(message: Message) -> int:
    """Return the upper estimate for a message."""
    return _MESSAGE + sum(_MESSAGE + tokens_of(_written(part)) for part in message.parts)


def tokens_of_question(question: Question, *, by_grammar: bool = False) -> int:
    """Return the upper estimate for all that is sent with a question; a shape that is a grammar is not read."""
    extras: Sequence[object] = [
        *(tool.model_dump() for tool in question.tools),
        *((question.shape.json_schema,) if question.shape and not by_grammar else ()),
    ]
    told = sum(_MESSAGE + tokens_of(json.dumps(extra)) for extra in extras)
    return _MESSAGE + told + sum(map(tokens_of_message, question.messages))


def _written(part: Text | Thinking | ToolCall | ToolResult) -> str:
    match part:
        case Text() | Thinking():
            return part.text
        case ToolCall():
            return f"{part.tool}{part.id}{part.malformed or json.dumps(part.arguments)}"
        case ToolResult():
            return f"{part.tool}{part.id}{part.text}"
