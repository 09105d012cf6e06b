"""The recipe of a web application: its tasks, and the checks that prove the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from astrolabe.roles.webapp import backend, frontend, scaffold, testing
from astrolabe.roles.webapp.devops import DEVOPS_WRITES, devops_checks
from astrolabe.roles.webapp.documentation import DOCUMENTATION_WRITES, documentation_checks
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.reading import RECIPE, read_goal
from astrolabe.sdk import Check, Environment, Goal, Task, Understanding, Workbench

NODE = Environment(toolchains=("node",), lockfiles=("package-lock.json",))
BROWSER = Environment(toolchains=("node", "chromium"), lockfiles=("package-lock.json",))

NOT_RUN = 75
"""Exit code of a check that could not look: EX_TEMPFAIL of sysexits.h."""

_MANIFESTS = ("package.json", "package-lock.json", "api/package.json", "web/package.json", ".npmrc")
_FORMAT = (".prettierrc.json", ".prettierignore", ".editorconfig")
_API = (*_MANIFESTS, "tsconfig.base.json", "scripts", "api")
_WEB = (*_MANIFESTS, "tsconfig.base.json", "web")
_GENERATE = "node scripts/prisma.mjs generate"

SIDE_BY_SIDE = {
    "backend": ("Write the API", backend.WRITES),
    "frontend": ("Write the web client", frontend.WRITES),
    "testing": ("Write the tests", testing.WRITES),
    "documentation": ("Write the papers", DOCUMENTATION_WRITES),
    "devops": ("Write pipelines, image and manifests", DEVOPS_WRITES),
}
"""Tasks that run beside each other, with what each may write."""


class IntegrationAgent:
    """Changes nothing: its task's checks judge the merged tree of all others."""

    name = "integration"
    version = "1"

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
        first = Task(
            id="scaffold",
            name="Lay the foundation",
            agent="scaffold",
            goal=f"The model of {understanding.title}, its locked dependencies and the settings of every tool.",
            inputs={"model": understanding.document},
            writes=scaffold.WRITES,
            checks=(_formatted("scaffold", scaffold.WRITES),),
            environment=NODE,
        )
        middle = tuple(_part(name, title, writes) for name, (title, writes) in SIDE_BY_SIDE.items())
        last = Task(
            id="integrate",
            name="Prove the whole application",
            agent="integration",
            goal="Every part works with the others: built, tested, started and driven in a browser.",
            depends_on=tuple(SIDE_BY_SIDE),
            checks=checks(),
            environment=NODE,
        )
        return (first, *middle, last)

    def start_commands(self, folder: str) -> tuple[str, ...]:
        """Return the lines that install, prepare the database and start both parts for development."""
        return (f"cd {quote(folder)}", "npm ci", "npm run setup", "npm run dev")

    def schema(self) -> Mapping[str, object]:
        """Return the JSON Schema of the model."""
        return AppModel.model_json_schema()


def _part(name: str, title: str, writes: tuple[str, ...]) -> Task:
    return Task(
        id=name,
        name=title,
        agent=name,
        depends_on=("scaffold",),
        writes=writes,
        checks=(_formatted(name, writes),),
        environment=NODE,
        # The longest of them starts first.
        priority=1 if name == "backend" else 0,
    )


def _formatted(name: str, writes: tuple[str, ...]) -> Check:
    paths = " ".join(quote(path) for path in writes)
    return Check(
        name=f"Format of {name}",
        run=f"node node_modules/prettier/bin/prettier.cjs --check --ignore-unknown {paths}",
        inputs=(*_MANIFESTS, *_FORMAT, *(path for path in writes if path not in {*_MANIFESTS, *_FORMAT})),
        timeout_seconds=120,
    )


def checks() -> tuple[Check, ...]:
    """Return the whole chain; each starts from source, so that they can run side by side. The longest come first."""
    return (
        Check(
            name="Browser",
            run="npm run build && node e2e/run.mjs",
            produces=("e2e/results/**",),
            environment=BROWSER,
            required=False,
            not_run_exit_code=NOT_RUN,
        ),
        Check(
            name="API tests",
            run=f"{_GENERATE} && npm run coverage --workspace api",
            inputs=_API,
            produces=("api/coverage/coverage-summary.json", "api/coverage/lcov.info"),
        ),
        Check(
            name="Lint",
            run=f"{_GENERATE} && npm run lint",
            inputs=(*_API, "web", "e2e", "eslint.config.mjs"),
        ),
        Check(
            name="Web tests",
            run="npm run coverage --workspace web",
            inputs=_WEB,
            produces=("web/coverage/coverage-summary.json", "web/coverage/lcov.info"),
        ),
        Check(name="API types", run=f"{_GENERATE} && npm run typecheck --workspace api", inputs=_API),
        Check(name="Web types", run="npm run typecheck --workspace web", inputs=_WEB),
        Check(name="Build", run="npm run build", inputs=(*_API, *_WEB)),
        Check(name="Migrations", run="npm run db:check", inputs=_API),
        Check(
            name="OpenAPI",
            run=f"{_GENERATE} && npm run openapi:check",
            inputs=_API,
            produces=("openapi.json",),
        ),
        Check(name="Format", run="npm run format:check"),
        Check(name="Secrets", run="npm run secrets"),
        *devops_checks(),
        *documentation_checks(),
    )
