"""One model at one endpoint. The library is loaded with the first question, in a thread: it takes seconds."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from astrolabe.adapters.models.meters import METER, Meter
from astrolabe.adapters.models.place import Place
from astrolabe.domain.conversation import Question, Reply
from astrolabe.errors import ModelKeyError, ModelRequestError
from astrolabe.ports.model import Heard, ModelInfo, unheard

if TYPE_CHECKING:
    import httpx2

    from astrolabe.adapters.models.exchange import Exchange

Http = Callable[[Place], "httpx2.AsyncClient"]


class Endpoint:
    """A model behind the port."""

    def __init__(self, info: ModelInfo, place: Place, http: Http, meter: Meter) -> None:
        self._info = info
        self._place = place
        self._http = http
        self._meter = meter
        self._exchange: Exchange | None = None

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def ask(self, question: Question, heard: Heard = unheard) -> Reply:
        if self._place.no_key:
            raise ModelKeyError(f"{self._info.name} has no key", hint=self._place.no_key)
        if question.tools and not self._info.tools:
            raise ModelRequestError(f"{self._info.name} cannot call tools")
        if self._exchange is None:
            self._exchange = await asyncio.to_thread(self._loaded)
        await self._meter.wait(self._place.timeout_seconds)
        metered = METER.set(self._meter)
        try:
            streamed = heard is not unheard and self._info.streams
            return await self._exchange.ask(question, heard if streamed else None)
        finally:
            METER.reset(metered)

    def _loaded(self) -> "Exchange":
        from astrolabe.adapters.models.exchange import Exchange  # noqa: PLC0415 - takes seconds

        return Exchange(self._info, self._place, self._http(self._place))
