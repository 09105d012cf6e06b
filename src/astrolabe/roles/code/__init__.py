"""The `code` agent: reaches a goal by changing the code of a repository."""

from astrolabe.roles.code.agent import PROMPTS, CodeAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="code", agents=(CodeAgent(),), prompts=PROMPTS)
"""What the entry point yields."""
