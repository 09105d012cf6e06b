"""Suites of one's own, and repositories of exercises in the layouts that are about."""

import json
from pathlib import Path

import pytest

from astrolabe.errors import InputError, MissingError
from astrolabe.evaluation.reading import chosen, read_suite
from astrolabe.evaluation.suite import SuiteTask, as_told

PYTHON_TEST = "from thing import thing\n\ndef test_it():\n    assert thing() == 1\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_suite_file_names_folders_or_tells_contents(tmp_path: Path) -> None:
    write(tmp_path, {"slug/start/slug.py": "def slug(s): ...\n", "slug/tests/test_slug.py": "x = 1\n"})
    write(
        tmp_path,
        {
            "suite.yaml": """
name: small
tasks:
  - name: slug
    goal: Make slug lower its text.
    workspace: slug/start
    hidden: slug/tests
    solution: {slug.py: "def slug(s): return s.lower()\\n"}
    writes: slug.py
    checks: [pytest -q test_slug.py]
    environment: {toolchains: [python, pytest]}
"""
        },
    )
    suite = read_suite(tmp_path)
    (task,) = suite.tasks
    assert task.workspace == {"slug.py": b"def slug(s): ...\n"}
    assert task.hidden == {"test_slug.py": b"x = 1\n"}
    assert task.writes == ("slug.py",)
    assert task.checks[0].run == "pytest -q test_slug.py"
    assert read_suite(tmp_path / "suite.yaml") == suite


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tasks: []", "tasks"),
        ("tasks: [{name: A B, goal: x, checks: ['true']}]", "small letters"),
        ("tasks: [{name: a, goal: x}]", "checks"),
        ("tasks: [{name: a, goal: x, checks: ['true'], workspace: nowhere}]", "no folder"),
        ("tasks: [{name: a, goal: x, checks: ['true'], hidden: {../a: b}}]", "leaves the workspace"),
        (
            "tasks: [{name: a, goal: x, checks: ['true']}, {name: a, goal: y, checks: ['true']}]",
            "more than one task named a",
        ),
        ("tasks: [{name: a, goal: x, chekcs: ['true']}]", "checks"),
    ],
)
def test_what_is_wrong_with_a_suite_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        read_suite(write(tmp_path, {"suite.yaml": text}))
    assert said in str(raised.value)
    assert raised.value.problems


def test_a_place_without_a_suite_says_what_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(MissingError):
        read_suite(tmp_path / "none")
    with pytest.raises(InputError, match="holds no suite"):
        read_suite(tmp_path)


def test_an_exercise_with_its_configuration(tmp_path: Path) -> None:
    config = {"files": {"solution": ["thing.py"], "test": ["thing_test.py"], "example": [".meta/example.py"]}}
    base = "python/exercises/practice/the-thing/"
    write(
        tmp_path,
        {
            base + ".docs/introduction.md": "Once upon a time.",
            base + ".docs/instructions.md": "Return one.",
            base + ".docs/hints.md": "It is 1.",
            base + ".meta/config.json": json.dumps(config),
            base + ".meta/example.py": "def thing():\n    return 1\n",
            base + ".meta/template.j2": "{{ x }}",
            base + "thing.py": "def thing():\n    pass\n",
            base + "thing_test.py": PYTHON_TEST,
            base + "data.txt": "given\n",
        },
    )
    (task,) = read_suite(tmp_path).tasks
    assert task.name == "python.the-thing"
    assert set(task.workspace) == {"thing.py", "data.txt"}
    assert set(task.hidden) == {"thing_test.py"}
    assert task.solution == {"thing.py": b"def thing():\n    return 1\n"}
    assert task.writes == ("thing.py",)
    assert "Once upon a time" in task.goal
    assert "Return one" in task.goal
    assert "It is 1." not in task.goal
    assert task.tags == ("python",)


