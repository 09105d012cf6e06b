"""Questions to models, kept so that each can be read again: a part that several of them share is kept once."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from astrolabe.domain.conversation import Message, Question, Shape, ToolSpec

Keep = Callable[[bytes], Awaitable[str]]
"""Keeps bytes durably and returns their SHA-256."""
Kept = Callable[[str], Awaitable[bytes]]
_TOOLS = TypeAdapter(tuple[ToolSpec, ...])


async def forgotten(content: bytes) -> str:
    """Keep nothing, and name it as if it were kept."""
    return hashlib.sha256(content).hexdigest()


def digest_of(question: Question) -> str:
    """Name a question: it is the digest of the blob that holds it (see `Exchanges`)."""
    return sheet_of(question).digest


class Exchanges:
    """Keeps questions: a message a blob, and for each question one that names its messages' blobs in order."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._known: set[str] = set()

    def remember(self, parts: Iterable[str]) -> None:
        """Know that parts of these digests are kept, from an earlier life."""
        self._known.update(parts)

    async def keep(self, asked: "Sheet") -> list[str]:
        """Keep a question; return the digests of those of its parts that were not kept here before.

        They are to be written where blobs in use are looked for, as is the question's own digest.
        """
        fresh = {digest: part for digest, part in asked.parts.items() if digest not in self._known}
        for part in fresh.values():
            await self._keep(part)
        await self._keep(asked.content)
        return list(fresh)


async def question_kept(digest: str, kept: Kept) -> Question:
    """Return the question of that digest; MissingError if it, or one of its parts, is kept no longer."""
    sheet: dict[str, Any] = json.loads(await kept(digest))
    messages = [Message.model_validate_json(await kept(part)) for part in sheet.pop("messages")]
    tools = _TOOLS.validate_json(await kept(told)) if (told := sheet.pop("tools", None)) else ()
    shape = Shape.model_validate_json(await kept(told)) if (told := sheet.pop("shape", None)) else None
    return Question(
        messages=tuple(messages),
        tools=tools,
        shape=shape,
        **sheet,
    )


@dataclass(frozen=True)
class Sheet:
    """What names a question's parts in order, and those parts by their digests."""

    digest: str
    content: bytes
    parts: dict[str, bytes]


def sheet_of(question: Question) -> Sheet:
    """Write a question down."""
    parts: dict[str, bytes] = {}

    def part(content: bytes) -> str:
        parts[digest := _digest(content)] = content
        return digest

    sheet: dict[str, Any] = {
        "messages": [part(message.model_dump_json().encode()) for message in question.messages],
        **question.model_dump(mode="json", include={"must_call", "most_tokens", "temperature"}),
    }
    if question.tools:
        sheet["tools"] = part(_TOOLS.dump_json(question.tools))
    if question.shape:
        sheet["shape"] = part(question.shape.model_dump_json().encode())
    content = json.dumps(sheet).encode()
    return Sheet(_digest(content), content, parts)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
