"""What goes wrong between here and a provider, in words of ours: the one place that knows the library's errors."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx2
from pydantic_ai import exceptions as library

from astrolabe.adapters.models.limits import reset_seconds
from astrolabe.errors import (
    ModelBusyError,
    ModelError,
    ModelKeyError,
    ModelRequestError,
    WindowExceededError,
)

_LONGEST = 2000
"""Characters of what a provider says about an error: some send a whole page."""
_UNWELCOME = {401, 402, 403}
_BUSY = {408, 409, 425, 429}
_WRONG_KEY = re.compile(r"\bapi key\b.{0,20}\b(?:not valid|invalid|expired)\b", re.IGNORECASE)
_TOO_LONG = (
    "context length",
    "context window",
    "context size",
    "maximum context",
    "exceeds the available context",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "token count",
    "tokens allowed",
    "max_model_len",
    "reduce the length",
)
"""How providers and servers say that a question is too long, where they say it in words alone."""


def told_of(error: Exception, name: str, scrub: Callable[[str], str]) -> ModelError:
    """Return an error of the library, or of what it is made of, as ours; `scrub` takes secrets out of what was said."""
    said = scrub(_said(error))[:_LONGEST]
    wait = _wait(error)
    match error:
        case library.ModelContextWindowExceededError():
            return _too_long(name, said)
        case library.ModelQuotaExceededError():
            return ModelKeyError(
                f"{name}: what the account of its key may spend is spent: {said}", hint=_KEY_HINT
            )
        case library.ModelAuthenticationError():
            return ModelKeyError(f"{name} does not take its key: {said}", hint=_KEY_HINT)
        case library.ModelHTTPError():
            return _of_status(error.status_code, name, said, wait)
        case library.ModelRequestRejectedError() | library.UserError():
            return _rejected(name, said)
        case library.ModelTimeoutError() | library.ModelRequestTimeout() | TimeoutError():
            return ModelBusyError(f"{name} did not answer in time: {said}")
        case library.ModelConnectionError() | httpx2.HTTPError() | OSError() | EOFError():
            return ModelBusyError(f"{name} cannot be reached, or hung up: {said}")
        case library.ModelAPIError():
            return ModelBusyError(f"{name} failed: {said}", retry_after_seconds=wait)
        case _:
            return ModelBusyError(f"{name} sent what cannot be read as an answer: {said}")


_KEY_HINT = "See which keys are set, and whether they are taken: astrolabe models check"


def _of_status(status: int, name: str, said: str, wait: float | None) -> ModelError:
    if status in _UNWELCOME:
        return ModelKeyError(f"{name} does not take its key: {said}", hint=_KEY_HINT)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _too_long(name, said)
    if status in _BUSY or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return ModelBusyError(f"{name} is busy ({status}): {said}", retry_after_seconds=wait)
    return _rejected(name, said, status)


def _rejected(name: str, said: str, status: int | None = None) -> ModelError:
    if any(words in said.lower() for words in _TOO_LONG):
        return _too_long(name, said)
    if _WRONG_KEY.search(said):  # Gemini says so of a request it rejects
        return ModelKeyError(f"{name} does not take its key: {said}", hint=_KEY_HINT)
    if status == HTTPStatus.NOT_FOUND:
        return ModelRequestError(
            f"{name} is not there: {said}", hint="See which models there are: astrolabe models check"
        )
    return ModelRequestError(f"{name} does not take the question: {said}")


def _too_long(name: str, said: str) -> WindowExceededError:
    return WindowExceededError(f"the question is longer than {name} can read: {said}")


def _wait(error: Exception) -> float | None:
    if not isinstance(error, library.ModelAPIError):
        return None
    waits = [error.retry_after, reset_seconds(getattr(error, "headers", None) or {})]
    return next((wait for wait in waits if wait is not None), None)


def _said(error: Exception) -> str:
    """Return what the provider said, without what the library puts around it."""
    if isinstance(error, library.ModelHTTPError):
        return f"{_message(error.body)} (HTTP {error.status_code})"
    if isinstance(error, library.ModelAPIError):
        return _message(error.body) or error.message
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _message(body: Any) -> str:
    """Return the sentence in an error's body: providers put it in different places."""
    match body:
        case {"error": inner} | {"message": inner} | {"detail": inner} | {"msg": inner} if inner:
            return _message(inner)
        case [first, *_]:
            return _message(first)
        case _:
            return "" if body is None else str(body)
