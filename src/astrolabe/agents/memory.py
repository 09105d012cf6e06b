"""Memory as an agent gets it: what it was told once it is told again when its attempt is resumed, and nothing is kept twice."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

from astrolabe.agents.recording import Recorder
from astrolabe.agents.tools.guard import SECRETS
from astrolabe.domain.budget import Usage
from astrolabe.domain.memory import Chunk, Document, Indexed, Origin, Passage, Recalled
from astrolabe.domain.paths import covered
from astrolabe.domain.secrets.kept import values_kept
from astrolabe.domain.secrets.redaction import Redactor
from astrolabe.errors import InputError, Problem, UnavailableError
from astrolabe.memory.home import MemoryHome, Told
from astrolabe.memory.texts import unreadable
from astrolabe.ports.workspace import Workspace
from astrolabe.projects.listing import own

_ONE = Usage(tool_calls=1)
_FILES_AT_ONCE = 64
_LINK = 0o120000
MOST_NOTE = 20_000
"""Characters of a note; what is longer is a document."""


class BenchMemory:
    """The memory of the project that an attempt works on; `attempt` names it, its run first."""

    def __init__(
        self,
        home: MemoryHome | None,
        recorder: Recorder,
        workspace: Workspace,
        attempt: str,
        redactor: Redactor,
        say: Callable[[str], None],
    ) -> None:
        self._home = home
        self._recorder = recorder
        self._workspace = workspace
        self._attempt = attempt
        self._redactor = redactor
        self._say = say
        self._notes = 0

    async def index(self, tree: str, *patterns: str) -> Indexed:
        async def do() -> Any:
            home, project = await self._place()
            indexed = await index_tree(home, project, self._workspace, tree, patterns)
            await home.remember_runs(project)
            return asdict(indexed)

        indexed = Indexed(**await self._step("memory-index", f"{tree} {' '.join(patterns)}".strip(), do))
        self._say(f"memory: {indexed.added} documents added, {indexed.unchanged} unchanged")
        return indexed

    async def remember(self, text: str, title: str = "") -> str:
        check_note(text)
        self._notes += 1
        name = f"{self._attempt}/{self._notes}"

        async def do() -> Any:
            home, project = await self._place()
            note = Document(name, self._redactor.redacted(text), self._redactor.redacted(title), Origin.NOTE)
            await home.remember(project, _only(note))
            return name

        return await self._step("memory-note", title or text[:80], do)

    async def recall(self, question: str, most: int = 8) -> Recalled:
        async def do() -> Any:
            home, project = await self._place()
            await home.remember_runs(project)
            return asdict(await home.recall(project, question, most))

        reply = await self._step("memory-recall", question, do)
        return Recalled(tuple(map(_passage, reply["passages"])), reply["how"], reply["unseen"])

    async def _place(self) -> tuple[MemoryHome, str]:
        if self._home is None:
            raise UnavailableError("nothing is remembered here")
        return self._home, await self._home.project_of(self._attempt.partition("/")[0])

    async def _step(self, kind: str, about: str, do: Callable[[], Awaitable[Any]]) -> Any:
        async def used() -> tuple[Any, Usage]:
            return await do(), _ONE

        reply, _ = await self._recorder.recorded(kind, used, reserve=_ONE, about=about)
        return reply


def check_note(text: str) -> None:
    """Raise InputError for what cannot be a note."""
    if not text.strip() or len(text) > MOST_NOTE:
        fault = f"has {len(text.strip()):,} characters" if text.strip() else "is empty"
        raise InputError(
            "this cannot be remembered as a note",
            [Problem("text", fault, f"write 1 to {MOST_NOTE:,} characters; keep longer texts as files")],
        )


async def index_tree(
    home: MemoryHome, project: str, workspace: Workspace, tree: str, patterns: Sequence[str]
) -> Indexed:
    """Remember a tree's documents that `patterns` cover (all without any), and forget those that are gone from it."""
    wanted = tuple(patterns)
    paths = [path for path in own(await workspace.paths(tree, wanted)) if not covered(SECRETS, path)]
    passed_over = Counter[str]()
    present: set[str] = set()

    async def documents() -> AsyncIterator[Document]:
        for at in range(0, len(paths), _FILES_AT_ONCE):
            for entry in await workspace.files(tree, paths[at : at + _FILES_AT_ONCE]):
                fault = "is a link" if entry.mode == _LINK else unreadable(entry.path, entry.content)
                if fault:
                    passed_over[fault] += 1
                    continue
                present.add(entry.path)
                yield Document(entry.path, entry.content.decode())

    hidden = await workspace.files(tree, SECRETS)
    kept = [value for entry in hidden for value in values_kept(entry.content.decode(errors="replace"))]
    told = await home.remember(project, documents(), kept)
    gone = await home.forget_gone(project, present, lambda path: not wanted or covered(wanted, path))
    return _indexed(told, gone, passed_over)


def _indexed(told: Told, gone: int, passed_over: Counter[str]) -> Indexed:
    return Indexed(told.added, told.unchanged, told.chunks, gone, dict(sorted(passed_over.items())))


async def _only(document: Document) -> AsyncIterator[Document]:
    yield document


def _passage(told: dict[str, Any]) -> Passage:
    rest: dict[str, Any] = {name: value for name, value in told.items() if name not in {"origin", "chunk"}}
    return Passage(origin=Origin(told["origin"]), chunk=Chunk(**told["chunk"]), **rest)
