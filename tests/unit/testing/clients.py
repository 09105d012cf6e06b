"""The providers' own clients, asked alike: what they understand of a server's replies is the judge of its wire format."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import anthropic
import httpx
import httpx2
import openai
from anthropic.types import Message as AnthropicMessage
from google.genai import Client as GoogleClient
from google.genai import errors as google_errors
from google.genai import types as gemini
from openai.types.chat import ChatCompletion
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFailedEvent,
    ResponseIncompleteEvent,
)

from astrolabe.testing.models import ModelServer, WireName

MODEL = "scripted-1"
KEY = "key-of-the-tests"


@dataclass(frozen=True)
class Understood:
    """What a client made of a reply. `finish` is the provider's word."""

    text: str = ""
    thinking: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    refusal: str = ""
    finish: str = ""
    read: int = 0
    written: int = 0
    cached: int = 0


@dataclass(frozen=True)
class Ask:
    """What a client is to ask. `tools` are names of tools that take anything."""

    user: str = "Hello."
    tools: Sequence[str] = ()
    schema: Mapping[str, Any] | None = None
    model: str = MODEL
    key: str = KEY


class Client(Protocol):
    """A provider's client that asks once, without trying again."""

    name: WireName
    errors: tuple[type[Exception], ...]
    """What it raises for a reply that is an error."""

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood: ...

    def told(self, error: BaseException) -> tuple[int, str]:
        """Return the status of an error and the provider's word for it."""
        ...

    def models(self, server: ModelServer) -> list[str]: ...


CUT_OFF = (httpx.TransportError, httpx2.TransportError)
"""What clients raise when a reply stops in the middle, besides their own errors."""
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": True}


