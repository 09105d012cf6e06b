"""What the use cases work with, put together once a process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astrolabe.agents.agent import Agent
from astrolabe.agents.prompts import Prompt
from astrolabe.domain.budget import TenantBudget
from astrolabe.domain.policy import Policy
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.engine.errand import Errands
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.workshop import Limits
from astrolabe.memory.home import MemoryHome
from astrolabe.planning.recipe import Recipe
from astrolabe.ports.cluster import Cluster
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.images import Images
from astrolabe.ports.providers import Directory
from astrolabe.ports.sandbox import Sandbox
from astrolabe.ports.slots import Terms
from astrolabe.ports.store import Owner, RunRecord, Store
from astrolabe.ports.tasks import TaskJournal
from astrolabe.ports.workspace import SharedWorkspace, Workspace
from astrolabe.skills.home import SkillHome


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that could not be loaded; only what needs it is refused."""

    name: str
    reason: str


@dataclass(frozen=True)
class Clustered:
    """What it takes to have runs driven on other hosts.

    `host` names the machine whose folders this process sees. `options` tells of a target what the hosts that cannot see it
    have to know, `workspace` is the run's on this host, shared with those. `serve` takes tasks of agents, so many of each at once, until the event is set. `woken` waits for a wake-up, or that many seconds.
    """

    cluster: Cluster
    journal: TaskJournal
    errands: Errands
    host: str
    options: Callable[[Path], Awaitable[dict[str, Any]]]
    workspace: Callable[[RunRecord], Awaitable[SharedWorkspace]]
    serve: Callable[[Sequence[str], int, asyncio.Event], Awaitable[None]]
    woken: Callable[[str, float], Awaitable[None]]
    monotonic: Callable[[], float]


@dataclass(frozen=True)
class Installation:
    """One Astrolabe. Two may live in one process.

    `plugins_of` names the plugin each agent came with. `redis` asks the Redis server of the settings what it is.
    """

    store: Store
    sandbox: Sandbox
    images: Images
    workspace: Callable[[Path], Workspace]
    driver: LocalDriver
    clustered: Clustered | None
    agents: Mapping[str, Agent]
    plugins_of: Mapping[str, str]
    recipes: tuple[Recipe, ...]
    broken_plugins: tuple[BrokenPlugin, ...]
    determinism: Determinism
    owner: Owner
    policy: Policy
    reachable: frozenset[str]
    redactor: Redactor
    limits: Limits
    terms: Terms
    budget: TenantBudget
    models: Directory
    state: Path
    cache: Path
    skills: SkillHome
    memory: MemoryHome
    prompts: tuple[Prompt, ...] = ()
    recipe_plugins: frozenset[str] = frozenset()
    redis: Callable[[], Awaitable[str]] | None = None