@pytest.mark.parametrize(
    "files",
    [
        {
            "README.md": "Return one.",
            "thing.py": "def thing(): ...\n",
            "test_thing.py": PYTHON_TEST,
            "example.py": "def thing(): return 1\n",
        },
        {
            "instructions.md": "Return one.",
            "thing.py": "...\n",
            "tests/test_thing.py": PYTHON_TEST,
            "solution/thing.py": "def thing(): return 1\n",
        },
        {
            ".docs/instructions.md": "Return one.",
            "thing.py": "...\n",
            "thing_test.py": PYTHON_TEST,
            ".meta/example.py": "def thing(): return 1\n",
        },
    ],
)
def test_without_a_configuration_the_names_say_what_files_are(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path / "one", files)
    (task,) = read_suite(tmp_path).tasks
    assert set(task.workspace) == {"thing.py"}
    assert task.solution == {"thing.py": b"def thing(): return 1\n"}
    assert any("test" in path for path in task.hidden)
    assert "Return one." in task.goal


def test_exercises_in_javascript_bring_their_runner_and_have_every_test_on(tmp_path: Path) -> None:
    write(
        tmp_path / "leap",
        {
            ".docs/instructions.md": "Leap years.",
            ".meta/proof.ci.js": "export const leap = () => true;\n",
            "leap.js": "export const leap = () => {};\n",
            "leap.spec.js": "xtest('a', () => {}); test.skip('b', () => {}); xdescribe('c', () => {}); it.skip.each([1])('d');\n",
            "package.json": "{}",
            "babel.config.js": "old",
        },
    )
    (task,) = read_suite(tmp_path).tasks
    assert (
        task.hidden["leap.spec.js"]
        == b"test('a', () => {}); test('b', () => {}); describe('c', () => {}); it.each([1])('d');\n"
    )
    assert {"package.json", "package-lock.json", "babel.config.js"} <= set(task.hidden)
    assert set(task.workspace) == {"leap.js"}
    assert task.environment.lockfiles == ("package-lock.json",)


def test_tests_for_the_runner_of_node_need_nothing_else(tmp_path: Path) -> None:
    write(
        tmp_path / "leap",
        {
            "README.md": "Leap.",
            "leap.mjs": "x",
            "leap.test.mjs": "import test from 'node:test';\n",
            "solution.mjs": "y",
        },
    )
    (task,) = read_suite(tmp_path).tasks
    assert task.checks[0].run == "node --test leap.test.mjs"
    assert task.environment.lockfiles == ()


def test_what_is_no_whole_exercise_is_told_or_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a", {"README.md": "x", "only.py": "1\n"})
    with pytest.raises(InputError, match="holds no suite"):
        read_suite(tmp_path)
    write(tmp_path / "b", {"README.md": "x", "t.test.js": "1", "example.js": "2"})
    with pytest.raises(InputError, match="has no stub"):
        read_suite(tmp_path)


def test_links_in_an_exercise_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", {"README.md": "x", "a.py": "1\n", "a_test.py": "2\n", "example.py": "3\n"})
    (tmp_path / "a" / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="files only"):
        read_suite(tmp_path)


def test_only_some_tasks(tmp_path: Path) -> None:
    tasks = "\n".join(
        f"  - {{name: {name}, goal: x, checks: ['true'], tags: [{name[0]}x]}}" for name in ("ab", "bc", "cd")
    )
    suite = read_suite(write(tmp_path, {"suite.yaml": f"tasks:\n{tasks}\n"}))
    assert [task.name for task in chosen(suite, ["b"]).tasks] == ["ab", "bc"]
    assert [task.name for task in chosen(suite, ["cx"]).tasks] == ["cd"]
    with pytest.raises(InputError, match="no task is called z"):
        chosen(suite, ["z"])


def test_files_that_are_no_text_survive_the_plan() -> None:
    for content in (b"\xff\x00\xfe", b"base64:not really", b"", "ümlaut\r\n".encode()):
        task = SuiteTask.model_validate(
            {
                "name": "a",
                "goal": "x",
                "checks": [{"name": "a", "run": "true"}],
                "hidden": {"f": as_told(content)},
            }
        )
        assert task.hidden["f"] == content
        assert SuiteTask.model_validate_json(task.model_dump_json()) == task
