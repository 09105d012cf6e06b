"""What stands at the target, and bringing a person's commit into the clone."""

import os
from pathlib import Path

import pytest

from astrolabe.adapters.git.place import refuse, try_out
from astrolabe.errors import TargetError, UnavailableError
from astrolabe.ports.workspace import TargetKind, TargetState


def test_a_missing_target_starts_from_nothing(place, run):
    workspace = place.workspace()
    assert run(workspace.inspect()).kind is TargetKind.MISSING
    assert not place.state.exists()
    assert run(workspace.start()) is None
    assert run(workspace.paths(run(workspace.tree_of(None)))) == ()
    assert not place.target.exists()


def test_an_empty_folder_and_one_with_files(place, run):
    place.target.mkdir()
    assert run(place.workspace().inspect()).kind is TargetKind.EMPTY
    assert run(place.workspace().start()) is None
    place.write({"mine.txt": "x"})
    state = run(place.workspace().inspect())
    assert (state.kind, state.writable, state.has_commits) == (TargetKind.FOLDER, True, False)
    assert run(place.workspace().start()) is None


def test_a_repository_with_every_kind_of_dirt(place, run):
    head = place.repository({"a": "1", "b": "1", "c": "1", ".gitignore": "ignored\n", "old name": "1\n" * 9})
    place.write({"a": "2", "b": "2", "new/x": "n", "new/y": "n", "ignored": "i"})
    place.git("add", "b")
    place.git("mv", "old name", "new name")
    (place.target / "c").unlink()
    state = run(place.workspace().inspect())
    assert (state.kind, state.branch, state.head, state.bare) == (TargetKind.REPOSITORY, "main", head, False)
    assert state.dirty == ("a", "b", "c", "new name", "new/", "old name")
    workspace = place.workspace()
    assert run(workspace.start()) == head
    files = {file.path: file.content for file in run(workspace.files(run(workspace.tree_of(head))))}
    assert files["a"] == b"1"
    assert "new/x" not in files


def test_the_persons_own_ignore_file_counts_in_what_is_dirty(place, run):
    place.repository({"a": "1"})
    (place.home / "ignores").write_text("*.swp\n")
    place.git("config", "--global", "core.excludesFile", "~/ignores")
    place.write({"a.swp": "x", "b": "y"})
    assert run(place.workspace().inspect()).dirty == ("b",)


def test_before_the_first_commit(place, run):
    place.repository({})
    place.git("checkout", "-q", "--orphan", "fresh")
    state = run(place.workspace().inspect())
    assert (state.kind, state.branch, state.head) == (TargetKind.REPOSITORY, "fresh", None)
    assert run(place.workspace().start()) is None


def test_a_detached_head(place, run):
    head = place.repository({"a": "1"})
    place.git("checkout", "-q", "--detach")
    state = run(place.workspace().inspect())
    assert (state.branch, state.head) == (None, head)
    assert run(place.workspace().start()) == head


@pytest.mark.parametrize("below", ["sub", "sub/missing/deep", "."])
def test_inside_another_repository(place, run, below):
    place.repository({"sub/a": "1"}, where=place.target.parent)
    place.target = place.target.parent / below
    state = run(place.workspace().inspect())
    if below == ".":
        assert state.kind is TargetKind.REPOSITORY
        return
    assert state.kind is TargetKind.INSIDE_REPOSITORY
    assert state.repository == place.root / "work"
    with pytest.raises(TargetError) as caught:
        run(place.workspace().start())
    assert caught.value.problems[0].place == str(place.target)
    assert caught.value.hint
    assert not place.clone.exists()


def test_a_repository_in_a_repository_is_its_own(place, run):
    place.repository({"a": "1"}, where=place.target.parent)
    head = place.repository({"b": "1"})
    assert run(place.workspace().start()) == head


@pytest.mark.parametrize("below", ["", "x/y"])
def test_a_file_in_the_way(place, run, below):
    place.target.write_text("a file")
    place.target /= below
    assert run(place.workspace().inspect()).kind is TargetKind.FILE
    with pytest.raises(TargetError):
        run(place.workspace().start())


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/proc/astrolabe", "belongs to the kernel"),
        ("/sys/astrolabe", "belongs to the kernel"),
        ("/dev/astrolabe", "belongs to the kernel"),
        ("/dev/null", "belongs to the kernel"),
        ("name" * 64, "longer than a path can be"),
        ("deep/" * 1000, "longer than a path can be"),
        ("\udcff\udcfe", "no UTF-8"),
        ("circle", "leads in a circle"),
        ("circle/below", "leads in a circle"),
    ],
)
def test_what_can_never_be_a_target_is_refused_before_anything_is_made(place, run, path, said):
    place.root.joinpath("circle").symlink_to("circle")
    before = sorted(place.root.rglob("*"))
    place.target = place.root / path
    with pytest.raises(TargetError, match="the result cannot go to") as caught:
        run(place.workspace().inspect())
    assert said in caught.value.problems[0].text
    assert caught.value.hint
    assert sorted(place.root.rglob("*")) == before


