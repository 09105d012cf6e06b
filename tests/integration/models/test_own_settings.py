"""What one protocol alone has, as it goes over the wire: Anthropic's cache, Gemini's safety."""

import json
from typing import Any

import pytest

from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.options import ModelOptions
from astrolabe.domain.conversation import Speaker, TokenUse, said
from astrolabe.testing.models import ModelServer, Turn, say
from tests.integration.models.asking import HELLO, KEY, MODEL, READ, ask

LONG = HELLO.model_copy(
    update={
        "tools": (READ,),
        "messages": (*HELLO.messages, said(Speaker.ASSISTANT, "Hello?"), said(Speaker.USER, "Go on.")),
    }
)
PRICES = {"read": 10.0, "written": 50.0, "cached": 1.0, "stored": 12.5}


def body(server: ModelServer) -> Any:
    return json.loads(server.requests[-1].body)


def test_anthropic_is_asked_to_keep_what_stays_the_same_and_what_was_said() -> None:
    with ModelServer([say("Yes.")]) as server:
        ask(server, Wire.ANTHROPIC, LONG)
        told = body(server)
    kept = {"type": "ephemeral", "ttl": "5m"}
    assert told["system"][-1]["text"] == "Be brief."
    assert told["system"][-1]["cache_control"] == kept
    assert told["tools"][-1]["cache_control"] == kept
    assert told["messages"][-1]["content"][-1]["cache_control"] == kept
    marks = json.dumps(told).count("cache_control")
    assert marks <= 4, "it takes no more than four"
    assert "cache_control" not in json.dumps(told["messages"][:-1])


@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "streamed"])
def test_what_came_from_the_cache_is_counted_and_priced_as_that(streamed: bool) -> None:
    use = TokenUse(read=1000, written=10, cached=700, stored=200)
    with ModelServer([Turn(text="Yes.", use=use)]) as server:
        reply = ask(server, Wire.ANTHROPIC, LONG, streamed=streamed, prices=PRICES).reply
    assert reply.use == use
    assert reply.money == pytest.approx((100 * 10 + 10 * 50 + 700 * 1 + 200 * 12.5) / 1e6)


def test_gemini_is_told_what_to_block_and_nothing_where_nobody_chose() -> None:
    chosen = {"harassment": "low", "hate": "medium", "sexual": "high", "dangerous": "never"}
    with ModelServer([say("Yes.").model_copy(update={"times": 2})]) as server:
        ask(server, Wire.GEMINI, safety=chosen)
        told = body(server)["safetySettings"]
        ask(server, Wire.GEMINI)
        assert "safetySettings" not in body(server)
    assert {one["category"]: one["threshold"] for one in told} == {
        "HARM_CATEGORY_HARASSMENT": "BLOCK_LOW_AND_ABOVE",
        "HARM_CATEGORY_HATE_SPEECH": "BLOCK_MEDIUM_AND_ABOVE",
        "HARM_CATEGORY_SEXUALLY_EXPLICIT": "BLOCK_ONLY_HIGH",
        "HARM_CATEGORY_DANGEROUS_CONTENT": "BLOCK_NONE",
    }


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"calls": "native", "tools": False}, "models.providers.there.calls"),
        ({"calls_of": {MODEL: "shape"}, "shapes": False}, f"models.providers.there.calls_of.{MODEL}"),
        ({"protocol": "openai", "safety": {"hate": "low"}}, "models.providers.there.safety"),
    ],
)
def test_settings_that_contradict_themselves_are_told(there: dict[str, Any], said: str) -> None:
    told = {
        "use": f"there/{MODEL}",
        "providers": {"there": {"base_url": "http://127.0.0.1:9", "key": KEY, **there}},
    }
    assert [problem.place for problem in ModelOptions.model_validate(told).problems()] == [said]
    good = {**told, "providers": {"there": {"base_url": "http://127.0.0.1:9", "calls": "shape"}}}
    assert ModelOptions.model_validate(good).problems() == []


def test_a_kind_of_harm_that_gemini_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="rudeness"):
        ModelOptions.model_validate({"providers": {"gemini": {"safety": {"rudeness": "low"}}}})
