"""A goal cut into tasks: what is to be done, in which order, and what proves it."""

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, JsonValue, model_validator

from astrolabe.domain.egress import Destination
from astrolabe.domain.policy import ARGUMENT_BYTES, Policy
from astrolabe.domain.value import Value

MOST_TASKS = 20_000
"""Of one plan. Many more would neither be planned nor looked through by anybody in one piece."""
MOST_SECONDS = 3650 * 24 * 3600.0
"""Longer waits are slips of the pen."""

_PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


def ref_name(task_id: str) -> str:
    """Map a task id to a name that is safe as a git ref and as a file name; a plain id maps to itself."""
    if _PLAIN_ID.match(task_id):
        return task_id
    slug = re.sub(r"[^a-z0-9]+", "-", task_id.lower()).strip("-")[:40] or "task"
    return f"{slug}-{hashlib.sha256(task_id.encode()).hexdigest()[:12]}"


def line_fault(line: str) -> str:
    """Return why no shell can be given a line, or nothing."""
    if "\0" in line:
        return "has a NUL character, which no command can have"
    if (size := len(line.encode())) > ARGUMENT_BYTES:
        return f"has {size} bytes, but a command can have {ARGUMENT_BYTES}: put it into a file"
    return ""


def _shell_line(line: str) -> str:
    if fault := "is blank" if not line.strip() else line_fault(line):
        raise ValueError(fault)
    return line


ShellLine = Annotated[str, AfterValidator(_shell_line)]
"""What `sh -c` is given."""


class Environment(Value):
    """What a command finds installed besides the base system.

    `toolchains` are names the installation knows (`node`, `python`, `chromium`); `lockfiles` are paths in the workspace
    whose locked dependencies are installed and mounted (`package-lock.json`, `requirements.txt`).
    """

    toolchains: tuple[str, ...] = ()
    lockfiles: tuple[str, ...] = ()


class Check(Value):
    """A command that proves something about a tree; it passes when it exits with 0.

    `inputs` are the only paths it sees (all when empty), so its evidence stays valid for every tree that
    agrees on them. `produces` are paths kept as artifacts after it ran. `uses` names other checks of its task: it
    waits until they have passed on the same tree, and then sees what they produced as well. A command that exits with
    `not_run_exit_code` could not look at all: its last line of output is the reason, and it counts neither
    as passed nor as failed.
    """

    name: str = Field(min_length=1, max_length=120)
    run: str = Field(min_length=1)
    inputs: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    timeout_seconds: float = Field(
        default=600,
        gt=0,
        validation_alias=AliasChoices("timeout", "timeout_seconds"),
        serialization_alias="timeout",
    )
    environment: Environment | None = Field(default=None, description="The task's own when absent.")
    policy: Policy | None = Field(default=None, description="The run's default when absent.")
    required: bool = Field(default=True, description="Whether 'not run' is worth an exit code of its own.")
    not_run_exit_code: int | None = Field(default=None, ge=1, le=125)


class Backoff(Value):
    """Wait before attempt n + 1: `base * 2**(n - 1)`, at most `max`, plus up to `jitter` of it. Seconds."""

    base: float = Field(default=1.0, ge=0)
    max: float = Field(default=60.0, ge=0)
    jitter: float = Field(default=0.1, ge=0, le=0.1)

    def seconds(self, failures: int, fraction: float) -> float:
        """Return the wait after that many failures (≥ 1); `fraction` in [0, 1) places it within the jitter."""
        wait = min(self.max, self.base * 2.0 ** min(failures - 1, 60))
        return wait * (1 + self.jitter * fraction)


class Budget(Value):
    """The most that may be spent; None means no limit of that kind. Money in US dollars, time in seconds."""

    money: float | None = Field(default=None, ge=0, description="US dollars.")
    tokens: int | None = Field(
        default=None, ge=0, description="Tokens, those of questions and answers together."
    )
    model_calls: int | None = Field(default=None, ge=0, description="Calls of a model.")
    tool_calls: int | None = Field(default=None, ge=0, description="Commands, and calls of other tools.")
    wall_seconds: float | None = Field(default=None, gt=0, description="Seconds of work, over interruptions.")


class Unanswered(StrEnum):
    """What becomes of a task when nobody has answered in time."""

    DENY = "deny"
    APPROVE = "approve"


class Approval(Value):
    """A question a person answers before a task starts.

    After `escalate_after_seconds` without an answer the question goes to `escalate_to` as well; after `deadline_seconds`
    it counts as unanswered, and `unanswered` says what follows. Without a deadline it waits for ever.
    """

    question: str = Field(min_length=1, max_length=2000)
    deadline_seconds: float | None = Field(
        default=None,
        gt=0,
        le=MOST_SECONDS,
        validation_alias=AliasChoices("deadline", "deadline_seconds"),
        serialization_alias="deadline",
    )
    escalate_after_seconds: float | None = Field(
        default=None,
        gt=0,
        le=MOST_SECONDS,
        validation_alias=AliasChoices("escalate_after", "escalate_after_seconds"),
        serialization_alias="escalate_after",
    )
    escalate_to: str = Field(default="", max_length=200)
    unanswered: Unanswered = Unanswered.DENY


