"""What the use cases work with, put together once a process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from astrolabe.agents.agent import Agent
from astrolabe.domain.budget import TenantBudget
from astrolabe.domain.policy import Policy
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.workshop import Limits
from astrolabe.planning.recipe import Recipe
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.images import Images
from astrolabe.ports.sandbox import Sandbox
from astrolabe.ports.store import Owner, Store
from astrolabe.ports.workspace import Workspace


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that could not be loaded; only what needs it is refused."""

    name: str
    reason: str


@dataclass(frozen=True)
class Installation:
    """One Astrolabe. Two may live in one process."""

    store: Store
    sandbox: Sandbox
    images: Images
    workspace: Callable[[Path], Workspace]
    driver: LocalDriver
    agents: Mapping[str, Agent]
    recipes: tuple[Recipe, ...]
    broken_plugins: tuple[BrokenPlugin, ...]
    determinism: Determinism
    owner: Owner
    policy: Policy
    limits: Limits
    budget: TenantBudget
    state: Path
    cache: Path
