"""What a worker process does: take tasks from the queues of agents, until it is told to end."""

import asyncio
from collections.abc import Sequence

from astrolabe.errors import InputError, Problem, UnavailableError
from astrolabe.services.builds import require_sandbox
from astrolabe.services.installation import Clustered, Installation


def worker_agents(installation: Installation, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the agents a worker serves: those wanted, or all that are installed.

    Raises:
        InputError: one of them is not installed.
    """
    unknown = [name for name in wanted if name not in installation.agents]
    if unknown:
        there = ", ".join(sorted(installation.agents)) or "none"
        problems = [
            Problem("--agents", f"no agent {name!r} is installed", f"there are: {there}") for name in unknown
        ]
        raise InputError("a worker cannot serve agents that are not installed", problems)
    return tuple(wanted) or tuple(sorted(installation.agents))


async def work(installation: Installation, agents: Sequence[str], tasks: int, stop: asyncio.Event) -> None:
    """Serve agents, at most `tasks` attempts of each at once, until `stop` is set and what goes on has ended.

    Raises:
        SandboxUnavailableError: nothing here can isolate foreign code; nothing was taken.
        UnavailableError: no cluster is set, or it does not answer.
    """
    clustered = clustered_of(installation)
    await require_sandbox(installation)
    await installation.store.processes.present("worker", agents)
    await clustered.serve(agents, tasks, stop)


def clustered_of(installation: Installation) -> Clustered:
    """Return what it takes to work for a cluster; raises UnavailableError when none is set."""
    if installation.clustered is None:
        raise UnavailableError(
            "no Temporal server is set, from which a worker takes its tasks",
            hint="Set ASTROLABE_TEMPORAL_ADDRESS; for one machine alone there is: astrolabe temporal dev",
        )
    return installation.clustered
