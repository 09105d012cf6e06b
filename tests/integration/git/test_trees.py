"""Trees of the clone: what goes in comes out, whatever its name."""

import time

import pytest

from astrolabe.domain.paths import is_holdable
from astrolabe.errors import BugError, MissingError, PolicyViolationError
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Change

STRANGE = (
    "plain.txt",
    "deep/er/and/deeper.txt",
    "with space",
    " leading and trailing ",
    "line\nbreak",
    "quote\"s'",
    "tab\tbed",
    "-dash",
    "--end-of-options",
    ":(glob)magic*",
    "back\\slash",
    "nön-ASCII-é-😀",
    "raw\udcff\udcfe",
    "a.txt/inner",
    "a.txt.more",
    "a.txt-",
    ".gitignore",
    ".gitattributes",
    "x" * 255,
)


def test_every_name_mode_and_content_comes_back(place, run):
    workspace = place.started()
    files = [FileEntry(name, 0o100644, name.encode("utf-8", "surrogateescape")) for name in STRANGE]
    files += [
        FileEntry("run.sh", 0o100755, b"#!/bin/sh\n"),
        FileEntry("link", 0o120000, b"deep/er"),
        FileEntry("empty", 0o100644, b""),
        FileEntry("binary", 0o100644, bytes(range(256)) * 1000),
    ]
    files = [file for file in files if file.path != ".gitignore"]
    tree = run(workspace.snapshot(run(workspace.tree_of(None)), files))
    kept = {file for file in files if is_holdable(file.path)}
    assert set(run(workspace.files(tree))) == kept
    assert run(workspace.paths(tree)) == tuple(sorted(file.path for file in kept))
    assert run(workspace.left_out(tree)) == tuple(sorted(file.path for file in {*files} - kept))
    place.git("fsck", "--strict", "--full", where=place.clone)


def test_git_names_the_same_tree(place, run, change):
    workspace = place.started()
    place.repository({"b/c": "1\n", "b.c": "2\n", "b-c": "3\n", "b0": "4\n", "a": "5\n"})
    ours = run(
        workspace.changed(
            run(workspace.tree_of(None)),
            [
                change("b/c", "1\n"),
                change("b.c", "2\n"),
                change("b-c", "3\n"),
                change("b0", "4\n"),
                change("a", "5\n"),
            ],
        )
    )
    assert ours == place.git("rev-parse", "HEAD^{tree}")


def test_a_tree_of_5000_files_takes_seconds_at_most_and_two_processes_to_read(place, run, counted, tmp_path):
    workspace = place.started(program=str(tmp_path / "counted" / "git"))
    files = [FileEntry(f"d{i % 83}/e{i % 7}/{i}.txt", 0o100644, b"%d\n" % i * 40) for i in range(5000)]
    empty = run(workspace.tree_of(None))
    counted()
    began = time.monotonic()
    tree = run(workspace.snapshot(empty, files))
    assert counted() <= 2
    assert len(run(workspace.files(tree))) == 5000
    assert counted() <= 2
    assert run(workspace.digest(tree, ("d1",))) != run(workspace.digest(tree, ("d2",)))
    assert time.monotonic() - began < 60
    counted()
    edited = run(workspace.changed(tree, [Change("d1/new", FileEntry("d1/new", 0o100644, b"n"))]))
    assert counted() <= 2
    assert run(workspace.difference(tree, edited)) == ("d1/new",)


