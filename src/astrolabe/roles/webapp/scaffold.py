"""Writes what every other task builds on: the model, the locked dependencies, compiler, linter and formatter settings."""

from pydantic import BaseModel, Field

from astrolabe.roles.webapp import rendering
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.writing import MODEL, Files, view_of
from astrolabe.sdk import Task, Workbench

WRITES = (
    MODEL,
    "package.json",
    "package-lock.json",
    "api/package.json",
    "web/package.json",
    ".nvmrc",
    ".npmrc",
    ".gitignore",
    ".gitattributes",
    ".editorconfig",
    ".prettierrc.json",
    ".prettierignore",
    ".secretlintrc.json",
    ".secretlintignore",
    ".env.example",
    "eslint.config.mjs",
    "tsconfig.base.json",
    "scripts/check-migrations.mjs",
    "scripts/check-openapi.mjs",
    "scripts/dev.mjs",
    "scripts/filled-database.mjs",
    "scripts/migration-renames.mjs",
    "scripts/migration-rows.mjs",
    "scripts/migration-values.mjs",
    "scripts/migration.mjs",
    "scripts/prisma-schema.mjs",
    "scripts/prisma.mjs",
    "scripts/schema-engine.mjs",
    "scripts/wasm-engine.mjs",
)


def scaffold_files(app: AppView) -> Files:
    """Return the scaffold's files by path, the model left aside."""
    return rendering.render_folder("scaffold", {"app": app})


class ScaffoldInputs(BaseModel):
    """What a scaffold's task is given."""

    model: str = Field(min_length=1, description="the application's model in canonical YAML")


class ScaffoldAgent:
    """Renders the scaffold from the model."""

    name = "scaffold"
    version = "1"
    purpose = (
        "Writes the scaffold of a web application from its model; only for plans of the recipe `webapp`."
    )
    inputs = ScaffoldInputs

    async def work(self, task: Task, bench: Workbench) -> None:
        """Write the scaffold."""
        document = ScaffoldInputs.model_validate(task.inputs).model
        # The lock file is among these, so nothing is installed yet that could format them: they are made as
        # Prettier would leave them, and the task's check says so.
        files = {MODEL: document, **scaffold_files(view_of(document))}
        await bench.write(files, executable=("scripts/schema-engine.mjs",))
