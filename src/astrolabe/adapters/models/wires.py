"""The library's client of each protocol, set up so that retries, keys and addresses are ours alone."""

from collections.abc import Callable
from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from astrolabe.adapters.models.known import Wire
from astrolabe.adapters.models.place import Place
from astrolabe.errors import ModelRequestError, without_extra

NO_KEY = "none"
"""What is sent where no key is set; a server of one's own ignores it."""


def client_of(place: Place, model: str, http: httpx2.AsyncClient) -> Model[Any]:
    """Return the library's model.

    Raises:
        ModelRequestError: that client is not installed.
    """
    build: dict[Wire, Callable[[Place, str, httpx2.AsyncClient], Model[Any]]] = {
        Wire.OPENAI: _chat,
        Wire.OPENAI_RESPONSES: _responses,
        Wire.ANTHROPIC: _anthropic,
        Wire.GEMINI: _gemini,
    }
    try:
        return build[place.wire](place, model, http)
    except ImportError as error:
        raise ModelRequestError(
            f"the provider {place.provider!r} speaks the protocol {place.wire.value!r}, whose client is not installed",
            hint=without_extra(place.wire.value) + ".",
        ) from error


def _openai(place: Place, http: httpx2.AsyncClient) -> Any:

    client = AsyncOpenAI(
        base_url=place.base_url,
        api_key=place.key or NO_KEY,
        max_retries=0,
        timeout=place.timeout_seconds,
        http_client=http,
        default_headers=dict(place.headers),
    )
    client.organization = client.project = (
        None  # it reads both from the environment, and would tell them to anybody
    )
    if place.official:
        return OpenAIProvider(openai_client=client)
    return OpenAICompatibleProvider(place.provider, openai_client=client)


def _chat(place: Place, model: str, http: httpx2.AsyncClient) -> Model[Any]:

    # A stream without a reason to end was cut off. Only OpenAI itself counts an answer's tokens under their new name.
    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    if not place.official:
        profile["openai_chat_supports_max_completion_tokens"] = False
    return OpenAIChatModel(model, provider=_openai(place, http), profile=profile)


def _responses(place: Place, model: str, http: httpx2.AsyncClient) -> Model[Any]:

    return OpenAIResponsesModel(model, provider=_openai(place, http))


def _anthropic(place: Place, model: str, http: httpx2.AsyncClient) -> Model[Any]:
    from anthropic import AsyncAnthropic  # noqa: PLC0415 - an extra
    from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - an extra
    from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - an extra

    client = AsyncAnthropic(
        base_url=place.base_url,
        api_key=place.key or NO_KEY,
        max_retries=0,
        timeout=place.timeout_seconds,
        http_client=http,
        default_headers=dict(place.headers),
    )
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


def _gemini(place: Place, model: str, http: httpx2.AsyncClient) -> Model[Any]:
    from google.genai.types import HttpRetryOptions  # noqa: PLC0415 - an extra
    from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - an extra
    from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - an extra

    http.headers.update(place.headers)
    provider = GoogleProvider(
        api_key=place.key or NO_KEY,
        base_url=place.base_url,
        http_client=http,
        retry_options=HttpRetryOptions(attempts=1),
    )
    return GoogleModel(model, provider=provider)
