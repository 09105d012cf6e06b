"""Nothing foreign steers the terminal, and options of other commands are not taken for ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.cli.terminal import clean, duration, one_line, size, wants_json

STEERING = set("\u061c\u200e\u200f\ufeff") | {
    chr(code) for code in (*range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
KEPT = {"\t", "\n"}
rare = st.sampled_from(
    [*sorted(STEERING), "\x1b", "\x1b[", "\x9b", "\x1b]0;", "\x07", "\x1b\\\\", "\r", "\x7f"]
)
# A text's own alphabet would be one set of characters, in which the rare ones are hardly ever drawn.
hostile = st.lists(st.one_of(st.characters(), rare)).map("".join)
plain = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="".join(STEERING)))
words = st.lists(st.sampled_from(["--json", "build", "--yes", "-x", ""]))
SEQUENCES = [
    "\x1b[31m",
    "\x1b[1;38;5;200m",
    "\x9b2J",
    "\x1b[?25l",
    "\x1b]0;a title\x07",
    "\x1b]8;;http://example.org\x1b\\",
    "\x1bP1$r\x1b\\",
    "\x1b(B",
    "\x1bM",
    "\x1bc",
]


def steering(text: str) -> set[str]:
    """Return what in a text can move a cursor, change a colour, reorder a line or cannot be written at all."""
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cs"} or c in STEERING} - KEPT


@given(hostile)
def test_nothing_that_steers_is_left(text: str) -> None:
    assert not steering(clean(text))
    assert not steering(one_line(text)) | set(one_line(text)) & KEPT


@given(plain)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert one_line(text.strip()) == text.strip()


@pytest.mark.parametrize("sequence", SEQUENCES, ids=ascii)
@given(before=plain, after=plain)
def test_escape_sequences_go_whole(sequence: str, before: str, after: str) -> None:
    assert clean(f"{before}{sequence}{after}") == before + after


@given(
    st.lists(plain.filter(str.strip)),
    st.sampled_from(["\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", "\u2029"]),
)
def test_a_name_never_passes_for_two_lines(parts: list[str], between: str) -> None:
    assert one_line(between.join(parts)) == " ".join(part.strip() for part in parts)
    assert clean(between.join(parts)) == "\n".join(parts)


@given(hostile, st.integers(1, 30))
def test_a_line_is_cut_where_it_must_be_and_says_so(text: str, limit: int) -> None:
    whole, cut = one_line(text), one_line(text, limit)
    assert cut == whole if len(whole) <= limit else (len(cut) == limit and cut.endswith("…"))


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12 kB"),
        (3_456_789, "3.5 MB"),
        (10**12, "1000 GB"),
    ],
)
def test_sizes_are_told_shortly(count: int, told: str) -> None:
    assert size(count) == told


@given(words, words)
def test_what_follows_two_dashes_belongs_to_another_command(ours: list[str], theirs: list[str]) -> None:
    assert wants_json([*ours, "--", *theirs]) == ("--json" in ours)
    assert wants_json(ours) == ("--json" in ours)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.97, "10 s"),
        (10, "10 s"),
        (59, "59 s"),
        (59.7, "1 min 00 s"),
        (60, "1 min 00 s"),
        (125.9, "2 min 05 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_061, "25 h 01 min"),
    ],
)
def test_durations_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told