@dataclass
class ChatClient:
    name: WireName = WireName.CHAT
    errors: tuple[type[Exception], ...] = (openai.OpenAIError,)

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood:
        with _openai(server, ask.key) as client:
            options = self._options(ask)
            if not streamed:
                return self._understood(client.chat.completions.create(**options))
            with client.chat.completions.stream(**options, stream_options={"include_usage": True}) as stream:
                try:
                    return self._understood(cast("ChatCompletion", stream.get_final_completion()))
                except openai.LengthFinishReasonError as error:
                    return self._understood(error.completion)

    def models(self, server: ModelServer) -> list[str]:
        with _openai(server, KEY) as client:
            return [model.id for model in client.models.list()]

    def told(self, error: BaseException) -> tuple[int, str]:
        return _openai_told(error)

    def _options(self, ask: Ask) -> dict[str, Any]:
        options: dict[str, Any] = {
            "model": ask.model,
            "messages": [{"role": "user", "content": ask.user}],
        }
        if ask.tools:
            options["tools"] = [
                {"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ask.tools
            ]
        if ask.schema:
            form = {"name": "answer", "schema": ask.schema, "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        return options

    def _understood(self, got: ChatCompletion) -> Understood:
        message, use = got.choices[0].message, got.usage
        assert use
        calls = [call.function for call in message.tool_calls or [] if call.type == "function"]
        details = use.prompt_tokens_details
        return Understood(
            text=message.content or "",
            thinking=getattr(message, "reasoning_content", None) or "",
            calls=tuple((call.name, _arguments(call.arguments)) for call in calls),
            refusal=message.refusal or "",
            finish=got.choices[0].finish_reason,
            read=use.prompt_tokens,
            written=use.completion_tokens,
            cached=(details and details.cached_tokens) or 0,
        )


@dataclass
class ResponsesClient:
    name: WireName = WireName.RESPONSES
    errors: tuple[type[Exception], ...] = (openai.OpenAIError,)

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood:
        with _openai(server, ask.key) as client:
            options = self._options(ask)
            if not streamed:
                return self._understood(client.responses.create(**options))
            with client.responses.stream(**options) as stream:
                said, written, final = "", "", None
                for event in stream:
                    said += event.delta if event.type == "response.output_text.delta" else ""
                    written += event.delta if event.type == "response.function_call_arguments.delta" else ""
                    if isinstance(event, ResponseFailedEvent):
                        raise openai.APIError("failed", cast("Any", None), body=_body(event))
                    if isinstance(event, ResponseCompletedEvent | ResponseIncompleteEvent):
                        final = event.response
            # The last event holds everything again: the pieces have to come to the same.
            assert final
            assert said == final.output_text
            assert written == "".join(item.arguments for item in final.output if item.type == "function_call")
            return self._understood(final)

    def models(self, server: ModelServer) -> list[str]:
        return ChatClient().models(server)

    def told(self, error: BaseException) -> tuple[int, str]:
        return _openai_told(error)

    def _options(self, ask: Ask) -> dict[str, Any]:
        tools = [{"type": "function", "name": name, "parameters": SCHEMA} for name in ask.tools]
        form = {"type": "json_schema", "name": "answer", "schema": ask.schema, "strict": True}
        return {
            "model": ask.model,
            "input": [{"role": "user", "content": ask.user}],
            **({"tools": tools} if tools else {}),
            **({"text": {"format": form}} if ask.schema else {}),
        }

    def _understood(self, got: Response) -> Understood:
        parts = [part for item in got.output if item.type == "message" for part in item.content]
        thoughts = [part.text for item in got.output if item.type == "reasoning" for part in item.summary]
        calls = [item for item in got.output if item.type == "function_call"]
        assert got.usage
        return Understood(
            text=got.output_text,
            thinking="".join(thoughts),
            calls=tuple((call.name, _arguments(call.arguments)) for call in calls),
            refusal="".join(part.refusal for part in parts if part.type == "refusal"),
            finish=(got.incomplete_details and got.incomplete_details.reason) or got.status or "",
            read=got.usage.input_tokens,
            written=got.usage.output_tokens,
            cached=got.usage.input_tokens_details.cached_tokens,
        )


@dataclass
class AnthropicClient:
    name: WireName = WireName.ANTHROPIC
    errors: tuple[type[Exception], ...] = (anthropic.AnthropicError,)

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood:
        with _anthropic(server, ask.key) as client:
            options = self._options(ask)
            if not streamed:
                return self._understood(client.messages.create(**options))
            with client.messages.stream(**options) as stream:
                return self._understood(cast("AnthropicMessage", stream.get_final_message()))

    def models(self, server: ModelServer) -> list[str]:
        with _anthropic(server, KEY) as client:
            return [model.id for model in client.models.list()]

    def told(self, error: BaseException) -> tuple[int, str]:
        assert isinstance(error, anthropic.APIStatusError)
        return error.status_code, cast("Any", error.body)["error"]["type"]

    def _options(self, ask: Ask) -> dict[str, Any]:
        tools = [{"name": name, "input_schema": SCHEMA} for name in ask.tools]
        return {
            "model": ask.model,
            "max_tokens": 100,
            "messages": [{"role": "user", "content": ask.user}],
            **({"tools": tools} if tools else {}),
        }

    def _understood(self, got: AnthropicMessage) -> Understood:
        refused = got.stop_reason == "refusal"
        text = "".join(block.text for block in got.content if block.type == "text")
        use = got.usage
        return Understood(
            text="" if refused else text,
            thinking="".join(block.thinking for block in got.content if block.type == "thinking"),
            calls=tuple((block.name, block.input) for block in got.content if block.type == "tool_use"),
            refusal=text if refused else "",
            finish=got.stop_reason or "",
            read=use.input_tokens
            + (use.cache_read_input_tokens or 0)
            + (use.cache_creation_input_tokens or 0),
            written=use.output_tokens,
            cached=use.cache_read_input_tokens or 0,
        )


@dataclass
class GeminiClient:
    name: WireName = WireName.GEMINI
    errors: tuple[type[Exception], ...] = (google_errors.APIError, ValueError)

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood:
        with _gemini(server, ask.key) as client:
            options = self._options(ask)
            if not streamed:
                return self._understood([client.models.generate_content(**options)])
            return self._understood(list(client.models.generate_content_stream(**options)))

    def models(self, server: ModelServer) -> list[str]:
        with _gemini(server, KEY) as client:
            return [(model.name or "").removeprefix("models/") for model in client.models.list()]

    def told(self, error: BaseException) -> tuple[int, str]:
        assert isinstance(error, google_errors.APIError)
        return error.code, error.status or ""

    def _options(self, ask: Ask) -> dict[str, Any]:
        declared = [
            gemini.FunctionDeclaration(name=name, parameters_json_schema=SCHEMA) for name in ask.tools
        ]
        config = gemini.GenerateContentConfig(
            tools=[gemini.Tool(function_declarations=declared)] if declared else None,
            response_mime_type="application/json" if ask.schema else None,
            response_json_schema=ask.schema,
        )
        return {"model": ask.model, "contents": ask.user, "config": config}

    def _understood(self, got: list[gemini.GenerateContentResponse]) -> Understood:
        use, feedback = got[-1].usage_metadata, got[-1].prompt_feedback
        candidates = [one for piece in got for one in piece.candidates or []]
        parts = [part for one in candidates for part in (one.content and one.content.parts) or []]
        called = [part.function_call for part in parts if part.function_call]
        reasons = [one.finish_reason.value for one in candidates if one.finish_reason]
        assert use
        return Understood(
            text="".join(part.text or "" for part in parts if not part.thought),
            thinking="".join(part.text or "" for part in parts if part.thought),
            calls=tuple((call.name or "", call.args) for call in called),
            refusal=(feedback and feedback.block_reason_message) or "",
            finish=feedback.block_reason.value if feedback and feedback.block_reason else "".join(reasons),
            read=use.prompt_token_count or 0,
            written=use.candidates_token_count or 0,
            cached=use.cached_content_token_count or 0,
        )


CLIENTS: tuple[Callable[[], Client], ...] = (ChatClient, ResponsesClient, AnthropicClient, GeminiClient)


def _openai(server: ModelServer, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key=key, max_retries=0, http_client=_http())


def _anthropic(server: ModelServer, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0, http_client=_http())


def _http() -> httpx2.Client:
    """Return what costs less to make than what the clients make for themselves: it reads no certificates."""
    return httpx2.Client(verify=False, timeout=60)


def _gemini(server: ModelServer, key: str) -> GoogleClient:
    options = gemini.HttpOptions(base_url=server.url, timeout=60_000, client_args={"verify": False})
    return GoogleClient(api_key=key, vertexai=False, http_options=options)


def _body(event: ResponseFailedEvent) -> dict[str, str]:
    error = event.response.error
    assert error
    return {"code": error.code, "message": error.message}


def _openai_told(error: BaseException) -> tuple[int, str]:
    assert isinstance(error, openai.APIError)
    status = error.status_code if isinstance(error, openai.APIStatusError) else 0
    return status, error.code or error.type or ""


def _arguments(written: str) -> Any:
    """Return arguments as JSON, or as they were written where they are none."""
    try:
        return json.loads(written)
    except ValueError:
        return written
