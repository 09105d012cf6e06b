"""What makes directions of texts, so that texts that mean the same point the same way."""

from collections.abc import Sequence
from typing import Protocol


class Embedder(Protocol):
    """A model of meaning. `name` changes whenever a text would get another direction.

    `related` is how alike two texts are (the cosine between them) from where on they are likely about one thing.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def related(self) -> float: ...

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return the direction of each text: `dimensions` signed bytes, whose length means nothing.

        It computes, so it belongs into a thread. Of a long text, only the beginning counts.

        Raises:
            UnavailableError: the model cannot be had; the hint says how.
        """
        ...
