"""Where a Temporal server is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A server's `host:port`, and which of its namespaces is ours."""

    address: str
    namespace: str
