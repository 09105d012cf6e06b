"""A question in the library's messages, and its answer in ours."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import JsonValue
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from astrolabe.domain.conversation import (
    Finish,
    Message,
    Part,
    Reply,
    Speaker,
    Text,
    Thinking,
    TokenUse,
    ToolCall,
    ToolResult,
)

_UNSENDABLE = re.compile(r"[\x00\ud800-\udfff]")
"""What no database keeps and no protocol carries: NUL, and halves of characters."""
_REFUSALS = ("refusal", "block_reason_message")
"""Where the library keeps what a model, or a filter, says in place of an answer."""
_DEEPEST = 100
"""Levels of a call's arguments: more is no call anybody means."""
_FINISHES = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.REFUSED,
    "tool_call": Finish.TOOLS,
}


@dataclass(frozen=True)
class Dialect:
    """What a protocol asks of the names in a conversation.

    `maker` is who proves what it has signed, `system` who the library says an answer came from.
    """

    maker: str
    system: str
    ids: re.Pattern[str]
    id_length: int

    def id_of(self, told: str) -> str:
        """Return an id as the protocol takes it: as it is where it fits, else one that follows from it."""
        if self.ids.fullmatch(told):
            return told
        return hashlib.sha256(told.encode(errors="replace")).hexdigest()[: self.id_length]


def messages_of(messages: Sequence[Message], dialect: Dialect) -> list[ModelMessage]:
    """Return what has been said as the library's messages: requests and answers in turn, without empty ones."""
    out: list[ModelMessage] = []
    for message in messages:
        if message.speaker is Speaker.ASSISTANT:
            spoken = [part for told in message.parts for part in _spoken(told, dialect)]
            if spoken:
                out.append(ModelResponse(parts=spoken, provider_name=dialect.system))
            continue
        asked = list(_asked(message, dialect))
        if not asked:
            continue
        before = out[-1] if out else None
        if isinstance(before, ModelRequest):
            out[-1] = ModelRequest(parts=[*before.parts, *asked])
        else:
            out.append(ModelRequest(parts=asked))
    return out


def _asked(message: Message, dialect: Dialect) -> Iterable[ModelRequestPart]:
    for part in message.parts:
        match part:
            case ToolResult():
                outcome = "failed" if part.failed else "success"
                yield ToolReturnPart(
                    tool_name=wire_name(part.tool),
                    content=sendable(part.text),
                    tool_call_id=dialect.id_of(part.id),
                    outcome=outcome,
                )
            case Text() if part.text.strip():
                text = sendable(part.text)
                yield SystemPromptPart(text) if message.speaker is Speaker.SYSTEM else UserPromptPart(text)
            case _:
                continue  # thoughts and calls are an assistant's alone


def _spoken(part: Part, dialect: Dialect) -> Iterable[ModelResponsePart]:
    match part:
        case Text() if part.text.strip():
            yield TextPart(sendable(part.text))
        case Thinking() if part.signature and part.provider == dialect.maker:
            yield ThinkingPart(sendable(part.text), provider_name=dialect.system, **_unsealed(part.signature))
        case ToolCall():
            sealed = _unsealed(part.signature) if part.provider == dialect.maker else {}
            yield ToolCallPart(
                wire_name(part.tool),
                {"malformed": sendable(part.malformed)} if part.malformed else _sendable_json(part.arguments),
                tool_call_id=dialect.id_of(part.id),
                provider_name=dialect.system if sealed else None,
                **sealed,
            )
        case _:
            return  # another provider's thoughts, or nothing at all


def reply_of(response: ModelResponse, maker: str, model: str) -> Reply:
    """Return an answer of the library's as ours."""
    parts = [told for part in response.parts for told in _told(part, maker)]
    details = response.provider_details or {}
    refusal = next((details[name] for name in _REFUSALS if details.get(name)), "")
    words = "".join(part.text for part in parts if isinstance(part, Text))
    if isinstance(refusal, str) and sendable(refusal) not in words:  # some say it in the answer as well
        parts.append(Text(text=sendable(refusal)))
    finish = _FINISHES.get(response.finish_reason or "", Finish.OTHER)
    if finish is Finish.STOP and any(isinstance(part, ToolCall) for part in parts):
        finish = Finish.TOOLS
    return Reply(
        message=Message(speaker=Speaker.ASSISTANT, parts=tuple(parts)),
        finish=finish,
        use=_use(response),
        model=model,
    )


def _told(part: ModelResponsePart, maker: str) -> Iterable[Part]:
    match part:
        case TextPart() if part.content:
            yield Text(text=sendable(part.content))
        case ThinkingPart() if part.content or part.signature:
            seal = _sealed(id=part.id, signature=part.signature, provider_details=part.provider_details)
            yield Thinking(text=sendable(part.content), signature=seal, provider=maker if seal else "")
        case ToolCallPart():
            arguments, malformed = arguments_of(part.args)
            seal = _sealed(id=part.id, provider_details=part.provider_details)
            yield ToolCall(
                id=part.tool_call_id,
                tool=sendable(part.tool_name),
                arguments=arguments,
                malformed=malformed,
                signature=seal,
                provider=maker if seal else "",
            )
        case _:
            return  # files and a provider's own tools are never asked for


def arguments_of(told: Any) -> tuple[dict[str, JsonValue], str]:
    """Return a call's arguments, or what was written in place of them."""
    if told is None or told == "":
        return {}, ""
    text = told if isinstance(told, str) else json.dumps(told)
    try:
        value = _sendable_json(json.loads(text, parse_constant=_number, parse_float=_number))
    except (ValueError, RecursionError):
        return {}, sendable(text)
    if value is None:
        return {}, ""
    return (cast("dict[str, JsonValue]", value), "") if isinstance(value, dict) else ({}, sendable(text))


def _number(told: str) -> float:
    number = float(told)
    if not math.isfinite(number):
        raise ValueError(f"{told} is no number of JSON's")
    return number


def _use(response: ModelResponse) -> TokenUse:
    use = response.usage
    return TokenUse(
        read=max(0, use.input_tokens),
        written=max(0, use.output_tokens),
        cached=max(0, use.cache_read_tokens),
        stored=max(0, use.cache_write_tokens),
    )


def sendable(text: str) -> str:
    """Return a text with the replacement character for what cannot be kept or sent."""
    return _UNSENDABLE.sub("\ufffd", text)


def _sendable_json(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    match value:
        case str():
            return sendable(value)
        case dict():
            named = cast("dict[str, Any]", value)
            return {sendable(name): _sendable_json(inner, depth + 1) for name, inner in named.items()}
        case list():
            return [_sendable_json(inner, depth + 1) for inner in cast("list[Any]", value)]
        case _:
            return value


def wire_name(tool: str) -> str:
    """Return a tool's name as every protocol takes it; a model may have made up one that none does."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", tool)[:64] or "unnamed"


def _sealed(**told: Any) -> str:
    """Return what a provider wants to see again with a part: empty where that is nothing."""
    kept = {name: value for name, value in told.items() if value}
    if kept.get("id") == "content":  # thoughts written between marks in the text prove nothing to anybody
        return ""
    return json.dumps(kept, sort_keys=True, default=str) if kept else ""


def _unsealed(seal: str) -> dict[str, Any]:
    return json.loads(seal) if seal else {}
