"""Agents at work in repositories as people have them: the result is whole, nothing planted runs, nothing of a person's changes."""

import json
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from astrolabe.testing.models import ModelServer, Script, Turn, call
from tests.person import Person
from tests.repositories import (
    REFUSED,
    REPOSITORIES,
    Maker,
    with_absent_submodule,
    with_large_files,
    with_odd_names,
    with_secrets,
    with_submodule,
    with_very_long_paths,
)

MADE = "made by the run\n"
PLAN = {
    "goal": "add a file",
    "tasks": [
        {
            "id": "work",
            "agent": "code",
            "goal": "Write made.txt, and have a command copy it.",
            "writes": ["made.txt", "ran.txt"],
            "checks": [{"name": "made", "run": "grep -q made made.txt ran.txt"}],
        },
        {"id": "told", "agent": "git", "depends_on": ["work"]},
    ],
}
TURNS = (
    call("list", {}),
    call("search", {"pattern": "e"}),
    call("read", {"path": "a.txt"}),
    call("write", {"path": "made.txt", "content": MADE}),
    call("run", {"command": "ls -la && cat made.txt > ran.txt"}),
    call("finish", {"summary": "made.txt is there"}),
)


@dataclass
class Scene:
    """One machine: a person with an installation, and what the model's server was asked."""

    person: Person
    maker: Maker
    server: ModelServer

    def runs(self, *more: str) -> Any:
        plan = self.person.file("plan.json", json.dumps(PLAN))
        return self.person.types("run", plan, "--repo", self.maker.target, *more)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an installation that all of these tests share: that is how a person has one."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def scene(person: Person, home: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Scene]:
    turns: tuple[Turn, ...] = TURNS
    monkeypatch.setenv("ASTROLABE_HOME", str(home))
    with ModelServer(Script(turns=turns)) as server:
        monkeypatch.setenv("ASTROLABE_MODELS__USE", "own/scripted")
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__BASE_URL", server.openai_url)
        monkeypatch.setenv("ASTROLABE_MODELS__PROVIDERS__OWN__WINDOW", "32000")
        yield Scene(person, Maker(person.folder), server)


def looked_at(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file below a folder with its mode, those of git too, but for objects."""
    found: dict[str, tuple[int, bytes]] = {}
    for above, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "objects"]
        for at in (Path(above, name) for name in (*files, *folders)):
            if at.is_symlink() or not at.is_dir():
                content = os.fsencode(at.readlink()) if at.is_symlink() else at.read_bytes()
                found[str(at.relative_to(folder))] = (at.lstat().st_mode, content)
    return found


OURS = tuple(f"{logs}refs/heads/astrolabe{mark}" for logs in ("", "logs/") for mark in "/-")
KEPT = "refs/astrolabe/snapshots/"
BRANCHES = tuple(
    f"{logs}refs/heads/{name}" for logs in ("", "logs/") for name in ("main", "fresh", "astrolabe")
)
MOVED = {"index", "logs/HEAD", *BRANCHES}


def changed_beside_ours(
    before: dict[str, tuple[int, bytes]], after: dict[str, tuple[int, bytes]]
) -> set[str]:
    """Return the paths that differ, but for our own branches; git's own as from its folder."""
    differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    names = {path.removeprefix(".git/") for path in differing}
    return {name for name in names if not name.startswith((*OURS, KEPT))}


TOLD: dict[Callable[[Maker], None], str] = {
    with_submodule: "submodules stay as they are; their content is not part of the work, and nothing is fetched: lib",
    with_absent_submodule: "and nothing is fetched: lib",
    with_large_files: "files kept by Git LFS are only pointers here",
    with_odd_names: "files whose names are no UTF-8 or too long stay as they are",
    with_very_long_paths: "files whose names are no UTF-8 or too long stay as they are",
    with_secrets: "files that may hold secrets are shown to no model unless a task names them: .env, id_rsa",
}
"""What a person is told before anything is done."""


@pytest.mark.parametrize("make", REPOSITORIES, ids=lambda make: make.__name__)
def test_agents_work_in_it_and_all_else_stays_as_it_was(scene: Scene, make: Callable[[Maker], None]) -> None:
    maker = scene.maker
    make(maker)
    head = maker.git("rev-parse", "--verify", "-q", "HEAD", accept=(0, 1))
    maker.mark.unlink(missing_ok=True)
    before = looked_at(maker.target)
    done = scene.runs("--json")
    assert done.code == 0, done.out + done.err
    assert not maker.mark.exists(), maker.mark.read_text()
    after = looked_at(maker.target)
    apart = changed_beside_ours(before, after)
    result = done.document["run"]["published"]
    if result["moved"]:
        assert apart - MOVED == {"made.txt", "ran.txt"}, apart
    else:
        assert apart == set(), apart
        assert result["reason"]
    assert_merges(maker, head, result["commit"])
    said = TOLD.get(make, "")
    assert said in done.err
    assert ("note: " in done.err) is bool(said), done.err


def assert_merges(maker: Maker, head: str, result: str) -> None:
    """Hold that a commit adds one file to another one and leaves all else as it is, byte for byte."""
    judge = maker.root / "judge"
    maker.git("init", "-q", "--bare", str(judge), where=maker.root)
    common = maker.git(
        "-c", "core.fsmonitor=false", "rev-parse", "--path-format=absolute", "--git-common-dir"
    )
    (judge / "objects/info/alternates").write_text(f"{common}/objects\n")
    ours = maker.git("ls-tree", "-r", "-z", head, where=judge) if head else ""
    theirs = maker.git("ls-tree", "-r", "-z", result, where=judge)
    new = set(theirs.split("\0")) ^ set(ours.split("\0"))
    assert sorted(entry.split("\t")[-1] for entry in new if entry) == ["made.txt", "ran.txt"]
    assert maker.git("show", f"{result}:made.txt", where=judge) == MADE.strip()
    if head:
        assert f"parent {head}\n" in maker.git("cat-file", "commit", result, where=judge)


@pytest.mark.parametrize(("make", "word"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_what_cannot_be_worked_on_is_said_before_a_model_is_asked(
    scene: Scene, make: Callable[[Maker], Path], word: str
) -> None:
    place = make(scene.maker)
    before = looked_at(scene.maker.root)
    plan = scene.person.file("plan.json", json.dumps(PLAN))
    done = scene.person.types("run", plan, "--repo", place)
    assert done.code == 2, done.err
    assert word in done.err
    assert not scene.maker.mark.exists()
    assert not [one for one in scene.server.requests if one.method == "POST"]
    after = looked_at(scene.maker.root)
    after.pop("plan.json")
    assert after == before
