"""The web client has its pages for every entity, and holds a person's texts only as escaped literals."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from tests.unit.roles.webapp.hostile_models import HOSTILE, MODELS, plain, view

from astrolabe.domain.paths import covered
from astrolabe.roles.webapp.frontend import WRITES, frontend_files, related_titles
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView

PAGES = {"list": "ListPage.tsx", "detail": "DetailPage.tsx", "form": "FormPage.tsx"}
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')


def model(**entities: dict[str, Any]) -> AppView:
    return AppView.of(AppModel.model_validate({"name": "App", "entities": entities}))


def skeleton(text: str) -> str:
    """Return code without its literals; what is left must not depend on what people typed."""
    return LITERAL.sub('""', text)


def pages_of(app: AppView) -> dict[str, set[str]]:
    files = frontend_files(app)
    folders = {entity.path: f"web/src/entities/{entity.path}/" for entity in app.entities}
    return {
        path: {name.removeprefix(folder) for name in files if name.startswith(folder)}
        for path, folder in folders.items()
    }


def test_every_entity_has_its_pages_and_its_client() -> None:
    app = plain()
    files = frontend_files(app)
    for entity in app.entities:
        assert pages_of(app)[entity.path] == {"entity.ts", *(PAGES[kind] for kind in entity.pages)}
        assert f"web/src/api/entities/{entity.path}.ts" in files


def test_an_entity_has_only_the_pages_its_model_wants() -> None:
    raw = {
        "name": "App",
        "entities": {"Note": {"fields": {"text": {}}}},
        "pages": [{"entity": "Note", "kinds": ["list"]}],
    }
    app = AppView.of(AppModel.model_validate(raw))
    assert pages_of(app)["notes"] == {"entity.ts", "ListPage.tsx"}
    routes = frontend_files(app)["web/src/entities/routes.tsx"]
    assert "ListPage" in routes
    assert "FormPage" not in routes


def test_all_files_lie_within_what_the_task_may_write() -> None:
    files = frontend_files(plain())
    assert all(covered(WRITES, path) for path in files)
    assert all(any(covered((pattern,), path) for path in files) for pattern in WRITES)


def test_tests_are_left_to_the_testing_agent() -> None:
    assert not [path for path in frontend_files(plain()) if ".test." in path or "/tests/" in path]


@given(MODELS)
@settings(max_examples=25)
def test_what_people_typed_stays_inside_literals(texts: list[str]) -> None:
    harmless = frontend_files(view(["plain"] * 14))
    for path, text in frontend_files(view(texts)).items():
        if path.endswith((".ts", ".tsx")) and "/api/entities/" not in path:
            assert skeleton(text) == skeleton(harmless[path]), path


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_cannot_leave_the_title_of_the_page(text: str) -> None:
    page = frontend_files(view([text] * 14))["web/index.html"]
    title = page.split("<title>", 1)[1].split("</title>", 1)[0]
    assert "<" not in title
    assert page.count("<script") == 2


@pytest.mark.parametrize("text", ["*/ alert(1) /*", "a\nb", "// c"])
def test_a_description_cannot_end_the_comment_it_stands_in(text: str) -> None:
    app = model(Note={"description": text, "fields": {"text": {}}})
    code = frontend_files(app)["web/src/api/entities/notes.ts"]
    (comment,) = [
        line for line in code.splitlines() if "alert(1)" in line or line.startswith("/** a") or "// c" in line
    ]
    assert comment.startswith("/** ")
    assert comment.count("*/") == 1
    assert comment.endswith(" */")


@pytest.mark.parametrize(
    "name", ["Event", "Order", "Date", "Record", "Reference", "Link", "User2", "Page", "Symbol"]
)
def test_no_entity_shadows_a_type_the_client_uses(name: str) -> None:
    fields = {word: {} for word in ("class", "default", "select", "name", "from", "new")}
    app = model(**{name: {"fields": fields, "relations": {"parent": {"to": name}}}})
    (entity,) = app.entities
    code = frontend_files(app)[f"web/src/api/entities/{entity.path}.ts"]
    imported = set(re.findall(r"type (\w+)", code.split("\n", 1)[0]))
    declared = set(re.findall(r"export interface (\w+)", code))
    assert not imported & declared


def test_a_page_shows_the_rows_that_point_to_it() -> None:
    app = model(
        Shelf={"fields": {"name": {}}},
        Book={"fields": {"title": {}}, "relations": {"shelf": {"to": "Shelf"}}},
    )
    code = frontend_files(app)["web/src/entities/shelves/DetailPage.tsx"]
    assert 'through={"shelf"}' in code
    assert 'columns={["title"]}' in code


def test_limits_of_fields_reach_their_inputs() -> None:
    app = model(
        Note={"fields": {"rank": {"type": "integer", "min": 1, "max": 5}, "code": {"pattern": "^[A-Z]/$"}}}
    )
    code = frontend_files(app)["web/src/entities/notes/entity.ts"]
    assert "min: 1,\n      max: 5," in code
    assert 'pattern: "^[A-Z]/$"' in code


def test_parts_of_a_page_that_show_rows_of_one_kind_have_titles_of_their_own() -> None:
    fields = {"name": {}}
    links = {
        "machine": {"to": "Machine"},
        "spare": {"to": "Machine"},
        "other": {"to": "Machine", "label": "Spare"},
    }
    app = model(
        Machine={"fields": fields},
        Job={"fields": fields, "relations": links},
        Note={"fields": fields, "relations": {"machine": {"to": "Machine"}}},
    )
    titles = [title for _, title in related_titles(app.entity("Machine").inverses)]
    assert titles == ["Jobs (Machine)", "Jobs (Spare)", "Jobs (Spare) 2", "Notes"]
