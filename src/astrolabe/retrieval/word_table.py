"""Ranking very many pieces of text by shared words: BM25, as in `words.py`, over columns of numbers instead of texts.

A piece's words are kept as records of a fixed size, so that an index over a hundred thousand pieces is read from where it is
stored and put together without looking at a single text again. This needs numpy.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from astrolabe.retrieval.directions import Floats
from astrolabe.retrieval.words import words_of

_RECORD = np.dtype([("word", "<u4"), ("piece", "<u4"), ("times", "u1")])
_SATURATION, _LENGTHS = 1.2, 0.75
_MOST_TIMES = 255


def recorded(texts: Sequence[str]) -> bytes:
    """Return the words of several pieces as they are stored; the pieces are numbered from 0."""
    rows = [
        (word, piece, min(times, _MOST_TIMES))
        for piece, text in enumerate(texts)
        for word, times in Counter(map(_number, words_of(text))).items()
    ]
    return np.array(rows, _RECORD).tobytes()


def asked(text: str) -> tuple[int, ...]:
    """Return the words of a question, each once, as the table knows them."""
    return tuple(dict.fromkeys(map(_number, words_of(text))))


class WordTable:
    """The words of pieces, known by their place, from 0. `sources` are stored records with how many pieces each is of."""

    def __init__(self, sources: Sequence[tuple[bytes, int]]) -> None:
        counts = [count for _, count in sources]
        firsts = np.cumsum([0, *counts])[:-1]
        rows = [np.frombuffer(data, _RECORD) for data, _ in sources]
        whole = np.concatenate([*rows, np.zeros(0, _RECORD)])
        places = whole["piece"] + np.repeat(firsts, [len(row) for row in rows]).astype(np.uint32)
        order = np.argsort(whole["word"], kind="stable")
        self._words = whole["word"][order]
        self._places = places[order]
        self._times = whole["times"][order]
        self._lengths = np.bincount(places, whole["times"], sum(counts)).astype(np.float32)

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def total(self) -> float:
        """How many words all pieces have together."""
        return float(self._lengths.sum())

    def having(self, word: int) -> int:
        """Return in how many pieces a word stands."""
        first, last = self._range(word)
        return last - first

    def add_to(self, scores: Floats, word: int, weight: float, mean: float) -> None:
        """Add to each piece's score how much it says a word, at most `weight`; `mean` is how many words pieces have."""
        first, last = self._range(word)
        places, times = self._places[first:last], self._times[first:last].astype(np.float32)
        damp = _SATURATION * (1 - _LENGTHS + _LENGTHS * self._lengths[places] / mean)
        scores[places] += weight * times / (times + damp)

    def _range(self, word: int) -> tuple[int, int]:
        wanted = np.uint32(word)
        return (
            int(np.searchsorted(self._words, wanted, "left")),
            int(np.searchsorted(self._words, wanted, "right")),
        )


def word_scores(tables: Sequence[WordTable], text: str) -> Floats:
    """Return how much of what `text` asks for each piece has, from 0 to 1: those of the first table, then of the next."""
    ends = np.cumsum([0, *(len(table) for table in tables)])
    scores = np.zeros(int(ends[-1]), np.float32)
    words = asked(text)
    mean = sum(table.total for table in tables) / max(1, len(scores)) or 1.0
    weights = {word: _rarity(sum(table.having(word) for table in tables), len(scores)) for word in words}
    whole = sum(weights.values()) or 1.0
    for table, (first, last) in zip(tables, pairwise(ends), strict=True):
        for word in words:
            table.add_to(scores[first:last], word, weights[word] / whole, mean)
    return scores


def _rarity(having: int, count: int) -> float:
    return float(np.log(1 + (count - having + 0.5) / (having + 0.5)))


def _number(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace"))
