"""Samples are values their field accepts, and differ wherever the field leaves room."""

import re
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.samples import matching, sample
from astrolabe.roles.webapp.view import AppView, FieldView

MANY = 40
PATTERNS = (
    r"^(97[89])?[0-9]{9}[0-9X]$",
    r"^[A-Z]{2}-\d+$",
    r"^#?([a-f0-9]{6}|[a-f0-9]{3})$",
    r"^[^\s@]+@[^\s@]+$",
    r"^\+?[0-9 ()-]{7,20}$",
    r"^(draft|final)-\w{4}$",
    r"[.]",
    r"^.{5}$",
)


def field(**said: Any) -> FieldView:
    model = {
        "name": "App",
        "enums": {"Kind": ["a", "b", "c"]},
        "entities": {"Thing": {"fields": {"it": said}}},
    }
    return AppView.of(AppModel.model_validate(model)).entities[0].fields[0]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("number", [0, 1, 7, 39])
def test_a_sample_of_a_pattern_matches_it(pattern: str, number: int) -> None:
    value = sample(field(type="string", pattern=pattern, max_length=30), number)
    assert isinstance(value, str)
    assert re.search(pattern, value)
    assert 1 <= len(value) <= 30 or pattern == r"[.]"


def test_a_pattern_is_written_long_enough_where_it_may() -> None:
    assert len(matching(r"^[a-z]+$", 3, shortest=12, longest=20)) >= 12


def test_samples_of_a_free_pattern_all_differ() -> None:
    made = [matching(r"^[A-Z]{3}\d$", number) for number in range(MANY)]
    assert len(set(made)) == MANY


@pytest.mark.parametrize("kind", ["string", "text", "email", "url", "integer", "decimal", "date", "datetime"])
def test_samples_differ(kind: str) -> None:
    made = [sample(field(type=kind, required=True), number) for number in range(MANY)]
    assert len(set(made)) == MANY


@given(st.integers(-1000, 1000), st.integers(0, 50), st.integers(0, 5000))
def test_whole_numbers_stay_in_their_bounds(low: int, width: int, number: int) -> None:
    value = sample(field(type="integer", min=low, max=low + width), number)
    assert isinstance(value, int)
    assert low <= value <= low + width


@given(st.floats(-100, 100, width=16), st.floats(0, 3, width=16), st.integers(0, 500))
def test_numbers_stay_in_their_bounds(low: float, width: float, number: int) -> None:
    value = sample(field(type="decimal", min=low, max=low + width), number)
    assert low <= float(value) <= low + width


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 5000))
def test_texts_have_a_length_that_fits(shortest: int, more: int, number: int) -> None:
    longest = shortest + more
    assume(longest >= 1)
    value = sample(field(type="string", min_length=shortest, max_length=longest), number)
    assert isinstance(value, str)
    assert shortest <= len(value) <= longest
    assert value == value.strip()
    assert value


def test_dates_moments_choices_and_addresses_have_their_form() -> None:
    assert date.fromisoformat(str(sample(field(type="date"), 5)))
    assert datetime.fromisoformat(str(sample(field(type="datetime"), 30))).tzinfo
    assert sample(field(type="enum", enum="Kind"), 4) == "b"
    assert urlsplit(str(sample(field(type="url"), 1))).scheme == "https"
    assert re.fullmatch(r"[a-z]+@example\.org", str(sample(field(type="email"), 1)))
    assert [sample(field(type="boolean"), number) for number in (0, 1)] == [True, False]


def test_a_text_that_may_be_empty_is_tried_as_one_that_is_not() -> None:
    """A form sends nothing where nothing was typed, so that an empty sample would come back as null."""
    assert sample(field(type="string", pattern="^[a-z]*$"), 0) == "a"


_EMAIL = re.compile(r"[^@\s]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z]{2,}")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("email", {"pattern": "@example[.]org$"}),
        ("email", {"pattern": "^[a-z]+[.][a-z]+@", "min_length": 30, "max_length": 40}),
        ("email", {"min_length": 16, "max_length": 16}),
        ("email", {"min_length": 60, "max_length": 60}),
        ("email", {"min_length": 240}),
        ("url", {"pattern": "^https://github[.]com/"}),
        ("url", {"pattern": "youtube[.]com"}),
        ("url", {"pattern": "[.]pdf$", "min_length": 50}),
    ],
)
def test_an_address_is_one_whatever_else_is_asked_of_it(kind: str, said: dict[str, Any]) -> None:
    item = field(type=kind, **said)
    made = [str(sample(item, number)) for number in range(MANY)]
    for value in made:
        assert (item.min_length or 0) <= len(value) <= (item.max_length or 0)
        assert re.search(said.get("pattern", ""), value)
        assert _EMAIL.fullmatch(value) if kind == "email" else urlsplit(value).hostname
    assert len(set(made)) == MANY
