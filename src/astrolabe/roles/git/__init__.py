"""The `git` agent: what a run has changed so far, what was before it, and branches, commits and merges beside it."""

from astrolabe.roles.git.agent import GitAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="git", agents=(GitAgent(),))
