"""The `test` agent with the ecosystems' real runners in the sandbox: each test is told as it ended, and coverage as measured."""

import shutil
import subprocess

import pytest

from tests.acceptance.test_test_agent import repository, run, value
from tests.ecosystems.projects import PROJECTS
from tests.person import Person

RANDOM = "\n".join(f"def test_chance_{n}():\n    assert os.urandom(1)[0] % 2, 'tails'\n" for n in range(16))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PROJECTS)
def test_a_real_runner_is_read(name: str, person: Person) -> None:
    project = PROJECTS[name]
    assert shutil.which(project.program), (
        f"{project.program} is not installed: just test-ecosystems does that"
    )
    files = dict(project.files)
    folder = person.folder / "made"
    folder.mkdir()
    for path, line in project.needs.items():
        (folder / "package.json").write_text(files["package.json"])
        subprocess.run(line, shell=True, check=True, cwd=folder)
        files[path] = (folder / path).read_text()
    target = repository(person, files)
    task = "  - {id: t, agent: test, inputs: {demand: nothing, coverage: true, repeats: 1}}\n"
    code, document, said = run(person, target, task)
    assert code == 0, said
    [one] = value(document)["runners"]
    assert (one["runner"], one["fault"]) == (project.runner, ""), said
    told = {case["id"]: case["status"] for case in one["tests"]} | dict.fromkeys(one["passing"], "passed")
    expected = {name: end for name, end in project.ends.items() if end != "skipped"}
    assert told == expected
    assert one["skipped"] == sum(end == "skipped" for end in project.ends.values())
    assert all(case["message"] for case in one["tests"])
    lines = one["coverage"] and one["coverage"]["lines"]
    assert lines == (None if project.lines is None else pytest.approx(project.lines, abs=0.1))


@pytest.mark.timeout(900)
def test_chance_is_never_told_as_a_fault_of_the_change(person: Person) -> None:
    target = repository(person, {"test_it.py": f"import os\n\n{RANDOM}"})
    task = "  - {id: t, agent: test, inputs: {repeats: 20}}\n"
    code, document, said = run(person, target, task)
    [one] = value(document)["runners"]
    assert (code, one["failed"]) == (0, 0), said
    assert one["flaky"] >= 1
    assert one["flaky"] + one["passed"] == 16
