"""The `analysis` agent on a real project with a real tool: new findings are told from old ones."""

import json
from typing import Any

from tests.acceptance.test_test_agent import repository
from tests.person import Person

OLD = "import os\n\n\ndef run(name):\n    return eval(name)\n"
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "x"},
        "node_modules/@a/b": {"version": "1.0.0", "license": "MIT", "integrity": "sha512-AAAA"},
        "web": {"version": "1.0.0"},
    },
}


def analysed(person: Person, tasks: str) -> tuple[int, Any]:
    plan = person.file("plan.yaml", f"goal: look\ntasks:\n{tasks}")
    done = person.types("run", plan, "--workspace", person.folder / "project")
    shown = person.types("runs", "context", "last", "analysis/a", "--json").document
    return done.code, shown["values"][-1]["value"]


def test_new_findings_are_told_from_old_ones(person: Person) -> None:
    target = repository(person, {"a.py": OLD, "package-lock.json": json.dumps(LOCK)})
    asked = "inputs: {sarif: found.sarif, bill: bill.cdx.json}, writes: [found.sarif, bill.cdx.json]"
    code, told = analysed(person, f"  - {{id: a, agent: analysis, {asked}}}\n")
    assert code == 0, told
    assert {(one["rule"], one["line"], one["new"]) for one in told["findings"]} == {
        ("F401", 1, False),
        ("S307", 5, False),
    }
    assert [one["tool"] for one in told["not_run"]] == ["mypy"]
    assert told["licences"] == {"MIT": 1}
    log = json.loads((target / "found.sarif").read_text())
    states = [result["baselineState"] for run in log["runs"] for result in run["results"]]
    assert (log["version"], states) == ("2.1.0", ["unchanged", "unchanged"])
    [component] = json.loads((target / "bill.cdx.json").read_text())["components"]
    assert component["purl"] == "pkg:npm/%40a/b@1.0.0"

    line = "sed -i 's/^import os/import os, sys/' a.py && echo undefined2 >> a.py"
    add = f'  - {{id: worse, agent: command, inputs: {{run: "{line}"}}, writes: [a.py]}}\n'
    code, told = analysed(person, f"{add}  - {{id: a, agent: analysis, depends_on: [worse]}}\n")
    assert code == 1
    new = " ".join(one["message"] for one in told["findings"] if one["new"])
    assert "`undefined2`" in new
    assert "`sys`" in new
    assert "`os`" not in new
