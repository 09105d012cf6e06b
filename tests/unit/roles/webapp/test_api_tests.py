"""The tests of an application expect what its permissions mean, however these are combined."""

import pytest

from astrolabe.roles.webapp.api_tests import facts_of
from astrolabe.roles.webapp.backend import backend_files
from astrolabe.roles.webapp.model import AppModel
from astrolabe.roles.webapp.view import AppView

ENTITIES = {
    "Complaint": {"fields": {"body": {}}, "permissions": {"create": ["visitor"], "read": ["clerk"]}},
    "Case": {
        "fields": {"title": {}},
        "relations": {"complaint": {"to": "Complaint", "required": True}},
    },
}


def test_nobody_is_expected_to_refer_to_rows_they_may_add_but_not_see() -> None:
    model = {"name": "App", "roles": ["visitor", "clerk"], "entities": ENTITIES}
    app = AppView.of(AppModel.model_validate(model))
    case = facts_of(app, app.entity("Case"))
    makers = [role for role, action, status in case.all_rows if (action, status) == ("create", 201)]
    assert makers == ["clerk"]
    assert {role for role, *_ in case.own_rows} == {"clerk"}


@pytest.mark.parametrize(
    ("kind", "wrong"), [("email", '"someone@example.net"'), ("url", '"https://example.net/some/page"')]
)
def test_an_address_has_to_have_the_form_the_model_asks_for_too(kind: str, wrong: str) -> None:
    field = {"type": kind, "pattern": "example[.]org", "min_length": 20, "max_length": 40}
    entities = {"Thing": {"fields": {"it": field}}}
    app = AppView.of(AppModel.model_validate({"name": "App", "entities": entities}))
    schema = backend_files(app)["api/src/resources/thing/schema.ts"]
    assert f'it: {kind}(20, 40).regex(pattern("example[.]org"))' in schema
    assert ("it", wrong) in facts_of(app, app.entity("Thing")).wrong
