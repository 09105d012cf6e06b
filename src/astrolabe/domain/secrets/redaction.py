"""Text as it may be shown, kept and sent: every secret replaced by a word for its kind."""

import base64
import json
from collections.abc import Generator, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

from pydantic import JsonValue

from astrolabe.domain.secrets.scanning import Finding, found_in

FEWEST_CHARACTERS = 6
"""A shorter value is no secret that could be told from what happens to be written alike."""


class Redactor:
    """Knows the shapes of secrets, and those values the operator uses here, in whatever encoding they come.

    redactor = Redactor(known=["hunter2hunter2"])
    redactor.redacted("password is hunter2hunter2")  # "password is [secret: configured value]"
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._values = tuple(known)
        forms = {form for value in self._values if len(value) >= FEWEST_CHARACTERS for form in _forms(value)}
        self._known = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        self._clean = lru_cache(1024)(
            self._redacted
        )  # what was said in a conversation is said again with each question

    def knowing(self, more: Iterable[str]) -> "Redactor":
        """Return one that knows further values."""
        values = tuple(more)
        return Redactor((*self._values, *values)) if values else self

    def findings(self, text: str) -> tuple[Finding, ...]:
        """Return the secrets of a text, in their order."""
        return found_in(text, self._known)

    def redacted(self, text: str) -> str:
        """Return a text without its secrets; one that has none comes back as it is."""
        return self._clean(text)

    def _redacted(self, text: str) -> str:
        found = self.findings(text)
        if not found:
            return text
        pieces: list[str] = []
        at = 0
        for finding in found:
            pieces += (text[at : finding.start], f"[secret: {finding.rule}]")
            at = finding.end
        return "".join((*pieces, text[at:]))

    def redacted_json(self, value: JsonValue) -> JsonValue:
        """Return a value of JSON with every text in it redacted, the keys of objects too."""
        if isinstance(value, str):
            return self.redacted(value)
        if isinstance(value, list | tuple):
            return [self.redacted_json(item) for item in value]
        if isinstance(value, dict):
            return {self.redacted(key): self.redacted_json(item) for key, item in value.items()}
        return value


def redact(text: str) -> str:
    """Return a text without the secrets that are known by their shape."""
    return BY_SHAPE.redacted(text)


BY_SHAPE = Redactor()
"""Knows no value of anybody's."""


def _forms(value: str) -> Generator[str]:
    """Yield a value as it stands and as it stands in URLs, in JSON, in hexadecimal digits and in base64."""
    data = value.encode("utf-8", "surrogateescape")
    yield value
    yield quote(data, safe="")
    yield quote(data)
    yield quote_plus(data)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield data.hex()
    yield data.hex().upper()
    for within in _within_base64(data):
        yield within
        yield within.replace("+", "-").replace("/", "_")


def _within_base64(data: bytes) -> Generator[str]:
    """Yield what of `data` is always the same where it stands within something longer that is encoded.

    Three bytes become four characters, so that there are three ways in which it can stand.
    """
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + data).decode()
        whole = (shift + len(data)) // 3 * 4
        within = encoded[(0, 2, 3)[shift] : whole]
        if len(within) >= FEWEST_CHARACTERS:
            yield within
