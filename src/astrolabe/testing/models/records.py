"""What a server keeps of what it was asked and what became of it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from astrolabe.testing.models.request import Request


class Outcome(StrEnum):
    """What became of a reply."""

    WHOLE = "whole"
    CUT = "cut"
    HUNG_UP = "hung-up"
    UNDER_WAY = "under-way"


@dataclass
class Exchange:
    """A request and its reply. `pieces` counts those of a stream's content that were sent; `status` is 0 until one is."""

    request: Request
    status: int = 0
    pieces: int = 0
    outcome: Outcome = Outcome.UNDER_WAY


class Records:
    """All exchanges, in memory and, line by line as they happen, in a file.

    Each line is a JSON object: `{"event": "request", "number", "wire", "method", "path", "headers", "body"}` when a request has
    come, `{"event": "reply", "number", "status", "pieces", "outcome"}` when its reply has ended. Headers are kept with the key
    in them, so that a test can look for it: give a server keys that are worth nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._path = path

    def came(self, request: Request) -> Exchange:
        """Keep a request."""
        exchange = Exchange(request)
        self.exchanges.append(exchange)
        self._write(_told(request))
        return exchange

    def ended(self, exchange: Exchange) -> None:
        """Keep what became of a reply."""
        number = exchange.request.number
        told = {"event": "reply", "number": number, "status": exchange.status}
        self._write(told | {"pieces": exchange.pieces, "outcome": exchange.outcome.value})

    def _write(self, line: dict[str, Any]) -> None:
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _told(request: Request) -> dict[str, Any]:
    return {
        "event": "request",
        "number": request.number,
        "wire": request.wire,
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": request.body.decode(errors="replace") if request.parsed is None else request.parsed,
    }
