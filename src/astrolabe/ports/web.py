"""The public web, for agents that look things up: what a search finds, and what a page says."""

from dataclasses import dataclass
from typing import Protocol

from astrolabe.errors import UnavailableError


@dataclass(frozen=True)
class Hit:
    """One result of a search."""

    url: str
    title: str
    snippet: str = ""


@dataclass(frozen=True)
class Page:
    """What stands at an address. `url` is where redirects led to, `digest` the SHA-256 of the bytes that came, in hex."""

    url: str
    media_type: str
    content: bytes
    charset: str
    digest: str


class Web(Protocol):
    """Only public addresses are read; nothing of this machine's, or of the network it is in, unless settings name it."""

    @property
    def provider(self) -> str | None:
        """Whom searches go to; None when none is set."""
        ...

    async def search(self, query: str, most: int) -> tuple[Hit, ...]:
        """Return what the provider finds, best first.

        Raises:
            UnavailableError: none is set, or it did not answer.
            OfflineError: this installation works offline.
        """
        ...

    async def fetch(self, url: str) -> Page:
        """Return a page of text.

        Raises:
            InputError: that is no address that may be read, and why.
            FetchError: it could not be read, is too large, or is no text.
            OfflineError: this installation works offline.
        """
        ...


class NoWeb:
    """Stands in where none is wired."""

    provider: str | None = None

    async def search(self, query: str, most: int) -> tuple[Hit, ...]:
        """Raise UnavailableError."""
        raise UnavailableError(f"nothing can be searched for here ({query[:80]!r}, {most} results)")

    async def fetch(self, url: str) -> Page:
        """Raise UnavailableError."""
        raise UnavailableError(f"nothing can be fetched here: {url[:200]}")
