"""The gate on its own: how long it waits, how much it lets through, and what is left of it."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from tests.client_hello import hello

from astrolabe.adapters.sandboxes.gate import gate as gates
from astrolabe.adapters.sandboxes.gate.gate import Gate, Rules
from astrolabe.domain.egress import EgressOptions, Ruling

HELLO = hello("good.example")


@dataclass
class Far:
    """A registry: it answers whatever comes with `answer`."""

    answer: bytes = b"far"
    visits: list[bytes] = field(default_factory=list[bytes])
    port: int = 0

    @asynccontextmanager
    async def served(self) -> AsyncGenerator["Far"]:
        async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                self.visits.append(await reader.read(65536))
                writer.write(self.answer)
                await writer.drain()
            writer.close()

        async with await asyncio.start_server(visited, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    def rules(
        self, *, most_bytes: int = 10**6, addresses: Sequence[str] = ("127.0.0.1",), **more: Any
    ) -> Rules:
        async def resolve(_host: str, _port: int) -> Sequence[str]:
            return addresses

        private = (f"good.example:{self.port}=127.0.0.1",)
        options = EgressOptions(private=private, most_bytes=most_bytes)
        rules = Rules(frozenset({f"good.example:{self.port}"}), options, resolve=resolve)
        return replace(rules, **more)


@dataclass
class Near:
    """The inside: a gate, and its place."""

    gate: Gate
    port: int

    async def says(self, *pieces: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        heard = b""
        with contextlib.suppress(ConnectionError):  # an end like another
            for piece in pieces:
                writer.write(piece)
                heard += await reader.read(65536)
            while piece := await reader.read(65536):
                heard += piece
        writer.close()
        return heard


@asynccontextmanager
async def near(rules: Rules) -> AsyncGenerator[Near]:
    ticks = itertools.count()
    gate = Gate(rules, lambda: 0.0, lambda: float(next(ticks)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        async with gate.serving(listening):
            yield Near(gate, port)


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a test; a call that blocks the event loop fails it, and so does a task of the gate's that is left."""

    def runner(test: Coroutine[Any, Any, None]) -> None:
        async def watched() -> None:
            with blockbuster_ctx():
                await test
            assert not [task for task in asyncio.all_tasks() if "Gate" in repr(task)]

        asyncio.run(watched())

    return runner


Run = Callable[[Coroutine[Any, Any, None]], None]


def nobody_may_be_contacted(_host: str) -> bool:
    return False


def ask(far: Far) -> bytes:
    return f"CONNECT good.example:{far.port} HTTP/1.1\r\nHost: good.example\r\n\r\n".encode()


def test_what_is_allowed_goes_through_whole(run: Run) -> None:
    async def test() -> None:
        async with Far(answer=b"x" * 700_000).served() as far, near(far.rules()) as inside:
            heard = await inside.says(ask(far), HELLO)
            assert heard.partition(b"\r\n\r\n")[2] == far.answer
            assert far.visits == [HELLO]
        (request,) = inside.gate.requests
        assert (request.ruling, request.sent_bytes, request.received_bytes) == (
            Ruling.ALLOWED,
            len(HELLO),
            700_000,
        )

    run(test())


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_reached(run: Run) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    async def test() -> None:
        async with Far().served() as far, near(far.rules(resolve=rebinding)) as inside:
            assert (await inside.says(ask(far), HELLO)).endswith(b"far")
            assert b"no public address" in await inside.says(ask(far))
        assert len(far.visits) == 1

    run(test())


@pytest.mark.parametrize(("beginning", "status"), [(b"", b"408"), (b"CONNECT good.", b"408")])
def test_who_says_nothing_is_not_waited_for(run: Run, beginning: bytes, status: bytes) -> None:
    async def test() -> None:
        async with Far().served() as far, near(far.rules(patience_seconds=0.05)) as inside:
            assert b" %b " % status in await inside.says(beginning)
        assert [one.ruling for one in inside.gate.requests] == [Ruling.REFUSED]

    run(test())


def test_who_gets_through_and_says_nothing_is_not_waited_for(run: Run) -> None:
    async def test() -> None:
        async with Far().served() as far, near(far.rules(patience_seconds=0.05)) as inside:
            assert b"far" not in await inside.says(ask(far))
        assert [one.reason for one in inside.gate.requests] == ["it said nothing in time"]
        assert far.visits in ([], [b""])

    run(test())


def test_a_command_moves_no_more_bytes_than_it_may(run: Run) -> None:
    async def test() -> None:
        async with (
            Far(answer=b"x" * 600_000).served() as far,
            near(far.rules(most_bytes=200_000)) as inside,
        ):
            heard = [await inside.says(ask(far), HELLO) for _ in range(2)]
        assert sum(map(len, heard)) < 200_000 + 1000
        assert {one.ruling for one in inside.gate.requests} == {Ruling.REFUSED}

    run(test())


def test_a_host_that_is_away_is_said_to_be(run: Run) -> None:
    async def nobody(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    async def test() -> None:
        async with Far().served() as far:
            rules = far.rules()
        async with near(rules) as inside:
            assert b" 502 " in await inside.says(ask(far))
        async with near(far.rules(resolve=nobody)) as other:
            assert b" 502 " in await other.says(ask(far))
        requests = (*inside.gate.requests, *other.gate.requests)
        assert [one.ruling for one in requests] == [Ruling.FAILED] * 2

    run(test())


def test_offline_nothing_is_reached(run: Run) -> None:
    async def test() -> None:
        async with Far().served() as far, near(far.rules(contact=nobody_may_be_contacted)) as inside:
            assert b"offline" in await inside.says(ask(far))
        assert far.visits == []

    run(test())


def test_only_so_many_are_served_at_once_and_in_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(gates, "MOST_REQUESTS", 5)

    async def test() -> None:
        async with Far().served() as far, near(far.rules()) as inside:
            idle = [await asyncio.open_connection("127.0.0.1", inside.port) for _ in range(3)]
            assert b" 503 " in await inside.says(b"")
            for _, writer in idle:
                writer.close()
                await writer.wait_closed()
            while len(inside.gate.requests) < 4:  # noqa: ASYNC110 - until the gate has seen them go
                await asyncio.sleep(0)
            assert (await inside.says(ask(far), HELLO)).endswith(b"far")
            while len(inside.gate.requests) < 5:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert b" 429 " in await inside.says(ask(far))
        assert len(inside.gate.requests) == 6
        assert "1 more requests" in inside.gate.requests[-1].reason

    run(test())


def test_nothing_of_a_gate_is_left_when_its_command_is_over(run: Run) -> None:
    async def test() -> None:
        async with Far().served() as far:
            async with near(far.rules()) as inside:
                reader, writer = await asyncio.open_connection("127.0.0.1", inside.port)
                writer.write(ask(far))
                await reader.readuntil(b"\r\n\r\n")
                idle = await asyncio.open_connection("127.0.0.1", inside.port)
                await asyncio.sleep(0)
            assert await reader.read() == b""
            assert await idle[0].read() == b""
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", inside.port)
            for one in (writer, idle[1]):
                one.close()
        assert "the command was over" in {one.reason for one in inside.gate.requests}

    run(test())
