"""The private clone: whole after anything, alone with its work, and mended when the disk was not kind."""

import asyncio
import os
import shutil
import stat
import time

import pytest

from astrolabe.errors import ConflictError, StorageError
from astrolabe.ports.sandbox import FileEntry


def _fake_git(place, case):
    """Make a git that does something else for some commands."""
    folder = place.root / "fake"
    folder.mkdir(exist_ok=True)
    file = folder / "git"
    file.write_text(f'#!/bin/sh\ncase "$*" in\n{case}\nesac\nexec {shutil.which("git")} "$@"\n')
    file.chmod(stat.S_IRWXU)
    return str(file)


def test_making_one_touches_nothing(place):
    place.workspace()
    assert not place.state.exists()
    assert not place.target.exists()


def test_many_start_at_once(place, run):
    place.repository({"a": "1"})
    workspaces = [place.workspace() for _ in range(5)]

    async def all_at_once():
        return await asyncio.gather(*(workspace.start() for workspace in workspaces))

    assert len(set(run(all_at_once()))) == 1
    assert sorted(path.name for path in place.clone.parent.iterdir()) == [
        place.clone.name,
        place.clone.name + ".lock",
    ]
    assert place.clone.stat().st_mode & 0o077 == 0


def test_many_write_at_once(place, run):
    workspace = place.started()

    async def all_at_once():
        base = await workspace.tree_of(None)

        async def one(number):
            files = [FileEntry(f"{number}/{n}", 0o100644, b"%d" % (number * n)) for n in range(150)]
            tree = await workspace.snapshot(base, [*files, FileEntry(".gitignore", 0o100644, b"*.log\n")])
            commit = await workspace.commit(tree, [], "m", number)
            await workspace.keep(f"runs/R/{number}", commit)
            await workspace.keep("runs/R/same", commit)
            return len(await workspace.paths(tree))

        return await asyncio.gather(*(one(number) for number in range(8)))

    assert set(run(all_at_once())) == {151}
    place.git("fsck", "--strict", "--full", where=place.clone)


def test_git_never_tidies_up_by_itself(place):
    place.started()
    assert place.git("config", "gc.auto", where=place.clone) == "0"
    assert place.git("config", "maintenance.auto", where=place.clone) == "false"
    assert not (place.clone / "hooks").exists()


@pytest.mark.parametrize("damage", ["head", "object", "ref", "emptied"])
def test_a_damaged_clone_is_set_aside_and_made_anew(place, run, damage):
    head = place.repository({"a": "1"})
    workspace = place.started()
    commit = place.commit(workspace, head, {"b": "2"})
    run(workspace.keep("runs/R/b", commit))
    if damage == "head":
        (place.clone / "HEAD").write_text("")
    elif damage == "object":
        (place.clone / "objects" / commit[:2] / commit[2:]).unlink()
    elif damage == "ref":
        (place.clone / "refs" / "astrolabe" / "runs" / "R" / "b").write_text("")
    else:
        shutil.rmtree(place.clone)
        place.clone.mkdir()
    again = place.workspace()
    assert run(again.start()) == head
    assert run(again.paths(run(again.tree_of(head)))) == ("a",)
    assert run(again.kept("runs/R/b")) is None
    (aside,) = (path for path in place.clone.parent.iterdir() if ".damaged-" in path.name)
    assert str(aside) in place.reports[0]
    assert run(place.workspace().start()) == head
    assert len(place.reports) == 1


