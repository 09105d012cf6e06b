"""The documentation agent: what people read about the application, all of it derived from the model."""

from astrolabe.roles.webapp.markup import markdown, markdown_code
from astrolabe.roles.webapp.model import ANYONE, OWNER, SIGNED_IN
from astrolabe.roles.webapp.rendering import render_folder
from astrolabe.roles.webapp.view import ACTIONS, AppView, EntityView, FieldView, RelationView
from astrolabe.roles.webapp.writing import Files, app_of, write
from astrolabe.sdk import Check, Environment, Task, Workbench

DOCUMENTATION_WRITES = ("README.md", "SECURITY.md", "docs", "scripts/check-docs.mjs")

_PRINCIPALS = {ANYONE: "anyone", SIGNED_IN: "any account", OWNER: "the owner"}
_ON_DELETE = {
    "restrict": "what it points to cannot be deleted",
    "cascade": "deleted with what it points to",
    "set-null": "emptied when what it points to is deleted",
}


def access(entity: EntityView, action: str) -> str:
    """Say who may do this: `the owner, admin`."""
    allowed = entity.permissions[action]
    named = [_PRINCIPALS.get(name, f"`{name}`") for name in allowed]
    return ", ".join(named)


def rights(entity: EntityView, role: str | None) -> str:
    """Say what an account of that role may do; None stands for nobody signed in."""
    everything = [action for action in ACTIONS if entity.may(role, action) == "all"]
    own = [action for action in ACTIONS if entity.may(role, action) == "own"]
    parts = [", ".join(everything)] if everything else []
    parts += [f"own: {', '.join(own)}"] if own else []
    return "; ".join(parts) or "—"


def _amount(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _bounds(low: float | None, high: float | None, unit: str = "") -> str:
    if low is not None and high is not None:
        return f"{_amount(low)} to {_amount(high)}{unit}"
    if low is not None:
        return f"at least {_amount(low)}{unit}"
    return f"at most {_amount(high)}{unit}" if high is not None else ""


def field_notes(field: FieldView) -> str:
    """Return what else holds for a field, as inline Markdown that fits a table's cell."""
    notes = [
        _bounds(field.min, field.max),
        _bounds(field.min_length or None, field.max_length, " characters"),
        {"owner": "unique among the rows of an account", "global": "unique"}.get(field.unique or "", ""),
        "default: now" if field.default_now else "",
        f"default: {markdown_code(str(field.default).lower() if isinstance(field.default, bool) else str(field.default))}"
        if field.default is not None
        else "",
        f"matches {markdown_code(field.pattern)}" if field.pattern else "",
        markdown(field.description) if field.description else "",
    ]
    return "; ".join(note for note in notes if note) or "—"


def relation_notes(relation: RelationView) -> str:
    """Return what else holds for a relation, as inline Markdown."""
    if relation.many:
        return "a list of ids"
    unique = "at most one row for each; " if relation.unique else ""
    return unique + _ON_DELETE[relation.on_delete]


def filters(entity: EntityView) -> list[tuple[str, str]]:
    """Return the list route's parameters of an entity beyond paging, each with what it does (Markdown)."""
    found: list[tuple[str, str]] = []
    if entity.searchable:
        names = ", ".join(f"`{item.name}`" for item in entity.searchable)
        found.append(("q", f"text that occurs in {names}"))
    for item in entity.fields:
        if item.filterable and item.ranged:
            found.append((f"{item.name}Min", f"`{item.name}` is this or more"))
            found.append((f"{item.name}Max", f"`{item.name}` is this or less"))
        elif item.filterable:
            found.append((item.name, f"`{item.name}` is this"))
    found.extend(
        (item.key, f"points to the {item.target.type_name} of this id")
        for item in entity.relations
        if item.filterable
    )
    return found


def documentation_files(app: AppView) -> Files:
    """Return the files of this agent by their path, as they are before prettier."""
    context = {
        "app": app,
        "actions": ACTIONS,
        "access": access,
        "rights": rights,
        "field_notes": field_notes,
        "relation_notes": relation_notes,
        "filters": filters,
    }
    return render_folder("documentation", context)


class DocumentationAgent:
    """Writes README, architecture, API and operations papers, and the security policy."""

    name = "documentation"
    version = "1"
    purpose = "Writes the papers of a web application from its model; only for plans of the recipe `webapp`."

    async def work(self, task: Task, bench: Workbench) -> None:  # noqa: ARG002 - the model lies in the tree
        """Write the papers; what a person put beside them stays."""
        bench.say("writing the papers")
        await write(bench, documentation_files(await app_of(bench)))


def documentation_checks(openapi: str) -> tuple[Check, ...]:
    """Return the checks of the papers: against the tree they speak of, and against the API's own description.

    `openapi` names the check that produces it.
    """
    node = Environment(toolchains=("node",))
    return (
        Check(
            name="Documentation",
            run="node scripts/check-docs.mjs README.md SECURITY.md docs/*.md",
            timeout_seconds=60,
            environment=node,
        ),
        Check(
            name="Documentation of the API",
            run="node scripts/check-docs.mjs --openapi openapi.json docs/api.md",
            inputs=("package.json", "scripts/check-docs.mjs", "docs"),
            uses=(openapi,),
            timeout_seconds=60,
            environment=node,
        ),
    )
