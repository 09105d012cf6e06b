"""The `research` agent: answers from pages, each claim with the passage that bears it out."""

from astrolabe.roles.research.agent import ResearchAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="research", agents=(ResearchAgent(),))