def test_a_file_takes_the_place_of_a_folder_and_back(place, run, change):
    workspace = place.started()
    empty = run(workspace.tree_of(None))
    folder = run(workspace.changed(empty, [change("a/b", "1"), change("a/c/d", "2"), change("ab", "3")]))
    file = run(workspace.changed(folder, [change("a", "4")]))
    assert run(workspace.paths(file)) == ("a", "ab")
    again = run(workspace.changed(file, [change("a/b/c", "5")]))
    assert run(workspace.paths(again)) == ("a/b/c", "ab")
    assert run(workspace.paths(run(workspace.changed(folder, [change("a", None)])))) == ("ab",)
    assert run(workspace.changed(folder, [change("nowhere", None)])) == folder


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "./a",
        "a/",
        ".git/config",
        "a/.GIT/hooks/x",
        "nul\0",
        "git~1/x",
        ".g\u200cit/config",
        ".git ./x",
    ],
)
def test_a_path_that_leads_out_or_into_git_is_refused(place, run, change, path):
    workspace = place.started()
    with pytest.raises(PolicyViolationError):
        run(workspace.changed(run(workspace.tree_of(None)), [change(path, "x")]))


@pytest.mark.parametrize("path", [".gitmodules", "sub/.gitattributes", ".GitIgnore", ".gitmod\u200cules"])
def test_a_link_where_git_reads_rules_is_refused_but_kept_where_it_was(place, run, change, path):
    """git checks out no tree with some of these links; one that a repository holds is the person's own affair."""
    workspace = place.started()
    empty = run(workspace.tree_of(None))
    with pytest.raises(PolicyViolationError, match="is a link"):
        run(workspace.changed(empty, [change(path, "elsewhere", 0o120000)]))
    assert run(workspace.changed(empty, [change(path, "elsewhere")])) != empty


def test_devices_and_unknown_objects_are_refused(place, run, change):
    workspace = place.started()
    empty = run(workspace.tree_of(None))
    with pytest.raises(BugError):
        run(workspace.changed(empty, [change("dev", "x", 0o060000)]))
    for oid in ("--help", "HEAD", "f" * 39):
        with pytest.raises(MissingError):
            run(workspace.files(oid))
    with pytest.raises(MissingError):
        run(workspace.tree_of("f" * 40))


def test_patterns_choose_and_digests_follow_them(place, run, change):
    workspace = place.started()
    one = run(
        workspace.changed(
            run(workspace.tree_of(None)), [change("api/a.ts", "1"), change("web/b.ts", "2"), change("c", "3")]
        )
    )
    other = run(workspace.changed(one, [change("web/b.ts", "changed")]))
    mode = run(workspace.changed(one, [change("api/a.ts", "1", 0o100755)]))
    assert run(workspace.paths(one, ("api", "*"))) == ("api/a.ts", "c", "web/b.ts")
    assert run(workspace.paths(one, ("**/*.ts",))) == ("api/a.ts", "web/b.ts")
    assert [file.content for file in run(workspace.files(one, ("c",)))] == [b"3"]
    assert run(workspace.digest(one, ("api", "c"))) == run(workspace.digest(other, ("api", "c")))
    assert run(workspace.digest(one)) != run(workspace.digest(other))
    assert run(workspace.digest(one, ("api",))) != run(workspace.digest(mode, ("api",)))
    assert run(workspace.files(one, ("nothing",))) == ()


def test_a_snapshot_replaces_its_scope_and_leaves_the_rest(place, run, change):
    workspace = place.started()
    base = run(
        workspace.changed(
            run(workspace.tree_of(None)), [change("api/a", "1"), change("api/b", "2"), change("web/c", "3")]
        )
    )
    after = run(
        workspace.snapshot(
            base, [FileEntry("api/a", 0o100644, b"new"), FileEntry("web/x", 0o100644, b"no")], ("api",)
        )
    )
    assert {file.path: file.content for file in run(workspace.files(after))} == {
        "api/a": b"new",
        "web/c": b"3",
    }


