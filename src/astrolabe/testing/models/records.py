"""What a server keeps of what it was asked and what became of it."""

import asyncio
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from astrolabe.testing.models.request import Request


class Outcome(StrEnum):
    """What became of a reply."""

    WHOLE = "whole"
    """Sent as it was meant to be, an error's too."""
    CUT = "cut"
    """Ended by the turn's trouble."""
    HUNG_UP = "hung-up"
    """Not sent to the end: the client had closed the connection."""
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
    in them, so that a test can look for it: give a server keys that are worth nothing. `settled` is set while no reply is
    under way.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self.settled = asyncio.Event()
        self._under_way = 0
        self._path = path
        self.settled.set()

    def came(self, request: Request) -> Exchange:
        """Keep a request."""
        exchange = Exchange(request)
        self.exchanges.append(exchange)
        self._under_way += 1
        self.settled.clear()
        self._write(_told(request))
        return exchange

    def ended(self, exchange: Exchange, outcome: Outcome) -> None:
        """Keep what became of a reply."""
        exchange.outcome = outcome
        self._under_way -= 1
        if not self._under_way:
            self.settled.set()
        number = exchange.request.number
        told = {"event": "reply", "number": number, "status": exchange.status}
        self._write(told | {"pieces": exchange.pieces, "outcome": outcome.value})

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
