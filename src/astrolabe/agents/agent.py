"""What an agent is: it gets a task and a workbench, and leaves a changed tree."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, JsonValue, ValidationError

from astrolabe.agents.commits import BenchCommits
from astrolabe.agents.prompts import Prompt
from astrolabe.domain.budget import Usage
from astrolabe.domain.context import Shared
from astrolabe.domain.conversation import Question, Reply
from astrolabe.domain.health import Kind
from astrolabe.domain.memory import Indexed, Recalled
from astrolabe.domain.plan import Environment, Task
from astrolabe.errors import InputError, Problem
from astrolabe.ports.history import Merged
from astrolabe.ports.model import ModelInfo
from astrolabe.ports.web import Web
from astrolabe.ports.workspace import Found
from astrolabe.skills.injection import Injected


@dataclass(frozen=True)
class CommandResult:
    """What a command on the bench did; outputs are text, cut at the policy's size.

    `undone` are paths it had changed and may not; `dropped` says why nothing of what it changed could be kept.
    """

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool = False
    undone: tuple[str, ...] = ()
    dropped: str = ""


class Context(Protocol):
    """What the tasks of a run share: JSON values by name, each with versions counted from 1, in any number of processes."""

    async def get(self, key: str) -> Shared | None:
        """Return the newest version; None when nothing has been shared under that name."""
        ...

    async def set(self, key: str, value: JsonValue, *, expected: int | None = None) -> Shared:
        """Add a version; ConflictError when `expected` is given and another one is the newest (0: there is none yet)."""
        ...

    async def update(self, key: str, change: Callable[[JsonValue], JsonValue]) -> Shared:
        """Add what `change` makes of the newest value (None when there is none), anew whenever somebody else was faster."""
        ...


class Skills(Protocol):
    """The skills an attempt may be given. What it was given is recorded, and counted once an attempt."""

    async def choose(self, task: str, most_tokens: int) -> Injected:
        """Return what a model that works on `task` is to be told throughout; nothing where skills are turned off."""
        ...

    async def load(self, name: str, path: str = "") -> str:
        """Return a skill's instructions, or the file of it at `path`; MissingError if there is none, or none to be trusted."""
        ...


class Memory(Protocol):
    """What is remembered of the project a task works on, over all its runs; nothing of any other project's.

    Each call is recorded and counts as a tool call. What is recalled was written by others, or by models: it is data.
    """

    async def index(self, tree: str, *patterns: str) -> Indexed:
        """Remember the documents of a tree (`Workbench.tree`) that the patterns cover, all without any.

        Those that are unchanged cost next to nothing, those that are gone are forgotten; secrets are not kept.

        Raises:
            UnavailableError: what it takes is not installed.
        """
        ...

    async def remember(self, text: str, title: str = "") -> str:
        """Keep a note for later runs; return its name. InputError: it is empty or too long to be one."""
        ...

    async def recall(self, question: str, most: int = 8) -> Recalled:
        """Return up to `most` pieces of documents, notes and past runs that fit a question, the best first."""
        ...


