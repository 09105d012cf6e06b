"""What drives runs on any number of hosts, seen from the process that starts, steers and follows them."""

from collections.abc import Mapping
from typing import Any, Protocol

from astrolabe.domain.plan import Plan
from astrolabe.domain.run import RunState


class Cluster(Protocol):
    """Every method raises UnavailableError when the cluster does not answer."""

    async def start(self, plan: Plan, state: RunState) -> None:
        """Have a run driven from where its log stands; one that is being driven already is left alone."""
        ...

    async def ask(self, run: str, verb: str, data: Mapping[str, Any]) -> None:
        """Tell what drives a run what a person asks of it.

        Raises:
            UndrivenError: nothing drives it.
        """
        ...

    async def drives(self, run: str) -> bool:
        """Tell whether the run is being driven."""
        ...

    async def idle_agents(self, plan: Plan) -> tuple[str, ...]:
        """Return those agents of a plan whose tasks no worker takes at present."""
        ...
