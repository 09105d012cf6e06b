"""Anthropic's messages.

Shapes: recorded exchanges with api.anthropic.com (`tests/data/transcripts/anthropic-*`); errors and pings as its
documentation gives them.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from astrolabe.domain.conversation import Finish
from astrolabe.testing.models.faults import Failure, FailureKind, Limits
from astrolabe.testing.models.request import Gist, Request, Said, WireName, as_dict, as_list, as_text
from astrolabe.testing.models.script import Call, Turn, bites, use_of, words
from astrolabe.testing.models.wire import Answer, Frame, Phase, ServedModel, event, json_answer, retry_after

_ENDINGS = {
    Finish.STOP: "end_turn",
    Finish.TOOLS: "tool_use",
    Finish.LENGTH: "max_tokens",
    Finish.REFUSED: "refusal",
    Finish.OTHER: "pause_turn",
}
_FAILURES = {
    FailureKind.RATE_LIMITED: (
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute.",
    ),
    FailureKind.NO_CREDIT: (
        400,
        "invalid_request_error",
        (
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
            "credits."
        ),
    ),
    FailureKind.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    FailureKind.BROKEN: (500, "api_error", "Internal server error"),
    FailureKind.WRONG_KEY: (401, "authentication_error", "invalid x-api-key"),
    FailureKind.NO_KEY: (401, "authentication_error", "x-api-key header is required"),
    FailureKind.UNKNOWN_MODEL: (404, "not_found_error", "model: {model}"),
    FailureKind.NO_TOOLS: (400, "invalid_request_error", "'{model}' does not support tool use."),
    FailureKind.WINDOW_EXCEEDED: (
        400,
        "invalid_request_error",
        "prompt is too long: 208310 tokens > 200000 maximum",
    ),
    FailureKind.INVALID: (400, "invalid_request_error", "Invalid request."),
}


class AnthropicWire:
    """Messages, plain and streamed."""

    name = WireName.ANTHROPIC

    def read(self, path: str, body: dict[str, Any]) -> Gist:  # noqa: ARG002 - the model stands in the body here
        said = [Said("system", _text(body.get("system")))] if body.get("system") else []
        said += [
            Said(_role(message), _text(message.get("content")))
            for message in map(as_dict, as_list(body.get("messages")))
        ]
        return Gist(
            model=as_text(body.get("model")),
            streams=bool(body.get("stream")),
            said=tuple(said),
            tools=tuple(as_text(as_dict(each).get("name")) for each in as_list(body.get("tools"))),
        )

    def fault(self, body: dict[str, Any]) -> str:
        if not isinstance(body.get("max_tokens"), int):
            return "max_tokens: Field required"
        messages = [as_dict(each) for each in as_list(body.get("messages"))]
        if not messages:
            return "messages: at least one message is required"
        return next(_history_faults(messages), "")

    def key(self, request: Request) -> str:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        return request.headers.get("x-api-key") or bearer

    def reply(self, turn: Turn, request: Request) -> dict[str, Any]:
        content = [_whole(block) for block in _blocks(turn, request)]
        return _message(request, content, _stop(turn) | {"usage": _usage(turn, request)})

    def stream(self, turn: Turn, request: Request) -> Iterable[Frame]:
        use = _usage(turn, request)
        first = {"stop_reason": None, "stop_sequence": None, "usage": use | {"output_tokens": 1}}
        yield _frame("message_start", {"message": _message(request, [], first)}, Phase.START)
        yield _frame("ping", {}, Phase.START)
        for index, (block, deltas) in enumerate(_blocks(turn, request)):
            yield _frame("content_block_start", {"index": index, "content_block": block}, Phase.START)
            for delta in deltas:
                yield _frame("content_block_delta", {"index": index, "delta": delta})
            yield _frame("content_block_stop", {"index": index}, Phase.START)
        counts = {name: count for name, count in use.items() if isinstance(count, int)}
        yield _frame("message_delta", {"delta": _stop(turn), "usage": counts}, Phase.END)
        yield _frame("message_stop", {}, Phase.END)

    def failure(self, failure: Failure, request: Request) -> Answer:
        status = failure.status or _FAILURES[failure.kind][0]
        body = _error(failure, request) | {"request_id": _request_id(request)}
        return json_answer(status, body, retry_after(failure))

    def interruption(self, failure: Failure, request: Request) -> bytes:
        return event(_error(failure, request), "error")

    def headers(self, request: Request, limits: Limits | None, now: datetime) -> dict[str, str]:
        always = {"request-id": _request_id(request), "anthropic-organization-id": "scripted"}
        return always | (_limits(limits, now) if limits else {})

    def models(self, models: Iterable[ServedModel]) -> dict[str, Any]:
        told = [self.model(each) for each in models]
        ends = (
            {"first_id": told[0]["id"], "last_id": told[-1]["id"]}
            if told
            else {"first_id": None, "last_id": None}
        )
        return {"data": told, "has_more": False} | ends

    def model(self, model: ServedModel) -> dict[str, Any]:
        return {
            "type": "model",
            "id": model.name,
            "display_name": model.name,
            "created_at": "2025-10-09T00:00:00Z",
            "max_input_tokens": model.window_tokens,
            "max_tokens": model.most_tokens,
        }


_Block = tuple[dict[str, Any], list[dict[str, Any]]]
"""What a block is at its start, and the deltas that fill it."""


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = [as_dict(part) for part in as_list(content)]
    return "".join(_text(part.get("text") or part.get("content")) for part in parts)


def _role(message: dict[str, Any]) -> str:
    """Return who speaks; results of tools, which stand in the user's messages, are a tool's."""
    parts = [as_dict(part) for part in as_list(message.get("content"))]
    only_results = parts and all(part.get("type") == "tool_result" for part in parts)
    return "tool" if only_results else as_text(message.get("role"))


def _history_faults(messages: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with calls and their results: all results of a message's calls begin the next message."""
    open_ids: list[str] = []
    for place, message in enumerate(messages):
        parts = [as_dict(part) for part in as_list(message.get("content"))]
        results = [as_text(part.get("tool_use_id")) for part in parts if part.get("type") == "tool_result"]
        if unanswered := [each for each in open_ids if each not in results]:
            yield (
                f"messages.{place - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
                f"{', '.join(unanswered)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
                "message."
            )
        if unasked := [each for each in results if each not in open_ids]:
            yield (
                f"messages.{place}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{', '.join(unasked)}. Each `tool_result` block must have a corresponding `tool_use` block in the previous "
                "message."
            )
        yield from _part_faults(place, message, parts)
        open_ids = [as_text(part.get("id")) for part in parts if part.get("type") == "tool_use"]
    if open_ids:
        yield (
            f"messages.{len(messages) - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(open_ids)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
        )


