"""When a cron expression is due: five fields as Debian's cron reads them, in a time zone with its changes of the clock.

A fixed time that a change of the clock leaves out is due right after the change; one that comes twice is due once.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from astrolabe.errors import InputError, Problem
from astrolabe.planning.guess import Names
from astrolabe.planning.visible import visible

FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
EXAMPLE = "every night at three is `0 3 * * *`, every quarter of an hour on working days `*/15 * * * 1-5`"
_SHORT = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST = 200


@dataclass(frozen=True)
class Cron:
    """A checked expression."""

    expression: str
    zone: tzinfo

    def times(self, after: float) -> Iterator[float]:
        """Give the times it is due after a moment, in order; all in seconds since the epoch."""
        begin = datetime.fromtimestamp(int(after // 1), UTC).astimezone(self.zone)
        for moment in CronSim(self.expression, begin):
            due = moment.timestamp()
            if due > after:  # begun within an hour that comes twice, it might give times of the first of them
                yield due

    def latest(self, after: float, until: float) -> float | None:
        """Return the last time it is due after one moment and not after another."""
        begin = datetime.fromtimestamp(int(until // 1) + 1, UTC).astimezone(self.zone)
        due = next((moment.timestamp() for moment in CronSim(self.expression, begin, reverse=True)), after)
        return due if after < due <= until else None


def read_cron(expression: str, timezone: str, place: str = "--cron") -> Cron:
    """Return an expression that can be due.

    Raises:
        InputError: what is wrong with the expression, and in which field, or with the name of the zone.
    """
    zone = _zone(timezone)
    shown = expression.strip()
    written = _SHORT.get(shown.lower(), shown)
    if fault := _fault(written):
        raise InputError(
            f"{visible(shown, 80)!r} is no time that could come",
            [Problem(place, fault, EXAMPLE)],
        )
    cron = Cron(" ".join(written.split()), zone)
    if next(cron.times(_SOME_DAY), None) is None:
        raise InputError(
            f"{visible(shown, 80)!r} is no time that could come",
            [Problem(place, "never comes: there is no such day", EXAMPLE)],
        )
    return cron


_SOME_DAY = 1_767_225_600.0
"""2026-01-01: whether an expression ever comes does not depend on the day it is asked."""


def _zone(name: str) -> tzinfo:
    if len(name) <= _LONGEST:  # the library looks for longer ones in packages, one below the other
        with suppress(ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo(name)
    known = available_timezones()
    hint = Names(known).hint(name[:_LONGEST]) or "write it like Europe/Berlin"
    if not known:
        hint = "this system knows no time zones: install its package tzdata, or leave --timezone out for UTC"
    raise InputError(f"unknown time zone {visible(name, 60)!r}", [Problem("--timezone", "is unknown", hint)])


def _fault(written: str) -> str:
    """Return what is wrong with an expression, naming the field, or nothing."""
    parts = written.split()
    if len(written) > _LONGEST:
        return f"has {len(written)} characters, more than {_LONGEST}"
    if len(parts) != len(FIELDS):
        count = len(parts)
        return f"has {count} field{'' if count == 1 else 's'}, not five ({' '.join(FIELDS)})"
    for number, (name, part) in enumerate(zip(FIELDS, parts, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[number] = part
        if not _reads(" ".join(alone)):
            return f"field {number + 1}, {name}, cannot be {visible(part, 40)!r}"
    return "" if _reads(written) else "never comes: there is no such day"


def _reads(expression: str) -> bool:
    try:
        CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    except (CronSimError, AssertionError, TypeError, ValueError):
        return False
    return True
