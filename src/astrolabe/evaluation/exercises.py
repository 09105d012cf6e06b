"""Repositories of exercises, one folder each: a stub, tests, an example solution, instructions.

That is how Exercism's tracks are laid out, and Aider's polyglot benchmark after them:
`python/exercises/practice/NAME/` with `.docs/instructions.md`, `.meta/config.json` and `.meta/example.py`. Where the
configuration is missing, the files' names say what they are.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, cast

from astrolabe.domain.plan import Check, Environment
from astrolabe.errors import InputError, Problem
from astrolabe.evaluation.suite import MOST_TASK_BYTES, SuiteTask
from astrolabe.planning.visible import visible

_DOCS = ("introduction.md", "instructions.md", "instructions.append.md")
_PLAIN_DOCS = ("instructions.md", "INSTRUCTIONS.md", "README.md", "readme.md", "prompt.md", "goal.md")
_SKIPPED = {".git", "node_modules", "__pycache__"}
_META = (".meta/", ".docs/", ".approaches/", ".articles/")
_EXAMPLE = re.compile(
    r"(^|/)(\.meta/)?(example|proof\.ci|solution|exemplar)[^/]*\.\w+$|^(solution|example)s?/"
)
_TEST = re.compile(r"(^|/)(test_[^/]+|[^/]+_test)\.py$|\.(spec|test)\.[cm]?jsx?$|(^|/)(tests|__tests__)/")
_LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
}
_SKIPPED_TESTS = re.compile(r"\b(xtest|xit|xdescribe|(?:test|it|describe)\.skip)(?=\s*[(.])")
_OF_NODE = re.compile(r"""["']node:test["']""")
_PACKAGE_FILES = {
    "package.json",
    "package-lock.json",
    ".npmrc",
    "babel.config.js",
    "jest.config.js",
    ".eslintrc",
}


@dataclass(frozen=True)
class _Exercise:
    """The files of an exercise, sorted by what they are for. `solution` is by the path of the stub it replaces."""

    name: str
    language: str
    instructions: str
    workspace: Mapping[str, bytes]
    tests: Mapping[str, bytes]
    solution: Mapping[str, bytes]


def exercise_folders(root: Path) -> tuple[Path, ...]:
    """Return the folders below `root` (and `root` itself) that hold an exercise, sorted."""
    found: list[Path] = []
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        if _is_exercise(Path(place), folders, files):
            found.append(Path(place))
            folders.clear()
    return tuple(found)


def _is_exercise(place: Path, folders: Sequence[str], files: Sequence[str]) -> bool:
    told = ".docs" in folders and any((place / ".docs" / name).is_file() for name in _DOCS)
    told = told or any(name in files for name in _PLAIN_DOCS)
    if not told:
        return False
    names = [*files, *(f".meta/{name}" for name in _names(place / ".meta"))]
    names += [
        f"{folder}/{name}"
        for folder in folders
        if not folder.startswith(".")
        for name in _names(place / folder)
    ]
    return any(map(_TEST.search, names)) and any(map(_EXAMPLE.search, names))


def _names(folder: Path) -> Sequence[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else ()


def read_exercise(folder: Path, root: Path) -> SuiteTask:
    """Return an exercise as a task; its name is its path below `root`.

    Raises:
        InputError: something an exercise needs is missing, or it is in a language that is not read here.
    """
    exercise = _sorted_out(folder, _name(folder, root))
    return _judged_by[exercise.language](exercise)


def _name(folder: Path, root: Path) -> str:
    parts = [
        part for part in folder.relative_to(root).parts if part not in {"exercises", "practice", "concept"}
    ]
    plain = re.sub(r"[^a-z0-9._-]+", "-", ".".join(parts or [folder.name]).lower()).strip("-._")
    return plain[:100] or "exercise"


def _sorted_out(folder: Path, name: str) -> _Exercise:
    files = _files(folder)
    told = _told(files, folder)
    tests = {path: files[path] for path in told.get("test", ()) or _matching(files, _TEST)}
    examples = told.get("example", ()) or told.get("exemplar", ()) or _matching(files, _EXAMPLE)
    helpers = {path for path in files if path.startswith(_META) or path in examples or path in tests}
    docs = {path for path in _PLAIN_DOCS if path in files}
    stubs = told.get("solution", ()) or [
        path for path in files if path not in helpers | docs and _language([path])
    ]
    problems = [
        Problem(visible(str(folder)), f"has no {what}")
        for what, found in (("tests", tests), ("stub", stubs), ("example solution", examples))
        if not found
    ]
    language = _language([*stubs, *tests])
    if not problems and language is None:
        problems = [
            Problem(visible(str(folder)), "is in no language that is read here", "Python or JavaScript")
        ]
    if problems or language is None:
        raise InputError("an exercise cannot be read", problems)
    workspace = {path: content for path, content in files.items() if path not in helpers | docs}
    solution = {
        path: content for path, content in _placed(files, examples, stubs).items() if path not in tests
    }
    return _Exercise(name, language, _instructions(files), workspace, tests, solution)


def _files(folder: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _SKIPPED)
        for name in sorted(names):
            path = Path(place, name)
            if path.is_symlink() or not path.is_file():
                raise InputError(
                    "an exercise holds files only", [Problem(visible(str(path)), "is a link, or no file")]
                )
            found[path.relative_to(folder).as_posix()] = content = path.read_bytes()
            size += len(content)
            if size > MOST_TASK_BYTES:
                raise InputError(
                    "an exercise is too large",
                    [Problem(visible(str(folder)), f"holds more than {MOST_TASK_BYTES:,} bytes")],
                )
    return found


def _told(files: Mapping[str, bytes], folder: Path) -> dict[str, list[str]]:
    """Return what `.meta/config.json` says of the files: their paths by `solution`, `test`, `example`; those that exist."""
    raw = files.get(".meta/config.json")
    if raw is None:
        return {}
    try:
        config: Any = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        place = visible(str(folder / ".meta/config.json"))
        raise InputError("an exercise cannot be read", [Problem(place, f"is no JSON: {fault}")]) from fault
    told = cast("dict[str, Any]", config).get("files") if isinstance(config, dict) else None
    listed = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    return {
        kind: [path for path in cast("list[Any]", paths) if path in files]
        for kind, paths in listed.items()
        if isinstance(paths, list)
    }


def _matching(files: Iterable[str], pattern: re.Pattern[str]) -> list[str]:
    return [path for path in files if pattern.search(path)]


def _language(paths: Sequence[str]) -> str | None:
    return next((known for path in paths if (known := _LANGUAGES.get(PurePosixPath(path).suffix))), None)


def _placed(files: Mapping[str, bytes], examples: Sequence[str], stubs: Sequence[str]) -> dict[str, bytes]:
    """Return each example at the place it goes to: the stub of its name, else the only stub, else beside the stubs."""
    if (
        len(examples) == 1
        and len(stubs) >= 1
        and PurePosixPath(examples[0]).name not in {PurePosixPath(stub).name for stub in stubs}
    ):
        return {stubs[0]: files[examples[0]]}
    by_name = {PurePosixPath(stub).name: stub for stub in stubs}
    return {by_name.get(PurePosixPath(path).name, PurePosixPath(path).name): files[path] for path in examples}


def _instructions(files: Mapping[str, bytes]) -> str:
    told = [f".docs/{name}" for name in _DOCS if f".docs/{name}" in files]
    told = told or [name for name in _PLAIN_DOCS if name in files][:1]
    return "\n\n".join(files[path].decode(errors="replace").strip() for path in told)


def _goal(exercise: _Exercise) -> str:
    stubs = ", ".join(sorted(exercise.solution))
    return (
        f"{exercise.instructions}\n\n# What to do\n\nImplement what is described above in {stubs}. Keep the names and "
        "signatures that are there: tests that you do not see call them. Use only what the language brings."
    )


def _task(exercise: _Exercise, hidden: Mapping[str, bytes], check: Check) -> SuiteTask:
    return SuiteTask(
        name=exercise.name,
        goal=_goal(exercise),
        workspace=dict(exercise.workspace),
        hidden=dict(hidden),
        solution=dict(exercise.solution),
        writes=tuple(exercise.solution),
        checks=(check,),
        environment=check.environment or Environment(),
        tags=(exercise.language,),
    )


def _python(exercise: _Exercise) -> SuiteTask:
    names = " ".join(sorted(exercise.tests))
    needs = Environment(toolchains=("python", "pytest"))
    return _task(
        exercise, exercise.tests, Check(name="hidden tests", run=f"pytest -q {names}", environment=needs)
    )


def _javascript(exercise: _Exercise) -> SuiteTask:
    tests = {path: _none_skipped(content) for path, content in exercise.tests.items()}
    names = " ".join(sorted(tests))
    if any(_OF_NODE.search(content.decode(errors="replace")) for content in tests.values()):
        needs = Environment(toolchains=("node",))
        return _task(
            exercise, tests, Check(name="hidden tests", run=f"node --test {names}", environment=needs)
        )
    shipped = resources.files("astrolabe.evaluation").joinpath("jest")
    runner = {
        name: shipped.joinpath(name).read_bytes()
        for name in ("package.json", "package-lock.json", "babel.config.js")
    }
    needs = Environment(toolchains=("node",), lockfiles=("package-lock.json",))
    run = f"node node_modules/jest/bin/jest.js --ci --rootDir . {names}"
    plain = {path: content for path, content in exercise.workspace.items() if path not in _PACKAGE_FILES}
    bare = _Exercise(exercise.name, exercise.language, exercise.instructions, plain, tests, exercise.solution)
    return _task(bare, {**tests, **runner}, Check(name="hidden tests", run=run, environment=needs))


def _none_skipped(content: bytes) -> bytes:
    """Return a test file with every test on: exercises hide all but the first, for people who go on test by test."""
    text = content.decode(errors="replace")
    return _SKIPPED_TESTS.sub(lambda found: found[1].removeprefix("x").removesuffix(".skip"), text).encode()


_judged_by: Mapping[str, Callable[[_Exercise], SuiteTask]] = {"python": _python, "javascript": _javascript}
