"""The `analysis` agent: what the ecosystem's own tools say of a project."""

from astrolabe.roles.analysis.agent import AnalysisAgent
from astrolabe.sdk import Plugin

plugin = Plugin(name="analysis", agents=(AnalysisAgent(),))
