"""Somebody who can plan the rest of a run anew."""

from typing import Protocol

from astrolabe.agents.agent import Workbench
from astrolabe.domain.plan import Plan
from astrolabe.planning.replanning import Trouble


class Replanner(Protocol):
    """Somebody who can plan the rest of a run anew; `name` says whose models are asked, as for an agent."""

    name: str

    async def replan(self, trouble: Trouble, bench: Workbench) -> Plan | None:
        """Return the whole plan as it is to go on, or None to leave that to others.

        The bench shows the files that the troubled task began with, and changes none; what is asked through it is recorded
        and counts to the task. Tasks that have passed or are being worked on must be in the plan unchanged. For SPLIT all
        others must be, too, but for what they depend on, and the troubled one, which smaller ones replace.
        """
        ...
