"""The workbench behind the protocol: a tree of the workspace's clone, and a sandbox opened on the first command."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from pydantic import JsonValue, TypeAdapter, ValidationError

from astrolabe.agents.agent import CommandResult
from astrolabe.agents.asking import Asker
from astrolabe.agents.commits import BenchCommits, Hand
from astrolabe.agents.context import BenchContext
from astrolabe.agents.discretion import discreet, without_secrets
from astrolabe.agents.environment import Preparer
from astrolabe.agents.memory import BenchMemory
from astrolabe.agents.prompts import PROMPT, Prompt, choose, variants
from astrolabe.agents.recording import Recorder
from astrolabe.agents.skills import BenchSkills
from astrolabe.agents.web import BenchWeb
from astrolabe.domain.budget import Usage
from astrolabe.domain.conversation import Question, Reply
from astrolabe.domain.paths import covered, path_fault
from astrolabe.domain.plan import Environment, Task
from astrolabe.domain.policy import Policy
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.domain.subject import subject_in
from astrolabe.errors import ConflictError, InputError, MissingError, PolicyViolationError
from astrolabe.ports.history import Merged
from astrolabe.ports.model import ModelInfo
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Sandbox, Session
from astrolabe.ports.workspace import Change, Found, Workspace

ONE_TOOL_CALL = Usage(tool_calls=1)
FILE, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
MOST_FOUND = 1000
"""Lines of one search; who finds more has asked for too much."""
_JSON = TypeAdapter[JsonValue](JsonValue)
_COMMAND_SECONDS = 600
"""What a command may take whose agent says nothing; the policy may allow less."""


class TreeBench:
    """One attempt's bench. `tree` is always what the recorded steps have led to; `key` names the run and its task.

    `base` is the commit the run began with; None where there was none.
    The sandbox's workspace is brought up to `tree` before each command, so that it does not matter whether the files came
    from this process or from one that was killed.
    """

    def __init__(
        self,
        *,
        task: Task,
        tree: str,
        workspace: Workspace,
        sandbox: Sandbox,
        preparer: Preparer,
        recorder: Recorder,
        context: BenchContext,
        web: BenchWeb,
        memory: BenchMemory,
        skills: BenchSkills,
        asker: Asker,
        policy: Policy,
        redactor: Redactor,
        say: Callable[[str], None],
        key: str,
        commits: Hand | None = None,
        base: str | None = None,
        setbacks: Sequence[str] = (),
    ) -> None:
        self.tree = tree
        self._key = key
        self.setbacks = tuple(setbacks)
        self._base = base
        self._say = say
        self._task = task
        self._start_tree = tree
        self._workspace = workspace
        self.merges: tuple[str, ...] = ()
        hand = commits or Hand(base, 0, redactor.redacted, key)
        self.commits = BenchCommits(workspace, recorder, hand, lambda: self.tree)
        self._sandbox = sandbox
        self._preparer = preparer
        self._recorder = recorder
        self.context = context
        self.web = web
        self.memory = memory
        self.skills = skills
        self._asker = asker
        self.subject = ""
        network = tuple(dict.fromkeys((*policy.network, *task.network)))
        self._policy = policy.model_copy(update={"network": network})
        self._redactor = redactor
        self._stack = AsyncExitStack()
        self._session: Session | None = None
        self._shown: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def paths(self, *patterns: str) -> tuple[str, ...]:
        return await self._workspace.paths(self.tree, patterns)

    async def read(self, path: str) -> bytes:
        return (await self._there(path)).content

    async def link(self, path: str) -> str | None:
        there = await self._there(path)
        return there.content.decode("utf-8", "replace") if there.mode == LINK else None

    async def _there(self, path: str) -> FileEntry:
        for entry in await self._workspace.files(self.tree, (path,)):
            if entry.path == path:
                return entry
        raise MissingError(f"{path!r} is not in the workspace")

    async def write(self, files: Mapping[str, str | bytes], *, executable: Sequence[str] = ()) -> None:
        before = {entry.path: entry for entry in await self._workspace.files(self.tree, tuple(files))}
        for path in files:
            if path in before and before[path].mode == LINK:
                raise ConflictError(
                    f"{path!r} is a link to {before[path].content.decode('utf-8', 'replace')!r}",
                    hint="Write what it leads to, or remove the link first.",
                )
        runs = {path for path, entry in before.items() if entry.mode == EXECUTABLE}.union(executable)
        entries = [_entry(path, content, path in runs) for path, content in files.items()]
        await self._change([Change(entry.path, entry) for entry in entries])

    async def remove(self, paths: Sequence[str]) -> None:
        await self._change([Change(path, None) for path in paths])

    async def search(self, pattern: str, *patterns: str, ignore_case: bool = False) -> tuple[Found, ...]:
        async def do() -> tuple[Any, Usage]:
            try:
                found = await self._workspace.search(self.tree, pattern, patterns, ignore_case=ignore_case)
            except InputError as fault:
                return {"fault": str(fault), "hint": fault.hint}, ONE_TOOL_CALL
            text = [await without_secrets(self._redactor, one.text) for one in found[:MOST_FOUND]]
            told = [[one.path, one.line, line] for one, line in zip(found, text, strict=False)]
            return {"found": told}, ONE_TOOL_CALL

        reply, _ = await self._recorder.recorded("search", do, reserve=ONE_TOOL_CALL, about=pattern)
        if "fault" in reply:
            raise InputError(reply["fault"], hint=reply["hint"])
        return tuple(Found(*one) for one in reply["found"])

    async def changes(self, most_bytes: int) -> str:
        before = await self._workspace.tree_of(self._base)
        return await self._workspace.patch(before, self.tree, most_bytes)

    async def merge(self, revision: str) -> Merged:
        merged = await self.commits.merged(revision)
        if not merged.conflicts:
            for path in await self._workspace.difference(self.tree, merged.tree):
                self._permit(path)
            self.tree = merged.tree
            self.merges = (*self.merges, merged.commit)
        return merged

    async def conflict(self, merged: Merged, path: str) -> str:
        for entry in await self._workspace.files(merged.tree, (path,)):
            return entry.content.decode("utf-8", "replace")
        return ""

    async def run(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        allowed: Callable[[str], bool] | None = None,
    ) -> CommandResult:
        async def do() -> tuple[Any, Usage]:
            return await self._run(command, timeout_seconds, allowed), ONE_TOOL_CALL

        reply, _ = await self._recorder.recorded("run", do, reserve=ONE_TOOL_CALL, about=command)
        self.tree = reply["tree"]
        told: dict[str, Any] = {"undone": (), **reply["result"]}
        told["undone"] = tuple(told["undone"])
        return CommandResult(**told)

    async def try_out(
        self,
        command: str,
        *,
        timeout_seconds: float | None = None,
        environment: Environment | None = None,
        before: bool = False,
    ) -> CommandResult:
        async def do() -> tuple[Any, Usage]:
            tree = await self._workspace.tree_of(self._base) if before else self.tree
            return await self._try_out(command, timeout_seconds, environment, tree), ONE_TOOL_CALL

        reply, _ = await self._recorder.recorded("try", do, reserve=ONE_TOOL_CALL, about=command)
        return CommandResult(**reply)

    async def call(
        self,
        kind: str,
        do: Callable[[], Awaitable[tuple[JsonValue, Usage]]],
        *,
        reserve: Usage,
        call_id: str | None = None,
    ) -> tuple[JsonValue, Usage]:
        async def shaped() -> tuple[JsonValue, Usage]:
            reply, used = await do()
            return _json(kind, reply), used

        return await self._recorder.recorded(kind, shaped, reserve=reserve, call_id=call_id)

    async def ask(self, question: Question, *, models: Sequence[str] = ()) -> Reply:
        return await self._asker.ask(await discreet(self._redactor, question), models)

    async def prompt(self, prompts: Sequence[Prompt], name: str) -> Prompt:
        async def do() -> tuple[Any, Usage]:
            chosen = choose(variants(prompts, name), self._key)
            return chosen.model_dump(mode="json"), Usage()

        reply, _ = await self._recorder.recorded(PROMPT, do, reserve=Usage(), call_id=name)
        return Prompt.model_validate(reply)

    def models(self, *names: str) -> tuple[ModelInfo, ...]:
        return tuple(model.info for model in self._asker.chain(names))

    def entitle(self, subject: str) -> None:
        line = subject_in(subject)
        self.subject = "" if self._redactor.findings(line) or self._redactor.redacted(line) != line else line

    @property
    def answered(self) -> tuple[str, ...]:
        """The models that answered, in the order of their first answers."""
        return tuple(self._asker.answered)

    def say(self, text: str) -> None:
        self._say(text)

    async def _change(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._permit(change.path)
        self.tree = await self._workspace.changed(self.tree, changes)

    def _permit(self, path: str) -> None:
        fault = path_fault(path)
        if fault is not None:
            raise PolicyViolationError(f"{self._task.id!r} may not touch {path!r}: it {fault}")
        if not covered(self._task.writes, path):
            allowed = ", ".join(self._task.writes) or "nothing"
            raise PolicyViolationError(
                f"{self._task.id!r} changed {path!r}, which its `writes` does not name ({allowed})",
                hint="Name the path in the task's `writes`, or keep the command from changing it.",
            )

    async def _run(
        self, command: str, timeout_seconds: float | None, allowed: Callable[[str], bool] | None
    ) -> dict[str, Any]:
        seconds = _COMMAND_SECONDS if timeout_seconds is None else timeout_seconds
        session = await self._up_to_date()
        outcome = await session.run(["sh", "-c", command], wall_seconds=seconds)
        result = await self._result(outcome)
        if allowed is None:
            await self._take_in(session)
        else:
            result |= await self._take_in_what_may_be(session, allowed)
        asked = {"network": [one.model_dump(mode="json") for one in outcome.requests]}
        return {"tree": self.tree, "result": result, **(asked if outcome.requests else {})}

    async def _try_out(
        self, command: str, timeout_seconds: float | None, environment: Environment | None, tree: str
    ) -> dict[str, Any]:
        seconds = _COMMAND_SECONDS if timeout_seconds is None else timeout_seconds
        prepared = await self._preparer.prepare(environment or self._task.environment, tree, self._policy)
        async with self._sandbox.open(prepared.setup) as session:
            await session.put(await self._workspace.files(tree))
            return await self._result(await session.run(["sh", "-c", command], wall_seconds=seconds))

    async def _up_to_date(self) -> Session:
        """Return the attempt's sandbox, showing the present tree; ignored outputs of earlier commands stay in it."""
        if self._session is None:
            prepared = await self._preparer.prepare(self._task.environment, self._start_tree, self._policy)
            self._session = await self._stack.enter_async_context(self._sandbox.open(prepared.setup))
            await self._session.put(await self._workspace.files(self.tree))
        elif self._shown != self.tree:
            await self._show_changes(self._session)
        self._shown = self.tree
        return self._session

    async def _show_changes(self, session: Session) -> None:
        paths = await self._workspace.difference(self._shown or self._start_tree, self.tree)
        entries = {
            entry.path: entry for entry in await self._workspace.files(self.tree) if entry.path in paths
        }
        await session.put(list(entries.values()))
        gone = [path for path in paths if path not in entries]
        if gone:
            await session.run(["rm", "-f", "--", *gone])

    async def _take_in(self, session: Session) -> None:
        before = self.tree
        tree = await self._workspace.snapshot(before, await session.take())
        for path in await self._workspace.difference(before, tree):
            self._permit(path)
        self.tree = self._shown = tree

    async def _take_in_what_may_be(self, session: Session, allowed: Callable[[str], bool]) -> dict[str, Any]:
        """Take in what may be changed, and undo the rest, in the sandbox too."""
        before = self.tree
        try:
            tree = await self._workspace.snapshot(before, await session.take())
        except PolicyViolationError as refused:
            await (
                self._stack.aclose()
            )  # what cannot be taken out cannot be undone one by one: the next sandbox is a new one
            self._session = None
            return {"dropped": f"{refused} ({refused.hint})" if refused.hint else str(refused)}
        differing = await self._workspace.difference(before, tree)
        undone = [path for path in differing if not (self._may_change(path) and allowed(path))]
        if undone:
            old = {entry.path: entry for entry in await self._workspace.files(before) if entry.path in undone}
            await session.run(["rm", "-rf", "--", *undone])
            await session.put(list(old.values()))
            tree = await self._workspace.changed(tree, [Change(path, old.get(path)) for path in undone])
        self.tree = self._shown = tree
        return {"undone": undone} if undone else {}

    def _may_change(self, path: str) -> bool:
        return path_fault(path) is None and covered(self._task.writes, path)

    async def _result(self, outcome: Outcome) -> dict[str, Any]:
        """Return what a command did as it is kept and as the agent learns of it."""
        stdout, stderr = outcome.stdout.decode(errors="replace"), outcome.stderr.decode(errors="replace")
        return {
            "exit_code": outcome.exit_code,
            "stdout": await without_secrets(self._redactor, stdout),
            "stderr": await without_secrets(self._redactor, stderr) + outcome.cut,
            "timed_out": outcome.ending is Ending.TIMEOUT,
        }


def _entry(path: str, content: str | bytes, executable: bool) -> FileEntry:
    data = content.encode() if isinstance(content, str) else content
    return FileEntry(path, EXECUTABLE if executable else FILE, data)


def _json(kind: str, reply: JsonValue) -> JsonValue:
    """Return a reply as the log will give it back; whoever made it is foreign code."""
    try:
        return _JSON.validate_python(reply)
    except ValidationError as fault:
        raise InputError(
            f"the reply of the call {kind!r} cannot be kept: {fault.errors()[0]['msg']}",
            hint="An agent's `do` must return JSON: text, numbers, lists and objects with text for keys.",
        ) from fault
