"""Writes the API: Prisma schemas, migrations, Express routes, sign-in, OpenAPI."""

from astrolabe.roles.webapp import rendering, seeding
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.writing import Files, app_of, needed, write
from astrolabe.sdk import Task, Workbench

PROVIDERS = ("sqlite", "postgresql")
MIGRATIONS = tuple(f"api/prisma/{provider}/migrations" for provider in PROVIDERS)
WRITES = ("api/src", "api/prisma", "api/prisma.config.ts", "api/tsconfig.json", "api/build.mjs")
_MIGRATE_SECONDS = 120


def schema_path(provider: str) -> str:
    """Where the Prisma schema of a provider lies."""
    return f"api/prisma/{provider}/schema.prisma"


def backend_files(app: AppView) -> Files:
    """Return the files of the API, migrations left aside, by path."""
    plan = seeding.seed_plan(app)
    files = rendering.render_folder(
        "backend/app",
        {
            "app": app,
            "seed_plan": plan,
            "seed_users": seeding.seed_users(app),
            "has_seed_rows": any(rows for _, rows in plan),
            "deferred": [(entity, row, link) for entity, rows in plan for row in rows for link in row.later],
        },
    )
    for provider in PROVIDERS:
        files[schema_path(provider)] = rendering.render(
            "backend/schema.prisma.j2", {"app": app, "provider": provider}
        )
        files[schema_path(provider)] = aligned(files[schema_path(provider)])
    for entity in app.entities:
        folder = f"api/src/resources/{rendering.file_name(entity.type_name)}"
        for name, text in rendering.render_folder("backend/entity", {"app": app, "entity": entity}).items():
            files[f"{folder}/{name}"] = text
    return files


def aligned(schema: str) -> str:
    """Put the columns of a Prisma schema's blocks under each other, as Prisma's own formatter does."""
    lines: list[str] = []
    block: list[list[str]] = []
    for line in schema.splitlines():
        cells = _cells(line)
        if cells:
            block.append(cells)
            continue
        lines += _columns(block)
        block = []
        lines.append(line)
    return "\n".join(lines) + "\n"


def _cells(line: str) -> list[str]:
    """Cut the line of a field into name, type and attributes; empty for any other line."""
    text = line.strip()
    if not line.startswith("  ") or text.startswith(("@@", "//")) or " = " in text:
        return []
    return text.split(None, 2)


def _columns(block: list[list[str]]) -> list[str]:
    widths = [
        max((len(cells[place]) for cells in block if len(cells) > place), default=0) for place in range(3)
    ]
    return [
        "  " + " ".join(cell.ljust(widths[place]) for place, cell in enumerate(cells)).rstrip()
        for cells in block
    ]


class BackendAgent:
    """Renders the API and lets Prisma write the migrations that lead to its schema."""

    name = "backend"
    version = "1"
    purpose = "Writes the API and the migrations of a web application from its model; only for plans of the recipe `webapp`."

    async def work(self, task: Task, bench: Workbench) -> None:
        """Write the API. Raises AgentFailedError when Prisma cannot read the schema or format it."""
        app = await app_of(bench)
        bench.say(f"{task.name}: {len(app.entities)} entities")
        await write(bench, backend_files(app), WRITES)
        name = "change" if await bench.paths(f"{MIGRATIONS[0]}/migration_lock.toml") else "init"
        await needed(bench, f"node scripts/migration.mjs {name}", timeout_seconds=_MIGRATE_SECONDS)
