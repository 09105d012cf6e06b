"""The repository's commits as an agent sees them: what it was told once it is told again when its attempt is resumed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from astrolabe.agents.recording import Recorder
from astrolabe.domain.budget import Usage
from astrolabe.errors import AstrolabeError, ConflictError, InputError, MissingError, TargetError
from astrolabe.ports.history import Blamed, Branch, Commit, Merged, Snapshot, WorkTree
from astrolabe.ports.workspace import Workspace

_ONE = Usage(tool_calls=1)
_TOLD = {kind.code: kind for kind in (InputError, MissingError, ConflictError, TargetError)}
THIS_RUN = "this run"
"""Whom lines belong to that the run has written."""


@dataclass(frozen=True)
class Hand:
    """In whose name commits are made: the run's base (None: none yet), a time, what keeps secrets out of messages, a name."""

    base: str | None
    at: float
    redacted: Callable[[str], str]
    name: str


class BenchCommits:
    """Looks and deeds of one attempt, each a recorded step that counts as a tool call.

    A revision is one that git knows (`main`, `HEAD~2`, an id); empty it is what the run began with.
    """

    def __init__(self, workspace: Workspace, recorder: Recorder, hand: Hand, tree: Callable[[], str]) -> None:
        self._workspace = workspace
        self._recorder = recorder
        self._hand = hand
        self._tree = tree

    async def log(self, revision: str = "", paths: Sequence[str] = (), most: int = 20) -> tuple[Commit, ...]:
        """Return the newest commits, the newest first; those that touch `paths` if some are given."""

        async def do() -> Any:
            return [asdict(one) for one in await self._workspace.history.log(self._at(revision), paths, most)]

        told = await self._step("log", f"{revision} {paths}", do)
        return tuple(replace(Commit(**one), parents=tuple(one["parents"])) for one in told)

    async def blame(
        self, path: str, revision: str = "", first: int = 1, lines: int = 200
    ) -> tuple[Blamed, ...]:
        """Return who wrote which line; without a revision of the file as it is now, with the run's own lines as such."""

        async def do() -> Any:
            present = None if revision else await self._present()
            found = await self._workspace.history.blame(present or revision, path, first, lines)
            return [
                asdict(one) | ({"commit": "", "author": THIS_RUN} if one.commit == present else {})
                for one in found
            ]

        return tuple(Blamed(**one) for one in await self._step("blame", f"{path} {revision}", do))

    async def show(self, revision: str, paths: Sequence[str] = (), most_bytes: int = 100_000) -> str:
        """Return a commit's message and its changes as a unified diff."""

        async def do() -> Any:
            return await self._workspace.history.show(self._at(revision), paths, most_bytes)

        return await self._step("show", f"{revision} {paths}", do)

    async def branches(self) -> tuple[Branch, ...]:
        """Return the person's branches, the newest first."""

        async def do() -> Any:
            return [asdict(one) for one in await self._workspace.history.branches()]

        return tuple(Branch(**one) for one in await self._step("branches", "", do))

    async def worktrees(self) -> tuple[WorkTree, ...]:
        """Return the person's work trees, the main one first."""

        async def do() -> Any:
            return [asdict(one) for one in await self._workspace.history.worktrees()]

        return tuple(WorkTree(**one) for one in await self._step("worktrees", "", do))

    async def merged(self, revision: str) -> Merged:
        """Return what merging a revision into the present files comes to; nothing is changed by it yet."""

        async def do() -> Any:
            return asdict(await self._workspace.history.merged(await self._present(), revision))

        told = await self._step("merge", revision, do)
        return Merged(told["commit"], told["tree"], tuple(told["conflicts"]))

    async def branch(self, name: str, revision: str = "") -> str:
        """Make a branch of the person's repository at a revision; return its commit."""

        async def do() -> Any:
            commit = await self._workspace.history.commit_at(self._at(revision))
            await self._workspace.history.make_branch(name, commit)
            return commit

        return await self._step("branch", f"{name} {revision}", do)

    async def commit(self, name: str, message: str) -> str:
        """Commit the present files, on what the run began with, to a new branch; return the commit."""

        async def do() -> Any:
            text = self._hand.redacted(message.strip() + "\n")
            commit = await self._committed(text, self._hand.at)
            await self._workspace.history.make_branch(name, commit)
            return commit

        return await self._step("commit", name, do)

    async def set_aside(self) -> Snapshot | None:
        """Keep the person's uncommitted work under a ref; None when there is none."""

        async def do() -> Any:
            kept = await self._workspace.history.set_aside(self._hand.name)
            return None if kept is None else asdict(kept)

        told = await self._step("set-aside", "", do)
        return None if told is None else Snapshot(**told)

    def _at(self, revision: str) -> str:
        if not revision and self._hand.base is None:
            raise MissingError("nothing is committed yet")
        return revision or self._hand.base or ""

    async def _present(self) -> str:
        """Return a commit of the present files: equal for equal ones."""
        return await self._committed(f"{THIS_RUN}\n", 0)

    async def _committed(self, message: str, at: float) -> str:
        parents = [self._hand.base] if self._hand.base else []
        return await self._workspace.commit(self._tree(), parents, message, at)

    async def _step(self, kind: str, about: str, do: Callable[[], Awaitable[Any]]) -> Any:
        """Take a step; what the person's repository refuses is an outcome like others, and recorded too."""

        async def used() -> tuple[Any, Usage]:
            try:
                return {"told": await do()}, _ONE
            except AstrolabeError as error:
                if error.code not in _TOLD:
                    raise
                return {"code": error.code, "fault": str(error), "hint": error.hint}, _ONE

        reply, _ = await self._recorder.recorded(f"git-{kind}", used, reserve=_ONE, about=about)
        if "fault" in reply:
            raise _TOLD[reply["code"]](reply["fault"], hint=reply["hint"])
        return reply["told"]