class Workbench(Protocol):
    """All an agent can do. Every call that has an effect is recorded, so that a resumed attempt does not repeat it.

    Files are those of the task's own tree; what lies outside the task's `writes` can be read, not changed.
    """

    @property
    def context(self) -> Context: ...

    @property
    def web(self) -> Web:
        """Searches and public pages; each is recorded and counts as a tool call. A page that cannot be read is a FetchError."""
        ...

    @property
    def skills(self) -> Skills: ...

    @property
    def memory(self) -> Memory: ...

    @property
    def tree(self) -> str:
        """The name of the content its files have now: equal exactly when all of them are."""
        ...

    @property
    def setbacks(self) -> tuple[str, ...]:
        """Why the attempts before this one have failed, the first first."""
        ...

    async def paths(self, *patterns: str) -> tuple[str, ...]:
        """Return the files that exist, those covered by `patterns` if any are given."""
        ...

    async def read(self, path: str) -> bytes:
        """Return a file's content, of a link where it leads; MissingError if there is none."""
        ...

    async def link(self, path: str) -> str | None:
        """Return where a link leads, None for what is no link; MissingError if there is nothing."""
        ...

    async def write(self, files: Mapping[str, str | bytes], *, executable: Sequence[str] = ()) -> None:
        """Write whole files; one that could be executed still can be.

        Raises:
            PolicyViolationError: a path is outside the task's `writes`.
            ConflictError: a path is a link, which leads elsewhere.
        """
        ...

    async def remove(self, paths: Sequence[str]) -> None:
        """Remove files; those that do not exist are passed over."""
        ...

    async def search(self, pattern: str, *patterns: str, ignore_case: bool = False) -> tuple[Found, ...]:
        """Return lines of text files that a Perl-compatible regular expression matches, at most a thousand.

        Recorded: how long a search takes may decide what it finds. InputError: it is no expression, or takes too long.
        """
        ...

    async def changes(self, most_bytes: int) -> str:
        """Return what the run has changed so far, this task and those before it: a unified diff."""
        ...

    @property
    def commits(self) -> BenchCommits:
        """The repository's commits and branches: looked at, and added to."""
        ...

    async def merge(self, revision: str) -> Merged:
        """Merge a revision of the person's repository into the files; the task's commit then has it as a parent.

        Where there are conflicts nothing is changed, and they are returned.

        Raises:
            MissingError: there is no such revision.
            PolicyViolationError: the merge changes what the task's `writes` do not name.
        """
        ...

    async def conflict(self, merged: Merged, path: str) -> str:
        """Return a file that conflicts with both sides between markers; nothing where one side has none."""
        ...

    async def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        allowed: Callable[[str], bool] | None = None,
    ) -> CommandResult:
        """Run a shell line in the sandbox at the workspace's root.

        What it changed within the task's `writes` is kept; a change elsewhere to a file that is not ignored raises
        PolicyViolationError. Where `allowed` is given, such a change is undone and told instead, and so is one of a path
        that it returns False for.
        """
        ...

    async def try_out(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        environment: Environment | None = None,
        before: bool = False,
    ) -> CommandResult:
        """Run a shell line on a throw-away copy of the tree: whatever it changes is gone when it ends.

        `environment` is what it finds installed; the task's own when it is not given. With `before` it sees the tree that
        the run began with instead of the present one.

        Raises:
            FetchError: something the environment needs could not be fetched.
            MissingError: the environment names a toolchain or a lock file that there is not.
        """
        ...

    async def call(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[JsonValue, Usage]]],
        *,
        reserve: Usage,
        call_id: str | None = None,
    ) -> tuple[JsonValue, Usage]:
        """Ask something outside - a model, a service - through `do`; return its reply and what that used.

        `reserve` is the most it can use: it is held against every limit before `do` begins. A reply that is durable is
        never asked for again; one that a crash cut off is charged `reserve`, and asked for once more. What `do` raises is
        not recorded and is charged `reserve`: return a failure that is to be known as a reply. Calls are told apart by
        `kind` (a word like `model`) and by their order; calls made side by side need a `call_id` of their own each.

        Raises:
            OverBudgetError: it does not go into what is left. The attempt fails, whatever the agent makes of it.
        """
        ...

    async def ask(self, question: Question, *, models: Sequence[str] = ()) -> Reply:
        """Ask a language model; each try is a recorded call, and the reply of one that is durable is never asked for again.

        `models` are asked in turn, each when the one before has failed; those set for the agent when none is named.

        Raises:
            NoModelError: none is set up.
            OverBudgetError: it does not go into what is left.
            WindowExceededError: the question is longer than any of them can read.
            ModelError: none of them answered.
        """
        ...

    async def prompt(self, prompts: Sequence[Prompt], name: str) -> Prompt:
        """Return the variant of the prompt `name` that this task of this run gets, by weight.

        It is recorded, text and all: the attempt keeps it through crashes and newer versions, and its outcome counts for it.

        Raises:
            MissingError: `prompts` has none of that name.
        """
        ...

    def models(self, *names: str) -> tuple[ModelInfo, ...]:
        """Return what is known of the models `ask` would go to; NoModelError if none is set up."""
        ...

    def entitle(self, subject: str) -> None:
        """Give the change a title, its checkpoint's subject: one line, an order, at most 72 characters.

        It follows from recorded steps. What is no such line, or holds a secret, is not taken; the task's name stands then.
        """
        ...

    def say(self, text: str) -> None:
        """Tell the person watching what is going on; not part of the result."""
        ...


