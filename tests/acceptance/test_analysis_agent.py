"""The `analysis` agent on real projects: real tools in the sandbox, papers that hold against their published schemas."""

import json
from typing import Any

from tests.acceptance.test_test_agent import repository, value
from tests.person import Person
from tests.published import cyclonedx_faults, sarif_faults

OLD = "import os\n\n\ndef run(line):\n    return eval(line)\n"
PAPERS = "{sarif: found.sarif, bill: bill.json, demand: nothing}"
TASK = f"  - {{id: t, agent: analysis, writes: [found.sarif, bill.json], inputs: {PAPERS}}}\n"
LOCK = json.dumps(
    {
        "name": "x",
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "x"},
            "node_modules/@a/b": {"version": "1.0.0", "license": "MIT"},
            "node_modules/c": {"version": "2.0.0"},
        },
    }
)


def analysed(
    person: Person, files: dict[str, str], tasks: str = TASK
) -> tuple[int, dict[str, Any], Any, str]:
    target = repository(person, files)
    plan = person.file("plan.yaml", f"goal: see how the code stands\ntasks:\n{tasks}")
    done = person.types("run", plan, "--workspace", target)
    shown = person.types("runs", "context", "last", "analysis/t", "--json")
    return done.code, value(shown.document), target, done.out + done.err


def test_what_is_found_is_written_as_published(person: Person) -> None:
    code, told, target, said = analysed(person, {"src/ä b.py": OLD, "package-lock.json": LOCK})
    assert code == 0, said
    log = json.loads((target / "found.sarif").read_text())
    bill = json.loads((target / "bill.json").read_text())
    assert (sarif_faults(log), cyclonedx_faults(bill)) == ([], [])
    [run] = log["runs"]
    assert run["tool"]["driver"]["name"] == "ruff"
    assert {one["ruleId"] for one in run["results"]} == {"F401", "S307"}
    assert {one["baselineState"] for one in run["results"]} == {"unchanged"}
    assert [one["purl"] for one in bill["components"]] == ["pkg:npm/%40a/b@1.0.0", "pkg:npm/c@2.0.0"]
    assert told["licences"] == {"MIT": 1, "unknown": 1}


def test_only_what_a_change_brought_fails_it(person: Person) -> None:
    tasks = (
        "  - {id: worse, agent: command, inputs: {run: \"echo 'def f(): return gone' > new.py\"}, writes: [new.py]}\n"
        "  - {id: t, agent: analysis, depends_on: [worse]}\n"
    )
    code, told, _, said = analysed(person, {"old.py": "def g():\n    return missing\n"}, tasks)
    assert code == 1
    assert {(one["path"], one["rule"], one["new"]) for one in told["findings"]} == {
        ("new.py", "F821", True),
        ("old.py", "F821", False),
    }
    assert "new.py:1" in said