def test_memory_that_is_made_to_be_shared_is_a_place_like_others(place, run):
    place.target = Path("/dev/shm/astrolabe/never-made")
    assert run(place.workspace().inspect()).kind is TargetKind.MISSING


def test_a_link_to_what_is_not_there_yet_is_that_place(place, run):
    link = place.root / "link"
    link.symlink_to(place.target)
    resolved, place.target = place.target, link
    state = run(place.workspace().inspect())
    assert (state.kind, state.path) == (TargetKind.MISSING, resolved)


def test_a_place_is_tried_out_because_rights_do_not_tell_everything():
    with pytest.raises(TargetError) as caught:
        try_out(Path("/proc/self/task/not/there"), "trial.part")
    assert "cannot be written" in caught.value.problems[0].text


def test_trying_out_leaves_nothing(place, run):
    place.target.mkdir()
    run(place.workspace().start())
    assert list(place.target.iterdir()) == []


def test_a_git_folder_is_no_target(place, run):
    place.repository({"a": "1"})
    place.target /= ".git"
    assert run(place.workspace().inspect()).kind is TargetKind.INSIDE_REPOSITORY


def test_a_link_to_a_folder_is_that_folder(place, run):
    head = place.repository({"a": "1"})
    direct = place.clone
    link = place.root / "link"
    link.symlink_to(place.target)
    place.target = link
    assert place.clone == direct
    assert run(place.workspace().inspect()).path == link.resolve()
    assert run(place.workspace().start()) == head


def test_a_bare_repository(place, run):
    head = place.repository({"a": "1"}, where=place.root / "source")
    place.git("clone", "-q", "--bare", str(place.root / "source"), str(place.target), where=place.root)
    state = run(place.workspace().inspect())
    assert (state.kind, state.bare, state.head) == (TargetKind.REPOSITORY, True, head)
    assert run(place.workspace().start()) == head


def test_a_linked_work_tree(place, run):
    place.repository({"a": "1"}, where=place.root / "source")
    place.git("worktree", "add", "-q", "-b", "side", str(place.target), where=place.root / "source")
    place.write({"b": "2"})
    place.git("add", "-A")
    place.git("commit", "-q", "-m", "on the side")
    state = run(place.workspace().inspect())
    assert (state.branch, state.head) == ("side", place.git("rev-parse", "HEAD"))
    workspace = place.workspace()
    assert run(workspace.paths(run(workspace.tree_of(run(workspace.start()))))) == ("a", "b")


def test_a_shallow_clone_and_one_that_borrows_objects(place, run):
    source = place.root / "source"
    place.repository({"a": "1"}, where=source)
    for text in "23":
        place.write({"a": text}, where=source)
        place.git("commit", "-qam", text, where=source)
    head = place.git("rev-parse", "HEAD", where=source)
    place.git("clone", "-q", "--depth=2", f"file://{source}", str(place.target), where=place.root)
    workspace = place.workspace()
    assert run(workspace.start()) == head
    assert [file.content for file in run(workspace.files(run(workspace.tree_of(head))))] == [b"3"]
    place.target = place.root / "work" / 'borrow:"ing\\'
    place.git("clone", "-q", "--shared", str(source), str(place.target), where=place.root)
    borrowing = place.workspace()
    assert run(borrowing.start()) == head
    place.git("fsck", "--strict", where=place.clone)


def test_only_the_commit_itself_is_copied_not_its_history(place, run):
    place.repository({"a": "1"})
    for number in range(5):
        place.write({"a": f"version {number}"})
        place.git("commit", "-qam", "x")
    workspace = place.workspace()
    head = run(workspace.start())
    assert place.git("rev-list", head, where=place.clone) == head
    assert place.git("count-objects", "-v", where=place.clone).splitlines()[2] == "in-pack: 3"
    place.git("fsck", "--strict", "--connectivity-only", where=place.clone)


