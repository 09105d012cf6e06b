"""The `filesystem` agent: declared operations on files, done in order, all or none."""

from astrolabe.roles.filesystem.agent import FilesystemAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="filesystem", agents=(FilesystemAgent(),))
