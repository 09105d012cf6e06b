"""The `test` agent: a project's own tests, run in the sandbox, each told apart."""

from astrolabe.roles.test.agent import TestAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="test", agents=(TestAgent(),))
