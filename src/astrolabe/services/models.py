"""The language models of an installation: which are in use, what is known of them, whether they can be asked."""

import asyncio
import difflib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from astrolabe.agents.agent import asks_models
from astrolabe.domain.plan import Plan
from astrolabe.errors import AstrolabeError, ModelError, ModelKeyError, NoModelError, OfflineError
from astrolabe.ports.model import Model, ModelInfo
from astrolabe.ports.providers import KeyState, LimitSeen, ProviderInfo
from astrolabe.services.installation import Installation

SERVED_HERE = "local"
"""The provider of models whose weights are here; it is asked by starting it, so it is not asked which it has."""


@dataclass(frozen=True)
class ModelView:
    """A model in use. `agents`: only they use it; `provider` is None for one that is served here; `fault`: it cannot be asked."""

    name: str
    agents: tuple[str, ...]
    info: ModelInfo | None
    provider: ProviderInfo | None
    limits: tuple[LimitSeen, ...]
    fault: AstrolabeError | None = None


@dataclass(frozen=True)
class Answer:
    """What a provider said when it was asked for its models. `missing` are those in use that it does not name, with likenesses."""

    provider: str
    models: tuple[str, ...] = ()
    missing: tuple[tuple[str, tuple[str, ...]], ...] = ()
    error: AstrolabeError | None = None


async def models_in_use(installation: Installation) -> tuple[ModelView, ...]:
    """Return each model in use, in the order of the settings; nobody is asked for it."""
    used = installation.models.used()
    return tuple([await view_model(installation, name, used[name]) for name in used])


async def view_model(installation: Installation, name: str, agents: tuple[str, ...] = ()) -> ModelView:
    """Return what is known of a model; one that cannot be found has a fault."""
    directory = installation.models
    provider = next((one for one in directory.providers() if one.name == name.partition("/")[0]), None)
    limits = directory.limits(name)
    try:
        found = await asyncio.to_thread(directory.named, name)  # looks into tables that take long to load
    except AstrolabeError as error:
        return ModelView(name, agents, None, provider, limits, error)
    return ModelView(name, agents, found.info, provider, limits, _fault(name, provider))


def _fault(name: str, provider: ProviderInfo | None) -> AstrolabeError | None:
    if provider is None or provider.key is not KeyState.MISSING:
        return None
    return ModelKeyError(f"{name} has no key", hint=provider.advice)


async def ask_providers(installation: Installation, names: Iterable[str] = ()) -> tuple[Answer, ...]:
    """Ask providers, by default those in use, which models they have: it costs nothing, and shows whether a key is taken.

    Raises:
        MissingError: one of `names` is no provider.
    """
    used = installation.models.used()
    asked = tuple(names) or tuple(dict.fromkeys(name.partition("/")[0] for name in used))
    return tuple(await asyncio.gather(*(_ask(installation, name, used) for name in asked)))


async def _ask(installation: Installation, provider: str, used: Iterable[str]) -> Answer:
    known = {one.name for one in installation.models.providers()}
    if provider == SERVED_HERE and provider not in known:
        return await _served_here(installation, used)
    try:
        models = await installation.models.models_of(provider)
    except (ModelError, OfflineError) as error:
        return Answer(provider, error=error)
    own = [name.partition("/")[2] for name in used if name.startswith(f"{provider}/")]
    missing = [(name, _like(name, models)) for name in own if models and name not in models]
    return Answer(provider, models, tuple(missing))


async def _served_here(installation: Installation, used: Iterable[str]) -> Answer:
    """Look whether the weights in use are known; the first that are not are told. Nothing is started for it."""
    views = [await view_model(installation, name) for name in used if name.partition("/")[0] == SERVED_HERE]
    there = tuple(view.name.partition("/")[2] for view in views if view.fault is None)
    return Answer(SERVED_HERE, there, error=next((view.fault for view in views if view.fault), None))


def _like(name: str, models: Iterable[str]) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(name, models, 3, 0.5))


async def require_models(
    installation: Installation, plan: Plan, done: Collection[str] = ()
) -> tuple[str, ...]:
    """See that every agent that may yet work on a plan has a model it can ask, before anything is begun or goes on.

    Agents that only stand in for others count too; tasks that are `done` do not. Providers are asked which models they have,
    so that a wrong key is told now. One that does not answer is not in the way: it may when it is needed.

    Returns what is wrong with models that are asked only when others fail, a sentence each.

    Raises:
        NoModelError: an agent needs a model, and none is set up.
        ModelKeyError: none of those set for an agent has a key that is taken.
        MissingError: a model in use is nobody's.
    """
    left = [task for task in plan.tasks if task.id not in done]
    own = {task.agent for task in left}
    agents = sorted({agent for task in left for agent in (task.agent, *task.fallback)})
    needing = [name for name in agents if asks_models(installation.agents.get(name))]
    if not needing:
        return ()
    chains = {name: await _chain(installation, name, needed=name in own) for name in needing}
    faults = await _key_faults(installation, [model for chain in chains.values() for model in chain])
    doubts: list[str] = []
    for agent, chain in chains.items():
        found = [(one.info.name, faults[one.info.provider]) for one in chain if one.info.provider in faults]
        if chain and len(found) == len(chain) and agent in own:
            _, first = found[0]
            raise ModelKeyError(f"the agent {agent!r} has no model it can ask: {first}", hint=first.hint)
        doubts += [f"the agent {agent!r} cannot ask {name}: {fault}" for name, fault in found]
    return tuple(dict.fromkeys(doubts))


async def _chain(installation: Installation, agent: str, *, needed: bool) -> Sequence[Model]:
    """Return an agent's models; one that only stands in for others may have none."""
    try:
        return await asyncio.to_thread(installation.models.chain, agent)
    except NoModelError:
        if needed:
            raise
        return ()


async def _key_faults(installation: Installation, models: Iterable[Model]) -> dict[str, ModelKeyError]:
    names = dict.fromkeys(model.info.provider for model in models)
    known = {provider.name for provider in installation.models.providers()}
    answers = await ask_providers(installation, asked) if (asked := [n for n in names if n in known]) else ()
    return {one.provider: one.error for one in answers if isinstance(one.error, ModelKeyError)}
