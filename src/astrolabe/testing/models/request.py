"""What a client has asked, as it came over the wire and as what it means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast


class WireName(StrEnum):
    """The protocols spoken."""

    CHAT = "openai-chat"
    RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"


@dataclass(frozen=True)
class Said:
    """One message of the conversation asked about. `role` is the protocol's own word; `text` has results of tools too."""

    role: str
    text: str


@dataclass(frozen=True)
class Gist:
    """What a request means, whatever protocol it is written in. `tools` are the names of those the model may use."""

    model: str = ""
    streams: bool = False
    said: tuple[Said, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request as it was received.

    `number` counts from 1; `headers` have lower-case names and hold the key as it was sent; `parsed` is the body's JSON, or
    None where it is none. `wire` is None for what belongs to no model, such as a path nobody serves.
    """

    number: int
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    parsed: Any = None
    wire: WireName | None = None
    gist: Gist = field(default_factory=Gist)

    @property
    def last_user_text(self) -> str:
        """What the person said last; empty if nobody did."""
        return next((said.text for said in reversed(self.gist.said) if said.role == "user"), "")

    @property
    def last_text(self) -> str:
        """The last message's text, whoever's it is: that of a tool's result while a model works with tools."""
        return self.gist.said[-1].text if self.gist.said else ""


def as_dict(value: Any) -> dict[str, Any]:
    """Return a JSON object, and an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a JSON list, and an empty one for anything else."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return a string as it is, nothing for null, and anything else as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
