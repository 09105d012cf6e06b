"""Merging: tasks side by side, and a person's edits with a newer generation."""

import itertools

import pytest


def _content(run, workspace, tree):
    return {file.path: file.content.decode() for file in run(workspace.files(tree))}


LINES = "".join(f"line {number}\n" for number in range(20))


def _with(text, line, new):
    return text.replace(f"line {line}\n", f"{new}\n")


def test_one_commit_is_its_tree_and_none_is_the_base(place, run):
    workspace = place.started()
    one = place.commit(workspace, None, {"a": "1"})
    assert run(workspace.join([one], None)).tree == run(workspace.tree_of(one))
    assert run(workspace.join([], one)).tree == run(workspace.tree_of(one))
    assert run(workspace.join([one, one], None)).tree == run(workspace.tree_of(one))


def test_disjoint_tasks_join_whatever_their_order(place, run):
    workspace = place.started()
    base = place.commit(workspace, None, {"a": "1", "gone": "1", "was/file": "1"})
    tasks = [
        place.commit(workspace, base, {"api/x": "1"}),
        place.commit(workspace, base, {"web/y": "1", "gone": None}),
        place.commit(workspace, base, {"a": "2"}),
        place.commit(workspace, base, {"was/file": None, "was/other": "2"}),
    ]
    joins = {run(workspace.join(order, base)) for order in itertools.permutations(tasks)}
    assert len(joins) == 1
    (joined,) = joins
    assert joined.conflicts == ()
    assert _content(run, workspace, joined.tree) == {"a": "2", "api/x": "1", "web/y": "1", "was/other": "2"}


def test_tasks_from_nothing_join(place, run):
    workspace = place.started()
    tasks = [place.commit(workspace, None, {name: name}) for name in "abc"]
    joined = run(workspace.join(tasks, None))
    assert _content(run, workspace, joined.tree) == {"a": "a", "b": "b", "c": "c"}


def test_different_lines_of_one_file_merge(place, run):
    workspace = place.started()
    base = place.commit(workspace, None, {"f": LINES})
    tasks = [place.commit(workspace, base, {"f": _with(LINES, line, f"new {line}")}) for line in (2, 9, 17)]
    joined = run(workspace.join(tasks, base))
    expected = _with(_with(_with(LINES, 2, "new 2"), 9, "new 9"), 17, "new 17")
    assert (joined.conflicts, _content(run, workspace, joined.tree)) == ((), {"f": expected})


def test_the_same_lines_conflict_and_are_marked_with_the_commits(place, run):
    workspace = place.started()
    base = place.commit(workspace, None, {"f": "1\n", "g": "1\n"})
    one, two = (place.commit(workspace, base, {"f": f"{text}\n", text: "x"}) for text in ("one", "two"))
    joined = run(workspace.join([one, two], base))
    assert joined.conflicts == ("f",)
    content = _content(run, workspace, joined.tree)
    assert content["f"] == f"<<<<<<< {one[:12]}\none\n=======\ntwo\n>>>>>>> {two[:12]}\n"
    assert (content["g"], content["one"], content["two"]) == ("1\n", "x", "x")


def test_what_a_shared_task_made_and_one_removed_stays_removed(place, run):
    """The two share more than the run's base: merged from there, a removal is no absence."""
    workspace = place.started()
    base = place.commit(workspace, None, {"a": "1"})
    shared = place.commit(workspace, base, {"made": LINES, "other": "1"})
    left = place.commit(workspace, shared, {"other": None, "made": _with(LINES, 3, "left")})
    right = place.commit(workspace, shared, {"new": "1"})
    apart = place.commit(workspace, base, {"z": "1"})
    joined = run(workspace.join([apart, left, right], base))
    assert joined.conflicts == ()
    assert _content(run, workspace, joined.tree) == {
        "a": "1",
        "made": _with(LINES, 3, "left"),
        "new": "1",
        "z": "1",
    }


def test_a_file_and_a_folder_of_one_name_conflict(place, run):
    workspace = place.started()
    base = place.commit(workspace, None, {"a": "1"})
    file, folder = place.commit(workspace, base, {"x": "1"}), place.commit(workspace, base, {"x/y": "1"})
    assert run(workspace.join([file, folder], base)).conflicts


