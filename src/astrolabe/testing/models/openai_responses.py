"""OpenAI's responses: items instead of messages, and a stream of events that say what they mean.

Shapes: recorded exchanges with api.openai.com (`tests/data/transcripts/openai-test_responses`).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

from astrolabe.domain.conversation import Finish
from astrolabe.testing.models import openai
from astrolabe.testing.models.faults import Failure, Limits
from astrolabe.testing.models.request import Gist, Request, Said, WireName, as_dict, as_list, as_text
from astrolabe.testing.models.script import Call, Turn, bites, use_of, words
from astrolabe.testing.models.wire import CREATED, Answer, Frame, Phase, ServedModel, event

_CUT_OFF = {Finish.LENGTH: "max_output_tokens", Finish.REFUSED: "content_filter"}
_Event = tuple[str, dict[str, Any], Phase]
"""An event's type, what else is in it, and what part of the stream it is."""


class ResponsesWire:
    """Responses, plain and streamed."""

    name = WireName.RESPONSES

    def read(self, path: str, body: dict[str, Any]) -> Gist:  # noqa: ARG002 - the model stands in the body here
        asked = body.get("input")
        said = [Said("system", as_text(body["instructions"]))] if body.get("instructions") else []
        said += [Said("user", asked)] if isinstance(asked, str) else map(_said, map(as_dict, as_list(asked)))
        return Gist(
            model=as_text(body.get("model")),
            streams=bool(body.get("stream")),
            said=tuple(each for each in said if each.role),
            tools=tuple(as_text(as_dict(each).get("name")) for each in as_list(body.get("tools"))),
        )

    def fault(self, body: dict[str, Any]) -> str:
        if not body.get("input"):
            return "Missing required parameter: 'input'."
        form = as_dict(as_dict(body.get("text")).get("format"))
        missing = [
            name for name in ("name", "schema") if form.get("type") == "json_schema" and not form.get(name)
        ]
        if missing:
            return f"Missing required parameter: 'text.format.{missing[0]}'."
        return next(_history_faults([as_dict(each) for each in as_list(body.get("input"))]), "")

    def key(self, request: Request) -> str:
        return openai.key(request)

    def reply(self, turn: Turn, request: Request) -> dict[str, Any]:
        return _response(turn, request, [_done(item, turn) for item in _items(turn, request)])

    def stream(self, turn: Turn, request: Request) -> Iterable[Frame]:
        numbers = count()
        for kind, data, phase in _events(turn, request):
            yield Frame(event({"type": kind, **data, "sequence_number": next(numbers)}, kind), phase)

    def failure(self, failure: Failure, request: Request) -> Answer:
        return openai.failure(failure, request)

    def interruption(self, failure: Failure, request: Request) -> bytes:
        error = openai.error(failure, request)
        told = {"code": error["code"] or error["type"], "message": error["message"]}
        failed = _under_way(request) | {"status": "failed", "error": told}
        data = {"type": "response.failed", "response": failed, "sequence_number": 99}
        return event(data, "response.failed")

    def headers(self, request: Request, limits: Limits | None, now: datetime) -> dict[str, str]:
        return openai.headers(request, limits, now)

    def models(self, models: Iterable[ServedModel]) -> dict[str, Any]:
        return openai.models(models)

    def model(self, model: ServedModel) -> dict[str, Any]:
        return openai.model(model)


def _said(item: dict[str, Any]) -> Said:
    if item.get("type") == "function_call_output":
        return Said("tool", as_text(item.get("output")))
    content = item.get("content")
    if isinstance(content, list):
        content = "".join(as_text(as_dict(part).get("text")) for part in as_list(item.get("content")))
    return Said(as_text(item.get("role")), as_text(content))


