"""Which of the pieces that were found come first, and why."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from astrolabe.domain.memory import Chunk, Passage, Source
from astrolabe.retrieval.words import shared

if TYPE_CHECKING:
    from astrolabe.retrieval.passages import Near

RELATED_BY_WORDS = 0.3
"""From this share of what a question's words ask for on, a piece is likely about it."""
_SHORTEST_QUOTE = 12
_MOST_SHARED = 4
Found = Mapping[tuple[str, int], tuple[Source, Chunk]]


def ranked(question: str, near: "Sequence[Near]", found: Found, related: float | None) -> tuple[Passage, ...]:
    """Return what was found, the best first; what says the question word for word before all else.

    `related` is the cosine from which on two texts are likely about one thing; None where nothing ranks by meaning.
    """
    passages = [
        _passage(question, one, *found[one.source, one.number], related)
        for one in near
        if (one.source, one.number) in found
    ]
    return tuple(sorted(passages, key=lambda passage: -passage.score))


def _passage(question: str, near: "Near", source: Source, chunk: Chunk, related: float | None) -> Passage:
    words = shared(question, chunk.text)[:_MOST_SHARED]
    said = f"both say {', '.join(words)}" if words else ""
    if _says(chunk.text, question):
        return _made(source, chunk, 1.0, "says it word for word", related=True)
    close = related is not None and near.cosine >= related
    meant = "" if related is None else "near in meaning" if close else "far in meaning"
    likely = close or near.words >= RELATED_BY_WORDS
    reason = "; ".join(filter(None, (meant, said))) or "shares a heading or a name"
    return _made(source, chunk, max(0.0, min(near.score, 0.999)), reason, related=likely)


def _made(source: Source, chunk: Chunk, score: float, reason: str, *, related: bool) -> Passage:
    return Passage(source.origin, source.name, source.title, chunk, score, reason, related, source.at)


def _says(text: str, question: str) -> bool:
    wanted = _folded(question)
    return len(wanted) >= _SHORTEST_QUOTE and wanted in _folded(text)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
