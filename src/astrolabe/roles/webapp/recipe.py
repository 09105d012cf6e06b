"""The recipe of a web application: its tasks, what each may write, and what proves it."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from astrolabe.roles.webapp import backend, frontend, scaffold, testing
from astrolabe.roles.webapp.chain import NODE, checks, fitted, formatted, room
from astrolabe.roles.webapp.devops import DEVOPS_WRITES
from astrolabe.roles.webapp.documentation import DOCUMENTATION_WRITES
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading import RECIPE, model_of, read_goal
from astrolabe.roles.webapp.writing import MODEL
from astrolabe.sdk import Goal, Task, Understanding, Workbench

SIDE_BY_SIDE = {
    "backend": ("Write the API", backend.WRITES),
    "frontend": ("Write the web client", frontend.WRITES),
    "testing": ("Write the tests", testing.WRITES),
    "documentation": ("Write the papers", DOCUMENTATION_WRITES),
    "devops": ("Write pipelines, image and manifests", DEVOPS_WRITES),
}
"""Tasks that run beside each other, with what each may write."""


PARTS = {"scaffold": scaffold.WRITES, **{name: writes for name, (_, writes) in SIDE_BY_SIDE.items()}}
"""What each part of the application consists of."""


_TASK_SECONDS = 3600


class IntegrationAgent:
    """Changes nothing: its task's checks judge the merged tree of all others."""

    name = "integration"
    version = "1"
    purpose = "Changes nothing: its task's checks judge what the tasks it depends on have left together."

    async def work(self, task: Task, bench: Workbench) -> None:
        """Say what is about to happen."""
        bench.say(f"{task.name}: {len(task.checks)} checks")


class WebAppRecipe:
    """Makes a web application from a domain model, a Markdown brief or prose."""

    name = RECIPE

    def read(self, goal: Goal) -> Understanding | None:
        """Return what was understood, or None for a goal of another kind. Raises GoalError."""
        return read_goal(goal)

    def tasks(self, understanding: Understanding) -> tuple[Task, ...]:
        """Return scaffold, then five tasks side by side, then the checks of the whole."""
        entities = len(model_of(understanding.document, MODEL).entities)
        first = Task(
            id="scaffold",
            name="Lay the foundation",
            agent="scaffold",
            goal=f"The model of {understanding.title}, its locked dependencies and the settings of every tool.",
            inputs={"model": understanding.document},
            writes=scaffold.WRITES,
            checks=(formatted("scaffold", scaffold.WRITES),),
            environment=NODE,
        )
        middle = tuple(_part(name, title, writes, entities) for name, (title, writes) in SIDE_BY_SIDE.items())
        last = Task(
            id="integrate",
            name="Prove the whole application",
            agent="integration",
            goal="Every part works with the others: built, tested, started and driven in a browser.",
            depends_on=tuple(SIDE_BY_SIDE),
            checks=fitted(checks(PARTS), entities),
            timeout_seconds=_TASK_SECONDS * room(entities),
            environment=NODE,
        )
        return (first, *middle, last)

    def start_commands(self, folder: str) -> tuple[str, ...]:
        """Return the lines that install, prepare the database and start both parts for development."""
        return (f"cd {quote(folder)}", "npm ci", "npm run setup", "npm run dev")

    def schema(self) -> Mapping[str, object]:
        """Return the JSON Schema of the model."""
        return AppModel.model_json_schema()


def _part(name: str, title: str, writes: tuple[str, ...], entities: int) -> Task:
    return Task(
        id=name,
        name=title,
        agent=name,
        depends_on=("scaffold",),
        writes=writes,
        checks=fitted((formatted(name, writes),), entities),
        timeout_seconds=_TASK_SECONDS * room(entities),
        environment=NODE,
        # The longest of them starts first.
        priority=1 if name == "backend" else 0,
    )
