"""Ranking by shared words, and by direction."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.retrieval.directions import Directions, middle, packed
from astrolabe.retrieval.words import WordIndex, shared, words_of

TEXTS = [
    "write unit tests for a function",
    "tune slow SQL queries",
    "describe HTTP endpoints",
    "",
    "SQL SQL SQL",
]


def test_what_shares_rare_words_comes_first_and_what_shares_none_not_at_all() -> None:
    index = WordIndex(TEXTS)
    assert [at for at, _ in index.nearest("why is this query slow?", 5)] == [1]
    assert [at for at, _ in index.nearest("SQL that is slow", 5)] == [1, 4]
    assert index.nearest("sqlTests", 5)[0][0] in {0, 4}
    assert index.nearest("the and of", 5) == []
    assert WordIndex([]).nearest("anything", 5) == []


def test_endings_and_case_make_no_difference() -> None:
    assert words_of("Testing testers TESTED tests") == ["test"] * 4
    assert words_of("is as us") == []
    assert shared("tests of slow things", "Slow databases: test it") == ("Slow", "test")


@given(st.lists(st.text(max_size=30), max_size=8), st.text(max_size=30))
def test_scores_are_shares_in_order(texts: list[str], asked: str) -> None:
    found = WordIndex(texts).nearest(asked, 5)
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1.0001 for score in scores)


def exactly(rows: np.ndarray, wanted: np.ndarray) -> list[float]:
    cosines = rows @ wanted / (np.linalg.norm(rows, axis=1) * np.linalg.norm(wanted))
    return sorted(map(float, cosines), reverse=True)


def test_directions_are_ranked_as_if_they_had_not_been_packed() -> None:
    random = np.random.default_rng(7)
    rows = random.standard_normal((9_000, 384), dtype=np.float32)
    wanted = (rows[4_321] + random.standard_normal(384)).astype(np.float32)
    found = Directions(packed(rows)).nearest(packed(wanted[None])[0], 5)
    assert found[0][0] == 4_321
    for (_, score), exact in zip(found, exactly(rows, wanted), strict=False):
        assert math.isclose(score, exact, abs_tol=0.01)


def test_no_directions_and_one_that_points_nowhere_are_no_trouble() -> None:
    assert Directions([]).nearest(b"\1\2", 3) == []
    nowhere = packed(np.zeros((1, 2), np.float32))[0]
    assert Directions([nowhere, b"\1\0"]).nearest(b"\1\0", 9) == [(1, 1.0), (0, 0.0)]
    assert Directions([b"\1\0"]).nearest(nowhere, 1) == [(0, 0.0)]


def test_the_middle_counts_each_row_alike_however_long_it_is() -> None:
    (told,) = middle([[b"\x7f\x00"], [b"\x00\x01"]])
    assert told == b"\x7f\x7f"
