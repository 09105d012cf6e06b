"""The papers say what the model says, whatever its texts hold."""

import re

from hypothesis import given, settings
from markdown_it import MarkdownIt
from tests.unit.roles.webapp.hostile_models import MODELS, plain, view

from astrolabe.domain.paths import covered
from astrolabe.roles.webapp.documentation import (
    DOCUMENTATION_WRITES,
    documentation_files,
    filters,
    rights,
)
from astrolabe.roles.webapp.markup import one_line
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView

PLAIN = documentation_files(plain())
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"text", "text_special", "softbreak", "code_inline", "html_inline"}


def outline(text: str) -> list[str]:
    """Return what a paper is made of: its blocks, and in each the links and emphasis."""
    found: list[str] = []
    for token in READER.parse(text):
        found.append(token.type)
        found += [child.type for child in token.children or [] if child.type not in HARMLESS]
    return found


def mermaid(text: str) -> list[str]:
    return re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)


@given(MODELS)
@settings(max_examples=25)
def test_texts_change_no_structure(texts: list[str]) -> None:
    """The papers of a hostile model have the blocks, links and tables of a harmless one's."""
    for path, text in documentation_files(view(texts)).items():
        if path.endswith(".md"):
            assert outline(text) == outline(PLAIN[path]), path


@given(MODELS)
@settings(max_examples=25)
def test_diagrams_hold_identifiers_only(texts: list[str]) -> None:
    path = "docs/architecture.md"
    assert mermaid(documentation_files(view(texts))[path]) == mermaid(PLAIN[path])


@given(MODELS)
@settings(max_examples=25)
def test_html_is_only_ours(texts: list[str]) -> None:
    for path, text in documentation_files(view(texts)).items():
        if not path.endswith(".md"):
            continue
        for token in READER.parse(text):
            tags = [child.content for child in token.children or [] if child.type == "html_inline"]
            assert all(re.fullmatch(r'<a id="[a-z0-9-]+">|</a>|</?code>', tag) for tag in tags), path


@given(MODELS)
@settings(max_examples=25)
def test_the_title_is_the_name(texts: list[str]) -> None:
    app = view(texts)
    tokens = READER.parse(documentation_files(app)["README.md"])
    assert tokens[0].tag == "h1"
    assert "".join(child.content for child in tokens[1].children or []) == one_line(app.name)


def test_all_files_lie_within_what_the_task_may_write() -> None:
    assert all(covered(DOCUMENTATION_WRITES, path) for path in PLAIN)


def library(**permissions: list[str]) -> AppView:
    entity = {
        "owned": "owner" in str(permissions),
        "permissions": permissions,
        "fields": {
            "title": {"type": "string"},
            "pages": {"type": "integer"},
            "lent": {"type": "boolean"},
        },
        "relations": {"shelf": {"to": "Shelf"}},
    }
    model = {
        "name": "Library",
        "roles": ["librarian"],
        "entities": {"Book": entity, "Shelf": {"fields": {"name": {"type": "string"}}}},
    }
    return AppView.of(AppModel.model_validate(model))


def test_rights_follow_the_permissions() -> None:
    book = library(
        read=["anyone"], create=["signed_in"], update=["owner", "librarian"], delete=["admin"]
    ).entity("Book")
    assert rights(book, None) == "read"
    assert rights(book, "user") == "create, read; own: update"
    assert rights(book, "librarian") == "create, read, update"
    assert rights(book, "admin") == "create, read, update, delete"


def test_a_role_without_rights_shows_none() -> None:
    book = library(
        read=["librarian"], create=["librarian"], update=["librarian"], delete=["librarian"]
    ).entity("Book")
    assert rights(book, None) == rights(book, "user") == "—"


def test_filters_are_those_the_list_takes() -> None:
    book = library().entity("Book")
    assert [name for name, _ in filters(book)] == ["q", "pagesMin", "pagesMax", "lent", "shelfId"]


def test_every_route_is_described() -> None:
    text = documentation_files(library())["docs/api.md"]
    for path in ("books", "shelves"):
        for route in (
            f"GET /api/{path}",
            f"GET /api/{path}/options",
            f"GET /api/{path}/{{id}}",
            f"POST /api/{path}",
            f"PATCH /api/{path}/{{id}}",
            f"DELETE /api/{path}/{{id}}",
        ):
            assert f"`{route}`" in text
