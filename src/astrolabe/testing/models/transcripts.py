"""Recorded exchanges (vcr cassettes) as a source of replies: what a real service once answered, over HTTP again."""

import gzip
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from astrolabe.errors import InputError, Problem
from astrolabe.testing.models.request import Request, as_dict, as_list
from astrolabe.testing.models.wire import Answer

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OF_THE_WAY = {"connection", "content-encoding", "content-length", "date", "set-cookie", "transfer-encoding"}
"""Headers that are about how a reply was sent, and not kept."""


@dataclass(frozen=True)
class Recording:
    """One request with the reply it got. `body` is the reply's as it was before any encoding; `asked` the request's JSON."""

    method: str
    path: str
    asked: Any
    answer: Answer

    @property
    def streams(self) -> bool:
        """Tell whether the reply is a stream of events."""
        return self.answer.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def told(self) -> Any:
        """The reply's JSON; of a reply in events or lines, a list of theirs, in order."""
        text = self.answer.body.decode()
        if self.streams:
            lines = [
                line.removeprefix("data:").strip() for line in text.splitlines() if line.startswith("data:")
            ]
            return [json.loads(line) for line in lines if line != "[DONE]"]
        if "ndjson" in self.answer.headers.get("content-type", ""):
            return [json.loads(line) for line in text.splitlines() if line]
        return json.loads(text)


class Transcript:
    """Recordings in the order they were made; each answers once.

    A request gets the reply of the recording with the same path and the same JSON, else the next one of the same path that is
    a stream or is none as the request wants it: clients change what they send in small things.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self.recordings = tuple(recordings)
        self._left = list(self.recordings)

    def take(self, request: Request) -> Answer | None:
        """Return the recorded reply to a request, and use it up; None if none is left for it."""
        fitting = [each for each in self._left if (each.method, each.path) == (request.method, request.path)]
        same = [each for each in fitting if each.asked == request.parsed]
        alike = [each for each in fitting if each.streams == request.gist.streams]
        taken = next(iter(same or alike), None)
        if taken is None:
            return None
        self._left.remove(taken)
        return taken.answer

    @classmethod
    def read(cls, path: Path) -> "Transcript":
        """Return what a cassette of vcr's holds; InputError if the file is none."""
        try:
            whole = as_dict(yaml.load(path.read_bytes(), _LOADER))  # noqa: S506 - a safe loader
            return cls([_recording(as_dict(each)) for each in as_list(whole["interactions"])])
        except (yaml.YAMLError, KeyError, TypeError, ValueError, OSError, zlib.error) as error:
            problem = Problem(str(path), f"{type(error).__name__}: {error}")
            raise InputError(f"{path} is no recorded exchange", [problem]) from error


def _recording(interaction: dict[str, Any]) -> Recording:
    asked, got = as_dict(interaction["request"]), as_dict(interaction["response"])
    headers = {
        name.lower(): str(as_list(values)[0])
        for name, values in as_dict(got["headers"]).items()
        if as_list(values)
    }
    packed = "gzip" in headers.get("content-encoding", "")
    body = _bytes(as_dict(got["body"])["string"])
    kept = {name: value for name, value in headers.items() if name not in _OF_THE_WAY}
    return Recording(
        method=str(asked["method"]),
        path=urlsplit(str(asked["uri"])).path,
        asked=_parsed(asked.get("body")),
        answer=Answer(int(as_dict(got["status"])["code"]), gzip.decompress(body) if packed else body, kept),
    )


def _parsed(body: Any) -> Any:
    return json.loads(body) if body else None


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()
