"""Reads a goal: a canonical model, a Markdown brief, or prose."""

from astrolabe.roles.webapp.reading.documents import DOCUMENT_NAME, dump, model_of
from astrolabe.roles.webapp.reading.goals import RECIPE, read_goal
from astrolabe.roles.webapp.reading.meaning import problems_in

__all__ = ["DOCUMENT_NAME", "RECIPE", "dump", "model_of", "problems_in", "read_goal"]
