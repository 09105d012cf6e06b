"""The scripted model server as a server: who asks what and when, what it keeps, and as a process of its own."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.unit.testing.clients import CLIENTS, KEY, AnthropicClient, Ask, ChatClient, Client
from tests.unit.testing.plain import ask

from astrolabe.errors import InputError
from astrolabe.testing.models import (
    Cut,
    FailureKind,
    ModelServer,
    Pace,
    Request,
    Script,
    Turn,
    When,
    WireName,
    call,
    fail,
    say,
)


@pytest.fixture(params=CLIENTS, ids=lambda client: client().name)
def client(request: pytest.FixtureRequest) -> Client:
    return request.param()


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def text_of(server: ModelServer, body: Any) -> str:
    return ask(server, "/v1/chat/completions", body).told["choices"][0]["message"]["content"]


def test_turns_are_taken_in_order_and_by_what_a_request_says(client: Client) -> None:
    turns = [
        say("first"),
        say("the weather").model_copy(update={"when": When(user_says="WEATHER")}),
        say("second"),
        say("always").model_copy(update={"when": When(offers="read"), "times": None}),
        say("twice").model_copy(update={"times": 2}),
    ]
    asked = ["a", "b", "the Weather?", "c", "d"]
    with ModelServer(turns) as server:
        got = [client.ask(server, Ask(text), streamed=False).text for text in asked]
        tools = [client.ask(server, Ask(tools=("read",)), streamed=True).text for _ in "123"]
    assert got == ["first", "second", "the weather", "twice", "twice"]
    assert tools == ["always"] * 3


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (When(), True),
        (When(model="m"), True),
        (When(model="other"), False),
        (When(wire=WireName.CHAT), True),
        (When(wire=WireName.GEMINI), False),
        (When(user_says="please"), True),
        (When(user_says="result"), False),
        (When(last_says="RESULT"), True),
        (When(last_says="please"), False),
        (When(holds="be brief"), True),
        (When(holds="nowhere"), False),
        (When(offers="read"), True),
        (When(offers="write"), False),
    ],
)
def test_a_turn_is_for_the_requests_it_names(when: When, fits: bool) -> None:
    asked = {"id": "1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Read, please."}]},
            {"role": "assistant", "tool_calls": [asked]},
            {"role": "tool", "tool_call_id": "1", "content": "the result"},
        ],
        "tools": [{"type": "function", "function": {"name": "read"}}],
    }
    with ModelServer([Turn(text="yes", when=when), say("no")]) as server:
        assert text_of(server, body) == ("yes" if fits else "no")


def test_a_function_can_answer() -> None:
    def answer(request: Request) -> Turn:
        return say(f"{request.number}: {request.last_user_text}")

    with ModelServer(answer) as server:
        assert text_of(server, chat("one")) == "1: one"
        assert text_of(server, chat("two")) == "2: two"


def test_many_clients_at_once_get_each_turn_once(client: Client) -> None:
    with ModelServer([say(str(number)) for number in range(16)]) as server, ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(client.ask, server, Ask(str(n)), streamed=n % 2 == 0) for n in range(16)]
        got = [each.result().text for each in asked]
        assert Counter(got) == Counter(map(str, range(16)))
    assert {request.last_user_text for request in server.requests} == set(map(str, range(16)))


def test_replies_are_the_same_bytes_every_time() -> None:
    def exchange() -> bytes:
        with ModelServer([call("read", {"a": 1}, text="So.")]) as server:
            return ask(server, "/v1/chat/completions", chat("Hi", stream=True)).body

    assert exchange() == exchange()


def test_a_connection_serves_many_requests_and_takes_chunked_ones() -> None:
    with ModelServer([say("one"), say("two")]) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        pieces = [json.dumps(chat("Hi")).encode()[:10], json.dumps(chat("Hi")).encode()[10:]]
        for text in ("one", "two"):
            connection.request("POST", "/v1/chat/completions", iter(pieces), encode_chunked=True)
            assert json.load(connection.getresponse())["choices"][0]["message"]["content"] == text
            local = connection.sock.getsockname() if connection.sock else None
        assert connection.sock is not None
        assert connection.sock.getsockname() == local
        connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/v1/embeddings", "/v1beta/models/m:embedContent", "/v1/chat/completions/x"]
)
def test_what_is_not_served_is_told(path: str) -> None:
    with ModelServer([say("Yes")]) as server:
        got = ask(server, path, {})
        assert (got.status, got.told["error"]["message"]) == (404, f"Invalid URL (POST {path})")
        assert text_of(server, chat("Hi")) == "Yes"


def test_a_body_that_is_no_json_is_refused() -> None:
    with ModelServer([say("Yes")]) as server:
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        connection.request("POST", "/v1/messages", b"{half")
        reply = connection.getresponse()
        assert (reply.status, json.load(reply)["error"]["type"]) == (400, "invalid_request_error")
        connection.close()
    assert (server.requests[0].parsed, server.requests[0].body) == (None, b"{half")


USER = {"role": "user", "content": "Hi"}
CALLS = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "r"}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {}}
USES = {"role": "assistant", "content": [USE]}
USED = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "r"}]}
FUNCTION = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "c1", "output": "r"}
ASKS = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
ANSWERS = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": 1}}}]}
SAYS = {"role": "user", "parts": [{"text": "Hi"}]}
HISTORIES = {
    "/v1/chat/completions": (
        "messages",
        [[USER, CALLS, RESULT], [USER, CALLS, RESULT, CALLS, RESULT, USER]],
        {
            "did not have response messages: c1": [
                [USER, CALLS],
                [USER, CALLS, USER],
                [USER, CALLS, USER, RESULT],
            ],
            "must be a response to": [[RESULT], [USER, CALLS, RESULT, RESULT]],
            "expected a string": [[USER, {"role": "assistant", "content": None}]],
            "empty array": [[]],
        },
    ),
    "/v1/responses": (
        "input",
        [[USER, FUNCTION, OUTPUT], [FUNCTION, USER, OUTPUT]],
        {"No tool output found": [[USER, FUNCTION]], "No tool call found": [[OUTPUT], [OUTPUT, FUNCTION]]},
    ),
    "/v1/messages": (
        "messages",
        [
            [USER, USES, USED],
            [USER, USES, {"role": "user", "content": [*USED["content"], {"type": "text", "text": "x"}]}],
        ],
        {
            "without `tool_result` blocks": [[USER, USES], [USER, USES, USER], [USER, USES, USER, USED]],
            "unexpected `tool_use_id`": [[USED], [USER, USES, USED, USED]],
            "valid dictionary": [[USER, {"role": "assistant", "content": [{**USE, "input": "{"}]}, USED]],
            "must be non-empty": [[{"role": "user", "content": [{"type": "text", "text": ""}]}]],
            "non-empty content": [[{"role": "user", "content": ""}]],
            "'user' or 'assistant'": [[{"role": "system", "content": "x"}]],
        },
    ),
    "/v1beta/models/m:generateContent": (
        "contents",
        [[SAYS, ASKS, ANSWERS]],
        {
            "number of function response parts": [[SAYS, ASKS, SAYS], [SAYS, ANSWERS]],
            "immediately after a user turn": [[SAYS, ASKS]],
            "parts must not be empty": [[{"role": "user", "parts": []}]],
        },
    ),
}


@pytest.mark.parametrize("path", HISTORIES)
def test_a_history_is_refused_as_the_real_service_refuses_it(path: str) -> None:
    field, good, bad = HISTORIES[path]
    fixed = {"model": "m", "max_tokens": 9}
    with ModelServer([say("Yes").model_copy(update={"times": None})]) as server:
        assert [ask(server, path, fixed | {field: history}).status for history in good] == [200] * len(good)
        for said, histories in bad.items():
            for history in histories:
                got = ask(server, path, fixed | {field: history})
                assert got.status == 400
                assert said in got.told["error"]["message"]
    with ModelServer([say("Yes").model_copy(update={"times": None})], strict=False) as server:
        for histories in bad.values():
            assert {ask(server, path, fixed | {field: history}).status for history in histories} == {200}


def test_a_schema_without_its_name_is_refused() -> None:
    form = {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}
    with ModelServer([say("Yes")]) as server:
        got = ask(server, "/v1/chat/completions", chat("Hi", response_format=form))
    assert "response_format.json_schema.name" in got.told["error"]["message"]


SCRIPT = [
    say("Hello", thinking="hm"),
    call("read", {"path": "a"}),
    call("read", "{"),
    fail(FailureKind.RATE_LIMITED, retry_after_seconds=2, times=3),
    Turn(text="one two", trouble=Cut(how="reset"), pace=Pace(gate="g"), when=When(user_says="x"), times=None),
]


def test_a_script_survives_its_file(tmp_path: Path) -> None:
    Script(SCRIPT).write(tmp_path / "script.json")
    assert list(Script.read(tmp_path / "script.json").turns) == SCRIPT


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('[{"text": "a"}, {"txet": "b"}]', "script.json:1.txet"),
        ('[{"trouble": {"kind": "fire"}}]', "script.json:0.trouble"),
        ('{"text": "a"}', "script.json:whole"),
        ("[", "script.json:whole"),
    ],
)
def test_a_file_that_is_no_script_is_told_with_the_place(tmp_path: Path, written: str, place: str) -> None:
    (tmp_path / "script.json").write_text(written)
    with pytest.raises(InputError) as caught:
        Script.read(tmp_path / "script.json")
    assert caught.value.problems[0].place.endswith(place)


def test_what_was_never_asked_for_is_known() -> None:
    script = Script(
        [
            say("a"),
            say("b").model_copy(update={"times": None}),
            say("c").model_copy(update={"when": When(holds="?!")}),
        ]
    )
    with ModelServer(script) as server:
        text_of(server, chat("Hi"))
    assert [turn.text for turn in script.unused] == ["c"]


@contextmanager
def process(folder: Path, script: Script, *options: str) -> Generator[tuple["subprocess.Popen[str]", str]]:
    """Run the server as a process of its own."""
    script.write(folder / "script.json")
    command = [sys.executable, "-m", "astrolabe.testing.model_server", "--script", "script.json", *options]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        try:
            yield server, json.loads(server.stdout.readline())["url"]
        finally:
            if server.poll() is None:
                server.kill()


class Elsewhere(ModelServer):
    """The clients' way to a server of another process."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._port = int(url.rpartition(":")[2])


