"""Who can work here, how they fare, and which processes work on the state."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from pydantic import BaseModel

from astrolabe.agents.agent import Agent, declared_inputs, provider_of, purpose_of, told_apart
from astrolabe.domain.health import Circuit, Health, Kind, Record
from astrolabe.domain.limits import SlotLimits
from astrolabe.errors import MissingError
from astrolabe.ports.health import Underway
from astrolabe.ports.processes import Process
from astrolabe.services.installation import Installation


@dataclass(frozen=True)
class Input:
    """Something a task's `inputs` have to, or may, say to an agent."""

    name: str
    required: bool
    told: str


@dataclass(frozen=True)
class Worker:
    """An agent or a provider, and how it fares. `probe_seconds` is when an open breaker lets one attempt try again.

    `limit` is how many of its attempts go on at once over all runs; None: no limit. `schema` is the JSON Schema of what
    its tasks' `inputs` may be; None when it says nothing of them.
    """

    kind: Kind
    name: str
    version: str
    plugin: str
    provider: str | None
    inputs: tuple[Input, ...] | None
    health: Health
    circuit: Circuit
    probe_seconds: float | None
    busy: tuple[Underway, ...]
    record: Record | None
    limit: int | None
    purpose: str = ""
    schema: Mapping[str, Any] | None = None


class _Standing(TypedDict):
    health: Health
    circuit: Circuit
    probe_seconds: float | None


@dataclass(frozen=True)
class Working:
    """A process and the runs it works on. `silent_seconds` is how long it has not said that it is there."""

    process: Process
    silent_seconds: float
    runs: tuple[str, ...]


async def list_agents(installation: Installation) -> tuple[Worker, ...]:
    """Return every installed agent, and every provider that is known to have failed."""
    records = {(record.kind, record.name): record for record in await installation.store.health.records()}
    busy = await _busy(installation)
    agents = [_agent(installation, name, records, busy[name]) for name in sorted(installation.agents)]
    providers = [_provider(installation, one) for (kind, _), one in records.items() if kind is Kind.PROVIDER]
    return (*agents, *providers)


def unheeded(limits: SlotLimits, agents: Mapping[str, Agent]) -> tuple[str, ...]:
    """Return a sentence for each limit of a name that none of these agents, and none of their providers, has."""
    providers = filter(None, map(provider_of, agents.values()))
    return (
        *_unheeded("agent", limits.agents, list(agents)),
        *_unheeded("provider", limits.providers, list(dict.fromkeys(providers))),
    )


def _unheeded(what: str, limited: Iterable[str], known: Sequence[str]) -> Iterator[str]:
    for name in sorted(set(limited) - set(known)):
        near = difflib.get_close_matches(name, known, 1)
        meant = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}."
        yield f"engine.limits.{what}s limits {name!r}, and there is no such {what} here; {meant}"


async def find_agent(installation: Installation, name: str) -> Worker:
    """Return an agent or provider by its name; MissingError, with those there are, if there is none."""
    known = {worker.name: worker for worker in await list_agents(installation)}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
        raise MissingError(f"there is no agent {name!r}", hint=hint)
    return known[name]


async def reset_agent(installation: Installation, name: str) -> Worker:
    """Count an agent's or provider's failures anew: what waits for it may start at once."""
    await find_agent(installation, name)
    if await installation.store.health.reset(name):
        await installation.driver.tell_all()
    return await find_agent(installation, name)


async def list_processes(installation: Installation) -> tuple[Working, ...]:
    """Return the processes that work on the state, with the runs they own."""
    owned: defaultdict[str, list[str]] = defaultdict(list)
    for run in await installation.store.runs(unfinished=True, limit=1000):
        if run.owner is not None:
            owned[run.owner.token].append(run.id)
    now = installation.determinism.now()
    return tuple(
        Working(process, max(0.0, now - process.heartbeat_at), tuple(sorted(owned[process.token])))
        for process in await installation.store.processes.list()
    )


async def _busy(installation: Installation) -> defaultdict[str, list[Underway]]:
    """Return the attempts that go on, by agent; those of a run that was cut off do not."""
    busy: defaultdict[str, list[Underway]] = defaultdict(list)
    going_on: dict[str, bool] = {}
    for one in await installation.store.health.underway():
        if one.run not in going_on:
            going_on[one.run] = await installation.store.is_owned(await installation.store.run(one.run))
        if going_on[one.run]:
            busy[one.agent].append(one)
    return busy


def _agent(
    installation: Installation, name: str, records: dict[tuple[Kind, str], Record], busy: list[Underway]
) -> Worker:
    agent = installation.agents[name]
    own = Kind.TOOL if Kind.TOOL.value in told_apart(agent) else Kind.AGENT
    record = records.get((own, name))
    inputs = declared_inputs({name: agent}).get(name)
    return Worker(
        kind=own,
        name=name,
        version=agent.version,
        plugin=installation.plugins_of.get(name, ""),
        provider=provider_of(agent),
        inputs=_inputs(inputs) if inputs else None,
        busy=tuple(busy),
        record=record,
        limit=installation.terms.limits.agents.get(name),
        purpose=purpose_of(agent),
        schema=inputs.model_json_schema() if inputs else None,
        **_standing(installation, record, busy=bool(busy)),
    )


def _provider(installation: Installation, record: Record) -> Worker:
    return Worker(
        kind=Kind.PROVIDER,
        name=record.name,
        version="",
        plugin="",
        provider=record.name,
        inputs=None,
        busy=(),
        record=record,
        limit=installation.terms.limits.providers.get(record.name),
        **_standing(installation, record, busy=False),
    )


def _standing(installation: Installation, record: Record | None, *, busy: bool) -> _Standing:
    if record is None:
        health = Health.BUSY if busy else Health.IDLE
        return {"health": health, "circuit": Circuit.CLOSED, "probe_seconds": None}
    breaker = installation.terms.breaker
    circuit = record.circuit(breaker)
    return {
        "health": record.health(breaker, busy=busy),
        "circuit": circuit,
        "probe_seconds": record.wait_seconds(breaker) if circuit is Circuit.OPEN else None,
    }


def _inputs(model: type[BaseModel]) -> tuple[Input, ...]:
    fields = model.model_fields.items()
    return tuple(
        Input(field.alias or name, field.is_required(), field.description or "") for name, field in fields
    )