class Agent(Protocol):
    """A worker for tasks of one kind. `version` changes whenever equal inputs may give another result."""

    name: str
    version: str

    async def work(self, task: Task, bench: Workbench) -> None:
        """Do the task. To fail, raise; to succeed, return: the task's checks decide whether it is done."""
        ...


class DeclaresInputs(Protocol):
    """An agent that says what the `inputs` of its tasks must be, so that a plan without them is refused before it runs.

    A field's description says what it is for: a person who left it out reads that. In `work`, a task's inputs are valid.
    """

    inputs: type[BaseModel]


class DeclaresPurpose(Protocol):
    """An agent that says in one line what it is for: a person reads it, and a model that plans chooses agents by it.

    It says what the agent does and leaves, and when to choose it: `Runs the project's own tests and tells which fail.`
    """

    purpose: str


class DeclaresProvider(Protocol):
    """An agent that says whose service it works with (`anthropic`, `vllm`), so that what is limited there can be counted."""

    provider: str


class AsksModels(Protocol):
    """An agent that, where `asks_models` is true, works with language models: a run looks for one before it begins."""

    asks_models: bool


class PassesOn(Protocol):
    """An agent that, where `passes_on` is true, only does what its task says, like one that runs a shell line.

    Its failures tell of the task, so however many there are, they keep no other task from starting.
    """

    passes_on: bool


class DeclaresPlace(Protocol):
    """An agent that says where it stands in plans. `planned` False: no model that plans may give it tasks.

    `reads_only` True: it changes no files. Agents that say neither are offered, and change files.
    """

    planned: bool
    reads_only: bool


def told_apart(agent: Agent) -> dict[str, str]:
    """Return who answers for what an agent does, by kind (see `domain/health.py`)."""
    if _declared(agent, "passes_on"):
        return {Kind.TOOL.value: agent.name}
    provider = provider_of(agent)
    return {Kind.AGENT.value: agent.name} | ({Kind.PROVIDER.value: provider} if provider else {})


def is_planned(agent: Agent) -> bool:
    """Tell whether a model that plans may give tasks to an agent."""
    return _declared(agent, "planned") is not False


def reads_only(agent: Agent) -> bool:
    """Tell whether an agent says that it changes no files."""
    return _declared(agent, "reads_only") is True


def asks_models(agent: Agent | None) -> bool:
    """Tell whether an agent says that it works with language models."""
    return bool(_declared(agent, "asks_models"))


def provider_of(agent: Agent | None) -> str | None:
    """Return the provider an agent declares, if it does."""
    return _declared(agent, "provider")


def purpose_of(agent: Agent) -> str:
    """Return what an agent says it is for; an agent that does not say is described by its class's first line."""
    said: str | None = _declared(agent, "purpose")
    return said or next(iter((inspect.getdoc(type(agent)) or "").splitlines()), "")


def _declared(agent: Agent | None, name: str) -> Any:
    """Return what an agent declares besides what each must have; asked with each attempt, so no protocol is gone through."""
    return getattr(agent, name, None)


def declared_inputs(agents: Mapping[str, Agent]) -> dict[str, type[BaseModel]]:
    """Return what the agents declare, by the agent's name; those that declare nothing are not in it."""
    declared = ((name, _declared(agent, "inputs")) for name, agent in agents.items())
    return {name: inputs for name, inputs in declared if inputs is not None}


def check_inputs(agent: Agent, task: Task) -> None:
    """Raise InputError when a task's inputs are not what its agent declares."""
    inputs: type[BaseModel] | None = _declared(agent, "inputs")
    if inputs is None:
        return
    try:
        inputs.model_validate(task.inputs)
    except ValidationError as invalid:
        problems = [Problem(".".join(map(str, fault["loc"])), fault["msg"]) for fault in invalid.errors()]
        raise InputError(f"{task.id!r} has not the inputs that {agent.name!r} needs", problems) from invalid
