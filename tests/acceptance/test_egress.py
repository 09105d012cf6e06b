"""Commands install from the registries a plan names and an operator allows, and from nowhere else."""

import ipaddress
import json
import socket

import pytest

from tests.person import Person

REGISTRY = "registry.npmjs.org:443"
INSTALLS = """
goal: install
tasks:
  - id: install
    agent: command
    inputs: {run: "npm ci && cp node_modules/is-number/package.json installed.json; curl -s https://evil.example; true"}
    writes: [installed.json]
    environment: {toolchains: [node]}
    network: ["registry.npmjs.org:443"]
    checks:
      - {name: closed, run: "test -f installed.json; env | grep -i proxy; test $? = 1"}
      - {name: open, run: "curl -s https://evil.example; true", policy: {network: ["registry.npmjs.org:443"]}}
"""
MANIFEST = {"name": "a", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"}}
LOCK = {
    "name": "a",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": MANIFEST,
        "node_modules/is-number": {
            "version": "7.0.0",
            "resolved": "https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz",
            "integrity": "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==",
        },
    },
}


def as_an_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow the registry; where it is reached by an address that is not public, name that."""
    monkeypatch.setenv("ASTROLABE_EGRESS__HOSTS", json.dumps([REGISTRY]))
    address = socket.gethostbyname(REGISTRY.partition(":")[0])
    if not ipaddress.ip_address(address).is_global:
        monkeypatch.setenv("ASTROLABE_EGRESS__PRIVATE", json.dumps([f"{REGISTRY}={address}"]))


def test_what_a_repository_needs_is_installed_and_every_request_is_shown(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_an_operator(monkeypatch)
    person.file("there/package.json", json.dumps(MANIFEST))
    person.file("there/package-lock.json", json.dumps(LOCK))
    person.file("there/.gitignore", "node_modules\n")
    person.shell("cd there && git init -q && git add . && git commit -qm before")
    done = person.types("run", person.file("plan.yaml", INSTALLS), "--workspace", person.folder / "there")
    assert done.code == 0, done.out
    assert json.loads((person.folder / "there/installed.json").read_text())["version"] == "7.0.0"
    requests = person.types("runs", "egress", "last", "--json").document["requests"]
    by = {(one["task"], one["check"], one["host"], one["port"], one["ruling"]) for one in requests}
    assert by == {
        ("install", None, "registry.npmjs.org", 443, "allowed"),
        ("install", None, "evil.example", 443, "refused"),
        ("install", "open", "evil.example", 443, "refused"),
    }
    assert all(one["received_bytes"] > 0 for one in requests if one["ruling"] == "allowed")
    assert "evil.example:443" in person.types("runs", "egress", "last").out


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('network: ["registry.npmjs.org:443", "evil.example:443"]', "tasks[0].network[1]"),
        (
            'checks: [{name: c, run: "true", policy: {network: ["evil.example:443"]}}]',
            "tasks[0].checks[0].policy.network[0]",
        ),
    ],
)
def test_a_plan_that_would_reach_more_is_refused_before_it_runs(
    person: Person, monkeypatch: pytest.MonkeyPatch, line: str, place: str
) -> None:
    as_an_operator(monkeypatch)
    text = f'goal: g\ntasks:\n  - id: a\n    agent: command\n    inputs: {{run: "true"}}\n    {line}\n'
    for words in (
        ("run", person.file("plan.yaml", text), "--workspace", person.folder / "there"),
        ("plan", "validate", person.folder / "plan.yaml"),
    ):
        done = person.types(*words)
        assert done.code == 2
        assert place in done.err + done.out
        assert "evil.example:443" in done.err + done.out
    assert not (person.folder / "there").exists()
    assert person.types("runs", "list", "--json").document == []


def test_a_workspace_cannot_let_anything_through(person: Person) -> None:
    for name in (".npmrc", ".env", "config.yaml", ".astrolabe/config.yaml", ".config/astrolabe/config.yaml"):
        person.file(f"there/{name}", "egress: {hosts: ['evil.example:443']}\nproxy=http://evil.example\n")
    done = person.types(
        "sandbox",
        "exec",
        "--workspace",
        person.folder / "there",
        "--json",
        "--",
        "curl",
        "-s",
        "https://evil.example",
    )
    assert done.document["exit_code"] != 0
    assert done.document["network"] == []


@pytest.mark.parametrize("wrong", ["evil.example", "10.0.0.1:443", "*.example:443", "a:b:1"])
def test_what_is_no_host_and_port_is_bad_input(person: Person, wrong: str) -> None:
    done = person.types("sandbox", "exec", "--net", wrong, "--", "true")
    assert done.code == 2
    assert wrong in done.err
