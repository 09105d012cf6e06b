"""The `knowledge` agent: remembers a project's documents, and answers questions from what is remembered."""

from astrolabe.roles.knowledge.agent import KnowledgeAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="knowledge", agents=(KnowledgeAgent(),))
