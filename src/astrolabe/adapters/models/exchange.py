"""A question to a model and its answer, through the library."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx2
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import (
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPartDelta,
)

from astrolabe.adapters.models.asked import asked
from astrolabe.adapters.models.facts import money_of
from astrolabe.adapters.models.faults import told_of
from astrolabe.adapters.models.messages import reply_of
from astrolabe.adapters.models.place import Place
from astrolabe.adapters.models.wires import client_of
from astrolabe.domain.conversation import Finish, Question, Reply
from astrolabe.domain.repetition import Listener, circle
from astrolabe.errors import AstrolabeError
from astrolabe.ports.model import Heard, ModelInfo

_WHOLE = 10
"""An answer that is told in pieces may take so many times as long as one piece may."""


class Exchange:
    """What it takes to ask one model, loaded."""

    def __init__(self, info: ModelInfo, place: Place, http: httpx2.AsyncClient) -> None:
        self._info = info
        self._place = place
        self._client = client_of(place, info.name.partition("/")[2], http)

    async def ask(self, question: Question, heard: Heard | None) -> Reply:
        """Return the answer, told in pieces on the way where somebody hears it; raises nothing but errors of ours."""
        with self._ours():
            response = await (self._plain(question) if heard is None else self._told(question, heard))
            reply = _looked_at(reply_of(response, self._place.maker, self._info.name))
            money = money_of(
                reply.use,
                response.model_name or "",
                self._info,
                self._place.base_url,
                chosen=self._place.priced,
            )
            return reply.model_copy(update={"money": money})

    async def _plain(self, question: Question) -> ModelResponse:
        messages, settings, parameters = asked(question, self._info, self._place, self._client.system)
        async with asyncio.timeout(self._place.timeout_seconds):
            return await model_request(
                self._client,
                messages,
                model_settings=settings,
                model_request_parameters=parameters,
                instrument=False,
            )

    async def _told(self, question: Question, heard: Heard) -> ModelResponse:
        loop, patience = asyncio.get_running_loop(), self._place.timeout_seconds
        async with asyncio.timeout(patience * _WHOLE), asyncio.timeout(patience) as silence:
            messages, settings, parameters = asked(question, self._info, self._place, self._client.system)
            async with model_request_stream(
                self._client,
                messages,
                model_settings=settings,
                model_request_parameters=parameters,
                instrument=False,
            ) as stream:
                listener = Listener()
                async for event in stream:
                    silence.reschedule(loop.time() + patience)
                    if words := _words(event):
                        heard(words)
                    if listener.hears(words or _arguments(event)):
                        return stream.get()  # hanging up is what stops it
                return _whole(stream.get())

    @contextmanager
    def _ours(self) -> Generator[None]:
        """Turn whatever the library, or a client it uses, raises into an error of ours, without the key."""
        try:
            yield
        except AstrolabeError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code that reads foreign bytes: it may raise anything
            raise told_of(error, self._info.name, self._place.scrubbed) from None


def _whole(response: ModelResponse) -> ModelResponse:
    """Return an answer that came in pieces; one that does not say why it ended was cut off, and the library takes it for whole."""
    if response.finish_reason is None and "finish_reason" not in (response.provider_details or {}):
        raise EOFError("the answer broke off")
    return response


def _looked_at(reply: Reply) -> Reply:
    """Tell of an answer that was cut off, by us or for its length, that it went round in a circle."""
    if reply.finish not in {Finish.LENGTH, Finish.OTHER}:
        return reply
    said = [part.malformed for part in reply.message.calls]
    looped = any(map(circle, [*said, reply.message.text]))
    return reply.model_copy(update={"finish": Finish.LOOPED}) if looped else reply


def _words(event: Any) -> str:
    """Return the piece of the answer's text that an event of a stream tells."""
    match event:
        case PartStartEvent(part=TextPart(content=words)):
            return words
        case PartDeltaEvent(delta=TextPartDelta(content_delta=words)):
            return words
        case _:
            return ""


def _arguments(event: Any) -> str:
    """Return the piece of a call's arguments that an event of a stream tells."""
    match event:
        case PartDeltaEvent(delta=ToolCallPartDelta(args_delta=str(piece))):
            return piece
        case _:
            return ""
