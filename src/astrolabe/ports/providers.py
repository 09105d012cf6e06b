"""Whose models an installation may ask: what can be told of them before and between questions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from astrolabe.ports.model import Models


class KeyState(StrEnum):
    """Whether a provider's key is there; the key itself is told to nobody."""

    SET = "set"
    MISSING = "missing"
    UNNEEDED = "unneeded"


@dataclass(frozen=True)
class ProviderInfo:
    """A provider. `advice` says what to do about a key that is missing; `set_up`: the settings say something of it."""

    name: str
    protocol: str
    address: str
    key: KeyState
    advice: str = ""
    set_up: bool = False


@dataclass(frozen=True)
class LimitSeen:
    """What a provider last said of one of its limits: so many of `what` are left of `most` until `resets_at` (epoch seconds)."""

    what: str
    left: int
    most: int | None = None
    resets_at: float | None = None


class Directory(Models, Protocol):
    """The models of an installation with what is known of who has them."""

    def used(self) -> Mapping[str, tuple[str, ...]]:
        """Return the models in use, by name, with the agents each is set for; none: it is for all others."""
        ...

    def providers(self) -> tuple[ProviderInfo, ...]:
        """Return those known and those of the settings, by name."""
        ...

    def limits(self, model: str) -> tuple[LimitSeen, ...]:
        """Return what was last said of a model's limits, in this process or an earlier one."""
        ...

    async def models_of(self, provider: str) -> tuple[str, ...]:
        """Ask a provider which models it has; that costs nothing, and tells whether it takes its key.

        Raises:
            MissingError: no such provider is known.
            ModelError: it does not answer, or does not take the key.
        """
        ...