def _part_faults(place: int, message: dict[str, Any], parts: list[dict[str, Any]]) -> Iterator[str]:
    if message.get("role") not in {"user", "assistant"}:
        yield f"messages.{place}.role: Input should be 'user' or 'assistant'"
    if not message.get("content"):
        yield f"messages.{place}: all messages must have non-empty content except for the optional final assistant message"
    for number, part in enumerate(parts):
        if part.get("type") == "tool_use" and not isinstance(part.get("input"), dict):
            yield f"messages.{place}.content.{number}.tool_use.input: Input should be a valid dictionary"
        if part.get("type") == "text" and not part.get("text"):
            yield "messages: text content blocks must be non-empty"


def _blocks(turn: Turn, request: Request) -> Iterator[_Block]:
    if turn.thinking:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in words(turn.thinking)]
        signature = {"type": "signature_delta", "signature": turn.signature or "c2NyaXB0ZWQ="}
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signature]
    if said := turn.text + turn.refusal:
        yield (
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": piece} for piece in words(said)],
        )
    for place, each in enumerate(turn.calls):
        yield _call(each, request, place)


def _call(each: Call, request: Request, place: int) -> _Block:
    name = each.id or f"toolu_{request.number:020d}{place:04d}"
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *bites(each.written)]]
    return {"type": "tool_use", "id": name, "name": each.tool, "input": {}}, deltas


def _whole(block: _Block) -> dict[str, Any]:
    """Return a block as a plain reply has it: what its deltas come to."""
    start, deltas = block
    whole = dict(start)
    for field in ("text", "thinking", "signature"):
        if field in whole:
            whole[field] = "".join(each.get(field, "") for each in deltas)
    if whole["type"] == "tool_use":
        whole["input"] = _input("".join(each["partial_json"] for each in deltas))
    return whole


def _input(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written


def _message(request: Request, content: list[dict[str, Any]], rest: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"msg_{request.number:024d}",
        "type": "message",
        "role": "assistant",
        "model": request.gist.model,
        "content": content,
        **rest,
    }


def _usage(turn: Turn, request: Request) -> dict[str, Any]:
    """Return what was used; `input_tokens` are those that have nothing to do with the cache."""
    use = use_of(turn, request)
    return {
        "input_tokens": use.read - use.cached - use.stored,
        "cache_creation_input_tokens": use.stored,
        "cache_read_input_tokens": use.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": use.stored, "ephemeral_1h_input_tokens": 0},
        "output_tokens": use.written,
        "service_tier": "standard",
    }


def _stop(turn: Turn) -> dict[str, Any]:
    stop: dict[str, Any] = {"stop_reason": turn.finish_word or _ENDINGS[turn.ending], "stop_sequence": None}
    if turn.refusal:
        stop["stop_details"] = {"type": "refusal", "category": None, "explanation": turn.refusal}
    return stop


def _error(failure: Failure, request: Request) -> dict[str, Any]:
    _, kind, message = _FAILURES[failure.kind]
    text = failure.message or message.format(model=request.gist.model)
    return {"type": "error", "error": {"type": kind, "message": text}}


def _request_id(request: Request) -> str:
    return f"req_{request.number:024d}"


def _limits(limits: Limits, now: datetime) -> dict[str, str]:
    reset = (now + timedelta(seconds=limits.reset_seconds)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {
        "requests": (limits.requests, limits.requests_left),
        "tokens": (limits.tokens, limits.tokens_left),
        "input-tokens": (limits.tokens, limits.tokens_left),
        "output-tokens": (limits.tokens, limits.tokens_left),
    }
    lines: dict[str, str] = {}
    for name, (most, left) in told.items():
        lines[f"anthropic-ratelimit-{name}-limit"] = str(most)
        lines[f"anthropic-ratelimit-{name}-remaining"] = str(left)
        lines[f"anthropic-ratelimit-{name}-reset"] = reset
    return lines


def _frame(kind: str, data: dict[str, Any], phase: Phase = Phase.PIECE) -> Frame:
    return Frame(event({"type": kind, **data}, kind), phase)
