"""What OpenAI's two protocols share: keys, errors, headers, the list of models."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from astrolabe.testing.models.faults import Failure, FailureKind, Limits
from astrolabe.testing.models.request import Request
from astrolabe.testing.models.wire import CREATED, Answer, ServedModel, compact, json_answer, retry_after

_FAILURES: dict[FailureKind, tuple[int, str, str | None, str | None, str]] = {
    FailureKind.RATE_LIMITED: (
        429,
        "requests",
        None,
        "rate_limit_exceeded",
        (
            "Rate limit reached for {model} in organization org-scripted on requests per min (RPM): Limit 3, Used 3, "
            "Requested 1. Please try again in 20s."
        ),
    ),
    FailureKind.NO_CREDIT: (
        429,
        "insufficient_quota",
        None,
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    FailureKind.OVERLOADED: (
        503,
        "server_error",
        None,
        None,
        "The engine is currently overloaded, please try again later.",
    ),
    FailureKind.BROKEN: (
        500,
        "server_error",
        None,
        None,
        "The server had an error while processing your request. Sorry about that!",
    ),
    FailureKind.WRONG_KEY: (
        401,
        "invalid_request_error",
        None,
        "invalid_api_key",
        (
            "Incorrect API key provided: sk-****. You can find your API key at "
            "https://platform.openai.com/account/api-keys."
        ),
    ),
    FailureKind.NO_KEY: (
        401,
        "invalid_request_error",
        None,
        None,
        (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
            "(i.e. Authorization: Bearer YOUR_KEY)."
        ),
    ),
    FailureKind.UNKNOWN_MODEL: (
        404,
        "invalid_request_error",
        None,
        "model_not_found",
        "The model `{model}` does not exist or you do not have access to it.",
    ),
    FailureKind.NO_TOOLS: (
        400,
        "invalid_request_error",
        "tools",
        "unsupported_parameter",
        "Unsupported parameter: 'tools' is not supported with this model.",
    ),
    FailureKind.WINDOW_EXCEEDED: (
        400,
        "invalid_request_error",
        "messages",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please "
            "reduce the length of the messages."
        ),
    ),
    FailureKind.INVALID: (400, "invalid_request_error", None, None, "Invalid request."),
}


def failure(told: Failure, request: Request) -> Answer:
    """Return an error as OpenAI's services tell it."""
    status = told.status or _FAILURES[told.kind][0]
    return json_answer(status, {"error": error(told, request)}, retry_after(told))


def error(told: Failure, request: Request) -> dict[str, Any]:
    """Return the error's inner object, which streams hold as well."""
    _, kind, param, code, message = _FAILURES[told.kind]
    text = told.message or message.format(model=request.gist.model)
    return {"message": text, "type": kind, "param": param, "code": code}


def key(request: Request) -> str:
    """Return the key of a request's `Authorization`."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def headers(request: Request, limits: Limits | None, _now: datetime) -> dict[str, str]:
    """Return the headers of every reply of OpenAI's."""
    always = {
        "openai-organization": "scripted",
        "openai-processing-ms": "1",
        "openai-version": "2020-10-01",
        "x-request-id": f"req_{request.number:032x}",
    }
    return always | (_limits(limits) if limits else {})


def _limits(limits: Limits) -> dict[str, str]:
    told = {
        "limit-requests": str(limits.requests),
        "limit-tokens": str(limits.tokens),
        "remaining-requests": str(limits.requests_left),
        "remaining-tokens": str(limits.tokens_left),
        "reset-requests": _duration(limits.reset_seconds),
        "reset-tokens": _duration(limits.reset_seconds),
    }
    return {f"x-ratelimit-{name}": value for name, value in told.items()}


def _duration(seconds: float) -> str:
    """Return a time as OpenAI writes it: `120ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m{rest:g}s" if minutes else f"{rest:g}s"


def padding(told: dict[str, Any]) -> str:
    """Return what makes all events about as long, so that nobody can tell from lengths what is said."""
    return "0" * (-len(compact(told)) % 16)


def models(served: Iterable[ServedModel]) -> dict[str, Any]:
    """Return the list of models."""
    return {"object": "list", "data": [model(each) for each in served]}


def model(served: ServedModel) -> dict[str, Any]:
    """Return what is told of one model."""
    return {"id": served.name, "object": "model", "created": CREATED, "owned_by": "scripted"}
