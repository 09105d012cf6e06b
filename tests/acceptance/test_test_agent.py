"""The `test` agent on real projects: found, run in the sandbox, each failure told apart."""

from pathlib import Path
from typing import Any

import pytest

from tests.person import Person

UNITTEST = """
import unittest
from slug import slug

class Slug(unittest.TestCase):
    def test_plain(self):
        self.assertEqual(slug("A b"), "a-b")

    def test_old(self):
        self.assertEqual(slug("ä"), "a")

    @unittest.skip("later")
    def test_later(self):
        pass
"""
SLUG = "def slug(text):\n    return text.lower().replace(' ', '-')\n"
NODE = """
import test from 'node:test';
import assert from 'node:assert';
test('adds', async (t) => {
  await t.test('small', () => assert.equal(1 + 1, 2));
  await t.test('large', () => assert.equal(1e3 + 1, 1002));
});
test('alone', { skip: 'no' }, () => {});
"""
PYTEST = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_counts(n):
    assert n < 3

def test_first_time_only():
    assert False, "state"

def test_spoils():
    pytest.spoilt = True

class TestIt:
    def test_order(self):
        assert not hasattr(pytest, "spoilt")
"""


def repository(person: Person, files: dict[str, str]) -> Path:
    for name, content in files.items():
        person.file(f"project/{name}", content)
    person.shell("cd project && git init -q -b main && git add -A && git commit -qm first")
    return person.folder / "project"


def run(person: Person, target: Path, tasks: str) -> tuple[int, dict[str, Any], str]:
    plan = person.file("plan.yaml", f"goal: see how the tests stand\non_failure: keep-going\ntasks:\n{tasks}")
    done = person.types("run", plan, "--workspace", target)
    shown = person.types("runs", "context", "last", "tests/t", "--json")
    return done.code, shown.document, done.out + done.err


def value(document: Any) -> Any:
    return document["values"][-1]["value"]


def test_what_failed_before_is_told_from_what_fails_now(person: Person) -> None:
    target = repository(person, {"slug.py": SLUG, "tests/__init__.py": "", "tests/test_slug.py": UNITTEST})
    before = "  - {id: t, agent: test, writes: [results.json], inputs: {report: results.json}}\n"
    code, document, _ = run(person, target, before)
    told = value(document)
    assert (code, told["verdict"]) == (0, "passed-before")
    [one] = told["runners"]
    assert (one["runner"], one["passed"], one["failed"], one["skipped"], one["new_failures"]) == (
        "unittest",
        1,
        1,
        1,
        0,
    )
    assert one["tests"][0]["before"] is True
    assert (target / "results.json").exists()

    breaking = (
        '  - {id: broken, agent: command, inputs: {run: "sed -i s/lower/upper/ slug.py"}, writes: [slug.py]}\n'
        "  - {id: t, agent: test, depends_on: [broken]}\n"
    )
    code, document, said = run(person, target, breaking)
    told = value(document)
    assert (code, told["verdict"]) == (1, "failed")
    assert {case["id"].rpartition(".")[2]: case["before"] for case in told["runners"][0]["tests"]} == {
        "test_plain": False,
        "test_old": True,
    }
    assert "test_plain" in said


def test_nodes_own_runner_is_found_and_read(person: Person) -> None:
    package = '{"name": "x", "type": "module", "scripts": {"test": "node --test"}}'
    target = repository(person, {"package.json": package, "sum.test.js": NODE})
    code, document, _ = run(person, target, "  - {id: t, agent: test, inputs: {demand: all-pass}}\n")
    [one] = value(document)["runners"]
    assert code == 1
    assert [case["id"] for case in one["tests"]] == ["adds > large"]
    assert (one["passed"], one["failed"], one["skipped"], one["fault"]) == (1, 1, 1, "")


def test_a_project_without_tests_proves_nothing(person: Person) -> None:
    target = repository(person, {"slug.py": SLUG})
    code, document, said = run(person, target, "  - {id: t, agent: test}\n")
    assert code == 1
    assert value(document)["verdict"] == "not-run"
    assert "no tests were found" in said
    assert run(person, target, "  - {id: t, agent: test, inputs: {needs_tests: false}}\n")[0] == 0


def test_what_passes_alone_is_flaky_and_never_passed(person: Person) -> None:
    target = repository(person, {"tests/test_it.py": PYTEST})
    task = "  - {id: t, agent: test, inputs: {demand: all-pass, repeats: 1}}\n"
    code, document, said = run(person, target, task)
    [one] = value(document)["runners"]
    assert (code, one["runner"]) == (1, "pytest")
    assert {case["id"]: case["status"] for case in one["tests"]} == {
        "tests.test_it::test_first_time_only": "failed",
        "tests.test_it.TestIt::test_order": "flaky",
    }
    assert sorted(name.rpartition("::")[2] for name in one["passing"]) == [
        "test_counts[1]",
        "test_counts[2]",
        "test_spoils",
    ]
    assert "AssertionError: state" in said


LIES = "-----astrolabe-section----- results\n<testsuite><testcase name='no'/></testsuite>"
ODD = {
    "hangs": ("import time\ndef test_a():\n    time.sleep(600)\n", "it still ran when its time was over"),
    "dies in the middle": (
        "import os\ndef test_a(): ...\ndef test_b():\n    os._exit(3)\n",
        "the report is empty; it ended with code 3",
    ),
    "prints what looks like a report": (
        f"def test_a():\n    print({LIES!r})\n    assert 'lies' == 'truth'\n",
        "test_it::test_a: AssertionError",
    ),
    "does not compile": ("def test_a(:\n", "SyntaxError"),
    "is empty": ("import pytest\n", "it ran no test"),
    "skips all": ("import pytest\n@pytest.mark.skip\ndef test_a(): ...\n", "it skipped each of its 1 tests"),
}


@pytest.mark.parametrize("what", ODD)
def test_a_suite_that_does_not_end_well_never_passes(what: str, person: Person) -> None:
    text, reason = ODD[what]
    target = repository(person, {"test_it.py": text})
    seconds = 3 if what == "hangs" else 120
    task = (
        f"  - {{id: t, agent: test, inputs: {{demand: all-pass, repeats: 0, timeout_seconds: {seconds}}}}}\n"
    )
    code, document, said = run(person, target, task)
    told = value(document)
    assert (code, told["verdict"]) == (1, "failed")
    assert "no" not in told["runners"][0]["passing"]
    assert reason in " ".join(said.split())


def test_a_broken_configuration_is_told_in_the_runners_words(person: Person) -> None:
    files = {"pytest.ini": "[pytest]\naddopts = --no-such-option\n", "test_it.py": "def test_a(): ...\n"}
    code, document, said = run(person, repository(person, files), "  - {id: t, agent: test}\n")
    assert (code, value(document)["verdict"]) == (1, "failed")
    assert "ended with code 4" in said
    assert "--no-such-option" in said


def test_each_of_several_runners_is_run(person: Person) -> None:
    files = {
        "web/package.json": '{"name": "x", "type": "module", "scripts": {"test": "node --test"}}',
        "web/sum.test.js": NODE.replace("1002", "1001"),
        "tests/__init__.py": "",
        "tests/test_slug.py": UNITTEST.replace('slug("ä"), "a"', 'slug("A"), "a"'),
        "slug.py": SLUG,
    }
    code, document, said = run(person, repository(person, files), "  - {id: t, agent: test}\n")
    told = value(document)
    assert (code, told["verdict"]) == (0, "passed"), said
    assert [(one["runner"], one["folder"], one["passed"], one["skipped"]) for one in told["runners"]] == [
        ("unittest", "", 2, 1),
        ("node:test", "web", 2, 1),
    ]
