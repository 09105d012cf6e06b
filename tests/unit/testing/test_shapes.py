"""The shape of what the scripted server sends, against the types of the providers' clients and against real replies."""

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from tests.unit.testing.plain import ask
from tests.unit.testing.questions import question
from tests.unit.testing.test_models import TURNS
from tests.unit.testing.test_transcripts import FOLDER

from astrolabe.testing.models import Call, ModelServer, Transcript, Turn, WireName

TYPES: dict[WireName, tuple[Any, Any]] = {
    WireName.CHAT: (ChatCompletion, ChatCompletionChunk),
    WireName.RESPONSES: (Response, ResponseStreamEvent),
    WireName.ANTHROPIC: (Message, RawMessageStreamEvent),
    WireName.GEMINI: (GenerateContentResponse, GenerateContentResponse),
}


def events(body: bytes) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in body.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("wire", WireName)
def test_nothing_is_missing_that_the_clients_types_require(wire: WireName, name: str) -> None:
    whole, piece = (TypeAdapter(each) for each in TYPES[wire])
    with ModelServer([TURNS[name][0]] * 2) as server:
        assert whole.validate_python(ask(server, *question(wire, streamed=False)).told)
        told = events(ask(server, *question(wire, streamed=True)).body)
    for each in told:
        if each != {"type": "ping"}:
            assert piece.validate_python(each)


REAL = {
    "/v1/chat/completions": WireName.CHAT,
    "/v1/responses": WireName.RESPONSES,
    "/v1/messages": WireName.ANTHROPIC,
}
ELSEWHERE = {
    ".choices[].message.function_call",  # before there were tools
    ".choices[].delta.function_call",
    ".choices[].stop_reason",  # of vLLM
    ".usage.prompt_cache_hit_tokens",  # of DeepSeek
    ".usage.prompt_cache_miss_tokens",
    ".p",  # Mistral's padding
    ".billing",  # of some accounts
    ".moderation",
    ".reasoning.context",
}
"""What recorded replies have and the scripted ones have not, with all below it."""
WHAT_WAS_ASKED = (".tools[]", ".response.tools[]", ".text.format.", ".content[].input.")
"""Where a reply repeats the question, or what a tool is called with."""


def places(value: Any, at: str = "") -> set[str]:
    """Return where something stands in JSON: `.choices[].message.content`."""
    if isinstance(value, dict):
        return {f"{at}.{name}" for name in value}.union(
            *(places(inner, f"{at}.{name}") for name, inner in value.items())
        )
    return set().union(*(places(inner, f"{at}[]") for inner in value)) if isinstance(value, list) else set()


def by_type(told: Any) -> dict[str, set[str]]:
    """Return the places of a plain reply, or of a stream's events by their type."""
    found: dict[str, set[str]] = {}
    for each in told if isinstance(told, list) else [told]:
        found.setdefault(each.get("type", "") if isinstance(told, list) else "", set()).update(places(each))
    return found


def _elsewhere(place: str) -> bool:
    parts = place.removeprefix(".response").split(".")
    return place.startswith(WHAT_WAS_ASKED) or any(
        ".".join(parts[:end]) in ELSEWHERE for end in range(2, len(parts) + 1)
    )


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("wire", set(REAL.values()))
def test_nothing_is_missing_that_real_replies_have(wire: WireName, streamed: bool) -> None:
    path, body = question(wire, streamed=streamed)
    turn = Turn(text="a b", thinking="c d", calls=(Call(tool="f", arguments={"location": "x"}),))
    with ModelServer([turn]) as server:
        got = ask(
            server,
            path,
            body | ({"stream_options": {"include_usage": True}} if wire is WireName.CHAT else {}),
        )
    ours = by_type(events(got.body) if streamed else got.told)
    for file in sorted(FOLDER.rglob("*.yaml")):
        for recording in Transcript.read(file).recordings:
            if (REAL.get(recording.path), recording.streams) != (wire, streamed):
                continue
            for kind, real in by_type(recording.told).items():
                missing = {place for place in real - ours[kind] if not _elsewhere(place)}
                assert not missing, (file, kind)


@pytest.mark.parametrize("counted", [False, True])
def test_a_stream_of_chat_completions_ends_as_the_real_one(counted: bool) -> None:
    path, body = question(WireName.CHAT, streamed=True)
    with ModelServer([Turn(text="a b")]) as server:
        got = ask(server, path, body | {"stream_options": {"include_usage": counted}})
    *told, last = got.body.decode().removesuffix("\n\n").split("\n\n")
    chunks = [json.loads(each.removeprefix("data: ")) for each in told]
    assert last == "data: [DONE]"
    assert [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]] == [
        None,
        None,
        None,
        "stop",
    ]
    # Asked for, the tokens are told after all choices, and every chunk before has their place.
    assert [chunk.get("usage", "none") for chunk in chunks[:-1]] == [None if counted else "none"] * (
        len(chunks) - 1
    )
    assert bool(chunks[-1].get("usage")) == counted == (not chunks[-1]["choices"])


def test_a_stream_of_messages_begins_with_its_message_and_a_ping() -> None:
    with ModelServer([Turn(text="a")]) as server:
        told = events(ask(server, *question(WireName.ANTHROPIC, streamed=True)).body)
    assert [each["type"] for each in told] == [
        "message_start",
        "ping",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