def test_starting_again_follows_the_person(place, run):
    first = place.repository({"a": "1"})
    workspace = place.workspace()
    assert run(workspace.start()) == first
    assert run(workspace.start()) == first
    place.write({"a": "2"})
    place.git("commit", "-qam", "2")
    second = run(workspace.start())
    assert second == place.git("rev-parse", "HEAD")
    assert run(workspace.difference(run(workspace.tree_of(first)), run(workspace.tree_of(second)))) == ("a",)


def test_a_repository_of_256_bit_ids(place, run):
    place.target.mkdir()
    place.git("init", "-q", "-b", "main", "--object-format=sha256")
    head = place.repository({"a": "1"})
    workspace = place.workspace()
    assert run(workspace.start()) == head
    final = place.commit(workspace, head, {"b": "2"})
    assert len(final) == 64
    assert run(workspace.publish("R", {"b": final}, final)).moved
    assert place.content() == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize(
    ("file", "content"), [("HEAD", "nonsense\n"), ("config", "[core\n"), ("refs/heads/main", "0" * 39 + "\n")]
)
def test_a_broken_repository_is_named(place, run, file, content):
    place.repository({"a": "1"})
    (place.target / ".git" / file).write_text(content)
    state_or_error = None
    try:
        state_or_error = run(place.workspace().inspect())
    except TargetError as error:
        state_or_error = error
    if isinstance(state_or_error, TargetError):
        assert state_or_error.hint
    else:  # git does not take it for a repository at all
        assert state_or_error.kind is TargetKind.FOLDER


def test_a_work_tree_elsewhere_is_not_ours_to_write(place, run):
    place.repository({"a": "1"})
    place.git("config", "core.worktree", str(place.home))
    with pytest.raises(TargetError):
        run(place.workspace().start())


def test_git_missing_or_too_old_is_said(place, run, tmp_path):
    with pytest.raises(UnavailableError, match="not found"):
        run(place.workspace(program="no-such-git").start())
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.37.9\n")
    old.chmod(0o755)
    with pytest.raises(UnavailableError, match=r"2\.37\.9 is too old") as caught:
        run(place.workspace(program=str(old)).inspect())
    assert "2.38" in caught.value.hint


@pytest.fixture
def unprivileged(open_place):
    """A machine of an ordinary user, whom permissions bind, even where the tests run as root."""
    user = os.geteuid() or 65534
    for path in (open_place.root, *open_place.root.rglob("*")):
        os.chown(path, user, -1)
    os.seteuid(user)
    try:
        yield open_place
    finally:
        os.seteuid(os.getuid())


def test_a_folder_that_may_not_be_written_or_read(unprivileged, run):
    target = unprivileged.target
    target.mkdir(mode=0o500)
    assert not run(unprivileged.workspace().inspect()).writable
    with pytest.raises(TargetError, match="cannot be written"):
        run(unprivileged.workspace().start())
    target.chmod(0o300)
    with pytest.raises(TargetError, match="cannot be looked at"):
        run(unprivileged.workspace().start())
    target.chmod(0o000)
    unprivileged.target = target / "below"
    with pytest.raises(TargetError, match="cannot be looked at"):
        run(unprivileged.workspace().inspect())


def test_a_repository_that_may_not_be_written(unprivileged, run):
    head = unprivileged.repository({"a": "1"})
    workspace = unprivileged.workspace()
    assert run(workspace.start()) == head
    (unprivileged.target / ".git" / "objects").chmod(0o500)
    with pytest.raises(TargetError, match="cannot be written"):
        run(workspace.start())


def test_a_repository_of_somebody_else_is_refused():
    state = TargetState(Path("/srv/theirs"), TargetKind.REPOSITORY, owned=False)
    with pytest.raises(TargetError, match="another user"):
        refuse(state)


def test_a_broken_configuration_of_the_person_is_named(place, run):
    (place.home / ".gitconfig").write_text("[user\n")
    workspace = place.started()
    with pytest.raises(TargetError, match="gitconfig"):
        run(workspace.commit(run(workspace.tree_of(None)), [], "m", 1))


def test_only_part_of_a_repository_is_checked_out(place, run):
    place.repository({"in/a": "1", "out/b": "1"})
    place.git("sparse-checkout", "set", "in")
    workspace = place.workspace()
    head = run(workspace.start())
    final = place.commit(workspace, head, {"in/a": "2", "out/b": "2", "out/c": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"in/a": b"2"}
    place.assert_clean()
