"""The frontend agent: a React client with a list, a page and a form for every entity."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from astrolabe.roles.webapp.rendering import render, render_folder
from astrolabe.roles.webapp.view import AppView, EntityView, FieldView, InverseView
from astrolabe.roles.webapp.writing import Files, app_of, write
from astrolabe.sdk import Task, Workbench

WRITES = ("web/index.html", "web/vite.config.ts", "web/tsconfig.json", "web/public", "web/src")

_ENTITY = "frontend/entity/"
_RELATED_COLUMNS = 4
_PAGES = {"list": "ListPage.tsx", "detail": "DetailPage.tsx", "form": "FormPage.tsx"}
_LIMITS = {
    "min": "min",
    "max": "max",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
}


def frontend_files(app: AppView) -> Files:
    """Return the files of the web client by their path, as they are before prettier."""
    files = render_folder("frontend/app", {"app": app})
    for entity in app.entities:
        files |= _entity_files(entity)
    return files


def _entity_files(entity: EntityView) -> Files:
    context = _context(entity)
    folder = f"web/src/entities/{entity.path}"
    files = {
        f"web/src/api/entities/{entity.path}.ts": render(f"{_ENTITY}api.ts.j2", context),
        f"{folder}/entity.ts": render(f"{_ENTITY}entity.ts.j2", context),
    }
    for kind in entity.pages:
        files[f"{folder}/{_PAGES[kind]}"] = render(f"{_ENTITY}{_PAGES[kind]}.j2", context)
    return files


def _context(entity: EntityView) -> dict[str, Any]:
    enums = [field.enum.type_name for field in entity.fields if field.enum]
    targets = [relation.target for relation in entity.relations]
    return {
        "entity": entity,
        "apis": _unique([entity, *targets]),
        "enums": sorted(set(enums)),
        "choices": sorted({f"{name[:1].lower()}{name[1:]}Choices" for name in enums}),
        "names": [item.name for item in (*entity.fields, *entity.relations)],
        "filters": [item.name for item in (*entity.fields, *entity.relations) if item.filterable],
        "related": related_titles(
            [inverse for inverse in entity.inverses if inverse.source.has_page("list")]
        ),
        "related_columns": related_columns,
        "limits": _limits,
    }


def _unique(entities: Iterable[EntityView]) -> list[EntityView]:
    return list({entity.name: entity for entity in entities}.values())


def _limits(field: FieldView) -> list[tuple[str, object]]:
    """Return the bounds a field's input checks; a required text has its own message for being empty."""
    found = [(name, getattr(field, attribute)) for attribute, name in _LIMITS.items()]
    return [
        (name, int(value) if isinstance(value, float) and value.is_integer() else value)
        for name, value in found
        if value is not None and (name, value) != ("minLength", 0)
    ]


def related_titles(related: Sequence[InverseView]) -> list[tuple[InverseView, str]]:
    """Return each part of a row's page with a title no other part has: `Jobs`, or `Jobs (Spare part)` among several."""
    plurals = Counter(inverse.source.plural_label for inverse in related)
    taken: Counter[str] = Counter()
    titled: list[tuple[InverseView, str]] = []
    for inverse in related:
        plural = inverse.source.plural_label
        title = plural if plurals[plural] == 1 else f"{plural} ({inverse.relation.label})"
        taken[title] += 1
        titled.append((inverse, title if taken[title] == 1 else f"{title} {taken[title]}"))
    return titled


def related_columns(inverse: InverseView) -> list[str]:
    """Return what a row's page shows of the rows that point to it: their columns without the link back."""
    names = [item.name for item in inverse.source.columns if item is not inverse.relation]
    return (names or [inverse.source.display])[:_RELATED_COLUMNS]


class FrontendAgent:
    """Writes the web client."""

    name = "frontend"
    version = "1"
    purpose = (
        "Writes the web client of a web application from its model; only for plans of the recipe `webapp`."
    )

    async def work(self, task: Task, bench: Workbench) -> None:
        """Write the client. Raises UnavailableError when a file is no valid code."""
        app = await app_of(bench)
        bench.say(f"{task.name}: {len(app.entities)} entities")
        await write(bench, frontend_files(app), WRITES)
