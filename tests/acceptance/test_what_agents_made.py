"""What each agent made is recorded with its run: path, kind, digest and task."""

import hashlib

from tests.person import Person

PLAN = """
goal: make things
tasks:
  - {id: first, agent: command, inputs: {run: "mkdir -p src && echo a > src/a.py && echo x > notes.md"}, writes: ["src/**", notes.md]}
  - {id: second, agent: command, inputs: {run: "rm notes.md && echo b > src/a.py"}, writes: ["src/**", notes.md], depends_on: [first]}
  - {id: idle, agent: command, inputs: {run: "true"}, depends_on: [second]}
"""


def test_what_was_made_is_listed_with_who_made_it(person: Person) -> None:
    plan = person.file("plan.yaml", PLAN)
    assert person.types("run", plan, "--workspace", person.folder / "there").code == 0
    made = person.types("runs", "artifacts", "last", "--made", "--json").document["made"]
    digest = hashlib.sha256(b"b\n").hexdigest()
    assert [(item["task"], item["path"], item["kind"]) for item in made] == [
        ("first", "notes.md", "document"),
        ("first", "src/a.py", "code"),
        ("second", "notes.md", "removed"),
        ("second", "src/a.py", "code"),
    ]
    assert (made[-1]["digest"], made[-1]["size_bytes"], made[-1]["agent"]) == (digest, 2, "command")
    assert (
        len(person.types("runs", "artifacts", "--made", "--task", "second", "--json").document["made"]) == 2
    )
    assert "src/a.py" in person.types("runs", "artifacts", "last", "--made").out
    assert person.types("runs", "artifacts", "last", "--made", "--task", "none").code == 2
