"""What an operator may choose about looking things up."""

from typing import Literal

from pydantic import Field, SecretStr

from astrolabe.domain.value import Value


class SearchOptions(Value):
    """Whom searches go to. Without a provider nothing is searched for; pages that a task names can still be read."""

    provider: Literal["searxng", "brave", "tavily"] | None = Field(
        default=None, description="Whom searches go to."
    )
    base_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Where the provider is: needed for SearXNG, which everybody runs for themselves.",
    )
    key: SecretStr | None = Field(default=None, description="The key that Brave and Tavily want.")
    private_hosts: tuple[str, ...] = Field(
        default=(),
        description="`host:port` of this network whose pages may be read although they are not public.",
    )
    page_bytes: int = Field(default=3_000_000, gt=0, description="Larger pages are not read.")
    timeout_seconds: float = Field(
        default=20, gt=0, description="For each search and each page, redirects included."
    )