def test_edits_removals_and_modes_on_both_sides(place, run, change):
    workspace = place.started()
    base = place.commit(workspace, None, {"a": LINES, "b": "1", "run": "1", "bin": "\0one"})
    left = place.commit(workspace, base, {"b": None, "bin": "\0left"})
    tree = run(
        workspace.changed(
            run(workspace.tree_of(base)),
            [change("run", "1", 0o100755), change("b", "2"), change("bin", "\0r")],
        )
    )
    right = run(workspace.commit(tree, [base], "r", 1))
    joined = run(workspace.join([left, right], base))
    assert joined.conflicts == ("b", "bin")
    modes = {file.path: file.mode for file in run(workspace.files(joined.tree))}
    assert modes["run"] == 0o100755


def test_attributes_of_the_work_name_no_driver_and_no_union(place, run):
    """What a task writes into .gitattributes does not decide how its own work is merged."""
    workspace = place.started()
    base = place.commit(workspace, None, {"f": "1\n", ".gitattributes": "* merge=union\n"})
    one, two = (place.commit(workspace, base, {"f": f"{text}\n"}) for text in ("one", "two"))
    assert run(workspace.join([one, two], base)).conflicts == ("f",)


@pytest.fixture
def generation(place, run):
    """A person's repository that grew from a generated tree, and a way to carry its edits into the next one."""
    workspace = place.started()
    first = {
        "api.ts": LINES,
        "web.ts": LINES + "web\n",
        "drop.ts": "drop me\n" * 9,
        "old/a.ts": "a\n" * 9,
        "same.ts": "s\n",
    }
    previous = place.commit(workspace, None, first)

    def carried(edits, newer, *, known=True):
        edited = place.commit(workspace, previous, edits)
        after = place.commit(workspace, previous, newer)
        before = run(workspace.tree_of(previous)) if known else None
        joined = run(workspace.carry_edits(edited, run(workspace.tree_of(after)), before))
        return joined, _content(run, workspace, joined.tree)

    return carried


def test_edits_beside_new_code_in_one_file_are_kept(generation):
    joined, content = generation(
        {"api.ts": _with(LINES, 3, "mine")}, {"api.ts": _with(LINES, 15, "generated"), "new.ts": "n\n"}
    )
    assert (joined.conflicts, joined.kept) == ((), ())
    assert content["api.ts"] == _with(_with(LINES, 3, "mine"), 15, "generated")
    assert content["new.ts"] == "n\n"


def test_the_persons_own_files_and_unedited_drops(generation):
    joined, content = generation({"mine.ts": "m\n", "same.ts": "edited\n"}, {"drop.ts": None})
    assert (joined.conflicts, joined.kept) == ((), ())
    assert "drop.ts" not in content
    assert (content["mine.ts"], content["same.ts"]) == ("m\n", "edited\n")


def test_a_file_the_person_moved_is_followed(generation):
    moved = {"api.ts": None, "src/service.ts": _with(LINES, 3, "mine")}
    joined, content = generation(moved, {"api.ts": _with(LINES, 15, "generated")})
    assert joined.conflicts == ()
    assert content["src/service.ts"] == _with(_with(LINES, 3, "mine"), 15, "generated")
    assert "api.ts" not in content


def test_an_edited_file_that_the_generation_drops_is_kept_and_told(generation):
    joined, content = generation({"drop.ts": "drop me\n" * 9 + "my line\n"}, {"drop.ts": None})
    assert (joined.kept, joined.conflicts) == (("drop.ts",), ())
    assert content["drop.ts"].endswith("my line\n")


def test_a_file_the_person_removed_and_the_generation_changed_is_a_conflict(generation):
    joined, content = generation({"web.ts": None}, {"web.ts": LINES + "newer\n"})
    assert (joined.conflicts, joined.kept) == (("web.ts",), ())
    assert content["web.ts"] == LINES + "newer\n"


def test_conflicting_edits_are_marked_in_plain_words(generation):
    joined, content = generation(
        {"api.ts": _with(LINES, 3, "mine")}, {"api.ts": _with(LINES, 3, "generated")}
    )
    assert joined.conflicts == ("api.ts",)
    assert "<<<<<<< your edits\nmine\n=======\ngenerated\n>>>>>>> newly generated\n" in content["api.ts"]


def test_without_the_earlier_generation_every_difference_is_a_conflict(generation):
    joined, content = generation({"api.ts": _with(LINES, 3, "mine")}, {"new.ts": "n\n"}, known=False)
    assert joined.conflicts == ("api.ts",)
    assert content["new.ts"] == "n\n"
    assert "mine" in content["api.ts"]


def test_carrying_again_gives_the_same(generation):
    edits, newer = {"api.ts": _with(LINES, 3, "mine")}, {"api.ts": _with(LINES, 3, "generated")}
    assert generation(edits, newer) == generation(edits, newer)
