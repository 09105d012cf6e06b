"""Every entity has component tests and is known to the browser test, with rows it can be filled with."""

import json
import re
from typing import Any

from hypothesis import given, settings
from tests.unit.roles.webapp.hostile_models import MODELS, plain

from astrolabe.adapters.images.requirements import pinned_lines
from astrolabe.domain.paths import covered
from astrolabe.roles.webapp import frontend, testing
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView
from astrolabe.roles.webapp.web_tests import WRITES, browser_model, example_row, web_test_files


def shop() -> AppView:
    entities: dict[str, dict[str, Any]] = {
        "Order": {
            "fields": {"number": {"type": "integer", "min": 1, "required": True}},
            "relations": {
                "buyer": {"to": "Buyer", "required": True},
                "tags": {"to": "Tag", "kind": "many-to-many"},
            },
        },
        "Buyer": {"fields": {"code": {"required": True, "pattern": "^[A-Z]{3}$", "unique": True}}},
        "Tag": {"owned": False, "fields": {"name": {}}},
    }
    return AppView.of(AppModel.model_validate({"name": "Shop", "entities": entities}))


def test_every_entity_has_component_tests() -> None:
    app = shop()
    files = web_test_files(app)
    for entity in app.entities:
        code = files[f"web/tests/entities/{entity.path}.test.tsx"]
        assert f"describePages({entity.variable}Entity, row, other);" in code


def test_all_files_lie_within_what_the_task_may_write_and_no_other_does() -> None:
    files = web_test_files(plain())
    assert all(covered(WRITES, path) for path in files)
    assert all(any(covered((pattern,), path) for path in files) for pattern in WRITES)
    assert not any(covered(frontend.WRITES, path) for path in files)
    assert not any(covered(testing.WRITES, path) for path in frontend.frontend_files(plain()))


def test_the_browser_makes_rows_before_those_that_need_them() -> None:
    names = [entity["name"] for entity in browser_model(shop())["entities"]]
    assert names.index("Buyer") < names.index("Order")


def test_the_browser_has_enough_different_samples_to_fill_a_second_page() -> None:
    buyer = next(each for each in browser_model(shop())["entities"] if each["name"] == "Buyer")
    samples = buyer["fields"][0]["samples"]
    assert len(set(samples)) == len(samples) >= 20
    assert all(re.fullmatch(r"[A-Z]{3}", value) for value in samples)


def test_the_tests_over_http_know_how_many_rows_there_can_be() -> None:
    fields = {"flag": {"type": "boolean", "required": True, "unique": True}}
    app = AppView.of(AppModel.model_validate({"name": "Few", "entities": {"Flag": {"fields": fields}}}))
    assert [entity["room"] for entity in browser_model(app)["entities"]] == [2]


def test_every_package_the_tests_over_http_need_is_locked() -> None:
    files = web_test_files(plain())
    locked = pinned_lines("requirements.txt", files["tests/api/requirements.txt"].encode())
    wanted = [line for line in files["tests/api/requirements.in"].splitlines() if not line.startswith("#")]
    assert wanted
    assert set(wanted) <= {line.split("==")[0] for line in locked}


def test_an_example_row_looks_like_one_of_the_api() -> None:
    row = example_row(shop().entity("Order"), 0)
    assert row["buyer"] == {"id": row["buyerId"], "label": "Buyer 1"}
    assert [tag["id"] for tag in row["tags"]] == row["tagIds"]
    assert {"id", "createdAt", "updatedAt", "ownerId"} <= set(row)
    assert "ownerId" not in example_row(shop().entity("Tag"), 0)


@given(MODELS)
@settings(max_examples=25)
def test_whatever_people_typed_the_browser_model_is_json(texts: list[str]) -> None:
    entity = {"label": texts[0], "plural": texts[1], "description": texts[2]}
    fields = {"title": {"label": texts[3], "description": texts[4], "default": texts[5]}}
    raw = {"name": texts[6], "entities": {"Note": {**entity, "fields": fields}}}
    app = AppView.of(AppModel.model_validate(raw))
    read = json.loads(web_test_files(app)["e2e/model.json"])
    assert [each["label"] for each in read["entities"]] == [each.label for each in app.entities]
