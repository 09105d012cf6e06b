"""Everything a plugin needs: agents, recipes, and the values they work with.

A plugin is an entry point in the group `astrolabe.plugins` that yields a `Plugin`. The built-in ones use this module and
nothing else of Astrolabe.
"""

from dataclasses import dataclass

from astrolabe.agents.agent import Agent, CommandResult, DeclaresInputs, DeclaresPurpose, Workbench
from astrolabe.agents.aside import LOOK_INTO
from astrolabe.agents.briefing import notes_for, skills_for, told_task
from astrolabe.agents.loop import Brief, LoopLimits, Outcome, converse
from astrolabe.agents.marking import NOTICE, marked
from astrolabe.agents.prompts import Prompt, load_prompts
from astrolabe.agents.self_checking import failing as failing_checks
from astrolabe.agents.survey import listing_of
from astrolabe.agents.tools import (
    EDIT,
    FINISH,
    LIST,
    LOOKING,
    PAST,
    READ,
    RECALL,
    REMEMBER,
    RUN,
    SEARCH,
    SKILL,
    WORKING,
    WRITE,
)
from astrolabe.agents.tools.tool import Arguments, Desk, Tool, Touch
from astrolabe.domain.budget import Usage
from astrolabe.domain.context import Shared
from astrolabe.domain.conversation import (
    Finish,
    Message,
    Question,
    Reply,
    Shape,
    Speaker,
    Text,
    Thinking,
    TokenUse,
    ToolCall,
    ToolResult,
    ToolSpec,
    said,
)
from astrolabe.domain.memory import Chunk, Indexed, Origin, Passage, Recalled
from astrolabe.domain.paths import path_fault
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
from astrolabe.domain.repetition import without_circle
from astrolabe.engine.replanner import Replanner
from astrolabe.errors import (
    AgentFailedError,
    AstrolabeError,
    ConflictError,
    DeadlineError,
    FetchError,
    GoalError,
    InputError,
    MergeConflictError,
    MissingError,
    ModelBusyError,
    ModelError,
    ModelKeyError,
    ModelRequestError,
    NoModelError,
    OfflineError,
    OverBudgetError,
    PlanValidationError,
    PolicyViolationError,
    Problem,
    UnavailableError,
    WindowExceededError,
)
from astrolabe.planning.extraction import Extracted, extract_plan
from astrolabe.planning.form import plan_shape, steps_shape
from astrolabe.planning.places.reading import Document, read_document
from astrolabe.planning.places.validation import validate
from astrolabe.planning.proposed import Hand, Terms, proposed_plan
from astrolabe.planning.recipe import Goal, Reading, Recipe, Sentence, Understanding
from astrolabe.planning.replanning import Trouble, changed_plan
from astrolabe.planning.steps import as_steps, whole_plan
from astrolabe.ports.model import CallStyle, ModelInfo, Prices
from astrolabe.ports.web import Hit, Page
from astrolabe.projects.alone import alone
from astrolabe.projects.analysers import Analyser, analysers
from astrolabe.projects.bill import bill_of, licences_of
from astrolabe.projects.coverage import Covered, read_coverage
from astrolabe.projects.detection import runners, test_command
from astrolabe.projects.findings import Finding, Level, compared, read_findings, sarif_of, told_once
from astrolabe.projects.listing import Listing, worth_reading
from astrolabe.projects.locks import LARGEST_LOCK_BYTES, lock_files, parts_of
from astrolabe.projects.parts import Part
from astrolabe.projects.reports import read_results
from astrolabe.projects.results import Case, Results, Status
from astrolabe.projects.runner import COVERAGE, RESULTS, Form, Runner, reporting, sections

__all__ = [
    "COVERAGE",
    "EDIT",
    "FINISH",
    "LARGEST_LOCK_BYTES",
    "LIST",
    "LOOKING",
    "LOOK_INTO",
    "MIB",
    "NOTICE",
    "PAST",
    "READ",
    "RECALL",
    "REMEMBER",
    "RESULTS",
    "RUN",
    "SEARCH",
    "SKILL",
    "WORKING",
    "WRITE",
    "Agent",
    "AgentFailedError",
    "Analyser",
    "Approval",
    "Arguments",
    "AstrolabeError",
    "Backoff",
    "Brief",
    "Budget",
    "CallStyle",
    "Case",
    "Check",
    "Chunk",
    "CommandResult",
    "ConflictError",
    "Covered",
    "DeadlineError",
    "DeclaresInputs",
    "DeclaresPurpose",
    "Desk",
    "Document",
    "Environment",
    "Extracted",
    "FetchError",
    "Finding",
    "Finish",
    "Form",
    "Goal",
    "GoalError",
    "Hand",
    "Hit",
    "Indexed",
    "InputError",
    "Level",
    "Listing",
    "LoopLimits",
    "Measure",
    "MergeConflictError",
    "Message",
    "MissingError",
    "ModelBusyError",
    "ModelError",
    "ModelInfo",
    "ModelKeyError",
    "ModelRequestError",
    "NoModelError",
    "OfflineError",
    "Origin",
    "Outcome",
    "OverBudgetError",
    "Page",
    "Part",
    "Passage",
    "Plan",
    "PlanValidationError",
    "Plugin",
    "Policy",
    "PolicyViolationError",
    "Prices",
    "Problem",
    "Prompt",
    "Question",
    "Reading",
    "Recalled",
    "Recipe",
    "Replanner",
    "Reply",
    "Results",
    "Runner",
    "Sentence",
    "Shape",
    "Shared",
    "ShellLine",
    "Speaker",
    "Status",
    "Task",
    "Terms",
    "Text",
    "Thinking",
    "TokenUse",
    "Tool",
    "ToolCall",
    "ToolResult",
    "ToolSpec",
    "Touch",
    "Trouble",
    "UnavailableError",
    "Understanding",
    "Usage",
    "WindowExceededError",
    "Workbench",
    "alone",
    "analysers",
    "as_steps",
    "bill_of",
    "changed_plan",
    "compared",
    "converse",
    "extract_plan",
    "failing_checks",
    "licences_of",
    "listing_of",
    "load_prompts",
    "lock_files",
    "marked",
    "notes_for",
    "parts_of",
    "path_fault",
    "plan_shape",
    "proposed_plan",
    "read_coverage",
    "read_document",
    "read_findings",
    "read_results",
    "reporting",
    "runners",
    "said",
    "sarif_of",
    "sections",
    "skills_for",
    "steps_shape",
    "test_command",
    "told_once",
    "told_task",
    "validate",
    "whole_plan",
    "without_circle",
    "worth_reading",
]


@dataclass(frozen=True)
class Plugin:
    """What one distribution adds to an installation. `prompts` are those its agents choose from."""

    name: str
    agents: tuple[Agent, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    replanners: tuple[Replanner, ...] = ()
    prompts: tuple[Prompt, ...] = ()
