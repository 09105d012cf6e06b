"""Google's Gemini: `generateContent` and its stream.

Shapes: Google's reference of the Gemini API (v1beta, `GenerateContentResponse`, `google.rpc.Status`), judged in tests by
Google's own client. It says when to ask again in an error's `RetryInfo`, and has no rate-limit headers.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from astrolabe.domain.conversation import Finish
from astrolabe.testing.models.faults import Failure, FailureKind, Limits
from astrolabe.testing.models.request import Gist, Request, Said, WireName, as_dict, as_list, as_text
from astrolabe.testing.models.script import Call, Turn, use_of, words
from astrolabe.testing.models.wire import Answer, Frame, Phase, ServedModel, event, json_answer, retry_after

_ENDINGS = {
    Finish.STOP: "STOP",
    Finish.TOOLS: "STOP",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.REFUSED: "SAFETY",
    Finish.OTHER: "OTHER",
}
_MALFORMED = "MALFORMED_FUNCTION_CALL"
_FAILURES = {
    FailureKind.RATE_LIMITED: (
        429,
        "RESOURCE_EXHAUSTED",
        "Resource has been exhausted (e.g. check quota).",
    ),
    FailureKind.NO_CREDIT: (
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    FailureKind.OVERLOADED: (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    FailureKind.BROKEN: (500, "INTERNAL", "An internal error has occurred. Please retry."),
    FailureKind.WRONG_KEY: (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    FailureKind.NO_KEY: (
        403,
        "PERMISSION_DENIED",
        (
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
            "form of API consumer identity to call this API."
        ),
    ),
    FailureKind.UNKNOWN_MODEL: (
        404,
        "NOT_FOUND",
        "models/{model} is not found for API version v1beta, or is not supported for generateContent.",
    ),
    FailureKind.NO_TOOLS: (400, "INVALID_ARGUMENT", "Function calling is not enabled for models/{model}"),
    FailureKind.WINDOW_EXCEEDED: (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    FailureKind.INVALID: (400, "INVALID_ARGUMENT", "Request contains an invalid argument."),
}
_TYPES = "type.googleapis.com/google.rpc."


class GeminiWire:
    """`generateContent` and `streamGenerateContent`."""

    name = WireName.GEMINI

    def read(self, path: str, body: dict[str, Any]) -> Gist:
        model, _, action = path.rpartition("/models/")[2].partition(":")
        system = _text(as_dict(body.get("systemInstruction") or body.get("system_instruction")))
        said = [Said("system", system)] if system else []
        said += [_said(as_dict(each)) for each in as_list(body.get("contents"))]
        return Gist(model, action.startswith("stream"), tuple(said), tuple(_tools(body)))

    def fault(self, body: dict[str, Any]) -> str:
        contents = [as_dict(each) for each in as_list(body.get("contents"))]
        if not contents:
            return "* GenerateContentRequest.contents: contents is not specified"
        return next(_history_faults(contents), "")

    def key(self, request: Request) -> str:
        in_query = parse_qs(request.query).get("key", [""])[0]
        return request.headers.get("x-goog-api-key") or in_query

    def reply(self, turn: Turn, request: Request) -> dict[str, Any]:
        if _blocked(turn):
            return _whole(turn, request, _block(turn))
        parts = list(_parts(turn, request))
        return _whole(turn, request, {"candidates": [_candidate(_joined(parts), _ending(turn))]})

    def stream(self, turn: Turn, request: Request) -> Iterable[Frame]:
        if _blocked(turn):
            yield Frame(event(_whole(turn, request, _block(turn))), Phase.END)
            return
        for part in _parts(turn, request):
            yield Frame(event(_whole(turn, request, {"candidates": [_candidate([part], "")]})))
        last = {"candidates": [_candidate([{"text": ""}] if turn.text else [], _ending(turn))]}
        yield Frame(event(_whole(turn, request, last)), Phase.END)

    def failure(self, failure: Failure, request: Request) -> Answer:
        status = failure.status or _FAILURES[failure.kind][0]
        dated = retry_after(failure) if isinstance(failure.retry_after, datetime) else {}
        return json_answer(status, _error(failure, request, status), dated)

    def interruption(self, failure: Failure, request: Request) -> bytes:
        return event(_error(failure, request, failure.status or _FAILURES[failure.kind][0]))

    def headers(self, request: Request, limits: Limits | None, now: datetime) -> dict[str, str]:  # noqa: ARG002
        return {"server-timing": "gfet4t7; dur=1", "vary": "Origin, X-Origin, Referer"}

    def models(self, models: Iterable[ServedModel]) -> dict[str, Any]:
        return {"models": [self.model(each) for each in models]}

    def model(self, model: ServedModel) -> dict[str, Any]:
        return {
            "name": f"models/{model.name}",
            "version": "001",
            "displayName": model.name,
            "inputTokenLimit": model.window_tokens,
            "outputTokenLimit": model.most_tokens,
            "supportedGenerationMethods": ["generateContent", "countTokens"],
        }


def _said(content: dict[str, Any]) -> Said:
    parts = [as_dict(part) for part in as_list(content.get("parts"))]
    if any("functionResponse" in part for part in parts):
        answers = (as_dict(part.get("functionResponse")).get("response") for part in parts)
        return Said("tool", "".join(as_text(answer) for answer in answers))
    role = as_text(content.get("role")) or "user"
    return Said({"model": "assistant"}.get(role, role), _text(content))


def _text(content: dict[str, Any]) -> str:
    return "".join(as_text(as_dict(part).get("text")) for part in as_list(content.get("parts")))


def _tools(body: dict[str, Any]) -> Iterator[str]:
    for group in map(as_dict, as_list(body.get("tools"))):
        declared = as_list(group.get("functionDeclarations") or group.get("function_declarations"))
        yield from (as_text(as_dict(each).get("name")) for each in declared)


def _history_faults(contents: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with calls and their results: as many results follow a turn as it has calls."""
    asked = 0
    for content in contents:
        parts = [as_dict(part) for part in as_list(content.get("parts"))]
        if not parts:
            yield "* GenerateContentRequest.contents: contents.parts must not be empty."
        answered = sum("functionResponse" in part for part in parts)
        if answered != asked:
            yield (
                "Please ensure that the number of function response parts is equal to the number of function call parts of "
                "the function call turn."
            )
        asked = sum("functionCall" in part for part in parts)
    if asked:
        yield (
            "Please ensure that function call turn comes immediately after a user turn or after a function response turn, and "
            "is followed by its responses."
        )


