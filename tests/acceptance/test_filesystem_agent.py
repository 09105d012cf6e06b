"""The `filesystem` agent in a real workspace: what it declares it does, whole, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.person import Done, Person


def repository(person: Person) -> Path:
    person.file("project/src/a.txt", "one\ntwo\n")
    person.file("project/run.sh", "#!/bin/sh\n").chmod(0o755)
    (person.folder / "project/src/blob.bin").write_bytes(b"\0" * 2_000_000)
    (person.folder / "project/link").symlink_to("src")
    person.file("outside.txt", "secret")
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm first")
    return person.folder / "project"


def does(person: Person, *operations: dict[str, Any], writes: tuple[str, ...] = ("**",)) -> Done:
    task = {
        "id": "t",
        "agent": "filesystem",
        "writes": list(writes),
        "inputs": {"operations": list(operations)},
    }
    plan = person.file("plan.json", json.dumps({"goal": "files", "tasks": [task]}))
    return person.types("run", plan, "--workspace", person.folder / "project")


def test_files_are_read_written_moved_copied_removed_and_searched(person: Person) -> None:
    target = repository(person)
    done = does(
        person,
        {"do": "read", "path": "src/a.txt"},
        {"do": "read", "path": "src/blob.bin"},
        {"do": "search", "pattern": "^t.o$", "within": ["src/**"]},
        {"do": "write", "path": "new/deep.txt", "content": "hello"},
        {"do": "move", "path": "run.sh", "to": "bin/run.sh"},
        {"do": "copy", "path": "link", "to": "other"},
        {"do": "move", "path": "src", "to": "lib"},
        {"do": "remove", "path": "lib/blob.bin"},
        {"do": "list", "within": ["lib"]},
    )
    assert done.code == 0, done.err
    assert (target / "bin/run.sh").stat().st_mode & 0o100
    assert (target / "other").readlink() == Path("src")
    assert sorted(path.name for path in (target / "lib").iterdir()) == ["a.txt"]
    shared = person.types("runs", "context", "last", "files/t", "--json").document["values"][-1]["value"]
    assert shared[0]["text"] == "one\ntwo\n"
    assert (shared[1]["binary"], shared[1]["size_bytes"]) == (True, 2_000_000)
    assert shared[2]["found"] == [["src/a.txt", 2, "two"]]
    assert shared[-1]["paths"] == ["lib/a.txt"]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"do": "write", "path": "../outside.txt", "content": "x"}, 2),
        ({"do": "read", "path": "/etc/passwd"}, 2),
        ({"do": "remove", "path": ".git/config"}, 2),
        ({"do": "write", "path": "link/../../x", "content": "x"}, 2),
        ({"do": "write", "path": "link/x", "content": "x"}, 1),
        ({"do": "move", "path": "src/a.txt", "to": "link/x"}, 1),
        ({"do": "move", "path": "src/a.txt", "to": "run.sh"}, 1),
        ({"do": "read", "path": "link/a.txt"}, 1),
        ({"do": "remove", "path": "absent"}, 1),
        ({"do": "fly", "path": "x"}, 2),
    ],
)
def test_what_leaves_or_contradicts_is_refused_and_nothing_is_done(
    person: Person, operation: dict[str, Any], code: int
) -> None:
    target = repository(person)
    done = does(person, {"do": "write", "path": "first.txt", "content": "x"}, operation)
    assert done.code == code, done.err
    assert not (target / "first.txt").exists()
    assert (person.folder / "outside.txt").read_text() == "secret"


def test_what_the_task_may_not_write_stays(person: Person) -> None:
    target = repository(person)
    done = does(person, {"do": "move", "path": "src/a.txt", "to": "new/a.txt"}, writes=("new",))
    assert done.code in {1, 3}
    assert (target / "src/a.txt").exists()
