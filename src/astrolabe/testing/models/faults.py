"""What can go wrong between a client and a model, as values of a script; each wire says it in its provider's own words."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from astrolabe.domain.value import Value


class FailureKind(StrEnum):
    """Why a request gets an error for an answer. The status, the body and the headers are the provider's."""

    RATE_LIMITED = "rate-limited"
    NO_CREDIT = "no-credit"
    OVERLOADED = "overloaded"
    BROKEN = "broken"
    WRONG_KEY = "wrong-key"
    NO_KEY = "no-key"
    UNKNOWN_MODEL = "unknown-model"
    NO_TOOLS = "no-tools"
    WINDOW_EXCEEDED = "window-exceeded"
    INVALID = "invalid"


class Failure(Value):
    """An error instead of a reply.

    `retry_after` becomes `Retry-After`: seconds, or an instant that is told as an HTTP date. `status` and `message` take the
    place of what the provider would say to a failure of that kind. With `page` the body is no JSON but an HTML page, as
    gateways between client and provider write them.
    """

    kind: FailureKind
    retry_after: Annotated[float, Field(ge=0)] | AwareDatetime | None = None
    status: int | None = Field(default=None, ge=400, le=599)
    message: str = ""
    page: bool = False


class Cut(Value):
    """The reply stops in the middle, after that many pieces of content and at the latest before the reply would end.

    `closed`: the connection is closed inside a chunk (a plain reply: half of the promised bytes). `reset`: it is reset.
    `ended`: the body ends as HTTP wants it, but the reply in it is not finished. `unanswered`: it is closed before a byte is
    sent.
    """

    kind: Literal["cut"] = "cut"
    after_pieces: int = Field(default=1, ge=0)
    how: Literal["closed", "reset", "ended", "unanswered"] = "closed"


class ErrorEvent(Value):
    """The stream says in the middle that it failed, then ends. A plain reply is the failure itself."""

    kind: Literal["error"] = "error"
    failure: Failure
    after_pieces: int = Field(default=1, ge=0)


class Garbage(Value):
    """What should be JSON is none: an event in the middle of the stream, or the plain reply's whole body."""

    kind: Literal["garbage"] = "garbage"
    after_pieces: int = Field(default=1, ge=0)


Trouble = Annotated[Cut | ErrorEvent | Garbage, Field(discriminator="kind")]


class Pace(Value):
    """How slowly a reply comes.

    `gate` names what the reply waits for until somebody opens it (`ModelServer.open`): before a single byte is sent, or in a
    stream after that many pieces. `seconds_per_piece` delays each piece of a stream. `chunk_bytes` cuts a stream into chunks
    of that size, in the middle of events, words and characters. With `comments` a comment that means nothing goes before
    each event, as servers send them to keep a connection open (Google's sends none, and its client cannot read them).
    """

    gate: str = ""
    after_pieces: int | None = Field(default=None, ge=0)
    seconds_per_piece: float = Field(default=0.0, ge=0)
    chunk_bytes: int | None = Field(default=None, ge=1)
    comments: bool = False


class Limits(Value):
    """What the provider's headers say of its rate limits: `x-ratelimit-*`, `anthropic-ratelimit-*`; Gemini says nothing."""

    requests: int = 500
    requests_left: int = 499
    tokens: int = 200_000
    tokens_left: int = 199_000
    reset_seconds: float = 1.0
