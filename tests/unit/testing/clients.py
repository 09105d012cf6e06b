"""The providers' own clients, asked alike: what they understand of a server's replies is the judge of its wire format."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import anthropic
import openai
from anthropic.types import Message as AnthropicMessage
from openai.types.chat import ChatCompletion

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

    def ask(self, server: ModelServer, ask: Ask, *, streamed: bool) -> Understood: ...

    def models(self, server: ModelServer) -> list[str]: ...


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


CLIENTS: tuple[Callable[[], Client], ...] = (ChatClient, AnthropicClient)


def _openai(server: ModelServer, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.openai_url, api_key=key, max_retries=0)


def _anthropic(server: ModelServer, key: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.url, api_key=key, max_retries=0)


def _arguments(written: str) -> Any:
    """Return arguments as JSON, or as they were written where they are none."""
    try:
        return json.loads(written)
    except ValueError:
        return written