CLIENT = """
import http.client, json, sys
connection = http.client.HTTPConnection(sys.argv[1])
body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "first life"}]}
connection.request("POST", "/v1/chat/completions", json.dumps(body), {"authorization": "Bearer " + sys.argv[2]})
connection.getresponse().read()
"""


def test_as_a_process_it_outlives_clients_that_are_killed(tmp_path: Path) -> None:
    held = say("never read").model_copy(update={"pace": Pace(gate="held", after_pieces=1)})
    script = Script([held, say("Hello again")])
    with process(tmp_path, script, "--key", KEY, "--record", "asked.jsonl") as (server, url):
        host = url.removeprefix("http://")
        with subprocess.Popen([sys.executable, "-c", CLIENT, host, KEY]) as first:
            gate = http.client.HTTPConnection(host, timeout=60)
            gate.request("GET", "/-/gates/held")
            assert gate.getresponse().status == 204
            gate.close()
            os.kill(first.pid, signal.SIGKILL)
        got = AnthropicClient().ask(Elsewhere(url), Ask("second life"), streamed=False)
        assert got.text == "Hello again"
        server.terminate()
        assert server.wait(30) == 0
    lines = [json.loads(line) for line in (tmp_path / "asked.jsonl").read_text().splitlines()]
    asked = {line["number"]: line for line in lines if line["event"] == "request"}
    ended = {line["number"]: line["outcome"] for line in lines if line["event"] == "reply"}
    assert [asked[number]["body"]["messages"][0]["content"] for number in (1, 2)] == [
        "first life",
        "second life",
    ]
    assert asked[1]["headers"]["authorization"] == f"Bearer {KEY}"
    assert (asked[2]["wire"], asked[2]["path"]) == ("anthropic", "/v1/messages")
    assert ended == {1: "hung-up", 2: "whole"}


