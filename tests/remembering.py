"""A model of meaning that is made of the letters of a text: it takes no time, and texts that are alike are near."""

import zlib
from collections.abc import AsyncIterator, Sequence

from astrolabe.domain.memory import Document


class Letters:
    """Three letters in a row point one way; `asked` are all texts it was given."""

    name, dimensions, related = "letters", 64, 0.5

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        self.asked += texts
        return [_direction(text.casefold()) for text in texts]


def _direction(text: str) -> bytes:
    counts = [0] * Letters.dimensions
    for at in range(len(text) - 2):
        counts[zlib.crc32(text[at : at + 3].encode()) % len(counts)] += 1
    largest = max(counts) or 1
    return bytes(127 * count // largest for count in counts)


async def each(*documents: Document) -> AsyncIterator[Document]:
    for document in documents:
        yield document
