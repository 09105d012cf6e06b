"""Everything a plugin needs: agents, recipes, and the values they work with.

A plugin is an entry point in the group `astrolabe.plugins` that yields a `Plugin`. The built-in ones use this module and
nothing else of Astrolabe.
"""

from dataclasses import dataclass

from astrolabe.agents.agent import Agent, CommandResult, DeclaresInputs, Workbench
from astrolabe.domain.budget import Usage
from astrolabe.domain.context import Shared
from astrolabe.domain.plan import (
    Approval,
    Backoff,
    Budget,
    Check,
    Environment,
    Measure,
    Plan,
    ShellLine,
    Task,
)
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import (
    AgentFailedError,
    AstrolabeError,
    ConflictError,
    DeadlineError,
    GoalError,
    InputError,
    MissingError,
    OverBudgetError,
    PolicyViolationError,
    Problem,
    UnavailableError,
)
from astrolabe.planning.places.reading import Document, read_document
from astrolabe.planning.places.validation import validate
from astrolabe.planning.recipe import Goal, Reading, Recipe, Sentence, Understanding
from astrolabe.planning.replanning import Replanner, Trouble

__all__ = [
    "MIB",
    "Agent",
    "AgentFailedError",
    "Approval",
    "AstrolabeError",
    "Backoff",
    "Budget",
    "Check",
    "CommandResult",
    "ConflictError",
    "DeadlineError",
    "DeclaresInputs",
    "Document",
    "Environment",
    "Goal",
    "GoalError",
    "InputError",
    "Measure",
    "MissingError",
    "OverBudgetError",
    "Plan",
    "Plugin",
    "Policy",
    "PolicyViolationError",
    "Problem",
    "Reading",
    "Recipe",
    "Replanner",
    "Sentence",
    "Shared",
    "ShellLine",
    "Task",
    "Trouble",
    "UnavailableError",
    "Understanding",
    "Usage",
    "Workbench",
    "read_document",
    "validate",
]


@dataclass(frozen=True)
class Plugin:
    """What one distribution adds to an installation."""

    name: str
    agents: tuple[Agent, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    replanners: tuple[Replanner, ...] = ()
