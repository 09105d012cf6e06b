"""Which protocol a request is made in, and what it wants."""

import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import urlsplit

from astrolabe.testing.models.anthropic import AnthropicWire
from astrolabe.testing.models.connection import Received
from astrolabe.testing.models.gemini import GeminiWire
from astrolabe.testing.models.openai_chat import ChatWire
from astrolabe.testing.models.openai_responses import ResponsesWire
from astrolabe.testing.models.request import Gist, Request, as_dict
from astrolabe.testing.models.wire import Wire


class Want(Enum):
    """What a request is for."""

    REPLY = auto()
    MODELS = auto()
    MODEL = auto()
    NOTHING = auto()


@dataclass(frozen=True)
class Route:
    """Where a request goes; `wire` answers it, in whatever way it goes wrong."""

    wire: Wire
    want: Want
    request: Request


def route(received: Received, number: int) -> Route:
    """Find out what a request is; a path nobody serves wants nothing."""
    url = urlsplit(received.target)
    wire, want = _place(received, url.path)
    parsed = _parsed(received.body)
    request = Request(
        number=number,
        method=received.method,
        path=url.path,
        query=url.query,
        headers=received.headers,
        body=received.body,
        parsed=parsed,
        wire=None if want is Want.NOTHING else wire.name,
        gist=wire.read(url.path, as_dict(parsed)) if want is Want.REPLY else Gist(),
    )
    return Route(wire, want, request)


_CHAT = ChatWire()
_ANTHROPIC = AnthropicWire()
_GEMINI = GeminiWire()
_REPLIES: tuple[tuple[str, Wire], ...] = (
    (r"/chat/completions\Z", _CHAT),
    (r"/responses\Z", ResponsesWire()),
    (r"/v1/messages\Z", _ANTHROPIC),
    (r"/models/[^/:]+:(stream)?[gG]enerateContent\Z", _GEMINI),
)
"""Ends of paths: what stands before is the base URL a client was given."""


def _place(received: Received, path: str) -> tuple[Wire, Want]:
    if received.method == "POST":
        found = next((wire for pattern, wire in _REPLIES if re.search(pattern, path)), None)
        return (found, Want.REPLY) if found else (_CHAT, Want.NOTHING)
    wire = _asker(received, path)
    if received.method != "GET" or not (found := re.search(r"/models(/.+)?\Z", path)):
        return wire, Want.NOTHING
    return wire, Want.MODEL if found[1] else Want.MODELS


def _asker(received: Received, path: str) -> Wire:
    """Return whose client asks for models: the providers share a path, but each knows its own clients."""
    if "anthropic-version" in received.headers:
        return _ANTHROPIC
    googles = {"x-goog-api-key", "x-goog-api-client"} & received.headers.keys()
    return _GEMINI if googles or "/v1beta/" in path else _CHAT


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
