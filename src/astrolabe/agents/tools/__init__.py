"""What a model may do at a workbench."""

from astrolabe.agents.tools.commits import BLAME, LOG, SHOW
from astrolabe.agents.tools.editing import EDIT, WRITE
from astrolabe.agents.tools.ending import ANSWER, FINISH
from astrolabe.agents.tools.memory import RECALL, REMEMBER
from astrolabe.agents.tools.reading import LIST, READ, SEARCH
from astrolabe.agents.tools.running import RUN
from astrolabe.agents.tools.skills import SKILL

LOOKING = (LIST, READ, SEARCH)
"""Tools that change nothing."""
PAST = (LOG, BLAME, SHOW)
"""Tools that tell how the repository came to be as it is."""
WORKING = (*LOOKING, EDIT, WRITE, RUN)
"""Tools to work on a task with."""

__all__ = [
    "ANSWER",
    "EDIT",
    "FINISH",
    "LIST",
    "LOOKING",
    "PAST",
    "READ",
    "RECALL",
    "REMEMBER",
    "RUN",
    "SEARCH",
    "SKILL",
    "WORKING",
    "WRITE",
]
