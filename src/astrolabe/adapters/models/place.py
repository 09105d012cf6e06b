"""Where a model is, and what it takes to be let in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from astrolabe.adapters.models.known import Wire

_SHORTEST_SECRET = 4
"""Characters: what is shorter is no secret, and would be found in every sentence."""


@dataclass(frozen=True)
class Place:
    """An endpoint as a client needs it. `key` and `headers` are never shown.

    `official`: it is OpenAI's own; `priced`: an operator said what it costs. `no_key` says what to do where a key is needed and none is set.
    """

    provider: str
    wire: Wire
    base_url: str
    timeout_seconds: float
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    safety: Mapping[str, str] = field(default_factory=dict[str, str])
    official: bool = False
    priced: bool = False
    no_key: str = ""

    @property
    def maker(self) -> str:
        """Who can prove what it has signed: a provider, in one protocol."""
        return f"{self.provider}:{self.wire.value}"

    def scrubbed(self, text: str) -> str:
        """Return a text without what lets one in here."""
        for secret in (self.key, *self.headers.values()):
            if len(secret) >= _SHORTEST_SECRET:
                text = text.replace(secret, "[secret]")
        return text
