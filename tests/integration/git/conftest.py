"""A person's folder, their home, and workspaces for it; git as the person runs it is the judge."""

import asyncio
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from blockbuster import blockbuster_ctx

from astrolabe.adapters.git import GitWorkspace, clone_folder
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Change

T = TypeVar("T")


class Place:
    """One machine: `target` is where the result should go, `home` the person's."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.target = root / "work" / "bookmarks"
        self.state = root / "state"
        self.target.parent.mkdir(parents=True)
        self.home.mkdir()
        (self.home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        self.reports: list[str] = []
        ids = itertools.count()
        self.determinism = Determinism(time.time, time.monotonic, lambda: f"{os.getpid()}-{next(ids)}")

    @property
    def clone(self) -> Path:
        return clone_folder(self.state, self.target)

    def workspace(self, **options: Any) -> GitWorkspace:
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], **options.pop("environment", {})}
        return GitWorkspace(
            self.clone,
            self.target,
            self.determinism,
            environment=environment,
            report=self.reports.append,
            **options,
        )

    def started(self, **options: Any) -> GitWorkspace:
        workspace = self.workspace(**options)
        run(workspace.start())
        return workspace

    def git(self, *arguments: str, where: Path | None = None, stdin: bytes = b"") -> str:
        """Run git as the person does."""
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=where or self.target,
            env=environment,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def shell(self, line: str, *, may_conflict: bool = False) -> None:
        """Type a line into a shell; a merge may stop at conflicts, which it marks."""
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C"}
        done = subprocess.run(
            ["sh", "-c", line], env=environment, capture_output=True, text=True, check=False
        )
        stopped = may_conflict and "CONFLICT" in done.stdout
        assert done.returncode == 0 or stopped, f"{line}\n{done.stdout}{done.stderr}"

    def contains(self, younger: str, older: str) -> bool:
        """Tell whether a commit is another one, or grew from it."""
        return older in self.git("rev-list", younger).split()

    def repository(self, files: Mapping[str, str], where: Path | None = None) -> str:
        """Make the target a repository with one commit; return it."""
        folder = where or self.target
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", where=folder)
        self.write(files, where=folder)
        self.git("add", "-A", where=folder)
        self.git("commit", "-q", "--allow-empty", "-m", "as it was", where=folder)
        return self.git("rev-parse", "HEAD", where=folder)

    def write(self, files: Mapping[str, str], where: Path | None = None) -> None:
        for path, content in files.items():
            file = (where or self.target) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    def commit(
        self,
        workspace: GitWorkspace,
        parent: str | None,
        files: Mapping[str, str | bytes | None],
        at: float = 1000,
    ) -> str:
        """Commit changed files (None: removed) in the clone."""

        async def made() -> str:
            base = await workspace.tree_of(parent)
            tree = await workspace.changed(base, [change(path, content) for path, content in files.items()])
            return await workspace.commit(tree, [parent] if parent else [], "work\n", at)

        return run(made())

    def content(self, folder: Path | None = None) -> dict[str, bytes]:
        """Return every file below a folder but git's own."""
        top = folder or self.target
        return {
            str(file.relative_to(top)): os.fsencode(file.readlink())
            if file.is_symlink()
            else file.read_bytes()
            for file in sorted(top.rglob("*"))
            if ".git" not in file.relative_to(top).parts and (file.is_symlink() or file.is_file())
        }

    def assert_clean(self) -> None:
        assert self.git("status", "--porcelain") == ""
        self.git("fsck", "--strict", "--no-dangling")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; a call that blocks the event loop fails the test."""

    async def watched() -> T:
        with blockbuster_ctx("astrolabe"):
            return await work

    return asyncio.run(watched())


def change(path: str, content: str | bytes | None, mode: int = 0o100644) -> Change:
    if content is None:
        return Change(path, None)
    raw = content.encode() if isinstance(content, str) else content
    return Change(path, FileEntry(path, mode, raw))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def open_place() -> Iterator[Place]:
    """Give a machine whose folders other users can enter; pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Place(Path(folder))


@pytest.fixture(name="run")
def _run() -> Callable[[Coroutine[Any, Any, T]], T]:
    return run


@pytest.fixture(name="change")
def _change() -> Callable[..., Change]:
    return change


@pytest.fixture
def counted(tmp_path: Path) -> Callable[[], int]:
    """Put a `git` that counts itself at tmp_path/counted/git; gives how many ran since it was last asked."""
    folder = tmp_path / "counted"
    folder.mkdir()
    script = f'#!/bin/sh\necho "$*" >> {folder}/log\nexec {shutil.which("git")} "$@"\n'
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)

    def asked() -> int:
        log = folder / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return len([line for line in lines if line != "version"])

    return asked
