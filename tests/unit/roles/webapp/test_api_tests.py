"""The tests of an application expect what its permissions mean, however these are combined."""

from astrolabe.roles.webapp.api_tests import facts_of
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
