"""A server of scripted models that tests of anything with a model can talk to over HTTP."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from astrolabe.testing.models.connection import Connection, RequestError
from astrolabe.testing.models.desk import Desk, Source
from astrolabe.testing.models.records import Exchange, Records
from astrolabe.testing.models.request import Request
from astrolabe.testing.models.script import Script, Turn
from astrolabe.testing.models.wire import Answer, ServedModel

_PATIENCE_SECONDS = 30.0


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - what a server's headers say of time is what its clock says


class _Asked:
    """A function of the request as a source."""

    def __init__(self, answer: Callable[[Request], Turn]) -> None:
        self._answer = answer

    def take(self, request: Request) -> Turn | Answer | None:
        return self._answer(request) if request.wire else None


class ModelServer:
    """Serves a script on a port of this machine, on a thread of its own, while its `with` block lasts.

    Speaks OpenAI's chat completions and responses, Anthropic's messages and Google's Gemini, plain and streamed, at `url`
    (OpenAI's clients want `/v1` behind it: `openai_url`). Any number of clients may ask at once; turns are taken in the order requests come.

    `script`: turns, a `Script`, a `Transcript`, or a function of the request. `key`: a request without it is
    refused. `models`: a request for another one is refused, as is one that is too long for its window or has tools it cannot
    use; without any, every name is served. `strict`: requests are refused as the real services refuse them, such as those
    with calls of tools that have no result. `record`: the file that is to hold what was asked (see `Records`).
    """

    def __init__(
        self,
        script: Source | Iterable[Turn] | Callable[[Request], Turn] = (),
        *,
        key: str = "",
        models: Sequence[ServedModel | str] = (),
        strict: bool = True,
        record: Path | None = None,
        port: int = 0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        served = [ServedModel(name=each) if isinstance(each, str) else each for each in models]
        self._records = Records(record)
        self._desk = Desk(_source(script), key, served, strict, now, self._records)
        self._port = port
        self._started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, name="scripted models", daemon=True)
        self._clients: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = self._started.result(_PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._thread.join(_PATIENCE_SECONDS)

    def end(self) -> None:
        """Stop serving, from whatever thread; replies under way are cut off."""
        self._loop.call_soon_threadsafe(self._end.set)

    @property
    def url(self) -> str:
        """Where it is served; what Anthropic's and Google's clients take."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def openai_url(self) -> str:
        """What OpenAI's clients take."""
        return f"{self.url}/v1"

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was asked so far, with what became of it."""
        return tuple(self._records.exchanges)

    @property
    def requests(self) -> tuple[Request, ...]:
        """All requests so far, those that were refused too."""
        return tuple(exchange.request for exchange in self.exchanges)

    def open(self, gate: str) -> None:
        """Let the replies through that wait at a gate, or will."""
        self._call(self._desk.gates.open(gate))

    def wait_for(self, gate: str) -> None:
        """Wait until a reply stands at a gate. TimeoutError: none came within half a minute."""
        self._call(self._desk.gates.reached(gate))

    def settle(self) -> None:
        """Wait until no reply is under way. TimeoutError: one still is after half a minute."""
        self._call(self._settled())

    async def _settled(self) -> None:
        await self._records.settled.wait()

    def _call(self, todo: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(todo, self._loop).result(_PATIENCE_SECONDS)

    def _run(self) -> None:
        asyncio.run(self.serve(self._started))

    async def serve(self, started: "Future[int]") -> None:
        """Serve until told to end; `started` receives the port, or why there is none."""
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        try:
            server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        except OSError as error:
            started.set_exception(error)
            return
        started.set_result(server.sockets[0].getsockname()[1])
        await self._end.wait()
        server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.current_task()
        assert client is not None  # noqa: S101 - a connection is served by a task
        self._clients.add(client)
        with contextlib.closing(writer), contextlib.suppress(OSError, RequestError, asyncio.CancelledError):
            await self._desk.serve(Connection(reader, writer))
        self._clients.discard(client)


def _source(script: Source | Iterable[Turn] | Callable[[Request], Turn]) -> Source:
    if isinstance(script, Source):
        return script
    return _Asked(script) if callable(script) else Script(script)