def _history_faults(items: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with calls and their results: each has the other, the call first."""
    open_ids: list[str] = []
    for item in items:
        name = as_text(item.get("call_id"))
        if item.get("type") == "function_call":
            open_ids.append(name)
        elif item.get("type") == "function_call_output":
            if name not in open_ids:
                yield f"No tool call found for function call output with call_id {name}."
            open_ids = [each for each in open_ids if each != name]
    if open_ids:
        yield f"No tool output found for function call {open_ids[0]}."


def _items(turn: Turn, request: Request) -> Iterator[dict[str, Any]]:
    """Yield the items of a reply as they are when they begin."""
    if turn.thinking:
        yield {"id": f"rs_{request.number:048d}", "type": "reasoning", "summary": []}
    if turn.text or turn.refusal:
        yield {
            "id": f"msg_{request.number:048d}",
            "type": "message",
            "status": "in_progress",
            "content": [],
            "role": "assistant",
        }
    for place, each in enumerate(turn.calls):
        yield _call(each, request, place)


def _call(each: Call, request: Request, place: int) -> dict[str, Any]:
    return {
        "id": f"fc_{request.number:044d}{place:04d}",
        "type": "function_call",
        "status": "in_progress",
        "arguments": "",
        "call_id": each.id or f"call_{request.number}_{place}",
        "name": each.tool,
    }


def _done(item: dict[str, Any], turn: Turn) -> dict[str, Any]:
    """Return an item as it is when it has ended."""
    if item["type"] == "reasoning":
        return item | {"summary": [{"type": "summary_text", "text": turn.thinking}]}
    status = "incomplete" if turn.ending is Finish.LENGTH else "completed"
    if item["type"] == "message":
        return item | {"status": status, "content": _parts(turn)}
    return item | {"status": status, "arguments": turn.calls[int(item["id"][-4:])].written}


def _parts(turn: Turn) -> list[dict[str, Any]]:
    said: dict[str, Any] = {"type": "output_text", "annotations": [], "logprobs": [], "text": turn.text}
    return ([said] if turn.text else []) + (
        [{"type": "refusal", "refusal": turn.refusal}] if turn.refusal else []
    )


def _events(turn: Turn, request: Request) -> Iterator[_Event]:
    begun = _under_way(request)
    yield "response.created", {"response": begun}, Phase.START
    yield "response.in_progress", {"response": begun}, Phase.START
    items = list(_items(turn, request))
    for place, item in enumerate(items):
        yield "response.output_item.added", {"output_index": place, "item": item}, Phase.START
        yield from _filling(item, turn, place)
        yield "response.output_item.done", {"output_index": place, "item": _done(item, turn)}, Phase.START
    ended = _response(turn, request, [_done(item, turn) for item in items])
    yield f"response.{ended['status']}", {"response": ended}, Phase.END


def _filling(item: dict[str, Any], turn: Turn, place: int) -> Iterator[_Event]:
    where = {"item_id": item["id"], "output_index": place}
    if item["type"] == "function_call":
        written = turn.calls[int(item["id"][-4:])].written
        for piece in bites(written):
            yield "response.function_call_arguments.delta", where | {"delta": piece}, Phase.PIECE
        done = where | {"arguments": written, "name": item["name"]}
        yield "response.function_call_arguments.done", done, Phase.START
    elif item["type"] == "reasoning":
        yield from _part_events(
            where | {"summary_index": 0}, "reasoning_summary", {"type": "summary_text", "text": turn.thinking}
        )
    else:
        for index, part in enumerate(_parts(turn)):
            yield from _part_events(where | {"content_index": index}, "content", part)


def _part_events(here: dict[str, Any], home: str, part: dict[str, Any]) -> Iterator[_Event]:
    """Yield the events of one text: its part begins, grows, and ends twice, as text and as part."""
    word = "refusal" if part["type"] == "refusal" else "text"
    kind = {"output_text": "output_text", "refusal": "refusal", "summary_text": "reasoning_summary_text"}[
        part["type"]
    ]
    probabilities: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
    yield f"response.{home}_part.added", here | {"part": part | {word: ""}}, Phase.START
    for piece in words(part[word]):
        told = here | {"delta": piece} | probabilities
        yield f"response.{kind}.delta", told | {"obfuscation": openai.padding(told)}, Phase.PIECE
    yield f"response.{kind}.done", here | {word: part[word]} | probabilities, Phase.START
    yield f"response.{home}_part.done", here | {"part": part}, Phase.START


def _under_way(request: Request) -> dict[str, Any]:
    asked = as_dict(request.parsed)
    return {
        "id": f"resp_{request.number:048d}",
        "object": "response",
        "created_at": CREATED,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "frequency_penalty": 0.0,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "max_tool_calls": None,
        "model": request.gist.model,
        "output": [],
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "text": {
            "format": as_dict(asked.get("text")).get("format") or {"type": "text"},
            "verbosity": "medium",
        },
        "tool_choice": "auto",
        "tools": as_list(asked.get("tools")),
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": {},
    }


def _response(turn: Turn, request: Request, output: list[dict[str, Any]]) -> dict[str, Any]:
    cut_off = _CUT_OFF.get(turn.finish) if turn.finish else None
    return _under_way(request) | {
        "status": turn.finish_word or ("incomplete" if cut_off else "completed"),
        "completed_at": None if cut_off else CREATED + 1,
        "incomplete_details": {"reason": cut_off} if cut_off else None,
        "output": output,
        "service_tier": "default",
        "usage": _usage(turn, request),
    }


def _usage(turn: Turn, request: Request) -> dict[str, Any]:
    use = use_of(turn, request)
    return {
        "input_tokens": use.read,
        "input_tokens_details": {"cached_tokens": use.cached, "cache_write_tokens": use.stored},
        "output_tokens": use.written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": use.total,
    }
