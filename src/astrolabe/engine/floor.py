"""What the attempts of one run share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from astrolabe.agents.agent import Agent
from astrolabe.agents.environment import Preparer
from astrolabe.agents.verification import Verifier
from astrolabe.domain.plan import Plan
from astrolabe.domain.policy import Policy
from astrolabe.domain.run import Ground
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.engine.budgets import Spending
from astrolabe.engine.faults import Reach
from astrolabe.engine.log import Log
from astrolabe.engine.tape import Tape
from astrolabe.engine.turns import Turns
from astrolabe.memory.home import MemoryHome
from astrolabe.ports.context import Contexts
from astrolabe.ports.model import Models
from astrolabe.ports.sandbox import Sandbox
from astrolabe.ports.web import Web
from astrolabe.ports.workspace import Workspace
from astrolabe.skills.home import SkillHome


@dataclass
class Floor:
    """Built once a run by the driver. `commands` bounds how many checks run at once; `plan` may be changed on the way."""

    run: str
    plan: Plan
    ground: Ground
    log: Log
    spending: Spending
    contexts: Contexts
    workspace: Workspace
    sandbox: Sandbox
    preparer: Preparer
    verifier: Verifier
    agents: Mapping[str, Agent]
    models: Models
    web: Web
    skills: SkillHome
    memory: MemoryHome | None
    tape: Tape | None
    policy: Policy
    redactor: Redactor
    secrets_allowed_in: tuple[str, ...]
    commands: Turns
    reach: Reach
    say: Callable[[str, str], None]
    live: Callable[[str, str, bytes], None]
    heard: Callable[[str, str], None] | None
    keep: Callable[[bytes], Awaitable[str]]
