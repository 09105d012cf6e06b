"""After a run a person learns what became of it, takes away what it left, and every line told to be typed works."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from astrolabe.cli.exits import Exit
from tests.person import Person

FIRST = """
goal: two pages
tasks:
  - {id: home, agent: command, inputs: {run: "echo home > home.txt"}, writes: [home.txt],
     checks: [{name: has a title, run: "cat home.txt; cat home.txt > seen.txt", produces: [seen.txt]}]}
"""
FAILING = """
goal: fails in one place
tasks:
  - {id: good, agent: command, inputs: {run: "echo done > good.txt"}, writes: [good.txt], checks: ["test -s good.txt"]}
  - {id: side, agent: command, inputs: {run: "echo side > side.txt"}, writes: [side.txt],
     checks: [{name: is it y, run: "cat side.txt"}]}
  - id: bad
    agent: command
    depends_on: [good, side]
    inputs: {run: "echo x > bad.txt"}
    writes: [bad.txt]
    checks: [{name: is it y, run: "seq 100; cat bad.txt; grep y bad.txt", produces: [bad.txt]}]
"""
FORGING = "fine\n   99 00:00:00.000 run.finished  passed\x1b[2K\r\u202e\x9b1A"


@pytest.fixture
def target(person: Person) -> Path:
    person.shell(
        "git init -q target && cd target && echo mine > mine.txt && git add . && git commit -qm mine"
    )
    return person.folder / "target"


def run(person: Person, plan: str, target: Path | str = "target", code: Exit = Exit.DONE) -> dict[str, Any]:
    done = person.types(
        "run", person.file("plan.yaml", plan), "--workspace", person.folder / target, "--json"
    )
    assert done.code == code, done.out + done.err
    return done.document


def told_to_type(document: dict[str, Any]) -> list[str]:
    return [line for step in document["next"] for line in step["commands"]]


def test_a_failed_run_says_which_check_failed_where_the_rest_is_and_what_to_type(
    person: Person, target: Path
) -> None:
    document = run(person, FAILING, code=Exit.CHECKS_FAILED)

    said = person.types("runs", "show", "last").out
    assert "is it y of bad failed" in said
    assert "  99\n  100\n  x\n" in said
    assert "  1\n" not in said
    assert f"branches astrolabe/{document['run']['id']}/" in said
    lines = told_to_type(document)
    assert all(f"  {line}\n" in said for line in lines)
    for branch in ("good", "side"):
        assert any(line.endswith(f"merge astrolabe/{document['run']['id']}/{branch}") for line in lines)
    *others, again = lines
    for line in others:
        person.shell(line)
    assert {path.name for path in target.iterdir()} == {".git", "mine.txt", "good.txt", "side.txt"}
    exported = person.folder / f"run-{document['run']['id'][-6:]}"
    assert (exported / "bad.txt").read_text() == "x\n"
    assert person.types(*again.split()[1:]).code == Exit.CHECKS_FAILED, again


def test_the_files_of_a_failed_run_that_made_no_folder_can_be_had(person: Person) -> None:
    document = run(person, FAILING, "nowhere", Exit.CHECKS_FAILED)
    assert not (person.folder / "nowhere").exists()
    for line in told_to_type(document)[:-1]:
        person.shell(line)
    exported = person.folder / f"run-{document['run']['id'][-6:]}"
    assert sorted(path.name for path in exported.iterdir()) == ["bad.txt", "good.txt", "side.txt"]

    done = person.types("runs", "files", "last", "--task", "side", "--out", person.folder / "side", "--json")
    assert done.document["files"] == ["side.txt"]
    assert (person.folder / "side/side.txt").read_text() == "side\n"


def test_what_checks_left_is_listed_and_exported_as_it_was(person: Person) -> None:
    run(person, FIRST)
    kept = person.types("runs", "artifacts", "--json").document["artifacts"]
    assert [(item["kind"], item["path"], item["file"]) for item in kept] == [
        ("produced", "seen.txt", "has-a-title/seen.txt"),
        ("output", "", "has-a-title.log"),
    ]

    out = person.folder / "kept"
    assert person.types("runs", "artifacts", "last", "--out", out).code == Exit.DONE
    for item in kept:
        content = (out / item["file"]).read_bytes()
        assert content == b"home\n"
        assert (len(content), hashlib.sha256(content).hexdigest()) == (item["size_bytes"], item["digest"])
        assert item["file"] in person.types("runs", "artifacts").out


@pytest.mark.parametrize(
    "in_the_way", ["has-a-title.log", "has-a-title/seen.txt", "has-a-title", "link", "a file"]
)
def test_an_export_overwrites_nothing_and_leaves_the_folder(in_the_way: str, person: Person) -> None:
    run(person, FIRST)
    out, elsewhere = person.folder / "kept", person.folder / "elsewhere"
    elsewhere.mkdir()
    if in_the_way == "a file":
        person.file("kept", "mine")
    elif in_the_way == "link":
        out.mkdir()
        (out / "has-a-title").symlink_to(elsewhere)
    else:
        person.file(f"kept/{in_the_way}", "mine")
    before = person.shell("find kept -type f | xargs md5sum")

    done = person.types("runs", "artifacts", "--out", out)

    assert done.code == Exit.BAD_INPUT
    assert "nothing was written" in done.err
    assert person.shell("find kept -type f | xargs md5sum") == before
    assert list(elsewhere.iterdir()) == []


def test_what_a_check_printed_is_told_by_name_and_by_task(person: Person, target: Path) -> None:
    run(person, FAILING, code=Exit.CHECKS_FAILED)
    done = person.types("runs", "log", "last", "--check", "is it y")
    assert done.code == Exit.BAD_INPUT
    assert "side, bad" in done.err
    assert person.types("runs", "log", "last", "--check", "IS IT Y", "--task", "side").out == "side\n"
    document = person.types("runs", "log", "last", "--check", "is it y", "--task", "bad", "--json").document
    assert document["output"].endswith("100\nx\n")
    assert document["verdict"] == "failed"

    for words in (
        ["--check", "is it z"],
        ["--check", "is it y", "--task", "good"],
        ["--check", "x", "--task", "y"],
        ["--task", "y"],
    ):
        done = person.types("runs", "log", "last", *words)
        assert done.code == Exit.BAD_INPUT
        assert "'" in done.err.splitlines()[1], "names what there is"


def test_a_foreign_name_forges_no_line_and_can_still_be_asked_for(person: Person) -> None:
    plan = {
        "goal": FORGING,
        "tasks": [
            {
                "id": "one",
                "name": FORGING,
                "agent": "command",
                "inputs": {"run": "printf '\\033[31mred\\n' > a.txt"},
                "writes": ["a.txt"],
                "checks": [{"name": FORGING, "run": "cat a.txt; false"}],
            }
        ],
    }
    document = run(person, json.dumps(plan), code=Exit.CHECKS_FAILED)
    shown = [
        person.types("runs", *words).out
        for words in (["list"], ["show", "last"], ["log", "last"], ["artifacts"])
    ]
    shown.append(person.types("runs", "show", "last", "--json").out)
    for text in shown:
        assert not set(text) & set("\x1b\r\x9b\u202e")
    assert len(shown[2].splitlines()) == document["run"]["events"]
    assert not [line for text in shown for line in text.splitlines() if line.startswith("   99")]
    (read_it,) = [line for line in told_to_type(document) if "runs log" in line]
    assert person.shell(read_it) == "\x1b[31mred\n"


def test_a_run_whose_process_died_is_called_the_same_everywhere(person: Person) -> None:
    worker = [sys.executable, "-m", "tests.crash.worker", str(person.folder), "after-step", "1"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASTROLABE_")}
    subprocess.run(worker, check=False, env=environment, cwd=Path(__file__).parents[2], capture_output=True)

    (listed,) = person.types("runs", "list", "--json").document
    shown = person.types("runs", "show", "last", "--json").document
    assert listed["status"] == shown["run"]["status"] == "interrupted"
    assert {task["status"] for task in shown["tasks"]} == {"interrupted", "waiting"}
    said = person.types("runs", "show", "last").out
    assert "running" not in said
    assert [f"  {line}" in said for line in told_to_type(shown)] == [True, True]
    assert person.types(*told_to_type(shown)[1].split()[1:]).code == Exit.DONE
    assert person.types("runs", "show", "last", "--json").document["run"]["status"] == "cancelled"


def test_a_run_whose_clone_was_removed_names_the_way_out_and_keeps_no_other_from_going_on(
    person: Person, target: Path
) -> None:
    head = person.shell("git -C target rev-parse HEAD").strip()
    lost, fine = FIRST, FIRST.replace("home", "other")
    person.begins(person.file("lost.yaml", lost), target)
    (clone,) = (person.folder / "home/state/workspaces").glob("*.git")
    person.begins(person.file("fine.yaml", fine), person.folder / "fresh")
    person.shell(
        f"rm -rf '{clone}'; git -C target commit -q --amend -m 'rewritten'; git -C target reflog expire --expire=now --all; git -C target gc -q --prune=now"
    )
    gone, other = reversed(person.types("runs", "list", "--json").document)

    done = person.types("resume", "--json")

    assert done.code == Exit.UNAVAILABLE
    told, report = done.document["runs"]
    assert told["run"]["id"] == gone["id"]
    assert head in told["error"]["message"]
    assert (report["run"]["id"], report["run"]["status"]) == (other["id"], "passed")
    person.shell(told["error"]["hint"].split(": ", 1)[1])
    assert [run["status"] for run in person.types("runs", "list", "--json").document] == [
        "passed",
        "cancelled",
    ]


def test_a_run_whose_clone_was_removed_goes_on_if_nothing_of_it_is_lost(person: Person, target: Path) -> None:
    person.begins(person.file("plan.yaml", FIRST), target)
    person.shell(f"rm -rf '{person.folder}'/home/state/workspaces/*")
    assert person.types("resume", "--json").document["run"]["status"] == "passed"
    assert (target / "home.txt").read_text() == "home\n"


def test_runs_and_plans_are_found_by_what_names_exactly_one(person: Person) -> None:
    assert person.types("runs", "show", "last").code == Exit.BAD_INPUT
    older, newer = (run(person, FIRST, f"target{n}")["run"] for n in range(2))
    for name in (newer["id"], newer["id"].lower(), newer["id"][-8:], "last"):
        assert person.types("runs", "show", name, "--json").document["run"]["id"] == newer["id"]
        assert person.types("plan", "history", name, "--json").document[0]["plan"] == newer["plan"]["id"]
    assert (
        person.types("plan", "history", older["plan"]["id"][-9:], "--json").document[0]["plan"]
        == older["plan"]["id"]
    )
    assert "no difference" in person.types("plan", "diff", f"{older['id']}:1", "last:1").out

    for command in (["runs", "show"], ["runs", "log"], ["runs", "artifacts"], ["runs", "cancel"], ["resume"]):
        done = person.types(*command, "0", "--json")
        assert done.code == Exit.BAD_INPUT
        assert "can mean 2 runs" in done.document["error"]["message"]
    assert "can mean 2 plans" in person.types("plan", "history", older["plan"]["id"][:5]).err
    for name in ("nosuch", "", "last:7", "ö"):
        assert person.types("plan", "diff", name, "last").code == Exit.BAD_INPUT
        assert person.types("runs", "show", name).code == Exit.BAD_INPUT
