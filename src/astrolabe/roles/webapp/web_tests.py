"""Component tests of the web client, and the tests of the built application: in a browser, and over HTTP."""

import json
from typing import Any

from astrolabe.roles.webapp.api_tests import capacity
from astrolabe.roles.webapp.rendering import render, render_folder
from astrolabe.roles.webapp.samples import sample
from astrolabe.roles.webapp.view import AppView, EntityView, FieldView, RelationView
from astrolabe.roles.webapp.writing import Files

WRITES = ("web/tests", "e2e", "tests/api")

_SAMPLES = 40
"""Values of each field that the browser test may use up."""


def web_test_files(app: AppView) -> Files:
    """Return the tests of the web client and of the whole application by their path, as they are before prettier."""
    files = render_folder("testing/web", {"app": app}) | render_folder("testing/http", {"app": app})
    files["e2e/model.json"] = json.dumps(browser_model(app), ensure_ascii=False, indent=2)
    for entity in app.entities:
        context = {"entity": entity, "row": example_row(entity, 0), "other": example_row(entity, 1)}
        path = f"web/tests/entities/{entity.path}.test.tsx"
        files[path] = render("testing/web-entity/entity.test.tsx.j2", context)
    return files


def browser_model(app: AppView) -> dict[str, Any]:
    """Return what these tests know of the application; `room` is how many rows of a kind there can be. Entities stand in the order they can be made in."""
    return {
        "name": app.name,
        "roles": list(app.roles),
        "entities": [_entity(entity) for entity in app.creation_order],
    }


def _entity(entity: EntityView) -> dict[str, Any]:
    return {
        "name": entity.name,
        "label": entity.label,
        "plural": entity.plural_label,
        "path": entity.path,
        "room": capacity(entity),
        "pages": {kind: entity.has_page(kind) for kind in ("list", "detail", "form")},
        "permissions": {action: list(allowed) for action, allowed in entity.permissions.items()},
        "searchable": bool(entity.searchable),
        "columns": [{"name": item.name, "sortable": item.sortable} for item in entity.columns],
        "fields": [_field(field) for field in entity.fields],
        "relations": [_relation(relation) for relation in entity.relations],
    }


def _field(field: FieldView) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.type,
        "required": field.required,
        "prefilled": field.default is not None or field.default_now,
        "searchable": field.searchable,
        "filterable": field.filterable,
        "samples": [sample(field, number) for number in range(_SAMPLES)],
    }


def _relation(relation: RelationView) -> dict[str, Any]:
    return {
        "name": relation.name,
        "key": relation.key,
        "target": relation.target.name,
        "many": relation.many,
        "required": relation.required,
    }


def example_row(entity: EntityView, number: int) -> dict[str, Any]:
    """Return a row as the API sends it."""
    moment = f"2024-05-0{number + 1}T10:00:00.000Z"
    row: dict[str, Any] = {"id": f"row-{number + 1}", "createdAt": moment, "updatedAt": moment}
    if entity.owned:
        row["ownerId"] = "user-1"
    row |= {field.name: sample(field, number) for field in entity.fields}
    for relation in entity.relations:
        link = {"id": f"link-{number + 1}", "label": f"{relation.target.name} {number + 1}"}
        row[relation.key] = [link["id"]] if relation.many else link["id"]
        row[relation.name] = [link] if relation.many else link
    return row
