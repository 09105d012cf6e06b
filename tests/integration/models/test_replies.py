"""What a model says arrives as it was meant, in each protocol, plain and in pieces."""

import json

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.domain.conversation import (
    Finish,
    Message,
    Reply,
    Speaker,
    Text,
    Thinking,
    TokenUse,
    ToolCall,
    ToolResult,
    said,
)
from astrolabe.testing.models import Call, ModelServer, Turn, call, refuse, say
from tests.integration.models.asking import HELLO, READ, SERVED, ask

TEXT = "Näher, my café: 🙂\n\n  two  spaces, and an end. \n"
USE = TokenUse(read=100, written=7, cached=40)
CALL = Call(tool="read", arguments={"path": "a/ü.txt", "lines": [1, 2]}, id="call_1")
QUESTION = HELLO.model_copy(update={"tools": (READ,)})
TURNS: dict[str, tuple[Turn, Finish]] = {
    "text": (say(TEXT), Finish.STOP),
    "one word": (say("Yes"), Finish.STOP),
    "thinking": (say("3", thinking="r, r and r."), Finish.STOP),
    "call": (Turn(calls=(CALL,)), Finish.TOOLS),
    "call without arguments": (call("read"), Finish.TOOLS),
    "text and two calls": (
        Turn(text="Both.", calls=(CALL, CALL.model_copy(update={"id": "call_2"}))),
        Finish.TOOLS,
    ),
    "tool nobody offered": (call("no_such_tool", {"x": 1}), Finish.TOOLS),
    "refusal": (refuse("No, thank you."), Finish.REFUSED),
    "cut off at its limit": (Turn(text="and then", finish=Finish.LENGTH), Finish.LENGTH),
}


@pytest.fixture(params=SERVED, ids=lambda wire: wire.value)
def wire(request: pytest.FixtureRequest) -> Wire:
    return request.param


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return request.param


def words_of(reply: Reply) -> list[tuple[str, str]]:
    """Return what was said besides calls: what kind of part, and its text."""
    return [(part.kind, part.text) for part in reply.message.parts if isinstance(part, Text | Thinking)]


def meant(turn: Turn) -> list[tuple[str, str]]:
    said = turn.text or turn.refusal
    return [*([("thinking", turn.thinking)] if turn.thinking else []), *([("text", said)] if said else [])]


@pytest.mark.parametrize("name", TURNS)
def test_a_reply_says_what_the_model_said(wire: Wire, streamed: bool, name: str) -> None:
    turn, finish = TURNS[name]
    with ModelServer([turn.model_copy(update={"use": USE})]) as server:
        asked = ask(server, wire, QUESTION, streamed=streamed)
    reply = asked.reply
    assert (reply.finish, reply.use, reply.model) == (finish, USE, "there/scripted-1")
    assert words_of(reply) == meant(turn)
    assert [(part.tool, part.arguments) for part in reply.message.calls] == [
        (told.tool, json.loads(told.written)) for told in turn.calls
    ]
    assert all(told.id in {"", part.id} for told, part in zip(turn.calls, reply.message.calls, strict=True))
    assert "".join(asked.pieces) in {turn.text, *([turn.refusal] if streamed else [])} or not streamed


@pytest.mark.filterwarnings("ignore:because_i_say_so:UserWarning")
@pytest.mark.parametrize("wire", [Wire.OPENAI, Wire.ANTHROPIC, Wire.GEMINI], ids=lambda wire: wire.value)
def test_an_end_no_client_knows_is_an_end(wire: Wire, streamed: bool) -> None:
    with ModelServer([Turn(text="Well.", finish_word="because_i_say_so")]) as server:
        reply = ask(server, wire, streamed=streamed).reply
    assert (reply.message.text, reply.finish) == ("Well.", Finish.OTHER)


def test_arguments_that_are_no_json_are_kept_as_they_were_written(streamed: bool) -> None:
    with ModelServer([call("read", '{"path": "a')]) as server:
        (part,) = ask(server, Wire.OPENAI, QUESTION, streamed=streamed).reply.message.calls
    assert (part.tool, part.arguments, part.malformed) == ("read", {}, '{"path": "a')


def test_a_conversation_goes_on_with_whoever_it_was_begun_elsewhere(wire: Wire, streamed: bool) -> None:
    """Calls that were malformed, ids and names that the protocol does not know, and thoughts of somebody else."""
    begun = (
        *HELLO.messages,
        Message(
            speaker=Speaker.ASSISTANT,
            parts=(
                Thinking(text="hm", signature='{"signature": "of another"}', provider="elsewhere"),
                ToolCall(id="functions.read:0/é" * 20, tool="read", malformed="{"),
                ToolCall(id="b", tool="what is this?", arguments={"a": [1, None, "ü"]}),
            ),
        ),
        Message(
            speaker=Speaker.USER,
            parts=(
                ToolResult(id="functions.read:0/é" * 20, tool="read", text="That is no JSON.", failed=True),
                ToolResult(id="b", tool="what is this?", text="no such tool"),
                Text(text="Go on."),
            ),
        ),
    )
    question = QUESTION.model_copy(update={"messages": begun})
    with ModelServer([say("Well.")]) as server:
        assert ask(server, wire, question, streamed=streamed).reply.message.text == "Well."
        (request,) = server.requests
    body = request.body.decode()
    assert "of another" not in body
    assert "hm" not in [said.text for said in request.gist.said]
    assert request.last_user_text.endswith("Go on.")


def test_what_a_provider_wants_to_see_again_goes_back_to_it_and_to_nobody_else(streamed: bool) -> None:
    thought = Turn(text="3", thinking="r, r and r.", signature="proof-of-thought")
    with ModelServer([thought, say("Yes."), say("Yes.")]) as server:
        message = ask(server, Wire.ANTHROPIC, streamed=streamed).reply.message
        on = HELLO.model_copy(update={"messages": (*HELLO.messages, message, said(Speaker.USER, "Sure?"))})
        ask(server, Wire.ANTHROPIC, on)
        ask(server, Wire.OPENAI, on)
        again, elsewhere = (request.body.decode() for request in server.requests[1:])
    assert "proof-of-thought" in again
    assert "r, r and r." in again
    # The provider has the same name here: what it signed in one protocol is nothing in another.
    assert "proof-of-thought" not in elsewhere
    assert "r, r and r." not in elsewhere