@pytest.mark.parametrize("steps", range(10))
def test_whenever_it_ends_it_has_told_what_became_of_each_reply(steps: int) -> None:
    async def ended_after(steps: int) -> list[str]:
        server, port = ModelServer([say("a")]), Future[int]()
        serving = asyncio.create_task(server.serve(port))
        await asyncio.wrap_future(port)
        _, client = await asyncio.open_connection("127.0.0.1", port.result())
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
        client.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        while not server.exchanges:  # noqa: ASYNC110 - this counts the steps of the loop
            await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        server.end()
        await serving
        client.close()
        return [exchange.outcome.value for exchange in server.exchanges]

    assert asyncio.run(ended_after(steps)) == ["whole"]


def test_a_gate_of_a_process_is_opened_over_http(tmp_path: Path) -> None:
    turn = say("one two").model_copy(update={"pace": Pace(gate="go")})
    with process(tmp_path, Script([turn])) as (_, url), ThreadPoolExecutor() as threads:
        asked = threads.submit(ChatClient().ask, Elsewhere(url), Ask(), streamed=True)
        gate = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        gate.request("POST", "/-/gates/go")
        assert gate.getresponse().status == 204
        gate.close()
        assert asked.result().text == "one two"


def test_a_process_that_has_nothing_to_serve_says_why(tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"txet": "b"}]')
    command = [sys.executable, "-m", "astrolabe.testing.model_server", "--script"]
    for name, said in (("script.json", "0.txet"), ("gone.json", "gone.json")):
        ended = subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert said in ended.stderr