def _parts(turn: Turn, request: Request) -> Iterator[dict[str, Any]]:
    yield from ({"text": piece, "thought": True} for piece in words(turn.thinking))
    yield from ({"text": piece} for piece in words(turn.text))
    if not _malformed(turn):
        for place, each in enumerate(turn.calls):
            yield _call(each, request, place) | (
                {"thoughtSignature": turn.signature} if turn.signature and not place else {}
            )


def _joined(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return parts as a plain reply has them: neighbours of one kind as one."""
    joined: list[dict[str, Any]] = []
    for part in parts:
        if joined and "text" in part and joined[-1].keys() == part.keys():
            joined[-1] = part | {"text": joined[-1]["text"] + part["text"]}
        else:
            joined.append(part)
    return joined


def _call(each: Call, request: Request, place: int) -> dict[str, Any]:
    arguments = json.loads(each.arguments) if isinstance(each.arguments, str) else each.arguments
    called = {"name": each.tool, "args": arguments, "id": each.id or f"call_{request.number}_{place}"}
    return {"functionCall": called}


def _malformed(turn: Turn) -> bool:
    """Tell whether a call has arguments that are no JSON object: Google's service drops such calls and says so."""
    return any(isinstance(each.arguments, str) and not _is_object(each.arguments) for each in turn.calls)


def _is_object(written: str) -> bool:
    try:
        return isinstance(json.loads(written), dict)
    except ValueError:
        return False


def _ending(turn: Turn) -> str:
    return turn.finish_word or (_MALFORMED if _malformed(turn) else _ENDINGS[turn.ending])


def _blocked(turn: Turn) -> bool:
    """Tell whether the question itself is blocked: a refusal that nothing was said before."""
    return bool(turn.refusal) and not turn.text


def _block(turn: Turn) -> dict[str, Any]:
    feedback = {
        "blockReason": "SAFETY",
        "blockReasonMessage": turn.refusal,
        "safetyRatings": [_rating(blocked=True)],
    }
    return {"promptFeedback": feedback}


def _candidate(parts: list[dict[str, Any]], ending: str) -> dict[str, Any]:
    content = {"parts": parts, "role": "model"} if parts else {"role": "model"}
    candidate: dict[str, Any] = {"content": content, "index": 0}
    if ending:
        candidate["finishReason"] = ending
    if ending == _MALFORMED:
        candidate["finishMessage"] = "Malformed function call."
    if ending == "SAFETY":
        candidate["safetyRatings"] = [_rating(blocked=True)]
    return candidate


def _rating(*, blocked: bool) -> dict[str, Any]:
    return {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": blocked}


def _whole(turn: Turn, request: Request, content: dict[str, Any]) -> dict[str, Any]:
    use = use_of(turn, request)
    usage: dict[str, Any] = {
        "promptTokenCount": use.read,
        "candidatesTokenCount": use.written,
        "totalTokenCount": use.total,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": use.read}],
    }
    if use.cached:
        usage["cachedContentTokenCount"] = use.cached
    rest = {"modelVersion": request.gist.model, "responseId": f"r{request.number:021d}"}
    return content | {"usageMetadata": usage} | rest


def _error(failure: Failure, request: Request, status: int) -> dict[str, Any]:
    _, kind, message = _FAILURES[failure.kind]
    text = failure.message or message.format(model=request.gist.model)
    details = list(_details(failure))
    error: dict[str, Any] = {"code": status, "message": text, "status": kind}
    return {"error": error | ({"details": details} if details else {})}


def _details(failure: Failure) -> Iterator[dict[str, Any]]:
    if failure.kind is FailureKind.WRONG_KEY:
        yield {
            "@type": f"{_TYPES}ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }
    if isinstance(failure.retry_after, float):
        yield {"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{failure.retry_after:g}s"}
