"""A suite: tasks with a workspace to begin from, a goal in words, and checks that whoever works on it never sees."""

import base64
import binascii
import hashlib
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from astrolabe.domain.paths import path_fault
from astrolabe.domain.plan import Budget, Check, Environment
from astrolabe.domain.value import Value

MOST_TASKS = 10_000
MOST_TASK_BYTES = 4_000_000
"""Of all files of one task together: they travel inside the plan of its run."""
_BASE64 = "base64:"


def _bytes(raw: object) -> object:
    if not isinstance(raw, str):
        return raw
    if not raw.startswith(_BASE64):
        return raw.encode()
    try:
        return base64.b64decode(raw.removeprefix(_BASE64), validate=True)
    except binascii.Error as fault:
        raise ValueError(f"is no base64: {fault}") from fault


def as_told(content: bytes) -> str:
    """Return a file's content as documents hold it: its text, or `base64:…` where it is none."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return _BASE64 + base64.b64encode(content).decode()
    return text if not text.startswith(_BASE64) else _BASE64 + base64.b64encode(content).decode()


Content = Annotated[bytes, BeforeValidator(_bytes), PlainSerializer(as_told, return_type=str)]
Files = dict[str, Content]
"""By their paths in the workspace."""


class SuiteTask(Value):
    """One task. `hidden` are laid over what an agent left before the `checks` run; `solution` is what the oracle writes.

    `writes` bounds what an agent may change; `removes` are paths taken away before the checks, whoever made them.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    goal: str = Field(min_length=1)
    workspace: Files = Field(default_factory=dict)
    hidden: Files = Field(default_factory=dict)
    solution: Files = Field(default_factory=dict)
    writes: tuple[str, ...] = ("**",)
    removes: tuple[str, ...] = ()
    checks: tuple[Check, ...] = Field(min_length=1)
    environment: Environment = Environment()
    timeout_seconds: float = Field(default=1800, gt=0)
    budget: Budget = Budget()
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _paths(self) -> "SuiteTask":
        for files in (self.workspace, self.hidden, self.solution):
            for path in files:
                if (fault := path_fault(path)) is not None:
                    raise ValueError(f"the path {path!r} {fault}")
        if (
            sum(
                len(content)
                for files in (self.workspace, self.hidden, self.solution)
                for content in files.values()
            )
            > MOST_TASK_BYTES
        ):
            raise ValueError(f"its files are more than {MOST_TASK_BYTES:,} bytes together")
        return self


def _checked(raw: Any) -> Any:
    return {"name": raw[:120], "run": raw} if isinstance(raw, str) else raw


Checks = tuple[Annotated[Check, BeforeValidator(_checked)], ...]


class Suite(Value):
    """Tasks in a fixed order; no two have the same name."""

    name: str
    tasks: tuple[SuiteTask, ...] = Field(min_length=1, max_length=MOST_TASKS)

    @model_validator(mode="after")
    def _distinct(self) -> "Suite":
        names = [task.name for task in self.tasks]
        twice = (
            sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        )
        if twice:
            raise ValueError(f"there is more than one task named {', '.join(twice[:5])}")
        return self

    def digest(self) -> str:
        """SHA-256 over everything in it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
