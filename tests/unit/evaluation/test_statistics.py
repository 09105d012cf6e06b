"""Intervals that hold what they promise, and the same ones each time."""

import math
from statistics import fmean

import pytest

from astrolabe.evaluation.statistics import difference, mean_interval, shares_apart, wilson


@pytest.mark.parametrize(
    ("passed", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_gives_the_published_figures(passed: int, total: int, low: float, high: float) -> None:
    # the last is the worked example of Newcombe (1998), Statistics in Medicine 17, 857-872
    found = wilson(passed, total)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_nothing_tried_says_nothing() -> None:
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert not difference({}, {}).excludes_zero


def test_wilson_brackets_the_truth_as_often_as_it_says() -> None:
    def coverage(total: int, share: float) -> float:
        chances = (
            math.comb(total, passed) * share**passed * (1 - share) ** (total - passed)
            for passed in range(total + 1)
            if wilson(passed, total).low <= share <= wilson(passed, total).high
        )
        return sum(chances)

    found = [coverage(25, step / 100) for step in range(1, 100)]
    assert fmean(found) == pytest.approx(0.95, abs=0.01)
    assert min(found) > 0.82


def test_a_difference_is_seen_where_there_is_one_and_not_where_there_is_none() -> None:
    tasks = [f"task-{number}" for number in range(12)]
    better = difference({name: [1.0, 1.0, 0.0] for name in tasks}, {name: [0.0, 1.0, 0.0] for name in tasks})
    assert better.excludes_zero
    assert better.estimate == pytest.approx(1 / 3)
    even = {name: [float(number % 2)] for number, name in enumerate(tasks)}
    odd = {name: [float(1 - number % 2)] for number, name in enumerate(tasks)}
    assert not difference(even, odd).excludes_zero


def test_tasks_that_only_one_side_tried_do_not_count() -> None:
    assert difference({"a": [1.0], "b": [1.0]}, {"a": [1.0]}).estimate == 0.0


def test_equal_data_gives_equal_intervals() -> None:
    values = [0.1, 0.9, 0.4, 0.4, 0.7]
    assert mean_interval(values) == mean_interval(list(values))
    assert mean_interval(values).low < mean_interval(values).estimate < mean_interval(values).high


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_shares_of_trials_apart_have_the_published_intervals(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    # the rows (a), (b) and (h) of table II in Newcombe (1998), Statistics in Medicine 17, 873-890
    found = shares_apart(first, second)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_shares_of_nothing_are_not_apart() -> None:
    assert not shares_apart((0, 0), (5, 5)).excludes_zero
