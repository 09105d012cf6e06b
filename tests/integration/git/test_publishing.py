"""Handing work over: nothing uncommitted is lost, and doing it again changes nothing more."""

import os

import pytest

from astrolabe.errors import ConflictError, TargetError


@pytest.mark.parametrize("there", [False, True])
def test_a_new_folder_becomes_a_repository_with_the_work_checked_out(place, run, change, there):
    inode = 0
    if there:
        place.target.mkdir(mode=0o700)
        inode = place.target.stat().st_ino
    workspace = place.started()
    tree = run(
        workspace.changed(
            run(workspace.tree_of(None)),
            [
                change("api/a.ts", "1"),
                change("run.sh", "#!/bin/sh\n", 0o100755),
                change("link", "api/a.ts", 0o120000),
                change("-odd\nname", "x"),
                change(".gitignore", "node_modules\n"),
                change("win.bat", "dir\n"),
                change(".gitattributes", "*.bat text eol=crlf\n"),
            ],
        )
    )
    final = run(workspace.commit(tree, [], "all\n", 1))
    published = run(workspace.publish("R1", {"t": final}, final))
    assert (published.branch, published.commit, published.moved) == ("astrolabe/R1", final, True)
    assert place.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert place.git("rev-parse", "main", "astrolabe/R1") == f"{final}\n{final}"
    assert os.access(place.target / "run.sh", os.X_OK)
    assert place.content()["link"] == b"api/a.ts"
    assert place.content()["win.bat"] == b"dir\r\n"
    place.assert_clean()
    assert run(workspace.publish("R1", {"t": final}, final)) == published
    assert sorted(path.name for path in place.target.parent.iterdir()) == ["bookmarks"]
    assert not [path for path in place.target.iterdir() if "astrolabe" in path.name]
    assert not (place.target / ".git" / "hooks").exists()
    if there:
        assert (place.target.stat().st_ino, place.target.stat().st_mode & 0o777) == (inode, 0o700)


