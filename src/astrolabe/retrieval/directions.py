"""Ranking by meaning: the cosine between directions, all of them looked at.

A hundred thousand of them are looked through in about 10 ms, less than asking a model for the direction of one sentence
takes; an index would save nothing and find less. They are kept as signed bytes, a quarter of the memory at no loss that
could be measured (`benchmarks/retrieval`). This needs numpy, which comes with the extra `embeddings`.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
_BLOCK = 4096
_LARGEST, _SMALLEST = 127, 1e-30


class Directions:
    """Directions, known by their place, from 0."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._rows = _matrix(rows)
        self._lengths = np.concatenate(
            [_lengths(block) for block in _blocks(self._rows)] or [np.ones(0, np.float32)]
        )

    def nearest(self, direction: bytes, most: int) -> list[tuple[int, float]]:
        """Return up to `most` places with their cosines to a direction, the nearest first."""
        scores = self.cosines(direction)
        return [(place, float(scores[place])) for place in largest(scores, most)]

    def cosines(self, direction: bytes) -> Floats:
        """Return the cosine of each to a direction, by place."""
        wanted = np.frombuffer(direction, np.int8).astype(np.float32)
        wanted /= max(float(np.linalg.norm(wanted)), 1.0)
        products = [block @ wanted for block in _blocks(self._rows)]
        return np.concatenate([*products, np.zeros(0, np.float32)]) / self._lengths


def largest(scores: Floats, most: int) -> list[int]:
    """Return the places of up to `most` of the largest scores, the largest first; of equal ones the first place."""
    most = min(most, len(scores))
    if not most:
        return []
    best = np.argpartition(-scores, most - 1)[:most]
    return [int(place) for place in best[np.lexsort((best, -scores[best]))]]


def packed(rows: Floats) -> list[bytes]:
    """Return each row as signed bytes that point the same way."""
    largest = np.maximum(np.max(np.abs(rows), axis=1, keepdims=True), _SMALLEST)
    small = np.asarray(np.rint(np.multiply(rows, _LARGEST / largest)), np.int8)
    return [small[at].tobytes() for at in range(len(small))]


def middle(directions: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return the direction amid each of several rows of directions, all counting alike: one for each place in them."""
    rows = np.stack([_unit(_matrix(row).astype(np.float32)) for row in directions])
    return packed(rows.sum(axis=0))


def _matrix(rows: Sequence[bytes]) -> npt.NDArray[np.int8]:
    width = len(rows[0]) if rows else 1
    return np.frombuffer(b"".join(rows), np.int8).reshape(-1, width)


def _unit(rows: Floats) -> Floats:
    return rows / _lengths(rows)[:, None]


def _blocks(rows: npt.NDArray[np.int8]) -> Iterator[Floats]:
    """Return the rows as numbers a processor multiplies fast, so many at a time as stay in its cache."""
    return (rows[at : at + _BLOCK].astype(np.float32) for at in range(0, len(rows), _BLOCK))


def _lengths(rows: Floats) -> Floats:
    return np.maximum(np.linalg.norm(rows, axis=1), 1.0).astype(np.float32)
