"""The `planner` agent: asks a model for the plan that reaches a goal, and changes nothing; and plans anew what failed."""

from astrolabe.roles.planner.agent import PlannerAgent
from astrolabe.roles.planner.asking import PROMPTS
from astrolabe.roles.planner.replanner import ModelReplanner
from astrolabe.sdk import Plugin

plugin = Plugin(name="planner", agents=(PlannerAgent(),), replanners=(ModelReplanner(),), prompts=PROMPTS)
"""What the entry point yields."""
