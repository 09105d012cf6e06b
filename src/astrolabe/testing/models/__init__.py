"""A scripted model server: real wire protocols over HTTP, with faults on demand.

from astrolabe.testing.models import FailureKind, ModelServer, call, fail, say

turns = [fail(FailureKind.RATE_LIMITED, retry_after_seconds=0), call("read", {"path": "a"}), say("It says b.")]
with ModelServer(turns, key="test") as server:
    ...  # a client of OpenAI's at server.openai_url, one of Anthropic's at server.url
    assert server.requests[0].headers["authorization"] == "Bearer test"
"""

from astrolabe.testing.models.faults import Cut, ErrorEvent, Failure, FailureKind, Garbage, Limits, Pace
from astrolabe.testing.models.records import Exchange, Outcome
from astrolabe.testing.models.request import Request, Said, WireName
from astrolabe.testing.models.script import (
    Call,
    Script,
    Turn,
    When,
    call,
    fail,
    refuse,
    repeat,
    say,
    written_call,
)
from astrolabe.testing.models.server import ModelServer
from astrolabe.testing.models.transcripts import Recording, Transcript
from astrolabe.testing.models.wire import Answer, ServedModel

__all__ = [
    "Answer",
    "Call",
    "Cut",
    "ErrorEvent",
    "Exchange",
    "Failure",
    "FailureKind",
    "Garbage",
    "Limits",
    "ModelServer",
    "Outcome",
    "Pace",
    "Recording",
    "Request",
    "Said",
    "Script",
    "ServedModel",
    "Transcript",
    "Turn",
    "When",
    "WireName",
    "call",
    "fail",
    "refuse",
    "repeat",
    "say",
    "written_call",
]
