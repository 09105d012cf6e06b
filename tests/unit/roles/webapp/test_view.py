"""The view gives every name and default that templates need, for any model the reader accepts."""

import re

import pytest

from astrolabe.roles.webapp import names
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView, EntityView


def view_of(entities: dict[str, object], **rest: object) -> AppView:
    return AppView.of(AppModel.model_validate({"name": "Shop", "entities": entities, **rest}))


def only(fields: dict[str, object], **rest: object) -> EntityView:
    return view_of({"Thing": {"fields": fields, **rest}}).entities[0]


@pytest.mark.parametrize("name", ["Date", "Promise", "User", "Session", "Prisma", "String", "Link"])
def test_a_type_that_means_something_else_gets_another_name(name: str) -> None:
    entity = view_of({name: {"fields": {"name": {}}}}).entities[0]
    assert entity.name == name
    assert entity.type_name == f"{name}Item"


@pytest.mark.parametrize("name", ["Class", "Function", "Order", "Row", "Event"])
def test_a_variable_is_never_a_word_of_the_language_or_of_the_templates(name: str) -> None:
    variable = view_of({name: {"fields": {"name": {}}}}).entities[0].variable
    assert variable not in names.RESERVED_WORDS | names.LOCAL_NAMES


def test_paths_are_plural_and_keep_clear_of_the_application_s_own() -> None:
    app = view_of({name: {"fields": {"name": {}}} for name in ("Category", "ReadingList", "Doc", "News")})
    assert [entity.path for entity in app.entities] == ["categories", "reading-lists", "docs-items", "news"]


def test_properties_every_row_has_are_not_shadowed() -> None:
    entity = only({"owner": {}, "id": {}, "constructor": {}, "title": {}})
    assert [item.name for item in entity.fields] == ["ownerValue", "idValue", "constructorValue", "title"]
    assert [item.original for item in entity.fields] == ["owner", "id", "constructor", "title"]


def test_a_relation_and_its_key_get_names_of_their_own() -> None:
    app = view_of(
        {
            "Post": {
                "fields": {"tagIds": {}, "author": {}},
                "relations": {
                    "tags": {"to": "Tag", "kind": "many-to-many"},
                    "author": {"to": "Tag"},
                },
            },
            "Tag": {"fields": {"posts": {}}},
        }
    )
    tags, author = app.entity("Post").relations
    assert (tags.name, tags.key) == ("tags", "tagIdsLink")
    assert (author.name, author.key) == ("authorLink", "authorLinkId")
    taken = [item.name for item in app.entity("Tag").fields] + [
        item.name for item in app.entity("Tag").inverses
    ]
    assert len({name.lower() for name in taken}) == len(taken)


def test_owned_rows_are_for_their_owner_and_admins() -> None:
    entity = only({"title": {}})
    assert [entity.may(role, "read") for role in (None, "user", "admin")] == ["none", "own", "all"]
    assert [entity.may(role, "create") for role in (None, "user", "admin")] == ["none", "all", "all"]


def test_a_role_that_is_not_named_may_not() -> None:
    entity = only({"title": {}}, owned=False, permissions={"delete": ["librarian"]})
    assert [entity.may(role, "delete") for role in ("user", "librarian", "admin")] == ["none", "all", "all"]


def test_rows_made_without_an_account_have_no_owner() -> None:
    assert only({"title": {}}, permissions={"create": ["anyone"]}).owner_optional
    assert not only({"title": {}}).owner_optional


def test_a_row_is_named_by_a_text_that_every_row_has() -> None:
    assert only({"note": {}, "title": {"required": True}}).display == "title"
    assert only({"on": {"type": "date", "required": True}, "note": {}}).display == "note"


def test_a_list_shows_what_each_row_belongs_to_however_many_fields_there_are() -> None:
    fields = {"note": {}, **{f"count{number}": {"type": "integer"} for number in range(9)}}
    links = {"shelf": {"to": "Shelf", "required": True}, "room": {"to": "Shelf"}}
    book, shelf = {"fields": fields, "relations": links}, {"fields": {"name": {}}}

    columns = [column.name for column in view_of({"Book": book, "Shelf": shelf}).entity("Book").columns]

    assert columns[0] == "note"
    assert columns[-1] == "shelf"
    assert columns[1:-1] == [f"count{number}" for number in range(len(columns) - 2)]


def test_a_filter_never_shares_its_parameter() -> None:
    entity = only(
        {
            "price": {"type": "integer"},
            "priceMin": {"type": "integer"},
            "sort": {"type": "boolean"},
            "on": {"type": "date"},
        }
    )
    assert [item.name for item in entity.fields if item.filterable] == ["priceMin", "on"]


def test_whole_numbers_beyond_32_bits_still_fit() -> None:
    entity = only(
        {"views": {"type": "integer", "max": 5_000_000_000}, "stars": {"type": "integer", "max": 5}}
    )
    assert [item.prisma_type for item in entity.fields] == ["Float", "Int"]


def test_targets_of_required_links_are_made_first() -> None:
    app = view_of(
        {
            "Loan": {"fields": {"code": {}}, "relations": {"book": {"to": "Book", "required": True}}},
            "Book": {"fields": {"title": {}}, "relations": {"shelf": {"to": "Shelf", "required": True}}},
            "Shelf": {"fields": {"name": {}}, "relations": {"top": {"to": "Loan"}}},
        }
    )
    assert [entity.name for entity in app.creation_order] == ["Shelf", "Book", "Loan"]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Bücher & Zeitschriften", "bucher-zeitschriften"),
        ("💥", "app"),
        ("2048", "app-2048"),
        ("api", "app-api"),
        ("x" * 80, "x" * 40),
        ("../../etc", "etc"),
    ],
)
def test_a_slug_is_safe_everywhere(text: str, slug: str) -> None:
    assert names.slug(text) == slug
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,39}", slug)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("category", "categories"),
        ("box", "boxes"),
        ("person", "people"),
        ("day", "days"),
        ("shelf", "shelves"),
    ],
)
def test_plurals_come_and_go(one: str, many: str) -> None:
    assert names.plural(one) == many
    assert names.singular(many) == one
