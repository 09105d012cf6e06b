"""An engine whose workspace and sandbox are in memory, on a real store: a run of it takes milliseconds."""

import asyncio
import atexit
import difflib
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from astrolabe.agents.asking import NoModels
from astrolabe.bootstrap import open_installation
from astrolabe.domain.paths import covered
from astrolabe.engine.faults import CrashPoint, unharmed
from astrolabe.engine.local import LocalDriver
from astrolabe.engine.replanner import Replanner
from astrolabe.engine.workshop import Limits
from astrolabe.errors import MissingError
from astrolabe.ports.images import Image, ToolchainStatus
from astrolabe.ports.providers import Directory
from astrolabe.ports.sandbox import Ending, FileEntry, Outcome, Probe, SelfTest, Setup
from astrolabe.ports.workspace import Change, Found, Joined, Published, TargetKind, TargetState
from astrolabe.sdk import Plugin
from astrolabe.services.installation import Installation
from astrolabe.settings import Settings

Tree = Mapping[str, bytes]


class Trees:
    """A workspace. Its objects are content by name, so that two lives of a run see the same ones."""

    history: Any = None

    def __init__(self, head: Tree | None = None) -> None:
        self.trees: dict[str, Tree] = {}
        self.commits: dict[str, tuple[str, tuple[str, ...], str]] = {}
        self.refs: dict[str, str] = {}
        self.published: list[tuple[Mapping[str, str], str | None]] = []
        self.head = None if head is None else self._commit(self._tree(head), (), "before", 0)

    def content(self, commit: str) -> Tree:
        return self.trees[self.commits[commit][0]]

    async def inspect(self) -> TargetState:
        kind = TargetKind.MISSING if self.head is None else TargetKind.REPOSITORY
        return TargetState(Path("/target"), kind, head=self.head)

    async def start(self) -> str | None:
        return self.head

    async def tree_of(self, commit: str | None) -> str:
        return self._tree({}) if commit is None else self.commits[commit][0]

    async def paths(self, tree: str, patterns: Sequence[str] = ()) -> tuple[str, ...]:
        return tuple(
            sorted(path for path in self.trees[tree] if not patterns or covered(tuple(patterns), path))
        )

    async def left_out(self, tree: str) -> tuple[str, ...]:
        del tree
        return ()

    async def files(self, tree: str, patterns: Sequence[str] = ()) -> tuple[FileEntry, ...]:
        content = self.trees[tree]
        return tuple(FileEntry(path, 0o100644, content[path]) for path in await self.paths(tree, patterns))

    async def digest(self, tree: str, patterns: Sequence[str] = ()) -> str:
        return _named([(entry.path, entry.content.hex()) for entry in await self.files(tree, patterns)])

    async def changed(self, tree: str, changes: Sequence[Change]) -> str:
        new = dict(self.trees[tree]) | {one.path: one.entry.content for one in changes if one.entry}
        gone = {one.path for one in changes if one.entry is None}
        return self._tree({path: content for path, content in new.items() if path not in gone})

    async def snapshot(self, base: str, files: Sequence[FileEntry], scope: Sequence[str] = ()) -> str:
        outside = {
            path: content
            for path, content in self.trees[base].items()
            if scope and not covered(tuple(scope), path)
        }
        return self._tree(outside | {entry.path: entry.content for entry in files})

    async def difference(self, old: str, new: str) -> tuple[str, ...]:
        before, after = self.trees[old], self.trees[new]
        return tuple(sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p)))

    async def search(
        self, tree: str, pattern: str, patterns: Sequence[str] = (), *, ignore_case: bool = False
    ) -> tuple[Found, ...]:
        wanted = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
        return tuple(
            Found(path, number, line)
            for path in await self.paths(tree, patterns)
            for number, line in enumerate(self.trees[tree][path].decode(errors="replace").splitlines(), 1)
            if wanted.search(line)
        )

    async def patch(self, old: str, new: str, most_bytes: int) -> str:
        before, after = self.trees[old], self.trees[new]
        lines = [
            line
            for path in await self.difference(old, new)
            for line in difflib.unified_diff(
                before.get(path, b"").decode(errors="replace").splitlines(),
                after.get(path, b"").decode(errors="replace").splitlines(),
                f"a/{path}",
                f"b/{path}",
                lineterm="",
            )
        ]
        return "\n".join(lines)[:most_bytes]

    async def heads(self, commits: Sequence[str]) -> tuple[str, ...]:
        return tuple(one for one in commits if not any(one in self._past(o) for o in commits if o != one))

    async def join(self, commits: Sequence[str], base: str | None) -> Joined:
        return self._merged(
            [self.content(one) for one in commits], {} if base is None else self.content(base)
        )

    async def carry_edits(self, edited: str, generated: str, previous: str | None) -> Joined:
        before = self.trees[previous] if previous else {}
        return self._merged([self.content(edited), self.trees[generated]], before)

    async def last_naming(self, commit: str, trailer: str) -> tuple[str | None, str] | None:
        for one in (commit, *self._past(commit)):
            for line in self.commits[one][2].splitlines():
                if line.startswith(f"{trailer}: "):
                    tree = line.partition(": ")[2]
                    return (one if self.commits[one][0] == tree else None), tree
        return None

    async def commit(self, tree: str, parents: Sequence[str], message: str, at: float) -> str:
        return self._commit(tree, tuple(parents), message, at)

    async def keep(self, name: str, commit: str) -> None:
        self.refs[name] = commit

    async def kept(self, name: str) -> str | None:
        return self.refs.get(name)

    async def forget(self, run: str) -> int:
        names = [name for name in self.refs if name.startswith(f"runs/{run}/")]
        for name in names:
            del self.refs[name]
        return len(names)

    async def publish(self, run: str, commits: Mapping[str, str], final: str | None) -> Published | None:
        self.published.append((dict(commits), final))
        return Published(f"astrolabe/{run}", final or "", moved=final is not None)

    def _merged(self, sides: Sequence[Tree], base: Tree) -> Joined:
        result, conflicts = dict(base), set[str]()
        for path in {path for side in sides for path in side} | base.keys():
            new = {side.get(path) for side in sides} - {base.get(path)}
            if len(new) > 1:
                conflicts.add(path)
            for content in new:
                result[path] = content or b""
            if new == {None}:
                del result[path]
        return Joined(self._tree(result), tuple(sorted(conflicts)))

    def _past(self, commit: str) -> list[str]:
        past = list(self.commits[commit][1])
        for one in past:
            past += [parent for parent in self.commits[one][1] if parent not in past]
        return past

    def _tree(self, content: Tree) -> str:
        name = _named(sorted((path, data.hex()) for path, data in content.items()))
        self.trees[name] = dict(content)
        return name

    def _commit(self, tree: str, parents: tuple[str, ...], message: str, at: float) -> str:
        name = _named([tree, parents, message, at])
        self.commits[name] = tree, parents, message
        return name


