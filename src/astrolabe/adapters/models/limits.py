"""How much a provider lets one ask, as its answers' headers say."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_COUNT = re.compile(r"\s*([0-9]{1,15})\s*(?:[,;].*)?$")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit-")
_WHATS = {
    "requests": "requests",
    "tokens": "tokens",
    "input-tokens": "tokens read",
    "output-tokens": "tokens written",
    "": "requests",
}


@dataclass(frozen=True)
class Allowance:
    """How many of `what` are left of `most`; they are `most` again after that many seconds, where that is said."""

    what: str
    most: int | None
    left: int
    resets_seconds: float | None


def allowances(headers: Mapping[str, str], now: float) -> tuple[Allowance, ...]:
    """Read what OpenAI and its likes (`x-ratelimit-remaining-tokens`) and Anthropic's (`anthropic-ratelimit-...`) say.

    `now` is seconds since the epoch.
    """
    told = {name.lower(): value for name, value in headers.items()}
    found: list[Allowance] = []
    for prefix in _PREFIXES:
        for suffix, what in _WHATS.items():
            left = _field(told, prefix, "remaining", suffix)
            if left is None or (count := _count(left)) is None:
                continue
            most = _field(told, prefix, "limit", suffix)
            resets = _field(told, prefix, "reset", suffix)
            found.append(
                Allowance(
                    what, _count(most or ""), count, None if resets is None else seconds_of(resets, now)
                )
            )
    return tuple({allowance.what: allowance for allowance in reversed(found)}.values())


def reset_seconds(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return how long it takes until everything that is used up is there again; None where nothing is said to be."""
    moment = datetime.now(UTC).timestamp() if now is None else now
    empty = [allowance for allowance in allowances(headers, moment) if allowance.left == 0]
    waits = [allowance.resets_seconds for allowance in empty if allowance.resets_seconds is not None]
    return max(waits, default=None)


def _field(told: Mapping[str, str], prefix: str, word: str, suffix: str) -> str | None:
    """Return a header's value: `x-ratelimit-limit-tokens`, Anthropic's `anthropic-ratelimit-tokens-limit`."""
    names = (f"{prefix}{word}-{suffix}", f"{prefix}{suffix}-{word}") if suffix else (f"{prefix}{word}",)
    return next((told[name] for name in names if name in told), None)


def _count(told: str) -> int | None:
    found = _COUNT.match(told)
    return int(found[1]) if found else None


def seconds_of(told: str, now: float) -> float | None:
    """Return how long a reset is away: `6m0s`, `20ms`, `17` (seconds, or a moment), `2026-11-22T03:00:00Z`."""
    text = told.strip().lower()
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        seconds = float(text)
    except ValueError:
        return _until(told.strip(), now)
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return max(0.0, seconds - now) if seconds > now / 2 else seconds


def _until(moment: str, now: float) -> float | None:
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, aware.timestamp() - now)
