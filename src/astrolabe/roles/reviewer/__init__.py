"""The `reviewer` agent: judges what a run has changed, against its goal."""

from astrolabe.roles.reviewer.agent import PROMPTS, ReviewerAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="reviewer", agents=(ReviewerAgent(),), prompts=PROMPTS)
"""What the entry point yields."""
