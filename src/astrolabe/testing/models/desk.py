"""How one request is answered: checks a real service makes, then what the script says, with all that goes wrong in it."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from astrolabe.testing.models.connection import Connection, Received
from astrolabe.testing.models.faults import Cut, ErrorEvent, Failure, FailureKind, Garbage, Limits
from astrolabe.testing.models.gates import Gates
from astrolabe.testing.models.records import Exchange, Outcome, Records
from astrolabe.testing.models.request import Request, WireName, as_dict
from astrolabe.testing.models.routes import Route, Want, route
from astrolabe.testing.models.script import Turn, tokens
from astrolabe.testing.models.wire import Answer, Frame, Phase, ServedModel, json_answer

_COMMENT = b": keep-alive\n\n"
_GARBAGE = b'data: {"id": "gar\n\n'


@runtime_checkable
class Source(Protocol):
    """Where replies come from: a script, recorded exchanges."""

    def take(self, request: Request) -> Turn | Answer | None:
        """Return what a request is answered with; None if there is nothing for it."""
        ...


@dataclass
class Desk:
    """Answers requests from a source, and keeps what it was asked."""

    source: Source
    key: str
    models: Sequence[ServedModel]
    strict: bool
    now: Callable[[], datetime]
    records: Records
    gates: Gates = field(default_factory=Gates)

    async def serve(self, connection: Connection) -> None:
        """Answer a client's requests until it has closed or was cut off."""
        while not connection.cut_off and (received := await connection.receive()):
            if received.target.startswith("/-/"):
                await self._control(connection, received)
            else:
                await self._watched(connection, route(received, len(self.records.exchanges) + 1))

    async def _control(self, connection: Connection, received: Received) -> None:
        """Open a gate (POST /-/gates/NAME), or answer once a reply stands at it (GET)."""
        name = received.target.removeprefix("/-/gates/")
        await (self.gates.open(name) if received.method == "POST" else self.gates.reached(name))
        await connection.send(204, {}, b"")

    async def _watched(self, connection: Connection, way: Route) -> None:
        """Answer, and stop when the client hangs up before the end."""
        exchange = self.records.came(way.request)
        answer = asyncio.ensure_future(self._recorded(connection, way, exchange))
        hung_up = asyncio.ensure_future(connection.hung_up())
        try:
            await asyncio.wait({answer, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (answer, hung_up):
                task.cancel()
            (outcome, _) = await asyncio.gather(answer, hung_up, return_exceptions=True)
            connection.cut_off |= isinstance(outcome, BaseException)
        if isinstance(outcome, Exception) and not isinstance(outcome, OSError):
            raise outcome

    async def _recorded(self, connection: Connection, way: Route, exchange: Exchange) -> Outcome:
        """Answer, and record how that ended in the same step: a server that is told to end has nothing left to record."""
        outcome = Outcome.HUNG_UP
        try:
            outcome = await self._answer(connection, way, exchange)
        finally:
            self.records.ended(exchange, outcome)
        return outcome

    async def _answer(self, connection: Connection, way: Route, exchange: Exchange) -> Outcome:
        told = self._refusal(way) or self._listing(way) or self.source.take(way.request) or _nothing(way)
        if isinstance(told, Turn):
            return await _Reply(self, connection, way, exchange, told).send()
        exchange.status = told.status
        await _send(connection, Answer(told.status, told.body, self.headers(way, None) | dict(told.headers)))
        return Outcome.WHOLE

    def headers(self, way: Route, limits: Limits | None) -> dict[str, str]:
        return way.wire.headers(way.request, limits, self.now())

    def _refusal(self, way: Route) -> Answer | None:
        """Return the error a real service would answer with whatever its model does; None if it would not."""
        failure = self._failure(way)
        return way.wire.failure(failure, way.request) if failure else None

    def _failure(self, way: Route) -> Failure | None:
        if self.key and (given := way.wire.key(way.request)) != self.key:
            return Failure(kind=FailureKind.WRONG_KEY if given else FailureKind.NO_KEY)
        if way.want is not Want.REPLY:
            return None
        if not as_dict(way.request.parsed):
            return Failure(
                kind=FailureKind.INVALID, message="We could not parse the JSON body of your request."
            )
        return self._model_failure(way.request) or self._form_failure(way)

    def _model_failure(self, request: Request) -> Failure | None:
        if not self.models:
            return None
        model = next((each for each in self.models if each.name == request.gist.model), None)
        if model is None:
            return Failure(kind=FailureKind.UNKNOWN_MODEL)
        if request.gist.tools and not model.tools:
            return Failure(kind=FailureKind.NO_TOOLS)
        if tokens(request.body) > model.window_tokens:
            return Failure(kind=FailureKind.WINDOW_EXCEEDED)
        return None

    def _form_failure(self, way: Route) -> Failure | None:
        fault = way.wire.fault(as_dict(way.request.parsed)) if self.strict else ""
        return Failure(kind=FailureKind.INVALID, message=fault) if fault else None

    def _listing(self, way: Route) -> Answer | None:
        if way.want is Want.MODELS:
            return json_answer(200, way.wire.models(self.models))
        if way.want is Want.MODEL:
            name = way.request.path.partition("/models/")[2]
            model = next((each for each in self.models if each.name == name), None)
            if model is None:
                return way.wire.failure(Failure(kind=FailureKind.UNKNOWN_MODEL), way.request)
            return json_answer(200, way.wire.model(model))
        return None


def _nothing(way: Route) -> Answer:
    """Return the error for a request that nothing is there for, at that path or any more."""
    if way.request.wire is None:
        message, status = f"Invalid URL ({way.request.method} {way.request.path})", 404
    else:
        message, status = (
            f"The script has no turn for request {way.request.number}: {way.request.last_text[:200]!r}",
            400,
        )
    return way.wire.failure(Failure(kind=FailureKind.INVALID, status=status, message=message), way.request)


def _page(told: Answer) -> Answer:
    """Return an error as a gateway tells it, who knows nothing of the protocol."""
    body = f"<html><head><title>{told.status}</title></head><body><h1>{told.status}</h1></body></html>"
    kept = {name: value for name, value in told.headers.items() if name != "content-type"}
    return Answer(told.status, body.encode(), kept | {"content-type": "text/html"})


async def _send(connection: Connection, answer: Answer) -> None:
    """Send a reply that was recorded: events in chunks, as they came."""
    if not answer.headers.get("content-type", "").startswith("text/event-stream"):
        await connection.send(answer.status, answer.headers, answer.body)
        return
    await connection.begin(answer.status, answer.headers)
    for piece in filter(None, re.split(rb"(?<=\n\n)", answer.body)):
        await connection.chunk(piece)
    await connection.chunk(b"")


@dataclass
class _Reply:
    """A turn on its way to a client."""

    desk: Desk
    connection: Connection
    way: Route
    exchange: Exchange
    turn: Turn

    async def send(self) -> Outcome:
        pace, streams = self.turn.pace, self.way.request.gist.streams
        if pace.gate and (pace.after_pieces is None or not streams):
            await self.desk.gates.wait(pace.gate)
        failure = self.turn.failure
        if not streams and isinstance(self.turn.trouble, ErrorEvent):
            failure = self.turn.trouble.failure
        if isinstance(self.turn.trouble, Cut) and self.turn.trouble.how == "unanswered":
            await self.connection.cut("closed")
            return Outcome.CUT
        if failure:
            told = self.way.wire.failure(failure, self.way.request)
            return await self._send_answer(_page(told) if failure.page else told)
        if streams:
            return await self._send_stream()
        return await self._send_plain(json_answer(200, self.way.wire.reply(self.turn, self.way.request)))

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return self.desk.headers(self.way, self.turn.limits) | dict(headers) | self.turn.headers

    async def _send_answer(self, answer: Answer) -> Outcome:
        self.exchange.status = answer.status
        await self.connection.send(answer.status, self._headers(answer.headers), answer.body)
        return Outcome.WHOLE

    async def _send_plain(self, answer: Answer) -> Outcome:
        trouble = self.turn.trouble
        if not isinstance(trouble, Cut | Garbage):
            return await self._send_answer(answer)
        if isinstance(trouble, Garbage) or trouble.how == "ended":
            await self._send_answer(
                Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
            )
            return Outcome.CUT
        self.exchange.status = answer.status
        await self.connection.send_half(answer.status, self._headers(answer.headers), answer.body)
        await self.connection.cut("reset" if trouble.how == "reset" else "closed")
        return Outcome.CUT

    async def _send_stream(self) -> Outcome:
        self.exchange.status = 200
        media = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        await self.connection.begin(200, self._headers(media))
        for frame in self.way.wire.stream(self.turn, self.way.request):
            await self._wait(frame)
            if self._troubled(frame):
                await self._interrupt(frame)
                return Outcome.CUT
            await self._send_event(frame.data)
            self.exchange.pieces += frame.phase is Phase.PIECE
        await self.connection.chunk(b"")
        return Outcome.WHOLE

    async def _send_event(self, data: bytes) -> None:
        comments = self.turn.pace.comments and self.way.wire.name is not WireName.GEMINI
        told = _COMMENT + data if comments else data
        size = self.turn.pace.chunk_bytes or len(told)
        for start in range(0, len(told), size):
            await self.connection.chunk(told[start : start + size])

    async def _wait(self, frame: Frame) -> None:
        pace = self.turn.pace
        if pace.gate and pace.after_pieces is not None and self._due(pace.after_pieces, frame):
            await self.desk.gates.wait(pace.gate)
        if pace.seconds_per_piece and frame.phase is Phase.PIECE:
            await asyncio.sleep(pace.seconds_per_piece)

    def _troubled(self, frame: Frame) -> bool:
        return self.turn.trouble is not None and self._due(self.turn.trouble.after_pieces, frame)

    def _due(self, after_pieces: int, frame: Frame) -> bool:
        """Tell whether it is time for what is to happen after so many pieces, at the latest before the reply ends."""
        enough = self.exchange.pieces >= after_pieces and frame.phase is Phase.PIECE
        return enough or frame.phase is Phase.END

    async def _interrupt(self, frame: Frame) -> None:
        trouble = self.turn.trouble
        if isinstance(trouble, Cut) and trouble.how != "ended":
            await self.connection.cut("reset" if trouble.how == "reset" else "closed", frame.data)
            return
        if isinstance(trouble, ErrorEvent):
            await self.connection.chunk(self.way.wire.interruption(trouble.failure, self.way.request))
        elif isinstance(trouble, Garbage):
            await self.connection.chunk(_GARBAGE)
        await self.connection.chunk(b"")