def test_a_snapshot_leaves_out_what_the_tree_itself_ignores(place, run, change):
    workspace = place.started()
    base = run(
        workspace.changed(
            run(workspace.tree_of(None)),
            [
                change(".gitignore", "*.log\n/dist/\nkept/*\n!kept/this\n"),
                change("tracked.log", "tracked although ignored"),
                change("web/.gitignore", "!loud.log\n/cache\n"),
            ],
        )
    )
    found = {file.path: file for file in run(workspace.files(base))}
    new = [
        "a.log",
        "dist/x",
        "sub/dist/x",
        "kept/this",
        "kept/that",
        "web/loud.log",
        "web/cache/x",
        "web/quiet.log",
        "src/a.ts",
        ":(glob)*",
        ":!x",
    ]
    files = [*found.values(), *(FileEntry(path, 0o100644, b"n") for path in new)]
    expected = {*found, "sub/dist/x", "kept/this", "web/loud.log", "src/a.ts", ":(glob)*", ":!x"}
    assert set(run(workspace.paths(run(workspace.snapshot(base, files))))) == expected
    scoped = run(
        workspace.snapshot(
            base, [FileEntry("src/a.log", 0o100644, b"n"), FileEntry("src/a.ts", 0o100644, b"n")], ("src",)
        )
    )
    assert set(run(workspace.paths(scoped))) == {*found, "src/a.ts"}


def test_a_submodule_is_no_file_but_stays(place, run, change):
    inner = place.root / "inner"
    place.repository({"x": "1"}, where=inner)
    place.repository({"a": "1"})
    place.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "lib")
    place.git("commit", "-q", "-m", "with a submodule")
    workspace = place.workspace()
    base = run(workspace.tree_of(run(workspace.start())))
    assert run(workspace.paths(base)) == (".gitmodules", "a")
    after = run(workspace.snapshot(base, [FileEntry("a", 0o100644, b"2")]))
    assert "160000 commit" in place.git("ls-tree", after, where=place.clone)
    assert run(workspace.digest(base, ("lib",))) == run(workspace.digest(after, ("lib",)))


def test_commits_with_equal_arguments_are_equal_and_name_the_person(place, run):
    workspace = place.started()
    tree = run(workspace.tree_of(None))
    one = run(workspace.commit(tree, [], "Say <why>\n\nAstrolabe-Run: x\n", 1234.9))
    assert run(place.workspace().commit(tree, [], "Say <why>\n\nAstrolabe-Run: x\n", 1234.1)) == one
    assert place.git("show", "-s", "--format=%an <%ae> %at %cn %ct %B", one, where=place.clone) == (
        "Ada <ada@example.org> 1234 Ada 1234 Say <why>\n\nAstrolabe-Run: x"
    )
    child = run(workspace.commit(tree, [one, one], "", 0))
    assert place.git("rev-list", "--parents", "-1", child, where=place.clone) == f"{child} {one}"


def test_without_an_identity_astrolabe_signs(place, run):
    (place.home / ".gitconfig").unlink()
    workspace = place.started()
    commit = run(workspace.commit(run(workspace.tree_of(None)), [], "m", 0))
    assert (
        place.git("show", "-s", "--format=%an <%ae>", commit, where=place.clone)
        == "Astrolabe <astrolabe@localhost>"
    )


def test_heads_are_the_commits_no_other_contains(place, run):
    workspace = place.started()
    base = place.commit(workspace, None, {"a": "1"})
    left = place.commit(workspace, base, {"b": "1"})
    right = place.commit(workspace, base, {"c": "1"})
    assert run(workspace.heads([right, base, left, right])) == (right, left)
    assert run(workspace.heads([])) == ()
    assert run(workspace.heads([base])) == (base,)


def test_hidden_refs_keep_and_tell(place, run):
    workspace = place.started()
    one, two = (place.commit(workspace, None, {"a": text}) for text in "12")
    assert run(workspace.kept("runs/R/a")) is None
    run(workspace.keep("runs/R/a", one))
    run(workspace.keep("runs/R/a", two))
    assert run(place.workspace().kept("runs/R/a")) == two
    assert place.git("for-each-ref", "--format=%(refname)", where=place.clone) == "refs/astrolabe/runs/R/a"