def _named(value: Any) -> str:
    return hashlib.sha1(json.dumps(value).encode()).hexdigest()


NOT_FOUND = 127
Command = Callable[[dict[str, bytes]], int]
"""Changes the files of a sandbox; returns an exit code."""


class Boxes:
    """A sandbox in which a shell line is what `commands` says of it; `true` and `false` are as usual, others are not found."""

    name = "boxes"

    def __init__(self, commands: Mapping[str, Command] | None = None) -> None:
        usual: dict[str, Command] = {"true": lambda _: 0, "false": lambda _: 1}
        self.commands = usual | dict(commands or {})
        self.ran: list[str] = []
        self.most_at_once = self._now = 0

    async def self_test(self, *, fresh: bool = False) -> SelfTest:
        return SelfTest("boxes", "1", (Probe("out", held=True),), {})

    @asynccontextmanager
    async def open(self, setup: Setup) -> AsyncGenerator["_Box"]:
        yield _Box(self)

    async def do(self, line: str, files: dict[str, bytes]) -> Outcome:
        self.ran.append(line)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await asyncio.sleep(0)
            code = self.commands[line](files) if line in self.commands else NOT_FOUND
        finally:
            self._now -= 1
        return Outcome(code, Ending.EXITED, b"", b"", 0.0)


class _Box:
    def __init__(self, boxes: Boxes) -> None:
        self._boxes = boxes
        self._files: dict[str, bytes] = {}

    async def put(self, files: Sequence[FileEntry]) -> None:
        self._files |= {entry.path: entry.content for entry in files}

    async def run(self, command: Sequence[str], *, on_output: Any = None, **_: Any) -> Outcome:
        if command[0] == "rm":
            for path in command[3:]:
                self._files.pop(path, None)
            return Outcome(0, Ending.EXITED, b"", b"", 0.0)
        if on_output is not None:
            on_output("stdout", b"said\n")
        return await self._boxes.do(command[-1], self._files)

    async def take(
        self, patterns: Sequence[str] = (), *, leave_out: Sequence[str] = ()
    ) -> tuple[FileEntry, ...]:
        return tuple(
            FileEntry(path, 0o100644, content)
            for path, content in sorted(self._files.items())
            if not patterns or covered(tuple(patterns), path)
        )


class NoImages:
    async def toolchain(self, name: str, report: Any = None) -> Image:
        raise MissingError(f"no toolchain {name}")

    async def dependencies(self, lockfile: str, files: Mapping[str, bytes], report: Any = None) -> Image:
        raise MissingError(f"no {lockfile}")

    async def status(self) -> tuple[ToolchainStatus, ...]:
        return ()


@dataclass
class World:
    """What outlasts a process: the state folder, the workspace and the sandboxes' commands."""

    folder: Path
    trees: Trees = field(default_factory=Trees)
    boxes: Boxes = field(default_factory=Boxes)
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    replanners: tuple[Replanner, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(4, 2))
    models: Directory = field(default_factory=NoModels)

    @asynccontextmanager
    async def open(
        self, plugin: Plugin, reach: Callable[[CrashPoint], None] = unharmed
    ) -> AsyncGenerator[Installation]:
        """Be one process of this world."""
        settings = Settings.model_validate({"home": self.folder / "home", **self.settings})
        async with open_installation(settings, plugins=[plugin], reach=reach) as real:
            shop = replace(
                real.driver._shop,
                sandbox=self.boxes,
                images=NoImages(),
                replanners=self.replanners,
                limits=self.limits,
                models=self.models,
            )
            yield replace(
                real,
                sandbox=self.boxes,
                images=NoImages(),
                workspace=self._workspace,
                driver=LocalDriver(shop),
                models=self.models,
            )

    def _workspace(self, _target: Path) -> Trees:
        return self.trees


@cache
def _empty_state() -> Path:
    """Return a state folder whose database has the newest schema: it is made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="astrolabe-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    async def make() -> None:
        async with open_installation(Settings(home=folder)):
            pass

    asyncio.run(make())
    return folder / "state"


@contextmanager
def empty_home() -> Generator[Path]:
    """Give a folder for a world, with an empty state; on a disk, waiting for it would be most of a test."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        leave_out = shutil.ignore_patterns("wake", "processes")
        shutil.copytree(_empty_state(), Path(folder) / "home/state", ignore=leave_out)
        yield Path(folder)
