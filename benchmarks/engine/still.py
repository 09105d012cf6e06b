"""Doubles that cost nothing: what is measured here is the engine, neither git nor the sandbox."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from astrolabe.domain.plan import Task
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Output, Probe, SelfTest, Setup
from astrolabe.ports.workspace import Change, Joined, Published, TargetKind, TargetState
from astrolabe.sdk import Workbench

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
HEAD = "0" * 40
DONE = Outcome(exit_code=0, ending=Ending.EXITED, stdout=b"", stderr=b"", duration_seconds=0.0)


class Idle:
    """An agent that does nothing."""

    name = "idle"
    version = "1"

    async def work(self, task: Task, bench: Workbench) -> None:
        """Leave the tree as it is."""


class StillSession:
    """Every command passes at once."""

    async def put(self, files: Sequence[FileEntry]) -> None:
        """Take the files and forget them."""

    async def run(
        self,
        _command: Sequence[str],
        *,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
        on_output: Output | None = None,
    ) -> Outcome:
        del stdin, wall_seconds, on_output
        return DONE

    async def take(
        self, patterns: Sequence[str] = (), *, leave_out: Sequence[str] = ()
    ) -> tuple[FileEntry, ...]:
        del patterns, leave_out
        return ()


class StillSandbox:
    """Opens at once."""

    name = "still"

    async def self_test(self, *, fresh: bool = False) -> SelfTest:
        del fresh
        return SelfTest("still", "1", (Probe("none", held=True),), {"memory": "cgroup"})

    @asynccontextmanager
    async def open(self, _setup: Setup) -> AsyncGenerator[StillSession]:
        yield StillSession()


class StillWorkspace:
    """One commit, one empty tree, whatever happens."""

    async def inspect(self) -> TargetState:
        return TargetState(Path("/nowhere"), TargetKind.MISSING)

    async def start(self) -> str | None:
        return HEAD

    async def tree_of(self, _commit: str | None) -> str:
        return TREE

    async def paths(self, _tree: str, _patterns: Sequence[str] = ()) -> tuple[str, ...]:
        return ()

    async def files(self, _tree: str, _patterns: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        return ()

    async def digest(self, tree: str, _patterns: Sequence[str] = ()) -> str:
        return tree

    async def changed(self, tree: str, _changes: Sequence[Change]) -> str:
        return tree

    async def snapshot(self, base: str, _files: Sequence[FileEntry], _scope: Sequence[str] = ()) -> str:
        return base

    async def difference(self, _old: str, _new: str) -> tuple[str, ...]:
        return ()

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        return tuple(commits)

    async def join(self, _commits: Sequence[str], _base: str | None) -> Joined:
        return Joined(TREE)

    async def carry_edits(self, _edited: str, _generated: str, _previous: str | None) -> Joined:
        return Joined(TREE)

    async def last_naming(self, _commit: str, _trailer: str) -> tuple[str | None, str] | None:
        return None

    async def commit(self, _tree: str, _parents: Sequence[str], _message: str, _at: float) -> str:
        return HEAD

    async def keep(self, name: str, commit: str) -> None:
        """Keep nothing."""

    async def kept(self, _name: str) -> str | None:
        return None

    async def publish(self, _run: str, _commits: Mapping[str, str], _final: str | None) -> Published | None:
        return None

    # for hosts that share one

    async def share(self, ids: Sequence[str]) -> None:
        """Send nothing: there is nothing to be had."""

    async def tidy(self, lasting: Collection[str]) -> None:
        """Forget nothing."""
