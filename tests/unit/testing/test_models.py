"""The scripted model server, judged by the providers' own clients: what it sends, they understand as it was meant."""

from typing import Any

import pytest
from tests.unit.testing.clients import CLIENTS, KEY, MODEL, Ask, Client, Understood

from astrolabe.domain.conversation import Finish, TokenUse
from astrolabe.testing.models import Call, ModelServer, Turn, WireName, call, refuse, say

TEXT = "Näher, my café: 🙂\n\n  two  spaces, and an end. \n"
TURNS: dict[str, tuple[Turn, dict[str, Any]]] = {
    "text": (say(TEXT), {"text": TEXT}),
    "one word": (say("Yes"), {"text": "Yes"}),
    "thinking": (say("3", thinking="r, r and r."), {"text": "3", "thinking": "r, r and r."}),
    "call": (
        call("read", {"path": "a/ü.txt", "lines": [1, 2]}),
        {"calls": (("read", {"path": "a/ü.txt", "lines": [1, 2]}),)},
    ),
    "call without arguments": (call("now"), {"calls": (("now", {}),)}),
    "text and two calls": (
        Turn(
            text="Both.", calls=(Call(tool="read", arguments={"n": 1}), Call(tool="read", arguments={"n": 2}))
        ),
        {"text": "Both.", "calls": (("read", {"n": 1}), ("read", {"n": 2}))},
    ),
    "unknown tool": (call("no_such_tool", {"x": 1}), {"calls": (("no_such_tool", {"x": 1}),)}),
    "refusal": (refuse("No, thank you."), {"refusal": "No, thank you."}),
    "cut off at its limit": (Turn(text="and then", finish=Finish.LENGTH), {"text": "and then"}),
    "empty": (Turn(), {}),
}
FINISHES = {
    WireName.CHAT: ("stop", "tool_calls", "length", "stop"),
    WireName.RESPONSES: ("completed", "completed", "max_output_tokens", "completed"),
    WireName.ANTHROPIC: ("end_turn", "tool_use", "max_tokens", "refusal"),
    WireName.GEMINI: ("STOP", "STOP", "MAX_TOKENS", "SAFETY"),
}
"""By protocol: ended, asks for tools, cut off, refused."""
USE = TokenUse(read=100, written=7, cached=40)


@pytest.fixture(params=CLIENTS, ids=lambda client: client().name)
def client(request: pytest.FixtureRequest) -> Client:
    return request.param()


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.mark.parametrize("name", TURNS)
def test_a_client_understands_a_turn_as_it_was_meant(client: Client, streamed: bool, name: str) -> None:
    turn, meant = TURNS[name]
    with ModelServer([turn.model_copy(update={"use": USE})], key=KEY) as server:
        got = client.ask(server, Ask(tools=("read", "now")), streamed=streamed)
    place = [Finish.STOP, Finish.TOOLS, Finish.LENGTH, Finish.REFUSED].index(turn.ending)
    assert got == Understood(finish=FINISHES[client.name][place], read=100, written=7, cached=40, **meant)
    (request,) = server.requests
    assert (request.wire, request.gist.model, request.gist.streams) == (client.name, MODEL, streamed)
    assert (request.last_user_text, request.gist.tools) == ("Hello.", ("read", "now"))


def test_models_are_listed(client: Client) -> None:
    with ModelServer(models=["a", "b"], key=KEY) as server:
        assert client.models(server) == ["a", "b"]
