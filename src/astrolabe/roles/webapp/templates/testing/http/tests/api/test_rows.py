"""What every kind of row promises over HTTP: making, changing, deleting, pages, permissions, problems."""

from typing import Any

import pytest
import requests

from world import ACTIONS, ENTITIES, MODEL, Person, World, can_make, reach

Entity = dict[str, Any]

DONE = {"create": 201, "read": 200, "update": 200, "delete": 204}
ALL = [pytest.param(entity, id=name) for name, entity in ENTITIES.items()]
ROOMY = [pytest.param(entity, id=name) for name, entity in ENTITIES.items() if entity["room"] >= 3]
PRIVATE = [
    (entity, role)
    for entity in ENTITIES.values()
    for role in MODEL["roles"]
    if reach(role, "read", entity) == "own" and can_make(role, entity)
]
RIGHTS = [
    pytest.param(entity, role, id=f"{name}-{role or 'guest'}")
    for name, entity in ENTITIES.items()
    for role in (None, *MODEL["roles"])
]


def problem(answer: requests.Response, status: int) -> dict[str, Any]:
    """Return the problem that an answer has to be (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert all(isinstance(body[name], str) and body[name] for name in ("type", "title", "detail", "code"))
    return body


def paths(found: dict[str, Any]) -> set[str]:
    return {error["path"].split(".")[0] for error in found["errors"]}


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["items"]]


def attempt(world: World, person: Person, action: str, entity: Entity, row: str) -> requests.Response:
    address = f"/{entity['path']}/{row}"
    if action == "create":
        answer = person.send("POST", f"/{entity['path']}", world.values(entity, person))
        if answer.status_code == DONE["create"]:
            world.keep_in_mind(entity, answer.json())
        return answer
    if action == "update":
        return person.send("PATCH", address, {})
    return person.send("GET" if action == "read" else "DELETE", address)


@pytest.mark.parametrize("entity", ALL)
def test_a_row_is_made_read_changed_and_deleted(world: World, entity: Entity):
    values = world.values(entity, world.admin)
    made = world.admin.send("POST", f"/{entity['path']}", values)
    assert made.status_code == 201, made.text
    row = world.keep_in_mind(entity, made.json())
    address = f"/{entity['path']}/{row['id']}"
    assert made.headers["Location"] == f"/api{address}"
    assert {name: row[name] for name in values} == values
    assert world.admin.send("GET", address).json() == row

    changes = world.values(entity, world.admin)
    changed = world.admin.send("PATCH", address, changes)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in changes} == changes
    assert world.admin.send("GET", address).json() == changed.json()
    assert row["id"] in ids(world.admin.send("GET", f"/{entity['path']}", pageSize=100))

    assert world.admin.send("DELETE", address).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        problem(world.admin.send(method, address, {} if method == "PATCH" else None), 404)
    assert row["id"] not in ids(world.admin.send("GET", f"/{entity['path']}", pageSize=100))


@pytest.mark.parametrize("entity", ALL)
def test_values_that_are_not_valid_are_named_and_nothing_is_kept(world: World, entity: Entity):
    collection = f"/{entity['path']}"
    values = world.values(entity, world.admin)
    before = world.admin.send("GET", collection).json()["total"]
    for name in values:
        wrong = world.admin.send("POST", collection, {**values, name: {"nested": True}})
        assert paths(problem(wrong, 400)) == {name}
    needed = [item["name"] for item in entity["fields"] if item["required"] and not item["prefilled"]]
    for name in needed:
        short = world.admin.send("POST", collection, {key: values[key] for key in values if key != name})
        assert paths(problem(short, 400)) == {name}
    unknown = world.admin.send("POST", collection, {**values, "noSuchField": 1})
    assert paths(problem(unknown, 400)) == {"noSuchField"}
    assert world.admin.send("GET", collection).json()["total"] == before


@pytest.mark.parametrize("entity", ALL)
def test_what_is_no_json_is_refused(world: World, entity: Entity):
    answer = requests.post(
        f"{world.admin.url}/api/{entity['path']}",
        data='{"open":',
        headers={"Authorization": f"Bearer {world.admin.token}", "Content-Type": "application/json"},
        timeout=30,
    )
    problem(answer, 400)


@pytest.mark.parametrize("entity", ROOMY)
def test_a_list_comes_in_pages_that_share_nothing_and_leave_nothing_out(world: World, entity: Entity):
    made = {world.make(entity, world.admin)["id"] for _ in range(3)}
    collection = f"/{entity['path']}"
    total = world.admin.send("GET", collection).json()["total"]
    pages = [world.admin.send("GET", collection, pageSize=2, page=page) for page in range(1, total // 2 + 2)]
    assert {page.json()["total"] for page in pages} == {total}
    seen = [row for page in pages for row in ids(page)]
    assert len(seen) == len(set(seen)) == total
    assert made <= set(seen)
    assert [len(ids(page)) for page in pages][:-1] == [2] * (len(pages) - 1)


@pytest.mark.parametrize("entity", ALL)
@pytest.mark.parametrize("query", [{"page": 0}, {"pageSize": 101}, {"sort": "nothing"}, {"unknown": 1}])
def test_a_list_refuses_what_it_does_not_know(world: World, entity: Entity, query: dict[str, object]):
    refused = problem(world.admin.send("GET", f"/{entity['path']}", **query), 400)
    assert paths(refused) == set(query)


@pytest.mark.parametrize(("entity", "role"), RIGHTS)
def test_rows_of_others_are_open_to_whom_the_model_says(world: World, entity: Entity, role: str | None):
    person = world.account(role) if role else world.nobody
    for action in ACTIONS:
        if action == "create":
            continue
        row = world.make(entity, world.admin)["id"]
        answer = attempt(world, person, action, entity, row)
        scope = reach(role, action, entity)
        if scope == "all":
            assert answer.status_code == DONE[action], answer.text
        elif scope == "none":
            problem(answer, 403 if role else 401)
        else:
            # What somebody may not even read does not exist for them.
            problem(answer, 403 if reach(role, "read", entity) == "all" else 404)


@pytest.mark.parametrize(("entity", "role"), RIGHTS)
def test_rows_are_made_by_whom_the_model_says(world: World, entity: Entity, role: str | None):
    person = world.account(role) if role else world.nobody
    if reach(role, "create", entity) == "none":
        problem(attempt(world, person, "create", entity, ""), 403 if role else 401)
    elif role and can_make(role, entity):
        answer = attempt(world, person, "create", entity, "")
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("token", ["nothing", "e30.e30.e30"])
def test_a_forged_token_opens_nothing(world: World, token: str):
    for path in ("/me", "/users", *(f"/{entity['path']}" for entity in ENTITIES.values())):
        problem(Person(world.nobody.url, token=token).send("GET", path), 401)


def test_rows_of_one_account_are_not_there_for_another(world: World, subtests: pytest.Subtests):
    for entity, role in PRIVATE:
        with subtests.test(entity=entity["name"], role=role):
            one, other = world.account(role), world.account(role)
            row = world.make(entity, one)["id"]
            assert ids(one.send("GET", f"/{entity['path']}")) == [row]
            assert ids(other.send("GET", f"/{entity['path']}")) == []
            assert other.send("GET", f"/{entity['path']}/options").json() == {"items": []}
            for action in ACTIONS[1:]:
                allowed = reach(role, action, entity) != "none"
                problem(attempt(world, other, action, entity, row), 404 if allowed else 403)
            assert one.send("GET", f"/{entity['path']}/{row}").status_code == 200
