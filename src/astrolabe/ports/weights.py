"""Weights of small models that can be fetched once and served on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from astrolabe.domain.value import Value


class Weights(Value):
    """One pinned file of weights: what it is called here, where it lies in public, and what it must hash to."""

    name: str
    summary: str
    file: str
    url: str
    sha256: str
    size_bytes: int
    licence: str
    context_tokens: int


@dataclass(frozen=True)
class WeightsStatus:
    """Weights with what of them is here: `path` when they are whole, else how many bytes have arrived so far."""

    weights: Weights
    path: Path | None
    arrived_bytes: int


Told = Callable[[int, int], None]
"""Hears how many bytes have arrived, of how many."""
