"""Reading suites: a `suite.yaml` with the tasks in it, or a repository of exercises, one folder each."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from astrolabe.domain.plan import Budget, Environment
from astrolabe.errors import InputError, MissingError, Problem
from astrolabe.evaluation.exercises import exercise_folders, read_exercise
from astrolabe.evaluation.suite import MOST_TASK_BYTES, Checks, Suite, SuiteTask
from astrolabe.planning.places.reading import read_document
from astrolabe.planning.places.validation import validate
from astrolabe.planning.visible import visible

SUITE_FILE = "suite.yaml"
_FORMS = {r"^[a-z0-9][a-z0-9._-]{0,99}$": "a name of small letters, digits, dots and dashes"}


def _listed(raw: object) -> object:
    return [raw] if isinstance(raw, str) else raw


class _Told(BaseModel):
    """A task as a suite file tells it. A set of files is a folder beside the suite file, or paths with their content."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    goal: str = Field(min_length=1, description="What is to be done, in words: all that an agent is told.")
    workspace: str | dict[str, str] = Field(default_factory=dict)
    hidden: str | dict[str, str] = Field(default_factory=dict)
    solution: str | dict[str, str] = Field(default_factory=dict)
    writes: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ("**",)
    checks: Annotated[Checks, BeforeValidator(_listed)] = Field(
        min_length=1, description="Commands that must pass once the hidden files are laid over the result."
    )
    environment: Environment = Environment()
    timeout: float = Field(default=1800, gt=0, description="Seconds an agent may take.")
    budget: Budget = Budget()
    tags: tuple[str, ...] = ()


class _Suite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    tasks: tuple[_Told, ...] = Field(min_length=1)


def read_suite(place: Path) -> Suite:
    """Return the suite of a file, of the `suite.yaml` in a folder, or of a folder that holds exercises.

    Raises:
        MissingError: there is nothing of that name.
        InputError: it is no suite; every problem with its place.
    """
    shown = visible(str(place))
    if not place.exists():
        raise MissingError(
            f"there is no suite {shown}", hint=f"Name a folder with {SUITE_FILE}, or one of exercises."
        )
    file = place / SUITE_FILE if place.is_dir() else place
    if file.is_file():
        return _read_file(file)
    folders = exercise_folders(place)
    if not folders:
        hint = f"It needs a {SUITE_FILE}, or folders with instructions, a stub, tests and an example each."
        raise InputError(f"{shown} holds no suite", hint=hint)
    return _built(place.resolve().name, [read_exercise(folder, place) for folder in folders], shown)


def chosen(suite: Suite, patterns: Sequence[str]) -> Suite:
    """Return the suite with the tasks whose name holds one of the words, or whose tags do; all when there are none.

    Raises:
        InputError: no task is left.
    """
    if not patterns:
        return suite
    tasks = [task for task in suite.tasks if any(word in task.name or word in task.tags for word in patterns)]
    if not tasks:
        some = ", ".join(task.name for task in suite.tasks[:8])
        raise InputError(f"no task is called {' or '.join(patterns)}", hint=f"There are: {some}, …")
    return suite.model_copy(update={"tasks": tuple(tasks)})


def _read_file(file: Path) -> Suite:
    shown = visible(str(file))
    told = validate(read_document(file.read_bytes(), shown, InputError), _Suite, forms=_FORMS)
    tasks: list[dict[str, Any]] = []
    for each in told.tasks:
        fields = {
            name: getattr(each, name)
            for name in ("name", "goal", "writes", "checks", "environment", "budget", "tags")
        }
        tasks.append({**fields, **_files_of(each, file), "timeout_seconds": each.timeout})
    return _built(told.name or file.resolve().parent.name, tasks, shown)


def _files_of(told: _Told, file: Path) -> dict[str, Mapping[str, bytes]]:
    found: dict[str, Mapping[str, bytes]] = {}
    for field in ("workspace", "hidden", "solution"):
        value: str | dict[str, str] = getattr(told, field)
        place = f"{visible(str(file))}: {told.name}.{field}"
        found[field] = (
            folder_files(file.parent / value, place)
            if isinstance(value, str)
            else {path: text.encode() for path, text in value.items()}
        )
    return found


def _built(name: str, tasks: Sequence[SuiteTask | dict[str, Any]], shown: str) -> Suite:
    problems: list[Problem] = []
    made: list[SuiteTask] = []
    for number, raw in enumerate(tasks):
        try:
            made.append(raw if isinstance(raw, SuiteTask) else SuiteTask.model_validate(raw))
        except ValidationError as invalid:
            problems += [Problem(f"{shown}: tasks[{number}]", fault["msg"]) for fault in invalid.errors()]
    if problems:
        raise InputError(f"{shown} is not valid", problems)
    try:
        return Suite(name=name, tasks=tuple(made))
    except ValidationError as invalid:
        raise InputError(
            f"{shown} is not valid", [Problem(shown, fault["msg"]) for fault in invalid.errors()]
        ) from invalid


def folder_files(folder: Path, place: str) -> dict[str, bytes]:
    """Return the regular files below a folder by their paths in it.

    Raises:
        InputError: it is no folder, holds a link or a device, or more than a task may have.
    """
    if not folder.is_dir():
        raise InputError(
            "a folder of the suite is missing", [Problem(place, f"there is no folder {visible(str(folder))}")]
        )
    found: dict[str, bytes] = {}
    size = 0
    for path, entry in _walked(folder):
        mode = entry.stat(follow_symlinks=False).st_mode
        if not stat.S_ISREG(mode):
            raise InputError(
                "a suite holds files only", [Problem(place, f"{visible(path)} is a link, or no file")]
            )
        size += entry.stat(follow_symlinks=False).st_size
        if size > MOST_TASK_BYTES:
            raise InputError(
                "a task is too large", [Problem(place, f"holds more than {MOST_TASK_BYTES:,} bytes")]
            )
        found[path] = Path(entry.path).read_bytes()
    return found


def _walked(folder: Path, below: str = "") -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{below}{entry.name}"
            if entry.name in {".git", "node_modules", "__pycache__"}:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walked(Path(entry.path), f"{path}/")
            else:
                yield path, entry
