"""No secret of the host gets in, and none that turns up inside gets anywhere: grepped for where everything is kept."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.person import Person

TOKEN = "ghp_" + "0aB1cD2eF3gH4iJ5" * 2 + "kL6m"
MADE = "printf 'gh%s0aB1cD2eF3gH4iJ50aB1cD2eF3gH4iJ5kL6m\\n' p_"
"""Prints the token, which no plan holds as it stands."""


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all files below a folder, and the content of all objects in the git repositories among them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes()
        elif path.name == "objects" and path.is_dir():
            command = ["git", f"--git-dir={path.parent}", "cat-file", "--batch-all-objects", "--batch"]
            environment = {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
            }
            yield str(path), subprocess.run(command, capture_output=True, check=True, env=environment).stdout


def places_of(values: tuple[str, ...], *folders: Path) -> list[str]:
    wanted = [value.encode() for value in values]
    return [
        name
        for folder in folders
        for name, content in everything(folder)
        if any(value in content for value in wanted)
    ]


SPY = """
goal: read all there is
tasks:
  - id: spy
    agent: command
    inputs:
      run: |
        { env; cat /proc/[0-9]*/environ ~/.netrc /root/.netrc
        find / -xdev ( -path /usr -o -path /proc -o -path /sys ) -prune -o -type f -size -400 -exec cat {} + ; } > dump.txt 2>/dev/null
        cat dump.txt
    writes: [dump.txt]
    checks:
      - {name: again, run: "cat dump.txt; env; cat /proc/[0-9]*/environ 2>/dev/null; true"}
""".replace("( -path", "\\( -path").replace("sys ) -prune", "sys \\) -prune")


def test_nothing_of_the_host_is_in_reach_of_a_command(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    canaries = tuple(f"cnry-{place}-5f2c9e71b0" for place in ("variable", "word", "netrc", "hub", "redis"))
    variable, word, netrc, hub, redis = canaries
    host = person.folder / "host"
    person.file("host/.netrc", f"machine git.internal login ada password {netrc}\n")
    for name, value in {
        "HOME": str(host),
        "CANARY_API_KEY": variable,
        "CANARY_WORD": word,
        "ASTROLABE_HUB": f"https://ada:{hub}@git.internal/hub.git",
        "ASTROLABE_REDIS_URL": f"redis://:{redis}@127.0.0.1:1/0",
    }.items():
        monkeypatch.setenv(name, value)
    target = person.folder / "there"
    done = person.types("run", person.file("plan.yaml", SPY), "--workspace", target, "--json")
    assert done.code == 0, done.out
    assert "PATH=" in (target / "dump.txt").read_text("utf-8", "replace")
    assert places_of(canaries, person.folder / "home", target) == []
    logged = person.types("runs", "log", "last", "--json").out + done.out + done.err
    assert not [canary for canary in canaries if canary in logged]


LOUD = f"""
goal: print a token
tasks:
  - id: loud
    agent: command
    inputs: {{run: "{MADE.replace(chr(92), chr(92) * 2)}; {MADE.replace(chr(92), chr(92) * 2)} >&2; echo done > done.txt"}}
    writes: [done.txt]
    checks: [{{name: louder, run: "{MADE.replace(chr(92), chr(92) * 2)}"}}]
  - id: dying
    agent: command
    depends_on: [loud]
    inputs: {{run: "{MADE.replace(chr(92), chr(92) * 2)}; exit 3"}}
"""


def test_what_turns_up_inside_is_kept_nowhere(person: Person) -> None:
    done = person.types(
        "run", person.file("plan.yaml", LOUD), "--workspace", person.folder / "there", "--json"
    )
    assert done.code == 1
    assert TOKEN not in done.out + done.err
    (check,) = done.document["checks"]
    assert check["output_tail"] == "[secret: GitHub token]\n"
    assert "[secret: GitHub token]" in done.document["tasks"][1]["reason"]
    assert "[secret: GitHub token]" in person.types("runs", "log", "last", "--check", "louder").out
    assert person.types("runs", "attempts", "last", "--json").out.count("[secret: GitHub token]") >= 3
    assert places_of((TOKEN,), person.folder) == []


LEAKS = f"""
goal: write a token down
tasks:
  - id: leak
    agent: command
    inputs: {{run: "echo first > config.env; {MADE.replace(chr(92), chr(92) * 2)} >> config.env"}}
    writes: [config.env]
"""


def test_what_holds_a_secret_is_not_committed(person: Person) -> None:
    target = person.folder / "there"
    done = person.types("run", person.file("plan.yaml", LEAKS), "--workspace", target, "--json")
    assert done.code == 1
    (task,) = done.document["tasks"]
    assert "config.env:2 (GitHub token)" in task["reason"]
    assert TOKEN not in done.out + done.err
    assert not target.exists() or places_of((TOKEN,), target) == []


def test_only_the_operator_may_allow_it(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = LEAKS.replace("[config.env]", "['**']").replace(
        "echo first", "echo config.env > .astrolabe-secrets-allow; echo gitleaks:allow"
    )
    plan, target = person.file("plan.yaml", marks), person.folder / "there"
    assert person.types("run", plan, "--workspace", target).code == 1
    monkeypatch.setenv("ASTROLABE_ENGINE__SECRETS_ALLOWED_IN", '["*.env"]')
    assert person.types("run", plan, "--workspace", target).code == 0
    assert TOKEN in (target / "config.env").read_text()


MOVES = """
goal: move what was there
tasks:
  - id: move
    agent: command
    inputs: {run: "mkdir -p etc && mv old.env etc/new.env && echo more >> etc/new.env"}
    writes: ["**"]
"""


def test_what_a_person_has_committed_may_be_moved_about(person: Person) -> None:
    person.file("there/old.env", f"TOKEN={TOKEN}\n")
    person.shell("cd there && git init -q && git add . && git commit -qm before")
    done = person.types("run", person.file("plan.yaml", MOVES), "--workspace", person.folder / "there")
    assert done.code == 0, done.out
