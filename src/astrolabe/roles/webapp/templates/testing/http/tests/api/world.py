"""Who uses the application and what they make in it, worked out from the model in `e2e/model.json`."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import requests

from application import REQUEST_SECONDS, ROOT, Application

MODEL = json.loads((ROOT / "e2e/model.json").read_text("utf-8"))
ENTITIES: dict[str, dict[str, Any]] = {entity["name"]: entity for entity in MODEL["entities"]}
ACTIONS = ("create", "read", "update", "delete")
PASSWORD = "correct horse battery"

_CREATED, _CONFLICT = 201, 409


def reach(role: str | None, action: str, entity: dict[str, Any]) -> str:
    """Return which rows an account of a role (None: a guest) may act on: `all`, `own` or `none`."""
    allowed = entity["permissions"][action]
    if "anyone" in allowed:
        return "all"
    if role is None:
        return "none"
    if "signed_in" in allowed or role in allowed:
        return "all"
    return "own" if "owner" in allowed else "none"


def can_make(role: str | None, entity: dict[str, Any]) -> bool:
    """Tell whether an account of that role (None: a guest) can make a row with all it has to refer to."""
    if reach(role, "create", entity) == "none":
        return False
    targets = [ENTITIES[link["target"]] for link in entity["relations"] if link["required"]]
    return all(can_refer(role, target) for target in targets)


def can_refer(role: str | None, target: dict[str, Any]) -> bool:
    """Tell whether there can be a row that an account of that role sees; who may only add rows sees none."""
    seen = reach(role, "read", target)
    return seen == "all" or (seen == "own" and can_make(role, target))


@dataclass(frozen=True)
class Person:
    """Somebody who uses the API; without a token, nobody in particular."""

    url: str
    role: str | None = None
    id: str = ""
    token: str = ""
    connection: requests.Session = field(default_factory=requests.Session)

    def send(self, method: str, path: str, body: object = None, **query: object) -> requests.Response:
        """Send a request to `/api` and return the answer, whatever it is."""
        return self.connection.request(
            method,
            f"{self.url}/api{path}",
            json=body,
            params=query,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=REQUEST_SECONDS,
        )


class World:
    """Accounts and rows of one application."""

    def __init__(self, application: Application) -> None:
        self.nobody = Person(application.url)
        self._numbers = itertools.count(1)
        newcomer = self._register("admin")
        application.make_admin(newcomer["email"])
        self.admin = self._signed_in("admin", newcomer)
        self._made: list[str] = []
        self._used: dict[str, int] = {}

    def account(self, role: str) -> Person:
        """Make an account of a role and sign it in."""
        newcomer = self._register(role)
        changed = self.admin.send("PATCH", f"/users/{newcomer['id']}", {"role": role})
        assert changed.status_code == 200, changed.text
        return self._signed_in(role, newcomer)

    def _register(self, role: str) -> dict[str, Any]:
        number = next(self._numbers)
        body = {"email": f"{role}-{number}@example.org", "name": f"{role} {number}", "password": PASSWORD}
        answer = self.nobody.send("POST", "/auth/register", body)
        assert answer.status_code == _CREATED, answer.text
        return answer.json()["user"]

    def _signed_in(self, role: str, account: dict[str, Any]) -> Person:
        answer = self.nobody.send("POST", "/auth/login", {"email": account["email"], "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return Person(self.nobody.url, role, account["id"], answer.json()["accessToken"])

    def values(self, entity: dict[str, Any], person: Person) -> dict[str, Any]:
        """Return what a row can be made from: the next sample of each field, and rows it has to refer to."""
        number = self._used.get(entity["name"], 0)
        self._used[entity["name"]] = number + 1
        found = {item["name"]: item["samples"][number % len(item["samples"])] for item in entity["fields"]}
        for link in entity["relations"]:
            if link["required"]:
                target = ENTITIES[link["target"]]
                maker = person if can_make(person.role, target) else self.admin
                row = self.make(target, maker)
                found[link["key"]] = [row["id"]] if link["many"] else row["id"]
        return found

    def make(self, entity: dict[str, Any], person: Person) -> dict[str, Any]:
        """Make a row; what is taken already is passed over."""
        for _ in entity["fields"][0]["samples"]:
            answer = person.send("POST", f"/{entity['path']}", self.values(entity, person))
            if answer.status_code != _CONFLICT:
                break
        assert answer.status_code == _CREATED, answer.text
        return self.keep_in_mind(entity, answer.json())

    def keep_in_mind(self, entity: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        """Have a row removed by `tidy_up`."""
        self._made.append(f"/{entity['path']}/{row['id']}")
        return row

    def tidy_up(self) -> None:
        """Remove what is left of the rows that were made, so that their values are free again."""
        for address in reversed(self._made):
            answer = self.admin.send("DELETE", address)
            assert answer.status_code in {204, 404}, answer.text
        self._made.clear()
        self._used.clear()
