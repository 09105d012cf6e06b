"""How much may go on at once, over all runs and processes that share a state."""

from typing import Annotated

from pydantic import Field

from astrolabe.domain.value import Value

Limit = Annotated[int, Field(ge=1, le=100_000)]


class SlotLimits(Value):
    """Attempts that go on at once; what is absent is not limited. Every process that shares the state is given the same."""

    total: Limit | None = Field(default=None, description="Of all runs together; no limit when absent.")
    tenant: Limit | None = Field(default=None, description="Of the runs of each tenant.")
    agents: dict[str, Limit] = Field(default_factory=dict, description="Of an agent, by its name.")
    providers: dict[str, Limit] = Field(default_factory=dict, description="Of a provider, by its name.")

    def of(self, tenant: str, agent: str, provider: str | None) -> dict[str, int]:
        """Return the limits an attempt of that agent counts against, by the name of what is limited; none: it is free."""
        named = {
            "total": self.total,
            f"tenant {tenant}": self.tenant,
            f"agent {agent}": self.agents.get(agent),
            f"provider {provider}": self.providers.get(provider) if provider else None,
        }
        return {name: limit for name, limit in named.items() if limit is not None}
