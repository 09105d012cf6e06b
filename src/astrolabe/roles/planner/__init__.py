"""The `planner` agent: asks a model for the plan that reaches a goal, and changes nothing."""

from astrolabe.roles.planner.agent import PROMPTS, PlannerAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="planner", agents=(PlannerAgent(),), prompts=PROMPTS)
"""What the entry point yields."""
