"""How agents and providers have fared, as the events of their attempts tell."""

from typing import Protocol

from astrolabe.domain.health import Record


class HealthRecords(Protocol):
    """Of those that have failed at least once; of who is not among them nothing bad is known."""

    async def records(self) -> tuple[Record, ...]: ...

    async def reset(self, name: str) -> bool:
        """Count an agent's or provider's failures anew, which closes its breaker; tell whether it has any record."""
        ...
