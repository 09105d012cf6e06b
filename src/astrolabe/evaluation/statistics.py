"""What a handful of trials can say: shares and differences with their intervals. The standard library's numbers suffice."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

Z_95 = 1.959963984540054
"""Quantile of the normal distribution that leaves 2.5 % above it."""
RESAMPLES = 4000


@dataclass(frozen=True)
class Interval:
    """An estimate between the ends that 95 of 100 such samples would bracket."""

    estimate: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the difference it estimates is more than chance would make it."""
        return self.low > 0 or self.high < 0


def wilson(passed: int, total: int) -> Interval:
    """Return the share that passed with its Wilson score interval (E. B. Wilson 1927), good for few trials and for 0 and 1.

    Nothing tried says nothing: the interval is then all of 0 to 1.
    """
    if not total:
        return Interval(0.0, 0.0, 1.0)
    share, z2 = passed / total, Z_95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    spread = Z_95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    low = 0.0 if passed == 0 else max(0.0, middle - spread)
    high = 1.0 if passed == total else min(1.0, middle + spread)
    return Interval(share, low, high)


def shares_apart(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """Return how much larger the first share is than the second, each (passed, total) of trials of its own.

    The interval is Newcombe's hybrid of Wilson's (R. G. Newcombe 1998, Statistics in Medicine 17, 873-890, method 10).
    """
    one, two = wilson(*first), wilson(*second)
    if not first[1] or not second[1]:
        return Interval(0.0, -1.0, 1.0)
    apart = one.estimate - two.estimate
    low = apart - math.hypot(one.estimate - one.low, two.high - two.estimate)
    high = apart + math.hypot(one.high - one.estimate, two.estimate - two.low)
    return Interval(apart, low, high)


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean with its percentile bootstrap interval; equal values always give the same."""
    if not values:
        return Interval(0.0, 0.0, 0.0)
    return _bootstrapped([[value] for value in values], lambda drawn: fmean(group[0] for group in drawn))


def difference(with_it: Mapping[str, Sequence[float]], without: Mapping[str, Sequence[float]]) -> Interval:
    """Return how much better the first did, mean over the tasks both were tried on, with its interval.

    Both hold the scores of each task's repetitions by the task's name. Whole tasks are drawn anew, for repetitions of one
    task are alike (a cluster bootstrap, percentile interval): few tasks repeated often prove little of others.
    """
    names = sorted(with_it.keys() & without.keys())
    pairs = [
        [fmean(with_it[name]), fmean(without[name])] for name in names if with_it[name] and without[name]
    ]
    if not pairs:
        return Interval(0.0, -1.0, 1.0)
    return _bootstrapped(pairs, lambda drawn: fmean(pair[0] - pair[1] for pair in drawn))


def _bootstrapped(
    groups: Sequence[Sequence[float]], measure: Callable[[Sequence[Sequence[float]]], float]
) -> Interval:
    draw = _Draws(repr(groups))
    count = len(groups)
    found = sorted(measure([groups[draw.below(count)] for _ in range(count)]) for _ in range(RESAMPLES))
    low, high = found[round(0.025 * (RESAMPLES - 1))], found[round(0.975 * (RESAMPLES - 1))]
    return Interval(measure(groups), low, high)


class _Draws:
    """Numbers that look random and follow from the data, so that a report is the same each time it is made."""

    def __init__(self, seed: str) -> None:
        self._seed = hashlib.sha256(seed.encode()).digest()
        self._count = 0
        self._pool = b""

    def below(self, end: int) -> int:
        """Return a number in [0, end); the bias of taking 32 bits modulo `end` is below one in a million here."""
        if len(self._pool) < 4:  # noqa: PLR2004 - bytes of a draw
            self._count += 1
            self._pool = hashlib.shake_128(self._seed + self._count.to_bytes(8)).digest(1 << 14)
        word, self._pool = self._pool[:4], self._pool[4:]
        return int.from_bytes(word) % end