class Measure(StrEnum):
    """What is tried when a task's attempts are used up, its fallback agents' too.

    SPLIT asks the plan's author for smaller tasks in this one's place, REPLAN for another rest of the plan, ASK asks a
    person whether to try again.
    """

    SPLIT = "split"
    REPLAN = "replan"
    ASK = "ask"


def _approval(raw: object) -> object:
    return {"question": raw} if isinstance(raw, str) else raw


def _absent(value: object) -> bool:
    """Tell whether a value says nothing; fields left out then do not change the digest of plans that lack them."""
    return not value


def _check(raw: object) -> object:
    return {"name": raw.strip()[:120] or raw, "run": raw} if isinstance(raw, str) else raw


def _backoff(raw: object) -> object:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return {"base": raw}
    return raw


class Task(Value):
    """One unit of work for one agent; done when its checks passed on the tree it left."""

    id: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=200)
    agent: str = Field(min_length=1)
    goal: str = ""
    inputs: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    checks: tuple[Annotated[Check, BeforeValidator(_check)], ...] = ()
    retries: int = Field(default=0, ge=0, le=100)
    timeout_seconds: float = Field(
        default=3600,
        gt=0,
        validation_alias=AliasChoices("timeout", "timeout_seconds"),
        serialization_alias="timeout",
    )
    backoff: Annotated[Backoff, BeforeValidator(_backoff)] = Backoff()
    priority: int = Field(default=0, ge=-1000, le=1000, description="Higher starts first.")
    budget: Budget = Budget()
    environment: Environment = Environment()
    network: tuple[Destination, ...] = Field(
        default=(),
        exclude_if=_absent,
        description="`host:port` that its agent's commands may reach, of those the operator allows.",
    )
    approval: Annotated[Approval | None, BeforeValidator(_approval)] = Field(
        default=None, exclude_if=_absent, description="Asked before it starts."
    )
    fallback: tuple[str, ...] = Field(
        default=(),
        exclude_if=_absent,
        description="Agents tried in turn when this one's attempts are used up.",
    )
    healing: tuple[Measure, ...] = Field(
        default=(), exclude_if=_absent, description="What is tried when no agent could do it."
    )

    @model_validator(mode="before")
    @classmethod
    def _name_from_id(cls, raw: Any) -> Any:
        if isinstance(raw, dict):
            fields = cast("dict[str, Any]", raw)
            return {"name": fields["id"], **fields} if isinstance(fields.get("id"), str) else fields
        return raw


class OnFailure(StrEnum):
    """What a run does when a task has failed for good."""

    FAIL_FAST = "fail-fast"
    KEEP_GOING = "keep-going"


class Plan(Value):
    """A goal and the DAG of tasks that reaches it."""

    goal: str = Field(min_length=1)
    tasks: tuple[Task, ...] = Field(min_length=1, max_length=MOST_TASKS)
    source: Literal["static", "model", "person"] = "person"
    recipe: str | None = None
    reasoning: str = ""
    warnings: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.FAIL_FAST
    budget: Budget = Field(default=Budget(), exclude_if=lambda budget: budget == Budget())
    weight: int = Field(
        default=1,
        ge=1,
        le=1000,
        exclude_if=lambda weight: weight == 1,
        description="Share of what runs have in common: twice the weight, twice the share.",
    )
    parallel: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        exclude_if=_absent,
        description="Attempts at once; the setting's when absent.",
    )
    understanding: JsonValue = Field(
        default=None,
        exclude=True,
        repr=False,
        description="How the goal was read, for whoever reads the plan; takes no part in it and is not kept.",
    )

    def task(self, task_id: str) -> Task:
        """Return the task of that id; KeyError if there is none."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    def canonical(self) -> Self:
        """Return an equal plan with tasks in a fixed order: by id."""
        return self.model_copy(update={"tasks": tuple(sorted(self.tasks, key=lambda task: task.id))})

    def digest(self) -> str:
        """SHA-256 over the canonical JSON, the order of tasks not counting."""
        return hashlib.sha256(self.canonical().model_dump_json().encode()).hexdigest()

    def sinks(self) -> tuple[Task, ...]:
        """The tasks nothing depends on, in plan order."""
        needed = {name for task in self.tasks for name in task.depends_on}
        return tuple(task for task in self.tasks if task.id not in needed)
