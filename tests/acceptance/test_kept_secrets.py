"""What lies in a repository's own files of secrets reaches no model, by whatever tool it is looked at, however weak it is."""

import json
from base64 import b64encode

from astrolabe.testing.models import ModelServer
from astrolabe.testing.models.script import Script, call
from tests.person import Person

WEAK = "hunter2hunter2"
PLAN = {
    "goal": "look",
    "tasks": [
        {
            "id": "look",
            "agent": "code",
            "goal": "Look around.",
            "writes": ["made.txt"],
            "checks": [{"name": "made", "run": "test -f made.txt"}],
        }
    ],
}
TURNS = (
    call("read", {"path": ".env"}),
    call("search", {"pattern": "PASSWORD"}),
    call("run", {"command": "cat .env; base64 .env; cp .env made.txt"}),
    call("read", {"path": "made.txt"}),
    call("finish", {"summary": "seen"}),
)


def test_a_weak_password_in_a_file_of_secrets_is_shown_to_no_model(person: Person) -> None:
    person.file("project/.env", f"PORT=8080\nDB_PASSWORD={WEAK}\n")
    person.shell("cd project && git init -q -b main && git add -Af && git commit -qm before")
    plan = person.file("plan.json", json.dumps(PLAN))
    person._monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
    person._monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW", "32000")
    with ModelServer(Script(turns=TURNS)) as server:
        person._monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        done = person.types("run", plan, "--repo", person.folder / "project", "--yes", "--json")
        asked = b"\n".join(request.body for request in server.requests)
    assert done.code == 0, done.out
    assert b"PORT=8080" in asked
    for form in (WEAK.encode(), b64encode(b"x" + WEAK.encode())[4:16], b64encode(WEAK.encode())[:16]):
        assert form not in asked
