"""Which agents a model that plans may give tasks to, and what it is told of them."""

from collections.abc import Collection, Mapping

from astrolabe.agents.agent import Agent, declared_inputs, is_planned, purpose_of, reads_only
from astrolabe.planning.proposed import Hand


def offered(
    agents: Mapping[str, Agent], plugins_of: Mapping[str, str], recipe_plugins: Collection[str]
) -> tuple[Hand, ...]:
    """Return those agents, by name: not those of a recipe's plugin, which only work on what that has understood."""
    return tuple(
        hand_of(agent)
        for name, agent in sorted(agents.items())
        if is_planned(agent) and plugins_of[name] not in recipe_plugins
    )


def hand_of(agent: Agent) -> Hand:
    """Return what a model that plans is told of an agent."""
    inputs = declared_inputs({agent.name: agent}).get(agent.name)
    fields = inputs.model_fields if inputs else {}
    return Hand(
        name=agent.name,
        writes=not reads_only(agent),
        inputs=tuple(fields),
        needs=tuple(name for name, field in fields.items() if field.is_required()),
        purpose=purpose_of(agent),
        told={name: field.description or "" for name, field in fields.items()},
    )
