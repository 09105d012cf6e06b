"""Searching trees and showing how they differ, with real git."""

import pytest

from astrolabe.adapters.git import looking
from astrolabe.errors import InputError
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Found


@pytest.fixture
def tree(place, run):
    def made(files: dict[str, bytes]):
        workspace = place.started()
        entries = [FileEntry(path, 0o100644, content) for path, content in files.items()]
        return workspace, run(workspace.snapshot(run(workspace.tree_of(None)), entries))

    return made


def test_lines_are_found_by_expression_and_place(tree, run):
    files = {
        "a.py": b"def one():\n    pass\n",
        "sub/b.py": b"DEF two():\n",
        "line\nbreak.py": b"def three():\n",
        "bin": b"\0def no():\n",
        "latin": b"def \xe9():\n",
        ".gitattributes": b"*.py -diff binary\n",
    }
    workspace, at = tree(files)
    assert run(workspace.search(at, r"^def \w+\(", ("*.py",))) == (
        Found("a.py", 1, "def one():"),
        Found("line\nbreak.py", 1, "def three():"),
    )
    assert run(workspace.search(at, r"^def \w+\(", ("sub",), ignore_case=True)) == (
        Found("sub/b.py", 1, "DEF two():"),
    )
    assert {found.path for found in run(workspace.search(at, "def"))} >= {"a.py", "latin"}
    assert run(workspace.search(at, "nowhere")) == ()
    assert run(workspace.search(at, "-e")) == ()


@pytest.mark.parametrize("pattern", ["(", "[a", r"(a+)+$\1\2"])
def test_what_is_no_expression_is_said_to_be_none(pattern, tree, run):
    workspace, at = tree({"a": b"a\n"})
    with pytest.raises(InputError):
        run(workspace.search(at, pattern))


def test_an_expression_that_never_ends_is_stopped(tree, run, monkeypatch):
    monkeypatch.setattr(looking, "SECONDS", 0.0)
    workspace, at = tree({"a": b"a" * 40 + b"b\n"})
    with pytest.raises(InputError, match="longer than"):
        run(workspace.search(at, r"(a+)+$"))


def test_only_so_much_is_read(tree, run, monkeypatch):
    monkeypatch.setattr(looking, "SEARCH_BYTES", 1000)
    workspace, at = tree({"a": b"line\n" * 10_000})
    found = run(workspace.search(at, "line"))
    assert 10 < len(found) < 100
    assert found[0] == Found("a", 1, "line")


def test_the_difference_of_two_trees_is_a_patch(tree, place, run, change):
    workspace, old = tree({"a": b"1\n", "b": b"\0binary"})
    new = run(workspace.changed(old, [change("a", "2\n"), change("c", "new\n")]))
    patch = run(workspace.patch(old, new, 10_000))
    assert "-1\n+2\n" in patch
    assert "+++ b/c" in patch
    assert "only its first 100 bytes are shown" in run(workspace.patch(old, new, 100))
    assert run(workspace.patch(old, old, 100)) == ""
