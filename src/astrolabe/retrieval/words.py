"""Ranking by shared words: BM25 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009)."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SATURATION, _LENGTHS = 1.2, 0.75
_ENDINGS = ("ization", "ations", "ation", "ingly", "ings", "ing", "ies", "ers", "ed", "es", "er", "ly", "s")
_SHORTEST_STEM = 4
_EMPTY = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "each",
        "for",
        "from",
        "get",
        "got",
        "had",
        "has",
        "have",
        "her",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "let",
        "like",
        "make",
        "many",
        "may",
        "me",
        "more",
        "most",
        "my",
        "need",
        "no",
        "not",
        "of",
        "on",
        "only",
        "or",
        "our",
        "out",
        "over",
        "please",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "under",
        "up",
        "us",
        "use",
        "used",
        "using",
        "very",
        "was",
        "way",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "without",
        "would",
        "you",
        "your",
    ]
)


def words_of(text: str) -> list[str]:
    """Return the words of a text that say something, in lower case and without their endings."""
    found = _WORD.findall(_HUMP.sub(" ", text).casefold() if not text.islower() else text)
    return [_stem(word) for word in found if word not in _EMPTY]


def _stem(word: str) -> str:
    """Cut an ending off, so that `tests` and `testing` are one word; what it makes need be no word."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


class WordIndex:
    """Texts, found by their words; they are known by their place, from 0."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._places: dict[str, list[tuple[int, float]]] = {}
        counted = [Counter(words_of(text)) for text in texts]
        lengths = [count.total() for count in counted]
        self._count = len(counted)
        mean = sum(lengths) / max(1, self._count) or 1.0
        for place, count in enumerate(counted):
            damp = _SATURATION * (1 - _LENGTHS + _LENGTHS * lengths[place] / mean)
            for word, times in count.items():
                weight = times * (_SATURATION + 1) / (times + damp)
                self._places.setdefault(word, []).append((place, weight))

    def nearest(self, text: str, most: int) -> list[tuple[int, float]]:
        """Return up to `most` places with how much of what `text` asks for they have (from 0 to 1), the best first."""
        asked = set(words_of(text))
        whole = sum(self._rarity(word) for word in asked) * (_SATURATION + 1)
        scores: Counter[int] = Counter()
        for word in asked:
            rarity = self._rarity(word)
            for place, weight in self._places.get(word, ()):
                scores[place] += rarity * weight  # pyright: ignore[reportArgumentType] - a Counter adds any number
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [(place, score / whole) for place, score in best]

    def _rarity(self, word: str) -> float:
        having = len(self._places.get(word, ()))
        return math.log(1 + (self._count - having + 0.5) / (having + 0.5))


def shared(one: str, other: str) -> Sequence[str]:
    """Return the words both texts have, as the second writes them, each once."""
    stems = set(words_of(one))
    found = dict.fromkeys(word for word in _WORD.findall(other) if set(words_of(word)) & stems)
    return tuple(found)
