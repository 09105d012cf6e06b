"""The `git` agent in a real repository: it tells what was, adds branches, commits and merges, and leaves all else alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_repositories import looked_at
from tests.person import Done, Person
from tests.repositories import Maker, with_everything_uncommitted, with_hostile_configuration


@pytest.fixture
def maker(person: Person) -> Maker:
    return Maker(person.folder)


def grown(maker: Maker) -> None:
    """Two commits on main, and a branch of another mind beside."""
    maker.begin({"b.txt": "b\n"})
    maker.git("checkout", "-q", "-b", "theirs")
    maker.files({"b.txt": "theirs\n", "new.txt": "new\n"})
    maker.commit()
    maker.git("checkout", "-q", "main")
    maker.files({"a.txt": "one\nTWO\n"})
    maker.git("commit", "-qam", "Shout\n\nIt was too quiet.")


def does(
    person: Person, maker: Maker, *operations: dict[str, Any], work: str = "echo mine > mine.txt"
) -> tuple[Done, dict[str, Any]]:
    tasks = [
        {"id": "work", "agent": "command", "inputs": {"run": work}, "writes": ["**"]},
        {
            "id": "g",
            "agent": "git",
            "depends_on": ["work"],
            "writes": ["**"],
            "inputs": {"operations": list(operations)},
        },
    ]
    plan = person.file("plan.json", json.dumps({"goal": "git", "tasks": tasks}))
    done = person.types("run", plan, "--repo", maker.target, "--json")
    shared = person.types("runs", "context", "last", "git/g", "--json")
    return done, shared.document["values"][-1]["value"] if shared.code == 0 else {}


def test_the_past_is_told_and_no_program_of_the_repository_runs(person: Person, maker: Maker) -> None:
    with_hostile_configuration(maker)
    maker.git(
        "-c", "core.fsmonitor=", "-c", "core.hooksPath=", "-c", "commit.gpgSign=false", "branch", "theirs"
    )
    maker.mark.unlink(missing_ok=True)
    done, told = does(
        person,
        maker,
        {"do": "log"},
        {"do": "log", "revision": "theirs", "paths": ["absent"]},
        {"do": "blame", "path": "a.txt"},
        {"do": "blame", "path": "mine.txt"},
        {"do": "show", "revision": "HEAD"},
        {"do": "branches"},
        {"do": "worktrees"},
    )
    assert done.code == 0, done.out
    log, nothing, blame, own, show, branches, worktrees = told["results"]
    assert [one["message"] for one in log["commits"]] == ["as it was"]
    assert nothing["commits"] == []
    assert [(one["line"], one["text"], one["commit"]) for one in blame["lines"]] == [
        (1, "one", log["commits"][0]["id"]),
        (2, "two", log["commits"][0]["id"]),
    ]
    assert [(one["author"], one["text"]) for one in own["lines"]] == [("this run", "mine")]
    assert "+one" in show["text"]
    assert {(one["name"], one["checked_out"]) for one in branches["branches"]} == {
        ("main", True),
        ("theirs", False),
    }
    assert [(Path(one["path"]), one["branch"]) for one in worktrees["worktrees"]] == [(maker.target, "main")]
    assert not maker.mark.exists()


def test_branches_commits_and_merges_are_added(person: Person, maker: Maker) -> None:
    grown(maker)
    theirs = maker.git("rev-parse", "theirs")
    main = maker.git("rev-parse", "main")
    done, told = does(
        person,
        maker,
        {"do": "branch", "name": "saved/before"},
        {"do": "commit", "branch": "fix/mine", "message": "Add mine\n\nFor a reason."},
        {"do": "merge", "revision": "theirs"},
    )
    assert done.code == 0, done.out
    assert maker.git("rev-parse", "saved/before") == main
    assert maker.git("log", "-1", "--format=%P %B", "fix/mine").strip() == f"{main} Add mine\n\nFor a reason."
    assert maker.git("diff", "--name-only", main, "fix/mine") == "mine.txt"
    assert told["results"][-1]["conflicts"] == []
    final = done.document["run"]["commit"]
    assert theirs in maker.git("log", "-1", "--format=%P", final).split()
    assert maker.git("rev-parse", "main") == final, "it moves forward, for nothing was uncommitted"
    assert {
        path: (maker.target / path).read_text() for path in ("a.txt", "b.txt", "new.txt", "mine.txt")
    } == {
        "a.txt": "one\nTWO\n",
        "b.txt": "theirs\n",
        "new.txt": "new\n",
        "mine.txt": "mine\n",
    }
    assert maker.git("fsck", "--strict", "--no-dangling") == ""
    assert maker.git("merge", "theirs").startswith("Already up to date")


def test_conflicts_are_told_as_data_and_nothing_is_half_merged(person: Person, maker: Maker) -> None:
    grown(maker)
    merge = {"do": "merge", "revision": "theirs"}
    done, told = does(person, maker, merge, work="echo mine > b.txt")
    assert done.code == 1, done.out
    assert told["results"][0]["conflicts"] == ["b.txt"]
    marked = told["results"][0]["marked"][0]["text"]
    assert marked == "<<<<<<< this run\nmine\n=======\ntheirs\n>>>>>>> theirs\n"
    assert "b.txt" in done.document["tasks"][1]["reason"]
    done, told = does(person, maker, merge | {"conflicts": "told"}, work="echo mine > b.txt")
    assert done.code == 0, done.out
    assert told["results"][0]["conflicts"] == ["b.txt"]
    assert (maker.target / "b.txt").read_text() == "mine\n"
    assert not (maker.target / "new.txt").exists()


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ({"do": "branch", "name": "theirs"}, "already"),
        ({"do": "branch", "name": "theirs/below"}, "already"),
        ({"do": "branch", "name": "-f"}, "no name for a branch"),
        ({"do": "branch", "name": "a..b"}, "no name for a branch"),
        ({"do": "branch", "name": "HEAD"}, "no name for a branch"),
        ({"do": "branch", "name": "astrolabe/x"}, "uses itself"),
        ({"do": "branch", "name": "fine", "revision": "nowhere"}, "no commit 'nowhere'"),
        ({"do": "log", "revision": "--output=/tmp/x"}, "no commit"),
        ({"do": "show", "revision": "main:a.txt"}, "no commit"),
        ({"do": "merge", "revision": "main..theirs"}, "no commit"),
        ({"do": "blame", "path": "absent"}, "absent"),
    ],
)
def test_what_cannot_be_is_said_and_no_ref_changes(
    person: Person, maker: Maker, operation: dict[str, Any], word: str
) -> None:
    grown(maker)
    refs = maker.git("for-each-ref")
    done, _ = does(person, maker, operation)
    assert done.code == 1, done.out
    assert word in done.document["tasks"][1]["reason"]
    assert set(refs.splitlines()) <= set(maker.git("for-each-ref").splitlines())


def test_uncommitted_work_is_kept_and_the_printed_command_brings_it_back(
    person: Person, maker: Maker
) -> None:
    with_everything_uncommitted(maker)
    before = looked_at(maker.target)
    status = maker.git("status", "--porcelain")
    done, told = does(person, maker, {"do": "snapshot"})
    assert done.code == 0, done.out
    after = looked_at(maker.target)
    kept = told["results"][0]["kept"]
    published = done.document["run"]["published"]
    assert published["moved"]
    assert (
        f"stash apply --index refs/astrolabe/snapshots/{done.document['run']['id']}" in published["restore"]
    )
    assert {path for path in before if before[path] != after.get(path)} <= {
        ".git/index",
        ".git/logs/HEAD",
        ".git/logs/refs/heads/main",
        ".git/refs/heads/main",
    }
    maker.git("reset", "-q", "--hard")
    maker.git("clean", "-qfd")
    person.shell(kept["restore"])
    assert maker.git("status", "--porcelain") == status
    for path in ("b.txt", "c.txt", "new.txt", "untracked.txt"):
        assert (maker.target / path).read_bytes() == before[path][1]
