"""What a driver works with, put together once a process, and what the attempts of one run share of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from astrolabe.agents.agent import Agent
from astrolabe.agents.asking import NoModels
from astrolabe.agents.environment import Preparer
from astrolabe.agents.verification import Verifier
from astrolabe.domain.budget import TenantBudget
from astrolabe.domain.event import Event
from astrolabe.domain.plan import Plan
from astrolabe.domain.policy import Policy
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.engine.admission import Admission
from astrolabe.engine.budgets import Planned, Spending
from astrolabe.engine.faults import Reach, unharmed
from astrolabe.engine.floor import Floor
from astrolabe.engine.log import Log
from astrolabe.engine.replanner import Replanner
from astrolabe.engine.tape import Tape
from astrolabe.engine.turns import Turns
from astrolabe.memory.home import MemoryHome
from astrolabe.planning.proposed import Hand
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.images import Images, Progress
from astrolabe.ports.model import Models
from astrolabe.ports.sandbox import Sandbox
from astrolabe.ports.store import Owner, Store
from astrolabe.ports.web import NoWeb, Web
from astrolabe.ports.workspace import Workspace
from astrolabe.skills.home import SkillHome


@dataclass(frozen=True)
class Watcher:
    """How a run is shown while it goes on; nothing of it takes part in the result.

    `planned` takes the plan that a run follows from now on. `heard` takes what models say, by task, in pieces as they come; without it nobody listens, and they answer in one piece.
    """

    events: Callable[[Sequence[Event]], None] = lambda _events: None
    planned: Callable[[Plan], None] = lambda _plan: None
    said: Callable[[str, str], None] = lambda _task, _text: None
    output: Callable[[str, str, bytes], None] = lambda _task, _check, _piece: None
    progress: Callable[[Progress], None] = lambda _progress: None
    heard: Callable[[str, str], None] | None = None


@dataclass(frozen=True)
class Limits:
    """How much goes on at once in a run: attempts, and commands of checks among them."""

    tasks: int = 8
    commands: int = 2


@dataclass(frozen=True)
class Workshop:
    """All the driver works with. `woken` waits until something may lie in the inbox, or that many seconds.

    `replanners` are asked in turn when a task is to be split or the rest planned anew, for the agents `offered`. With a `tape`, steps are taken from
    that recording.
    """

    store: Store
    owner: Owner
    sandbox: Sandbox
    images: Images
    agents: Mapping[str, Agent]
    determinism: Determinism
    woken: Callable[[str, float], Awaitable[None]]
    admission: Admission
    models: Models = field(default_factory=NoModels)
    web: Web = field(default_factory=NoWeb)
    skills: SkillHome | None = None
    memory: MemoryHome | None = None
    policy: Policy = field(default_factory=Policy)
    reachable: frozenset[str] = frozenset()
    redactor: Redactor = field(default_factory=Redactor)
    secrets_allowed_in: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    budget: TenantBudget = field(default_factory=TenantBudget)
    reuse_evidence: bool = True
    reach: Reach = unharmed
    replanners: Sequence[Replanner] = ()
    offered: Sequence[Hand] = ()
    tape: Tape | None = None


def floor_of(
    shop: Workshop,
    plan: Plan,
    log: Log,
    workspace: Workspace,
    watcher: Watcher,
    planned: Planned | None = None,
) -> Floor:
    """Return what attempts share; `planned` are the plan's limits, where they are at hand."""
    planned = planned or Planned.of(plan)
    preparer = Preparer(shop.images, workspace, watcher.progress, shop.reachable)
    verifier = Verifier(
        run=log.state.id,
        store=shop.store,
        workspace=workspace,
        sandbox=shop.sandbox,
        preparer=preparer,
        determinism=shop.determinism,
        policy=shop.policy,
        reuse=shop.reuse_evidence,
        redactor=shop.redactor,
    )
    return Floor(
        run=log.state.id,
        plan=plan,
        ground=log.state.ground,
        log=log,
        contexts=shop.store.contexts,
        spending=Spending(shop.store.budgets, log, planned, shop.budget, shop.determinism, shop.reach),
        workspace=workspace,
        sandbox=shop.sandbox,
        preparer=preparer,
        verifier=verifier,
        agents=shop.agents,
        models=shop.models,
        web=shop.web,
        skills=shop.skills or SkillHome(shop.store.skills, enabled=False),
        memory=shop.memory,
        tape=shop.tape,
        policy=shop.policy,
        redactor=shop.redactor,
        secrets_allowed_in=shop.secrets_allowed_in,
        commands=Turns(shop.limits.commands),
        reach=shop.reach,
        say=lambda task, text: watcher.said(task, shop.redactor.redacted(text)),
        live=watcher.output,
        heard=watcher.heard,
        keep=shop.store.put_blob,
    )