def test_a_whole_clone_stays(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    commit = place.commit(workspace, head, {"b": "2"})
    run(workspace.keep("runs/R/b", commit))
    assert run(place.workspace().start()) == head
    assert (run(place.workspace().kept("runs/R/b")), place.reports) == (commit, [])


def test_a_clone_gone_meanwhile_is_an_error_that_says_so(place, run):
    workspace = place.started()
    shutil.rmtree(place.clone)
    with pytest.raises(StorageError) as caught:
        run(workspace.tree_of("a" * 40))
    assert caught.value.hint


def test_a_lock_left_by_a_killed_git_does_not_last(place, run):
    workspace = place.started()
    commit = place.commit(workspace, None, {"a": "1"})
    run(workspace.keep("runs/R/a", commit))
    lock = place.clone / "refs" / "astrolabe" / "runs" / "R" / "a.lock"
    lock.touch()
    os.utime(lock, (1, 1))
    other = place.commit(workspace, None, {"a": "2"})
    run(workspace.keep("runs/R/a", other))
    assert run(workspace.kept("runs/R/a")) == other


def test_a_hidden_ref_cannot_be_below_another(place, run):
    workspace = place.started()
    commit = place.commit(workspace, None, {"a": "1"})
    run(workspace.keep("runs/R", commit))
    with pytest.raises(ConflictError):
        run(workspace.keep("runs/R/a", commit))


def test_what_killed_processes_left_is_swept(place, run):
    place.started()
    scratch = place.clone / "scratch"
    scratch.mkdir(exist_ok=True)
    old, new = scratch / "old", scratch / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "file").touch()
    pack = place.clone / "objects" / "pack" / "tmp_pack_x"
    pack.touch()
    hour_ago = time.time() - 3600
    os.utime(old, (hour_ago, hour_ago))
    os.utime(pack, (hour_ago, hour_ago))
    run(place.workspace().start())
    assert (old.exists(), new.exists(), pack.exists()) == (False, True, False)


def test_a_full_disk_is_said(place, run, change):
    place.started()
    full = _fake_git(
        place, '*unpack-objects*) echo "fatal: write error: No space left on device" >&2; exit 128;;'
    )
    workspace = place.workspace(program=full)
    with pytest.raises(StorageError) as caught:
        run(workspace.changed(run(workspace.tree_of(None)), [change("a", "1")]))
    assert "disk is full" in caught.value.hint


def test_a_state_folder_that_cannot_be_made_is_said(place, run):
    place.state.write_text("a file")
    with pytest.raises(StorageError):
        run(place.workspace().start())


def test_a_full_disk_while_files_are_written_leaves_them_as_they_were(place, run):
    head = place.repository({"a": "1", "b": "1"})
    git = _fake_git(
        place, '*read-tree*-m*-u*) printf 2 > a; rm b; echo "fatal: No space left on device" >&2; exit 128;;'
    )
    workspace = place.workspace(program=git)
    run(workspace.start())
    final = place.commit(workspace, head, {"a": "2", "b": "2", "c": "2"})
    with pytest.raises(StorageError) as caught:
        run(workspace.publish("R1", {}, final))
    assert "disk is full" in caught.value.hint
    assert place.content() == {"a": b"1", "b": b"1"}
    place.assert_clean()
    assert run(place.workspace().publish("R1", {}, final)).moved


def test_cancelled_while_it_hands_over_it_still_ends_whole(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    final = place.commit(workspace, head, {"a": "2"})

    async def cancelled():
        task = asyncio.ensure_future(workspace.publish("R1", {}, final))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())
    assert place.content() == {"a": b"2"}
    place.assert_clean()


def test_many_packs_become_few_and_nothing_is_dropped(place, run):
    workspace = place.started()
    empty = run(workspace.tree_of(None))

    async def filled():
        trees = []
        for number in range(52):
            files = [FileEntry(f"{n}", 0o100644, b"%d %d" % (number, n)) for n in range(100)]
            trees.append(await workspace.snapshot(empty, files))
        return trees

    trees = run(filled())
    packs = place.clone / "objects" / "pack"
    assert len(list(packs.glob("*.pack"))) == 52
    run(place.workspace().start())
    assert len(list(packs.glob("*.pack"))) < 10
    assert {len(run(workspace.files(tree))) for tree in trees[::10]} == {100}


@pytest.mark.parametrize("there", [False, True])
def test_a_new_folder_that_cannot_be_filled_is_not_left_half_made(place, run, there):
    place.started()
    if there:
        place.target.mkdir()
    full = _fake_git(place, '*read-tree*) echo "fatal: No space left on device" >&2; exit 128;;')
    workspace = place.workspace(program=full)
    final = place.commit(workspace, None, {"a": "1"})
    with pytest.raises(StorageError):
        run(workspace.publish("R1", {}, final))
    assert [*place.target.parent.rglob("*")] == ([place.target] if there else [])
