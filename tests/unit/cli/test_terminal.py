"""Nothing foreign steers the terminal, and options of other commands are not taken for ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.cli.terminal import clean, duration, wants_json

STEERING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
KEPT = {"\t", "\n"}
rare = st.sampled_from([*sorted(STEERING), "\x1b", "\x9b", "\r", "\x07", "\x7f"])
# A text's own alphabet would be one set of characters, in which the rare ones are hardly ever drawn.
hostile = st.lists(st.one_of(st.characters(), rare)).map("".join)
words = st.lists(st.sampled_from(["--json", "build", "--yes", "-x", ""]))


@given(hostile)
def test_no_control_character_is_left(text: str) -> None:
    left = {character for character in clean(text) if unicodedata.category(character) == "Cc"} - KEPT
    assert not left
    assert not STEERING & set(clean(text))


@given(hostile)
def test_everything_else_stays_where_it_is(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    for before, after in zip(text, cleaned, strict=True):
        harmless = before in KEPT or (unicodedata.category(before) != "Cc" and before not in STEERING)
        assert after == (before if harmless else "\N{REPLACEMENT CHARACTER}")


@given(words, words)
def test_what_follows_two_dashes_belongs_to_another_command(ours: list[str], theirs: list[str]) -> None:
    assert wants_json([*ours, "--", *theirs]) == ("--json" in ours)
    assert wants_json(ours) == ("--json" in ours)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10, "10 s"),
        (59, "59 s"),
        (60, "1 min 00 s"),
        (125.9, "2 min 05 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_durations_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told
