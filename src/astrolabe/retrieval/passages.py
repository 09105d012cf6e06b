"""Finding pieces of text by meaning and by words at once, among very many.

What is near in meaning comes first, and shared words add to it; a model that has none for what was asked leaves the words
alone to decide. Pieces that were added later stand in parts of their own, and parts of like size are put together, so that
adding a few costs little however many there are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from astrolabe.retrieval.directions import Directions, Floats, largest
from astrolabe.retrieval.word_table import WordTable, word_scores

WORDS_WEIGHT = 0.3
"""What shared words add to the cosine at most. Chosen, not measured: a name that both say decides between what is equally near."""


@dataclass(frozen=True)
class Stored:
    """The pieces of one source as they are stored: directions of one length one after another, and records of words."""

    id: str
    pieces: int
    directions: bytes
    words: bytes


@dataclass(frozen=True)
class Near:
    """A piece that was found: its source, its number there, how near it is in meaning, and how much of the words it has; all from 0 to 1."""

    source: str
    number: int
    cosine: float
    words: float
    score: float


class _Part:
    """Some sources, looked through together."""

    def __init__(self, sources: Sequence[Stored], dimensions: int) -> None:
        self.ids = [source.id for source in sources]
        self.ends = np.cumsum([source.pieces for source in sources])
        self.size = int(self.ends[-1])
        self.words = WordTable([(source.words, source.pieces) for source in sources])
        self.directions = Directions([row for source in sources for row in _rows(source, dimensions)])

    def piece(self, place: int) -> tuple[str, int]:
        at = int(np.searchsorted(self.ends, place, "right"))
        return self.ids[at], place - (int(self.ends[at - 1]) if at else 0)


class Passages:
    """Sources that can be searched; it never changes, `with_added` gives another one."""

    def __init__(self, sources: Sequence[Stored], dimensions: int) -> None:
        self.dimensions = dimensions
        found = [source for source in sources if source.pieces]
        self._parts = [_Part(found, dimensions)] if found else []
        self.ids = frozenset(source.id for source in sources)

    def with_added(self, sources: Sequence[Stored]) -> "Passages":
        """Return these with some more. Call it anew from the beginning once there are many `parts`."""
        more = Passages(sources, self.dimensions)
        more._parts = [*self._parts, *more._parts]
        more.ids |= self.ids
        return more

    @property
    def parts(self) -> int:
        """In how many parts they are looked through."""
        return len(self._parts)

    def nearest(self, text: str, direction: bytes | None, most: int) -> list[Near]:
        """Return the pieces that fit best to a question, and those that share most words with it: up to `most` of each."""
        words = word_scores([part.words for part in self._parts], text)
        cosines = self._cosines(direction, len(words))
        both = (cosines + WORDS_WEIGHT * words) / (1 + WORDS_WEIGHT)
        scores = words if direction is None else np.asarray(both, np.float32)
        places = dict.fromkeys((*largest(scores, most), *largest(words, most)))
        best = sorted(places, key=lambda place: (-float(scores[place]), place))
        return [
            Near(*self._piece(place), float(cosines[place]), float(words[place]), float(scores[place]))
            for place in best
            if scores[place] > 0
        ]

    def _cosines(self, direction: bytes | None, count: int) -> Floats:
        if direction is None or not count:
            return np.zeros(count, np.float32)
        return np.concatenate([part.directions.cosines(direction) for part in self._parts])

    def _piece(self, place: int) -> tuple[str, int]:
        for part in self._parts:
            if place < part.size:
                return part.piece(place)
            place -= part.size
        raise IndexError(place)


def _rows(source: Stored, dimensions: int) -> Iterable[bytes]:
    """Return a source's directions; those of another model point nowhere."""
    if len(source.directions) != source.pieces * dimensions:
        return (bytes(dimensions) for _ in range(source.pieces))
    steps = range(0, len(source.directions) + 1, dimensions)
    return (source.directions[first:last] for first, last in pairwise(steps))
