"""What goes wrong on demand between a client and a scripted model, as the providers' own clients tell it."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.testing.clients import CLIENTS, CUT_OFF, KEY, Ask, Client
from tests.unit.testing.plain import ask, asking
from tests.unit.testing.questions import question

from astrolabe.testing.models import (
    Cut,
    ErrorEvent,
    Failure,
    FailureKind,
    Garbage,
    Limits,
    ModelServer,
    Outcome,
    Pace,
    ServedModel,
    Turn,
    WireName,
    call,
    fail,
    repeat,
    say,
    written_call,
)


@pytest.fixture(params=CLIENTS, ids=lambda client: client().name)
def client(request: pytest.FixtureRequest) -> Client:
    return request.param()


@pytest.fixture(params=list(WireName))
def wire(request: pytest.FixtureRequest) -> WireName:
    return request.param


@pytest.fixture(params=[False, True], ids=["plain", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return request.param


K = FailureKind
CHAT_FAILURES = {
    K.RATE_LIMITED: (429, "rate_limit_exceeded"),
    K.NO_CREDIT: (429, "insufficient_quota"),
    K.OVERLOADED: (503, "server_error"),
    K.BROKEN: (500, "server_error"),
    K.WRONG_KEY: (401, "invalid_api_key"),
    K.NO_KEY: (401, "invalid_request_error"),
    K.UNKNOWN_MODEL: (404, "model_not_found"),
    K.NO_TOOLS: (400, "unsupported_parameter"),
    K.WINDOW_EXCEEDED: (400, "context_length_exceeded"),
    K.INVALID: (400, "invalid_request_error"),
}
FAILURES = {
    WireName.CHAT: CHAT_FAILURES,
    WireName.RESPONSES: CHAT_FAILURES,
    WireName.ANTHROPIC: {
        K.RATE_LIMITED: (429, "rate_limit_error"),
        K.NO_CREDIT: (400, "invalid_request_error"),
        K.OVERLOADED: (529, "overloaded_error"),
        K.BROKEN: (500, "api_error"),
        K.WRONG_KEY: (401, "authentication_error"),
        K.NO_KEY: (401, "authentication_error"),
        K.UNKNOWN_MODEL: (404, "not_found_error"),
        K.NO_TOOLS: (400, "invalid_request_error"),
        K.WINDOW_EXCEEDED: (400, "invalid_request_error"),
        K.INVALID: (400, "invalid_request_error"),
    },
    WireName.GEMINI: {
        K.RATE_LIMITED: (429, "RESOURCE_EXHAUSTED"),
        K.NO_CREDIT: (429, "RESOURCE_EXHAUSTED"),
        K.OVERLOADED: (503, "UNAVAILABLE"),
        K.BROKEN: (500, "INTERNAL"),
        K.WRONG_KEY: (400, "INVALID_ARGUMENT"),
        K.NO_KEY: (403, "PERMISSION_DENIED"),
        K.UNKNOWN_MODEL: (404, "NOT_FOUND"),
        K.NO_TOOLS: (400, "INVALID_ARGUMENT"),
        K.WINDOW_EXCEEDED: (400, "INVALID_ARGUMENT"),
        K.INVALID: (400, "INVALID_ARGUMENT"),
    },
}


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_is_told_in_the_providers_own_words(
    client: Client, streamed: bool, kind: FailureKind
) -> None:
    with ModelServer([fail(kind)]) as server, pytest.raises(client.errors) as caught:
        client.ask(server, Ask(), streamed=streamed)
    assert client.told(caught.value) == FAILURES[client.name][kind]


def test_a_failure_can_have_any_status_and_message(client: Client) -> None:
    failure = Failure(kind=K.BROKEN, status=502, message="a gateway's own words")
    with ModelServer([Turn(failure=failure)]) as server, pytest.raises(client.errors) as caught:
        client.ask(server, Ask(), streamed=False)
    assert client.told(caught.value)[0] == 502
    assert "a gateway's own words" in str(caught.value)


def test_when_to_ask_again_is_told_in_seconds_or_as_a_date(wire: WireName) -> None:
    at = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    turns = [Turn(failure=Failure(kind=K.RATE_LIMITED, retry_after=when)) for when in (1.5, 2.0, at)]
    with ModelServer(turns) as server:
        got = [ask(server, *question(wire, streamed=False)) for _ in turns]
    if wire is WireName.GEMINI:
        details = [reply.told["error"].get("details", [{}])[0].get("retryDelay") for reply in got]
        assert details == ["1.5s", "2s", None]
        assert got[2].headers["retry-after"] == "Sun, 22 Nov 2026 03:04:05 GMT"
    else:
        assert [reply.headers["retry-after"] for reply in got] == [
            "1.5",
            "2",
            "Sun, 22 Nov 2026 03:04:05 GMT",
        ]


def test_rate_limits_are_told_in_headers() -> None:
    limits = Limits(requests=50, requests_left=3, tokens=1000, tokens_left=10, reset_seconds=90)
    turn = say("Yes").model_copy(update={"limits": limits, "times": None, "headers": {"x-more": "1"}})
    with ModelServer([turn], now=lambda: datetime(2026, 11, 22, tzinfo=UTC)) as server:
        openai = ask(server, *question(WireName.CHAT, streamed=True)).headers
        anthropic = ask(server, *question(WireName.ANTHROPIC, streamed=False)).headers
    assert (openai["x-ratelimit-remaining-requests"], openai["x-ratelimit-limit-tokens"]) == ("3", "1000")
    assert (openai["x-ratelimit-reset-tokens"], openai["x-more"]) == ("1m30s", "1")
    assert anthropic["anthropic-ratelimit-requests-remaining"] == "3"
    assert anthropic["anthropic-ratelimit-tokens-reset"] == "2026-11-22T00:01:30Z"


@pytest.mark.parametrize("after", [0, 2, 99])
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_cut_reply_ends_in_the_middle(wire: WireName, streamed: bool, how: Any, after: int) -> None:
    turn = say("one two three four").model_copy(update={"trouble": Cut(how=how, after_pieces=after)})
    with ModelServer([turn]) as server:
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)) as caught:
            ask(server, *question(wire, streamed=streamed))
        server.settle()
        (exchange,) = server.exchanges
    assert (how == "reset") <= isinstance(caught.value, ConnectionResetError)
    assert (exchange.outcome, exchange.pieces) == (Outcome.CUT, min(after, 4) if streamed else 0)


def test_a_clients_own_tongue_for_a_cut_stream_is_an_error(client: Client, streamed: bool) -> None:
    turn = say("one two three four").model_copy(update={"trouble": Cut(after_pieces=2)})
    with ModelServer([turn]) as server, pytest.raises((*client.errors, *CUT_OFF)):
        client.ask(server, Ask(), streamed=streamed)


@pytest.mark.parametrize("trouble", [Cut(how="ended", after_pieces=1), Garbage(after_pieces=1)])
def test_what_http_says_is_whole_can_be_half_a_reply_or_no_json(
    wire: WireName, streamed: bool, trouble: Any
) -> None:
    turn = say("one two three").model_copy(update={"trouble": trouble})
    with ModelServer([turn]) as server:
        got = ask(server, *question(wire, streamed=streamed))
        server.settle()
    assert (got.status, server.exchanges[0].outcome) == (200, Outcome.CUT)
    if streamed:
        events = [line[6:] for line in got.body.decode().splitlines() if line.startswith("data: ")]
        assert "one" in got.body.decode()
        assert "two" not in got.body.decode()
        assert "[DONE]" not in events
        broken = events.pop() if isinstance(trouble, Garbage) else "{"
        assert all(json.loads(each) for each in events)
    else:
        broken = got.body.decode()
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|delimiter"):
        json.loads(broken)


def test_a_stream_can_say_in_the_middle_that_it_failed(client: Client, streamed: bool) -> None:
    trouble = ErrorEvent(failure=Failure(kind=K.OVERLOADED), after_pieces=1)
    turn = say("one two").model_copy(update={"trouble": trouble})
    with ModelServer([turn]) as server, pytest.raises(client.errors) as caught:
        client.ask(server, Ask(), streamed=streamed)
    assert FAILURES[client.name][K.OVERLOADED][1] in client.told(caught.value) or "overloaded" in str(
        caught.value
    )


def test_a_reply_waits_until_its_gate_is_opened(client: Client, streamed: bool) -> None:
    turn = say("one two three").model_copy(update={"pace": Pace(gate="go")})
    with ModelServer([turn]) as server, ThreadPoolExecutor() as threads:
        asked = threads.submit(client.ask, server, Ask(), streamed=streamed)
        server.wait_for("go")
        assert not asked.done()
        assert server.exchanges[0].outcome is Outcome.UNDER_WAY
        server.open("go")
        assert asked.result().text == "one two three"


def test_a_stream_can_wait_in_its_middle_and_its_beginning_is_read_meanwhile(wire: WireName) -> None:
    turn = say("one two three").model_copy(update={"pace": Pace(gate="go", after_pieces=2)})
    with ModelServer([turn]) as server, asking(server, *question(wire, streamed=True)) as reply:
        read = b""
        while b"two" not in read:
            read += reply.readline()
        server.wait_for("go")
        assert b"three" not in read
        server.open("go")
        assert b"three" in reply.read()


def test_repetition_goes_on_until_the_client_hangs_up(wire: WireName) -> None:
    with ModelServer([repeat("again and ", 1_000_000)]) as server:
        with asking(server, *question(wire, streamed=True)) as reply:
            read = b""
            while read.count(b"again") < 50:
                read += reply.readline()
        server.settle()
        (exchange,) = server.exchanges
    assert exchange.outcome is Outcome.HUNG_UP
    assert 50 <= exchange.pieces < 2_000_000


def test_whoever_hangs_up_while_a_reply_waits_is_noticed(wire: WireName) -> None:
    with ModelServer([say("late").model_copy(update={"pace": Pace(gate="never", after_pieces=0)})]) as server:
        with asking(server, *question(wire, streamed=True)):
            server.wait_for("never")
        server.settle()
        assert server.exchanges[0].outcome is Outcome.HUNG_UP


@pytest.mark.parametrize("wire", [WireName.CHAT, WireName.RESPONSES])
def test_malformed_arguments_are_sent_as_they_are(wire: WireName, streamed: bool) -> None:
    chosen = next(one for one in (each() for each in CLIENTS) if one.name == wire)
    with ModelServer([call("read", '{"path": "a')]) as server:
        got = chosen.ask(server, Ask(tools=("read",)), streamed=streamed)
    assert got.calls == (("read", '{"path": "a'),)


def test_gemini_drops_malformed_calls_and_says_so(streamed: bool) -> None:
    chosen = next(one for one in (each() for each in CLIENTS) if one.name is WireName.GEMINI)
    with ModelServer([call("read", '{"path": "a')]) as server:
        got = chosen.ask(server, Ask(tools=("read",)), streamed=streamed)
    assert (got.calls, got.finish) == ((), "MALFORMED_FUNCTION_CALL")


def test_a_call_can_be_written_as_text(client: Client, streamed: bool) -> None:
    with ModelServer([written_call("read", {"path": "a"})]) as server:
        got = client.ask(server, Ask(tools=("read",)), streamed=streamed)
    fenced = got.text.removeprefix("```json\n").removesuffix("\n```")
    assert json.loads(fenced) == {"name": "read", "arguments": {"path": "a"}}
    assert not got.calls


MODELS = [ServedModel(name="small", window_tokens=400, tools=False), ServedModel(name="scripted-1")]


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (Ask(key="another-key"), K.WRONG_KEY),
        (Ask(model="no-such-model"), K.UNKNOWN_MODEL),
        (Ask(model="small", tools=("read",)), K.NO_TOOLS),
        (Ask(model="small", user="word " * 400), K.WINDOW_EXCEEDED),
    ],
    ids=["key", "model", "tools", "window"],
)
def test_a_request_that_cannot_be_served_is_refused_and_uses_up_no_turn(
    client: Client, streamed: bool, asked: Ask, kind: FailureKind
) -> None:
    with ModelServer([say("Yes")], key=KEY, models=MODELS) as server:
        with pytest.raises(client.errors) as caught:
            client.ask(server, asked, streamed=streamed)
        assert client.told(caught.value) == FAILURES[client.name][kind]
        assert client.ask(server, Ask(model="small"), streamed=streamed).text == "Yes"


def test_no_key_at_all_is_told_apart_from_a_wrong_one(wire: WireName) -> None:
    with ModelServer([say("Yes")], key=KEY) as server:
        assert ask(server, *question(wire, streamed=False)).status == FAILURES[wire][K.NO_KEY][0]


def test_a_script_that_is_over_says_so(client: Client) -> None:
    with ModelServer([say("Yes")]) as server:
        client.ask(server, Ask(), streamed=False)
        with pytest.raises(client.errors, match=r"no turn for request 2: 'Hello\.'"):
            client.ask(server, Ask(), streamed=False)


def test_how_a_stream_is_cut_into_chunks_makes_no_difference(client: Client) -> None:
    turn = Turn(text="Zwölf 🙂 \n\n Boxkämpfer", thinking="ü", pace=Pace(chunk_bytes=3, comments=True))
    with ModelServer([turn]) as server:
        got = client.ask(server, Ask(), streamed=True)
    assert (got.text, got.thinking) == (turn.text, "ü")


def test_events_are_cut_in_their_middle(wire: WireName) -> None:
    turn = Turn(text="one two", pace=Pace(chunk_bytes=7, comments=True))
    with ModelServer([turn, say("one two")]) as server:
        with asking(server, *question(wire, streamed=True)) as reply:
            chunks = list(iter(reply.read1, b""))
        whole = ask(server, *question(wire, streamed=True)).body
    assert max(map(len, chunks)) == 7
    assert b"".join(chunks).count(b": keep-alive\n\n") == (
        0 if wire is WireName.GEMINI else whole.count(b"\n\n")
    )


def test_a_gateway_can_answer_with_a_page(client: Client, streamed: bool) -> None:
    failure = Failure(kind=K.BROKEN, status=502, page=True)
    with ModelServer([Turn(failure=failure)] * 2) as server:
        with pytest.raises(client.errors) as caught:
            client.ask(server, Ask(), streamed=streamed)
        got = ask(server, *question(client.name, streamed=streamed))
    assert "502" in str(caught.value)
    assert (got.headers["content-type"], got.status) == ("text/html", 502)


def test_a_connection_can_be_closed_without_an_answer(wire: WireName, streamed: bool) -> None:
    with ModelServer([Turn(text="one", trouble=Cut(how="unanswered"))]) as server:
        with pytest.raises(http.client.RemoteDisconnected):
            ask(server, *question(wire, streamed=streamed))
        server.settle()
        assert (server.exchanges[0].outcome, server.exchanges[0].status) == (Outcome.CUT, 0)
