"""What model providers send: whole answers, streams, errors, headers, in four protocols, over a transport in memory."""

import asyncio
import json
import warnings
from collections.abc import AsyncGenerator
from functools import cache, partial

import httpx2
import yaml
from target import JSON_WORDS, Target, files, text

from astrolabe.adapters.models.exchange import Exchange
from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.limits import allowances, reset_seconds
from astrolabe.adapters.models.messages import arguments_of
from astrolabe.adapters.models.place import Place
from astrolabe.agents.tools.editing import EDIT
from astrolabe.agents.tools.reading import READ, SEARCH
from astrolabe.domain.conversation import Question, Reply, Speaker, ToolCall, ToolSpec, said
from astrolabe.errors import InputError, ModelError
from astrolabe.ports.model import ModelInfo
from astrolabe.roles.reviewer.verdict import VERDICT

warnings.simplefilter("ignore")
INFO = ModelInfo("there/m", "there", 32_000, 1000)
HELLO = Question(
    messages=(said(Speaker.USER, "Hello."),),
    tools=(ToolSpec(name="f", description="d", parameters={"type": "object"}),),
)
STATUSES = (200, 200, 200, 200, 200, 200, 400, 401, 404, 413, 429, 500, 503, 302)
KINDS = ("text/event-stream", "application/json", "text/event-stream; charset=latin-1", "text/html", "")


class _Line:
    """One open client, and what its next answer is."""

    def __init__(self, wire: Wire) -> None:
        self.loop = asyncio.new_event_loop()
        self.answer = (200, "", [b""])
        place = Place("there", wire, "http://127.0.0.1:9", 30.0, "key")
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answered), timeout=30.0)
        self.exchange = Exchange(INFO, place, http)

    def _answered(self, _request: httpx2.Request) -> httpx2.Response:
        status, kind, pieces = self.answer

        async def body() -> AsyncGenerator[bytes]:
            for piece in pieces:
                yield piece

        return httpx2.Response(status, headers={"content-type": kind} if kind else {}, content=body())

    def ask(self, streamed: bool) -> Reply:
        return self.loop.run_until_complete(self.exchange.ask(HELLO, (lambda _: None) if streamed else None))


@cache
def _line(wire: Wire) -> _Line:
    return _Line(wire)


def stream(wire: Wire, data: bytes) -> None:
    """Three bytes say how it is sent: status and whether it is streamed, kind, size of the pieces."""
    how, kind, size = data[0] if data else 0, data[1] if len(data) > 1 else 0, data[2] if len(data) > 2 else 0
    body, step = data[3:], 1 + size * 16
    line = _line(wire)
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    line.answer = (STATUSES[(how >> 1) % len(STATUSES)], KINDS[kind % len(KINDS)], pieces)
    reply = line.ask(streamed=bool(how & 1))
    assert Reply.model_validate_json(reply.model_dump_json()) == reply


def arguments(data: bytes) -> None:
    given, malformed = arguments_of(text(data))
    call = ToolCall(id="1", tool="edit", arguments=given, malformed=malformed)
    assert ToolCall.model_validate_json(call.model_dump_json()) == call
    for tool in (EDIT, READ, SEARCH, VERDICT):
        try:
            tool.read(given)
        except InputError as refused:
            assert str(refused).encode()


def limits(data: bytes) -> None:
    lines = [line.partition(":") for line in text(data).split("\n")]
    headers = {name: value for name, _, value in lines}
    for one in allowances(headers, 1.8e9):
        assert one.resets_seconds is None or one.resets_seconds >= 0
    reset_seconds(headers, 1.8e9)


_FOLDERS = {
    Wire.OPENAI: "openai-test_*",
    Wire.OPENAI_RESPONSES: "openai-test_responses*",
    Wire.ANTHROPIC: "anthropic-*",
}


def _seeds(wire: Wire) -> list[bytes]:
    """Return the bodies of recorded answers, and an error."""
    found = [b'\x0c\1\xff{"error": {"message": "no", "type": "t", "code": 1}}', *_OWN.get(wire, ())]
    for raw in files(f"tests/data/transcripts/{_FOLDERS.get(wire, 'none')}/*.yaml", 40):
        for each in yaml.load(raw, yaml.CSafeLoader)["interactions"]:
            body = each["response"]["body"]["string"]
            sent = body if isinstance(body, bytes) else str(body).encode()
            streams = sent.startswith((b"data:", b"event:"))
            if not sent.startswith(b"\x1f\x8b"):
                found.append((b"\1\0\xff" if streams else b"\0\1\xff") + sent)
    return found


def _events(*events: dict[str, object]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


_OWN = {
    Wire.GEMINI: [
        b"\1\0\xff" + _events({"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "index": 0}]}, {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}}),
        b'\0\1\xff{"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi", "thought": true, "thoughtSignature": "YQ=="}]}, "finishReason": "SAFETY", "index": 0}], "modelVersion": "m", "usageMetadata": {"promptTokenCount": 3}}',
        b'\0\1\xff{"promptFeedback": {"blockReason": "SAFETY"}}',
    ],
    Wire.OPENAI: [b"\1\0\xff" + _events({"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}}]}, {"choices": [{"index": 0, "delta": {"reasoning_content": "r"}, "finish_reason": "tool_calls"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}) + b"data: [DONE]\n\n"],
}  # fmt: skip
WORDS = (*JSON_WORDS, b"data: ", b"event: ", b"\n\n", b": ping\n", b"id: ", b"retry: ", b"[DONE]", b"\r", b'"choices"', b'"delta"', b'"content"', b'"tool_calls"', b'"function"', b'"arguments"', b'"finish_reason"', b'"usage"', b'"type"', b'"error"', b'"candidates"', b'"parts"', b'"functionCall"', b'"thought"', b'"response.completed"', b'"response.output_item.added"', b'"content_block_start"', b'"message_start"', b'"input_json_delta"', b'"partial_json"', b'"index"', b'"output"')  # fmt: skip
HEADERS = (b"x-ratelimit-remaining-tokens:0\n", b"x-ratelimit-reset-tokens:", b"anthropic-ratelimit-tokens-remaining:0\n", b"anthropic-ratelimit-tokens-reset:", b"ratelimit-remaining:0\n", b"ratelimit-reset:", b"6m0s", b"1e400", b"2026-11-22T03:00:00Z", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59", b"nan", b"inf", b"-1", b"ms", b"h")  # fmt: skip

TARGETS = {
    **{
        f"stream-{wire.value}": Target(partial(stream, wire), (ModelError,), WORDS, partial(_seeds, wire), most=16_384)
        for wire in Wire
    },
    "arguments": Target(arguments, (), (*JSON_WORDS, b'"path"', b'"old"', b'"new"', b'"first"', b'"pattern"', b'"findings"', b'"summary"'), lambda: [b'{"path": "a", "old": "b", "new": "c"}', b'{"summary": "s", "verdict": "pass", "findings": [{"file": "a", "line": 1, "severity": "minor", "text": "t"}]}']),
    "limits": Target(limits, (), HEADERS, lambda: [b"x-ratelimit-remaining-tokens:0\nx-ratelimit-reset-tokens:6m0s\nx-ratelimit-limit-tokens:100", b"anthropic-ratelimit-requests-remaining:0\nanthropic-ratelimit-requests-reset:2026-11-22T03:00:00Z"], most=4096),
}  # fmt: skip
