"""Whatever bytes an endpoint sends, however they are cut, asking it ends with an answer or with an error of ours."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrolabe.adapters.models.exchange import Exchange
from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.messages import arguments_of
from astrolabe.adapters.models.place import Place
from astrolabe.domain.conversation import Question, Reply, Speaker, ToolCall, said
from astrolabe.errors import ModelError
from astrolabe.ports.model import ModelInfo

INFO = ModelInfo("there/m", "there", 32_000, 1000)
HELLO = Question(messages=(said(Speaker.USER, "Hello."),))
EVENTS: dict[Wire, list[dict[str, Any]]] = {
    Wire.OPENAI: [
        {"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "Hi"}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}},
        {"error": {"message": "no", "code": "server_error"}},
    ],
    Wire.ANTHROPIC: [
        {"type": "message_start", "message": {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
        {"type": "error", "error": {"type": "overloaded_error", "message": "no"}},
    ],
    Wire.GEMINI: [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "index": 0}]},
        {"candidates": [{"content": {"role": "model", "parts": [{"functionCall": {"name": "f"}}]}, "finishReason": "STOP"}]},
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1}},
    ],
    Wire.OPENAI_RESPONSES: [
        {"type": "response.created", "response": {"id": "1", "object": "response", "output": [], "status": "in_progress"}},
        {"type": "response.output_text.delta", "item_id": "a", "output_index": 0, "content_index": 0, "delta": "Hi"},
        {"type": "response.completed", "response": {"id": "1", "object": "response", "output": [], "status": "completed"}},
        {"type": "response.failed", "response": {"id": "1", "status": "failed"}},
    ],
}  # fmt: skip
odd = st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2) | st.just({})


@st.composite
def bodies(draw: st.DrawFn, wire: Wire) -> list[bytes]:
    """Events of the protocol in any order, some with a value that is another one, cut anywhere, with noise between."""
    lines: list[bytes] = []
    for event in draw(st.lists(st.sampled_from(EVENTS[wire]), max_size=6)):
        told = dict(event)
        if draw(st.booleans()):
            told[draw(st.sampled_from(sorted(told)))] = draw(odd)
        name = f"event: {event.get('type', '')}\n" if "type" in event else ""
        lines.append(f"{name}data: {json.dumps(told)}\n\n".encode())
        lines += draw(st.lists(st.binary(max_size=8), max_size=1))
    whole = b"".join(lines)
    cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    return [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def asked(wire: Wire, status: int, kind: str, pieces: list[bytes], *, streamed: bool) -> Reply | ModelError:
    async def body():
        for piece in pieces:
            yield piece

    async def go() -> Reply | ModelError:
        def answer(_request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(status, headers={"content-type": kind}, content=body())

        place = Place("there", wire, "http://127.0.0.1:9", 5.0, "key")
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer), timeout=10.0) as http:
            try:
                return await Exchange(INFO, place, http).ask(HELLO, (lambda _: None) if streamed else None)
            except ModelError as error:
                return error

    return asyncio.run(asyncio.wait_for(go(), 30))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wire", Wire, ids=lambda wire: wire.value)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_any_bytes_are_an_answer_or_an_error_of_ours(wire: Wire, data: st.DataObject) -> None:
    pieces = data.draw(bodies(wire) | st.lists(st.binary(max_size=40), max_size=3))
    kind = data.draw(st.sampled_from(["text/event-stream", "application/json", "text/html"]))
    status = data.draw(st.sampled_from([200, 200, 200, 400, 429, 500, 302]))
    asked(wire, status, kind, pieces, streamed=data.draw(st.booleans()))


@given(st.text(max_size=40) | st.none() | st.dictionaries(st.text(max_size=3), odd))
def test_whatever_a_call_holds_can_be_kept(told: object) -> None:
    arguments, malformed = arguments_of(told)
    call = ToolCall(id="1", tool="f", arguments=arguments, malformed=malformed)
    assert ToolCall.model_validate_json(call.model_dump_json()) == call


@pytest.mark.parametrize(
    "told", ["[" * 5000, '{"a":' * 5000, '{"a": 1e999}', '{"a": NaN}', "9" * 5000, "[1]"]
)
def test_arguments_that_cannot_be_kept_are_malformed(told: str) -> None:
    assert arguments_of(told) == ({}, told)