def test_missing_parents_are_made(place, run):
    place.target = place.root / "a" / "b" / "c"
    workspace = place.started()
    final = place.commit(workspace, None, {"x": "1"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"x": b"1"}


def test_the_current_branch_goes_forward(place, run):
    head = place.repository(
        {"kept": "1", "changed": "1", "removed/deep/x": "1", "file": "1", "folder/y": "1"}
    )
    workspace = place.started()
    final = place.commit(
        workspace,
        head,
        {
            "changed": "2",
            "removed/deep/x": None,
            "new/z": "3",
            "file": None,
            "file/inner": "4",
            "folder": "5",
        },
    )
    published = run(workspace.publish("R1", {"t": final}, final))
    assert (published.moved, published.reason) == (True, "")
    assert place.git("rev-parse", "HEAD") == final
    assert place.git("symbolic-ref", "--short", "HEAD") == "main"
    expected = {"kept": b"1", "changed": b"2", "new/z": b"3", "file/inner": b"4", "folder": b"5"}
    assert place.content() == expected
    assert not (place.target / "removed").exists()
    place.assert_clean()
    assert run(workspace.publish("R1", {"t": final}, final)) == published
    assert "fast-forward" in place.git("reflog", "-1")
    assert not [path for path in (place.target / ".git").iterdir() if "astrolabe" in path.name]
    assert not (place.target / ".git" / "index.lock").exists()


def test_uncommitted_work_elsewhere_does_not_hinder_and_stays(place, run):
    head = place.repository({"a": "1", "b": "1", "c": "1", "gone": "1"})
    workspace = place.started()
    place.write({"b": "mine", "c": "mine", "untracked": "mine"})
    place.git("add", "c")
    (place.target / "gone").unlink()
    final = place.commit(workspace, head, {"a": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"a": b"2", "b": b"mine", "c": b"mine", "untracked": b"mine"}
    assert place.git("status", "--porcelain").split("\n") == ["M b", "M  c", " D gone", "?? untracked"]


def _edit(place):
    place.write({"a": "mine"})


def _stage(place):
    place.write({"a": "mine"})
    place.git("add", "a")


def _stage_and_put_back(place):
    _stage(place)
    place.write({"a": "1"})


def _remove(place):
    (place.target / "a").unlink()


def _stage_removal(place):
    place.git("rm", "-q", "--cached", "a")


def _executable(place):
    (place.target / "a").chmod(0o755)


def _link(place):
    (place.target / "a").unlink()
    (place.target / "a").symlink_to("elsewhere")


def _assume_unchanged(place):
    place.git("update-index", "--assume-unchanged", "a")
    place.write({"a": "mine"})


def _skip_work_tree(place):
    place.git("update-index", "--skip-worktree", "a")
    place.write({"a": "mine"})


def _conflict(place):
    blob = place.git("rev-parse", "HEAD:a")
    entries = "".join(f"100644 {blob} {stage}\ta\n" for stage in (1, 2, 3))
    place.git("rm", "-q", "--cached", "a")
    place.git("update-index", "--index-info", stdin=entries.encode())


def _same_size_same_time(place):
    stat = (place.target / "a").stat()
    place.write({"a": "9"})
    os.utime(place.target / "a", ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _untracked(place):
    place.write({"new": "mine"})


def _ignored(place):
    place.write({".git/info/exclude": "new\n", "new": "mine"})


def _folder_in_the_way(place):
    place.write({"new/mine": "mine"})


def _file_where_a_folder_comes(place):
    place.write({"folder": "mine"})


def _link_where_a_folder_comes(place):
    (place.target / "folder").symlink_to(place.home)


def _staged_new(place):
    place.write({"new": "mine"})
    place.git("add", "new")


DIRT = [
    _edit,
    _stage,
    _stage_and_put_back,
    _remove,
    _stage_removal,
    _executable,
    _link,
    _assume_unchanged,
    _skip_work_tree,
    _conflict,
    _same_size_same_time,
    _untracked,
    _ignored,
    _folder_in_the_way,
    _file_where_a_folder_comes,
    _link_where_a_folder_comes,
    _staged_new,
]


@pytest.mark.parametrize("dirty", DIRT)
def test_uncommitted_work_is_never_lost(place, run, dirty):
    head = place.repository({"a": "1", "b": "1"})
    workspace = place.started()
    dirty(place)
    before, status = place.content(), place.git("status", "--porcelain", "--ignored")
    final = place.commit(workspace, head, {"a": "2", "b": "2", "new": "2", "folder/x": "2"})
    published = run(workspace.publish("R1", {"t": final}, final))
    assert not published.moved
    assert any(repr(name) in published.reason for name in ("a", "new", "folder", "new/mine"))
    assert (place.content(), place.git("status", "--porcelain", "--ignored")) == (before, status)
    assert place.git("rev-parse", "HEAD", "astrolabe/R1") == f"{head}\n{final}"
    assert run(workspace.publish("R1", {"t": final}, final)) == published
    assert list(place.home.iterdir()) == [place.home / ".gitconfig"]
    take_over(place, published, before)


def take_over(place, published, before):
    """Type what is told to be typed: the work arrives, and all that was there can still be had."""
    *first, last = published.commands
    for line in first:
        place.shell(line)
    place.shell(last, may_conflict=True)
    arrived = place.target.parent / f"{place.target.name}-R1"
    heads = [
        place.git("rev-parse", "HEAD", where=folder) for folder in (place.target, arrived) if folder.exists()
    ]
    merging = place.target / ".git" / "MERGE_HEAD"
    heads += [merging.read_text().strip()] if merging.exists() else []
    assert any(place.contains(head, published.commit) for head in heads)
    for content in {content for content in before.values() if content == b"mine"}:
        oid = place.git("hash-object", "--stdin", stdin=content)
        assert content in place.content().values() or place.git(
            "log", "--all", "--format=%h", f"--find-object={oid}"
        )


def test_a_branch_that_moved_on_stays(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    place.write({"z": "later"})
    place.git("add", "z")
    place.git("commit", "-qm", "later")
    later = place.git("rev-parse", "HEAD")
    final = place.commit(workspace, head, {"b": "2"})
    published = run(workspace.publish("R1", {}, final))
    assert (published.moved, place.git("rev-parse", "HEAD")) == (False, later)
    assert "main has commits" in published.reason
    take_over(place, published, {"z": b"later"})
    assert run(workspace.publish("R1", {}, final)).moved


def test_a_detached_head_and_a_merge_in_progress_stay(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    final = place.commit(workspace, head, {"b": "2"})
    (place.target / ".git" / "MERGE_HEAD").write_text(head + "\n")
    assert "a merge is in progress" in run(workspace.publish("R1", {}, final)).reason
    (place.target / ".git" / "MERGE_HEAD").unlink()
    place.git("checkout", "-q", "--detach")
    published = run(workspace.publish("R1", {}, final))
    assert "detached" in published.reason
    assert place.content() == {"a": b"1"}
    take_over(place, published, {})
    assert place.content() == {"a": b"1", "b": b"2"}


def test_a_bare_repository_receives_the_branch(place, run):
    head = place.repository({"a": "1"}, where=place.root / "source")
    place.git("clone", "-q", "--bare", str(place.root / "source"), str(place.target), where=place.root)
    workspace = place.started()
    final = place.commit(workspace, head, {"b": "2"})
    published = run(workspace.publish("R1", {}, final))
    assert (published.moved, place.git("rev-parse", "main", "astrolabe/R1")) == (False, f"{head}\n{final}")
    take_over(place, published, {})
    assert place.git("rev-parse", "main") == final


def test_a_held_index_is_left_alone(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    lock = place.target / ".git" / "index.lock"
    lock.write_bytes(b"")
    final = place.commit(workspace, head, {"a": "2"})
    published = run(workspace.publish("R1", {}, final))
    assert (published.moved, lock.exists(), place.content()) == (False, True, {"a": b"1"})
    assert "index.lock" in published.reason
    assert place.git("rev-parse", "astrolabe/R1") == final
    lock.unlink()
    take_over(place, published, {})
    assert run(workspace.publish("R1", {}, final)).moved


def test_the_first_commit_of_an_unborn_branch(place, run):
    place.target.mkdir()
    place.git("init", "-q", "-b", "trunk")
    place.write({"mine": "1", "staged": "1"})
    place.git("add", "staged")
    workspace = place.started()
    final = place.commit(workspace, None, {"a": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.git("rev-parse", "trunk") == final
    assert place.content() == {"a": b"2", "mine": b"1", "staged": b"1"}
    assert place.git("status", "--porcelain").splitlines() == ["A  staged", "?? mine"]


def test_an_unborn_branch_keeps_what_is_in_the_way(place, run):
    place.target.mkdir()
    place.git("init", "-q", "-b", "trunk")
    place.write({"a": "mine"})
    workspace = place.started()
    final = place.commit(workspace, None, {"a": "2"})
    published = run(workspace.publish("R1", {}, final))
    assert (published.moved, place.content()) == (False, {"a": b"mine"})


def test_a_run_without_an_end_leaves_a_branch_a_task(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    one, two = place.commit(workspace, head, {"b": "2"}), place.commit(workspace, head, {"c": "2"})
    published = run(workspace.publish("R1", {"api": one, "web": two}, None))
    assert (published.branch, published.moved) == ("astrolabe/R1/", False)
    assert place.git("rev-parse", "astrolabe/R1/api", "astrolabe/R1/web", "HEAD") == f"{one}\n{two}\n{head}"
    assert run(workspace.publish("R1", {"api": one, "web": two}, None)) == published
    assert run(workspace.publish("R1", {}, None)) is None
    tree = run(workspace.join([one, two], head)).tree
    final = run(workspace.commit(tree, [one, two], "join", 5))
    assert run(workspace.publish("R1", {"api": one, "web": two}, final)).moved
    branches = place.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert branches == ["astrolabe/R1", "main"]


def test_a_task_branch_that_is_checked_out_is_not_taken_away(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    one = place.commit(workspace, head, {"b": "2"})
    run(workspace.publish("R1", {"api": one}, None))
    place.git("checkout", "-q", "astrolabe/R1/api")
    final = place.commit(workspace, one, {"c": "2"})
    with pytest.raises(ConflictError, match="checked out"):
        run(workspace.publish("R1", {"api": one}, final))
    assert place.git("rev-parse", "HEAD") == one


def test_a_run_without_an_end_in_a_new_folder(place, run):
    workspace = place.started()
    one = place.commit(workspace, None, {"b": "2"})
    assert run(workspace.publish("R1", {"api": one}, None)).branch == "astrolabe/R1/"
    assert place.git("rev-parse", "astrolabe/R1/api") == one
    assert run(workspace.start()) is None
    final = place.commit(workspace, one, {"c": "3"})
    assert run(workspace.publish("R2", {}, final)).moved
    assert place.content() == {"b": b"2", "c": b"3"}


def test_a_branch_named_astrolabe_makes_way_for_another_name(place, run):
    head = place.repository({"a": "1"})
    place.git("branch", "astrolabe")
    workspace = place.started()
    final = place.commit(workspace, head, {"b": "2"})
    assert run(workspace.publish("R1", {"t": final}, final)).branch == "astrolabe-R1"
    assert place.git("rev-parse", "astrolabe-R1", "astrolabe") == f"{final}\n{head}"


def test_a_branch_with_other_work_is_not_overwritten(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    final = place.commit(workspace, head, {"b": "2"})
    place.git("checkout", "-q", "-b", "astrolabe/R1")
    place.write({"mine": "1"})
    place.git("add", "-A")
    place.git("commit", "-qm", "mine")
    mine = place.git("rev-parse", "HEAD")
    with pytest.raises(ConflictError) as caught:
        run(workspace.publish("R1", {}, final))
    assert "git branch -m" in caught.value.hint
    assert place.git("rev-parse", "HEAD") == mine


def test_a_folder_with_files_that_is_no_repository_is_refused_untouched(place, run):
    workspace = place.started()
    final = place.commit(workspace, None, {"a": "1"})
    place.target.mkdir()
    place.write({"theirs": "x"})
    with pytest.raises(TargetError, match="not empty"):
        run(workspace.publish("R1", {}, final))
    assert place.content() == {"theirs": b"x"}
    assert [path.name for path in place.target.parent.iterdir()] == ["bookmarks"]


def test_a_target_removed_meanwhile_is_made_again(place, run):
    head = place.repository({"a": "1"})
    place.write({"a": "2"})
    place.git("commit", "-qam", "2")
    workspace = place.workspace()
    head = run(workspace.start())
    final = place.commit(workspace, head, {"b": "2"})
    place.target.rename(place.root / "moved away")
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"a": b"2", "b": b"2"}
    place.assert_clean()
    assert place.git("log", "--format=%s") == "work\n2"


def test_history_rewritten_meanwhile(place, run):
    head = place.repository({"a": "1"})
    workspace = place.started()
    final = place.commit(workspace, head, {"b": "2"})
    place.git("commit", "-q", "--amend", "-m", "rewritten")
    published = run(workspace.publish("R1", {}, final))
    assert not published.moved
    place.git("fsck", "--strict", "--no-dangling")


def test_a_linked_work_tree_goes_forward(place, run):
    source = place.root / "source"
    head = place.repository({"a": "1"}, where=source)
    place.git("worktree", "add", "-q", "-b", "side", str(place.target), where=source)
    workspace = place.started()
    final = place.commit(workspace, head, {"a": "2", "b": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.git("rev-parse", "side", "main", where=source) == f"{final}\n{head}"
    assert place.content(source) == {"a": b"1"}
    place.assert_clean()


def test_a_shallow_clone_goes_forward(place, run):
    source = place.root / "source"
    place.repository({"a": "1"}, where=source)
    place.write({"a": "2"}, where=source)
    place.git("commit", "-qam", "2", where=source)
    place.git("clone", "-q", "--depth=1", f"file://{source}", str(place.target), where=place.root)
    workspace = place.workspace()
    head = run(workspace.start())
    final = place.commit(workspace, head, {"b": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    place.assert_clean()


def test_a_second_run_goes_on_from_the_first(place, run):
    workspace = place.started()
    first = place.commit(workspace, None, {"a": "1", "b": "1"})
    run(workspace.publish("R1", {}, first))
    again = place.workspace()
    assert run(again.start()) == first
    second = place.commit(again, first, {"b": "2"})
    assert run(again.publish("R2", {}, second)).moved
    assert place.content() == {"a": b"1", "b": b"2"}
    assert place.git("rev-parse", "astrolabe/R1", "astrolabe/R2", "main") == f"{first}\n{second}\n{second}"


def test_line_ends_of_the_person_do_not_make_a_clean_file_dirty(place, run):
    place.target.mkdir()
    place.git("init", "-q", "-b", "main")
    place.git("config", "--global", "core.autocrlf", "true")
    place.write({"a": "one\r\ntwo\r\n", "b": "one\r\n"})
    place.git("add", "-A")
    place.git("commit", "-qm", "windows")
    (place.target / "b").touch()
    workspace = place.workspace()
    head = run(workspace.start())
    final = place.commit(workspace, head, {"a": "changed\n", "b": "changed\n"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"a": b"changed\r\n", "b": b"changed\r\n"}
    place.assert_clean()


def test_a_file_touched_but_not_changed_is_not_dirty(place, run):
    head = place.repository({"a": "1"})
    os.utime(place.target / "a", (1, 1))
    workspace = place.started()
    final = place.commit(workspace, head, {"a": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
