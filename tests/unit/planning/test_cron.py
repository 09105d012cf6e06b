"""When cron expressions are due, over changes of the clock, and what is said of those that cannot be."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrolabe.errors import InputError
from astrolabe.planning.cron import read_cron


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def times(expression: str, zone: str, after: float, count: int) -> list[str]:
    found = islice(read_cron(expression, zone).times(after), count)
    return [f"{datetime.fromtimestamp(due, UTC):%m-%d %H:%M}" for due in found]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # Berlin, 2026: at 2:00 of 29 March the clock goes on to 3:00, at 3:00 of 25 October back to 2:00
        ("30 2 * * *", "2026-03-28T00:00", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("0 3 * * *", "2026-03-28T12:00", ["03-29 01:00", "03-30 01:00"]),
        ("30 2 * * *", "2026-10-24T12:00", ["10-25 00:30", "10-26 01:30"]),
        ("*/30 * * * *", "2026-10-25T01:31", ["10-25 00:00", "10-25 00:30", "10-25 01:00", "10-25 01:30"]),
        ("0 * * * *", "2026-03-29T00:30", ["03-29 00:00", "03-29 01:00", "03-29 02:00"]),
        ("0 12 29 2 *", "2026-01-01T00:00", ["02-29 11:00"]),
        ("@monthly", "2026-05-02T00:00", ["05-31 22:00", "06-30 22:00"]),
    ],
)
def test_a_change_of_the_clock_loses_no_time_and_repeats_none(
    expression: str, after: str, expected: list[str]
) -> None:
    assert times(expression, "Europe/Berlin", at(after, "Europe/Berlin"), len(expected)) == expected


ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
]


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    begin=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    seconds=st.floats(0, 86400 * 3),
)
def test_a_fixed_time_is_due_once_a_day_wherever_one_begins_to_look(
    zone: str, hour: int, minute: int, begin: datetime, seconds: float
) -> None:
    cron = read_cron(f"{minute} {hour} * * *", zone)
    start = begin.replace(tzinfo=UTC).timestamp()
    found = list(islice(cron.times(start), 6))
    days = [datetime.fromtimestamp(due, ZoneInfo(zone)).date() for due in found]
    assert [b - a for a, b in pairwise(days)] == [timedelta(days=1)] * 5
    middle = start + seconds
    assert list(islice(cron.times(middle), 2)) == [due for due in found if due > middle][:2]
    before = [due for due in found if due <= middle]
    assert cron.latest(start, middle) == (before[-1] if before else None)


FIELD = st.text(alphabet="0123456789*/-,#LWMONSUJA ?", max_size=12)


@settings(max_examples=60, deadline=None)
@given(expression=st.one_of(st.text(max_size=40), st.lists(FIELD, min_size=5, max_size=5).map(" ".join)))
def test_any_text_is_read_or_refused_with_an_example(expression: str) -> None:
    try:
        cron = read_cron(expression, "Europe/Berlin")
    except InputError as refused:
        (problem,) = refused.problems
        assert "0 3 * * *" in problem.hint
        return
    first, second = islice(cron.times(0.0), 2)
    assert 0 < first < second


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 3 * *", "has 4 fields, not five (minute hour day-of-month month day-of-week)"),
        ("0 25 * * *", "field 2, hour, cannot be '25'"),
        ("61 3 * * *", "field 1, minute, cannot be '61'"),
        ("0 3 * * FUN", "field 5, day-of-week, cannot be 'FUN'"),
        ("0 3 */0 * *", "field 3, day-of-month, cannot be '*/0'"),
        ("0 3 31 2 *", "never comes: there is no such day"),
        ("0 0 * * * *", "has 6 fields, not five (minute hour day-of-month month day-of-week)"),
        ("", "has 0 fields, not five (minute hour day-of-month month day-of-week)"),
    ],
)
def test_what_is_wrong_is_said_with_its_field(expression: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_cron(expression, "UTC")
    (problem,) = refused.value.problems
    assert (problem.place, problem.text) == ("--cron", said)


@pytest.mark.parametrize("zone", ["Europe/Berlni", "", "../../etc/passwd", "Europe", "x" * 500, "\0"])
def test_a_time_zone_there_is_not_is_refused(zone: str) -> None:
    with pytest.raises(InputError) as refused:
        read_cron("0 3 * * *", zone)
    (problem,) = refused.value.problems
    assert problem.place == "--timezone"
    assert problem.hint
