"""From a goal to an understanding: which of the three forms it has, and whether it is ours at all."""

import re
from pathlib import PurePath

from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading.documents import DOCUMENT_NAME, dump, model_of
from astrolabe.sdk import Goal, GoalError, Problem, Understanding

RECIPE = "webapp"
MOST_CHARACTERS = 500_000

_MARKED = re.compile(
    r"\A\ufeff?(?:\s|#[^\n]*\n|---[^\n]*\n|%[^\n]*\n|\{)*[\"']?astrolabe[\"']?[ \t]*:[ \t]*[\"']?(\S*)"
)
_MODEL_FILE = re.compile(r"\.(?:ya?ml|json)\Z", re.IGNORECASE)
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_MOST_ODD_CHARACTERS = 0.01


def read_goal(goal: Goal) -> Understanding | None:
    """Return what was understood, or None for a goal that asks for something else than a web application.

    Raises:
        GoalError: the goal is empty, binary or too long; it is a model with faults; or it contradicts itself.
    """
    name = PurePath(goal.path).name if goal.path else "goal"
    _check_text(goal.text, name)
    marked = _MARKED.match(goal.text)
    if marked and marked[1].startswith("webapp/"):
        return understanding_of(model_of(goal.text, name), canonical=True)
    return None


def _check_text(text: str, name: str) -> None:
    hint = "say what the application keeps and who may do what, in a few sentences"
    if not text.strip("\ufeff \t\r\n"):
        raise GoalError("the goal is empty", [Problem(f"{name}:1:1", "nothing is written here", hint)])
    if len(text) > MOST_CHARACTERS:
        size = f"it has {len(text):,} characters, at most {MOST_CHARACTERS:,} are read"
        raise GoalError(
            "the goal is too long", [Problem(f"{name}:1:1", size, "leave only what the application is to do")]
        )
    odd = _BINARY.search(text)
    if odd and ("\0" in text or len(_BINARY.findall(text)) > len(text) * _MOST_ODD_CHARACTERS):
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - text.rfind("\n", 0, odd.start())
        problem = Problem(f"{name}:{line}:{column}", f"the character U+{ord(odd[0]):04X} is no text", hint)
        raise GoalError("the goal is binary", [problem])


def understanding_of(model: AppModel, *, canonical: bool = False) -> Understanding:
    """Return the understanding of a model that needs no interpretation."""
    return Understanding(
        recipe=RECIPE,
        title=model.name,
        document=dump(model),
        document_name=DOCUMENT_NAME,
        canonical=canonical,
        summary=summary_of(model),
    )


def summary_of(model: AppModel) -> tuple[str, ...]:
    """Return a line per entity, the roles, and the seed."""
    lines: list[str] = []
    for name, entity in model.entities.items():
        links = [f"{key} → {relation.to}" for key, relation in entity.relations.items()]
        lines.append(f"{name}: {', '.join([*entity.fields, *links])}")
    if model.roles:
        lines.append(f"roles: {', '.join(model.roles)}")
    rows = sum(map(len, model.seed.rows.values()))
    if rows or model.seed.users:
        lines.append(f"seed: {len(model.seed.users)} accounts, {rows} rows")
    return tuple(lines)
