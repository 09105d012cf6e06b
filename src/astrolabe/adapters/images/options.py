"""What an operator may choose about fetching toolchains and dependencies."""

from pydantic import Field

from astrolabe.domain.value import Value


class ImageOptions(Value):
    """How packages are fetched, and what of the system is used instead."""

    use_system_tools: bool = Field(
        default=True,
        description="Use Node, Chromium and bubblewrap of the system below /usr where they are new enough.",
    )
    stall_seconds: float = Field(
        default=120, gt=0, description="Give up on a registry that sends nothing for so long."
    )
    fetch_uid: int = Field(
        default=64021,
        gt=0,
        le=2**31,
        description="User id that npm fetches packages as when Astrolabe runs as root.",
    )
