"""What a protocol has to be able to say, and what all of them share."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum, auto
from typing import Any, Protocol

from astrolabe.domain.value import Value
from astrolabe.testing.models.faults import Failure, Limits
from astrolabe.testing.models.request import Gist, Request, WireName
from astrolabe.testing.models.script import Turn

CREATED = 1_760_000_000
"""When every reply says it was made (seconds since 1970): the same script gives the same bytes."""


class ServedModel(Value):
    """A model the server has. `window_tokens`: a longer request is refused, four bytes of its body counted as a token."""

    name: str
    window_tokens: int = 128_000
    most_tokens: int = 16_384
    tools: bool = True


@dataclass(frozen=True)
class Answer:
    """A whole HTTP reply. Headers have no length and no encoding: those follow from how it is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Phase(Enum):
    """What part of a stream an event is: what comes before the content, a piece of it, what ends the reply."""

    START = auto()
    PIECE = auto()
    END = auto()


@dataclass(frozen=True)
class Frame:
    """One event of a stream."""

    data: bytes
    phase: Phase = Phase.PIECE


class Wire(Protocol):
    """One provider's protocol: how requests are read, and how a turn is told."""

    @property
    def name(self) -> WireName: ...

    def read(self, path: str, body: dict[str, Any]) -> Gist:
        """Return what a request means."""
        ...

    def fault(self, body: dict[str, Any]) -> str:
        """Return what the real service would refuse in a request, in its words; empty if nothing."""
        ...

    def key(self, request: Request) -> str:
        """Return the key a request came with; empty if it came without."""
        ...

    def reply(self, turn: Turn, request: Request) -> dict[str, Any]:
        """Return the body of a plain reply."""
        ...

    def stream(self, turn: Turn, request: Request) -> Iterable[Frame]:
        """Return the events of a streamed reply."""
        ...

    def failure(self, failure: Failure, request: Request) -> Answer:
        """Return an error as the provider tells it."""
        ...

    def interruption(self, failure: Failure, request: Request) -> bytes:
        """Return the event that says in mid-stream that it failed."""
        ...

    def headers(self, request: Request, limits: Limits | None, now: datetime) -> dict[str, str]:
        """Return the headers of every reply."""
        ...

    def models(self, models: Iterable[ServedModel]) -> dict[str, Any]:
        """Return the list of models."""
        ...

    def model(self, model: ServedModel) -> dict[str, Any]:
        """Return what is told of one model."""
        ...


def compact(value: Any) -> bytes:
    """Return JSON without spaces, as the services send it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(data: Any, name: str = "") -> bytes:
    """Return a server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + compact(data) + b"\n\n"


def retry_after(failure: Failure) -> dict[str, str]:
    """Return the header that says when to ask again."""
    if failure.retry_after is None:
        return {}
    if isinstance(failure.retry_after, datetime):
        return {"retry-after": format_datetime(failure.retry_after.astimezone(UTC), usegmt=True)}
    return {"retry-after": f"{failure.retry_after:g}"}


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a reply whose body is JSON."""
    return Answer(status, compact(body), {"content-type": "application/json", **(headers or {})})


def frames(phase: Phase, events: Iterable[bytes]) -> Iterator[Frame]:
    """Return events as frames of one phase."""
    return (Frame(each, phase) for each in events)
