"""Asking a provider which models it has: that costs nothing, and shows whether it takes its key."""

import asyncio
from http import HTTPStatus
from typing import Any

import httpx2
from pydantic_ai.exceptions import ModelHTTPError

from astrolabe.adapters.models.faults import told_of
from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.place import Place
from astrolabe.errors import ModelKeyError

_SECONDS = 15.0
_MOST = 1000


async def list_models(place: Place, http: httpx2.AsyncClient) -> tuple[str, ...]:
    """Return the names of a provider's models; raises ModelError."""
    if place.no_key:
        raise ModelKeyError(f"{place.provider} has no key", hint=place.no_key)
    try:
        async with asyncio.timeout(min(_SECONDS, place.timeout_seconds)):
            answer = await http.get(_address(place), headers=_headers(place))
        return _names(_accepted(answer, place.provider))
    except Exception as error:  # noqa: BLE001 - foreign code that reads foreign bytes: it may raise anything
        raise told_of(error, place.provider, place.scrubbed) from None


def _address(place: Place) -> str:
    match place.wire:
        case Wire.ANTHROPIC:
            return f"{place.base_url}/v1/models?limit={_MOST}"
        case Wire.GEMINI:
            return f"{place.base_url}/v1beta/models?pageSize={_MOST}"
        case _:
            return f"{place.base_url}/models"


def _headers(place: Place) -> dict[str, str]:
    own: dict[str, str] = {}
    match place.wire:
        case Wire.ANTHROPIC:
            own = {"x-api-key": place.key, "anthropic-version": "2023-06-01"}
        case Wire.GEMINI:
            own = {"x-goog-api-key": place.key}
        case _ if place.key:
            own = {"authorization": f"Bearer {place.key}"}
        case _:
            pass
    return {**own, **place.headers}


def _names(told: Any) -> tuple[str, ...]:
    """Return the names in a list of models; OpenAI's and Anthropic's is `data`, Gemini's and Ollama's `models`."""
    rows: list[dict[str, Any]] = told.get("data") or told.get("models") or []
    names = [row.get("id") or row.get("name") or "" for row in rows]
    return tuple(str(name).removeprefix("models/") for name in names if name)


def _accepted(answer: httpx2.Response, provider: str) -> Any:
    """Return an answer's JSON; raises the library's error where it is none, so that it is understood like any other."""
    if answer.status_code == HTTPStatus.OK:
        return answer.json()
    try:
        body = answer.json()
    except ValueError:
        body = answer.text
    raise ModelHTTPError(answer.status_code, provider, body, headers=dict(answer.headers))
