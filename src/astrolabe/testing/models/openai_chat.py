"""OpenAI's chat completions, which most other servers speak too.

Shapes: recorded exchanges with api.openai.com (`tests/data/transcripts/openai-*`). `reasoning_content`, which OpenAI itself
does not send, is where other servers of this protocol put what a model thought.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from astrolabe.domain.conversation import Finish
from astrolabe.testing.models import openai
from astrolabe.testing.models.faults import Failure, Limits
from astrolabe.testing.models.request import Gist, Request, Said, WireName, as_dict, as_list, as_text
from astrolabe.testing.models.script import Call, Turn, bites, use_of, words
from astrolabe.testing.models.wire import CREATED, Answer, Frame, Phase, ServedModel, event

_ENDINGS = {
    Finish.STOP: "stop",
    Finish.TOOLS: "tool_calls",
    Finish.LENGTH: "length",
    Finish.REFUSED: "content_filter",
    Finish.OTHER: "other",
}


class ChatWire:
    """Chat completions, plain and streamed."""

    name = WireName.CHAT

    def read(self, path: str, body: dict[str, Any]) -> Gist:  # noqa: ARG002 - the model stands in the body here
        return Gist(
            model=as_text(body.get("model")),
            streams=bool(body.get("stream")),
            said=tuple(_said(as_dict(each)) for each in as_list(body.get("messages"))),
            tools=tuple(
                as_text(as_dict(as_dict(each).get("function")).get("name"))
                for each in as_list(body.get("tools"))
            ),
        )

    def fault(self, body: dict[str, Any]) -> str:
        messages = [as_dict(each) for each in as_list(body.get("messages"))]
        if not messages:
            return "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        return _form_fault(as_dict(body.get("response_format"))) or next(_history_faults(messages), "")

    def key(self, request: Request) -> str:
        return openai.key(request)

    def reply(self, turn: Turn, request: Request) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": _content(turn)}
        if turn.thinking:
            message["reasoning_content"] = turn.thinking
        if turn.calls:
            message["tool_calls"] = [
                _call(each, request, place, each.written) for place, each in enumerate(turn.calls)
            ]
        message |= {"refusal": turn.refusal or None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _ending(turn)}
        return _head(request, "chat.completion") | {"choices": [choice], "usage": _usage(turn, request)}

    def stream(self, turn: Turn, request: Request) -> Iterable[Frame]:
        wants_usage = bool(as_dict(as_dict(request.parsed).get("stream_options")).get("include_usage"))
        head = _head(request, "chat.completion.chunk") | ({"usage": None} if wants_usage else {})

        def chunk(delta: dict[str, Any], phase: Phase, ending: str | None = None) -> Frame:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ending}
            told = head | {"choices": [choice]}
            return Frame(event(told | {"obfuscation": openai.padding(told)}), phase)

        yield chunk(
            {"role": "assistant", "content": None if turn.calls else "", "refusal": None}, Phase.START
        )
        for delta in _deltas(turn, request):
            yield chunk(delta, Phase.PIECE)
        yield chunk({}, Phase.END, _ending(turn))
        if wants_usage:
            yield Frame(event(head | {"choices": [], "usage": _usage(turn, request)}), Phase.END)
        yield Frame(b"data: [DONE]\n\n", Phase.END)

    def failure(self, failure: Failure, request: Request) -> Answer:
        return openai.failure(failure, request)

    def interruption(self, failure: Failure, request: Request) -> bytes:
        return event({"error": openai.error(failure, request)})

    def headers(self, request: Request, limits: Limits | None, now: datetime) -> dict[str, str]:
        return openai.headers(request, limits, now)

    def models(self, models: Iterable[ServedModel]) -> dict[str, Any]:
        return openai.models(models)

    def model(self, model: ServedModel) -> dict[str, Any]:
        return openai.model(model)


def _said(message: dict[str, Any]) -> Said:
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(as_text(as_dict(part).get("text")) for part in as_list(message.get("content")))
    return Said(as_text(message.get("role")), as_text(content))


def _form_fault(form: dict[str, Any]) -> str:
    if form.get("type") != "json_schema":
        return ""
    schema = as_dict(form.get("json_schema"))
    missing = next((name for name in ("name", "schema") if not schema.get(name)), "")
    return f"Missing required parameter: 'response_format.json_schema.{missing}'." if missing else ""


def _history_faults(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with calls and their results: each call is answered at once, each result answers a call."""
    open_ids: list[str] = []
    for place, message in enumerate(messages):
        if message.get("role") == "tool":
            if message.get("tool_call_id") not in open_ids:
                yield "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            open_ids = [each for each in open_ids if each != message.get("tool_call_id")]
        elif open_ids:
            yield _unanswered(open_ids)
        if message.get("role") == "assistant":
            open_ids = [as_text(as_dict(each).get("id")) for each in as_list(message.get("tool_calls"))]
            if not open_ids and message.get("content") is None and message.get("refusal") is None:
                yield f"Invalid value for 'content': expected a string, got null. (messages[{place}])"
    if open_ids:
        yield _unanswered(open_ids)


def _unanswered(ids: list[str]) -> str:
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(ids)}"
    )


def _head(request: Request, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{request.number:029d}",
        "object": kind,
        "created": CREATED,
        "model": request.gist.model,
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _content(turn: Turn) -> str | None:
    return turn.text or (None if turn.refusal or turn.calls else "")


def _ending(turn: Turn) -> str:
    if turn.finish_word:
        return turn.finish_word
    # A model that refuses has finished what it had to say; a filter has not let it.
    return "stop" if turn.refusal and not turn.finish else _ENDINGS[turn.ending]


def _call(each: Call, request: Request, place: int, arguments: str) -> dict[str, Any]:
    name = each.id or f"call_{request.number}_{place}"
    return {"id": name, "type": "function", "function": {"name": each.tool, "arguments": arguments}}


def _deltas(turn: Turn, request: Request) -> Iterator[dict[str, Any]]:
    yield from ({"reasoning_content": piece} for piece in words(turn.thinking))
    yield from ({"content": piece} for piece in words(turn.text))
    yield from ({"refusal": piece} for piece in words(turn.refusal))
    for place, each in enumerate(turn.calls):
        yield {"tool_calls": [{"index": place, **_call(each, request, place, "")}]}
        for bite in bites(each.written):
            yield {"tool_calls": [{"index": place, "function": {"arguments": bite}}]}


def _usage(turn: Turn, request: Request) -> dict[str, Any]:
    use = use_of(turn, request)
    return {
        "prompt_tokens": use.read,
        "completion_tokens": use.written,
        "total_tokens": use.total,
        "prompt_tokens_details": {
            "cached_tokens": use.cached,
            "cache_write_tokens": use.stored,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
