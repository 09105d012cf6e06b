"""The API against the OpenAPI document it serves: schemathesis makes up requests from that document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.cli import schemathesis as command

from application import Application
from world import ENTITIES, World, can_make

HERE = Path(__file__).parent


@pytest.fixture
def spared(inhabited: World) -> Iterator[None]:
    """Whoever asks must not take away their own role meanwhile: from then on they would only be refused."""

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        if (
            case.operation.label == "PATCH /api/users/{id}"
            and case.path_parameters.get("id") == inhabited.admin.id
        ):
            case.path_parameters["id"] = "somebody-else"

    yield
    schemathesis.hooks.unregister(before_call)


@pytest.mark.usefixtures("spared")
def test_the_api_does_what_it_says(
    application: Application, inhabited: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    # So that there is something to refer to and to ask for.
    for entity in ENTITIES.values():
        if can_make("admin", entity):
            inhabited.make(entity, inhabited.admin)
    monkeypatch.chdir(tmp_path)
    arguments = [
        *("--config-file", str(HERE / "schemathesis.toml"), "run", f"{application.url}/api/openapi.json"),
        *("--checks", "all", "--header", f"Authorization: Bearer {inhabited.admin.token}"),
    ]
    with pytest.raises(SystemExit) as ended:
        command.main(arguments)
    assert ended.value.code == 0
    assert inhabited.admin.send("GET", "/users").status_code == 200
