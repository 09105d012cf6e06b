"""Which model of meaning is used."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from astrolabe.adapters.embeddings.minilm import MiniLm
from astrolabe.adapters.embeddings.remembered import Remembered
from astrolabe.adapters.embeddings.static import StaticWords
from astrolabe.ports.embedding import Embedder

Kept = Callable[[str, bool], Awaitable[Path | None]]
"""Returns the folder of a toolchain; the second argument tells whether it is fetched when it is missing."""


async def choose(wanted: Literal["auto", "minilm", "wordllama"], kept: Kept) -> Embedder:
    """Return an embedder. `auto` takes the most apt one that is there without fetching.

    Raises:
        FetchError: the model that was asked for by name cannot be fetched.
    """
    folder = None if wanted == "wordllama" else await kept("minilm", wanted == "minilm")
    return StaticWords() if folder is None else MiniLm(folder)


def remembering(embedder: Embedder, cache: Path) -> Embedder:
    """Return an embedder that asks another one only for what no process of this machine has asked before."""
    return Remembered(embedder, cache)
