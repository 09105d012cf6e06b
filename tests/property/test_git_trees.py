"""Laws of the trees of a workspace, for any names and contents."""

import asyncio
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astrolabe.adapters.git import GitWorkspace, clone_folder
from astrolabe.domain.paths import covered, is_holdable
from astrolabe.ports.determinism import Determinism
from astrolabe.ports.sandbox import FileEntry
from astrolabe.ports.workspace import Change

MODES = st.sampled_from((0o100644, 0o100755, 0o120000))
LAWFUL = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def workspace():
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        ids = itertools.count()
        determinism = Determinism(time.time, time.monotonic, lambda: str(next(ids)))
        environment = {"HOME": folder, "PATH": os.environ["PATH"]}
        made = GitWorkspace(
            clone_folder(top / "state", top / "target"), top / "target", determinism, environment=environment
        )
        asyncio.run(made.start())
        yield made


def _part(raw: bytes) -> str:
    return raw.replace(b"\0", b"0").replace(b"/", b"_").decode("utf-8", "surrogateescape")


any_names = st.binary(min_size=1, max_size=12).map(_part)
names = st.one_of(
    st.sampled_from(["a", "b", "a.b", "a-b", "a0", "-", " ", "é", "api", "node_modules"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), min_size=1, max_size=8),
).filter(lambda name: name not in (".", "..") and ".git" not in name.lower() and "git~1" not in name.lower())
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@st.composite
def entries(draw, some=paths):
    """Return files that can exist side by side: none lies below another."""
    chosen = draw(st.lists(some, unique=True, max_size=12))
    whole = [path for path in chosen if not any(other.startswith(path + "/") for other in chosen)]
    return [
        FileEntry(
            path,
            draw(MODES),
            draw(st.binary(min_size=1, max_size=40).map(lambda raw: raw.replace(b"\0", b"0"))),
        )
        for path in whole
    ]


def _run(work):
    return asyncio.run(work)


@LAWFUL
@given(files=entries())
def test_a_tree_gives_back_what_went_in(workspace, files):
    async def law():
        empty = await workspace.tree_of(None)
        tree = await workspace.changed(empty, [Change(file.path, file) for file in files])
        assert set(await workspace.files(tree)) == set(files)
        assert await workspace.paths(tree) == tuple(sorted(file.path for file in files))
        assert await workspace.snapshot(empty, files) == tree
        assert await workspace.changed(tree, [Change(file.path, None) for file in files]) == empty
        assert await workspace.difference(empty, tree) == await workspace.paths(tree)
        return tree

    tree = _run(law())
    done = subprocess.run(
        ["git", "fsck", "--strict", "--no-dangling", tree],
        cwd=workspace._clone.folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done


SCOPES = st.lists(st.sampled_from(["a", "b", "api", "**/a", "a*", "node_modules"]), max_size=2)


@LAWFUL
@given(before=entries(), after=entries(), scope=SCOPES)
def test_a_snapshot_is_exact_within_its_scope_and_blind_elsewhere(workspace, before, after, scope):
    async def law():
        empty = await workspace.tree_of(None)
        base = await workspace.snapshot(empty, before)
        tree = await workspace.snapshot(base, after, scope)
        inside = [file for file in after if not scope or covered(tuple(scope), file.path)]
        assert {*inside} <= {*await workspace.files(tree)}
        assert await workspace.snapshot(tree, after, scope) == tree
        # what stood in the way of a file had to go; all else outside the scope is the base's
        hindered = {
            file.path
            for file in before
            if any(
                file.path.startswith(f"{new.path}/") or new.path.startswith(f"{file.path}/") for new in inside
            )
        }
        outside = {
            file
            for file in before
            if scope and not covered(tuple(scope), file.path) and file.path not in hindered
        }
        assert {*await workspace.files(tree)} == {*inside} | outside
        return base, tree

    base, tree = _run(law())
    same = _run(workspace.digest(base, tuple(scope))) == _run(workspace.digest(tree, tuple(scope)))
    assert same == (
        set(_run(workspace.files(base, tuple(scope)))) == set(_run(workspace.files(tree, tuple(scope))))
    )


@LAWFUL
@given(
    odd=st.sets(any_names.filter(lambda name: not is_holdable(name)), min_size=1, max_size=3),
    before=entries(),
    after=entries(),
    scope=SCOPES,
)
def test_what_no_sandbox_can_hold_is_shown_to_none_and_stays(workspace, odd, before, after, scope):
    strange = [FileEntry(f"kept aside/{name}", 0o100644, b"as it was") for name in odd]

    async def law():
        base = await workspace.snapshot(await workspace.tree_of(None), [*strange, *before])
        tree = await workspace.snapshot(base, after, scope)
        assert set(await workspace.left_out(tree)) == {file.path for file in strange}
        assert not {*await workspace.files(tree)} & {*strange}

    _run(law())


def _below(folder):
    return entries(paths.map(lambda path: f"{folder}/{path}"))


@LAWFUL
@given(
    base=entries(paths.map(lambda path: f"base/{path}")),
    works=st.tuples(_below("x"), _below("y"), _below("z")),
    data=st.data(),
)
def test_disjoint_work_joins_in_any_order_to_its_union(workspace, base, works, data):
    order = data.draw(st.permutations(range(3)))
    drop = data.draw(st.sets(st.sampled_from(range(len(base))) if base else st.nothing(), max_size=len(base)))

    async def law():
        empty = await workspace.tree_of(None)
        start = await workspace.commit(await workspace.snapshot(empty, base), [], "base", 1)
        commits = []
        for number, files in enumerate(works):
            gone = [Change(base[index].path, None) for index in sorted(drop) if index % 3 == number]
            changes = [*(Change(file.path, file) for file in files), *gone]
            tree = await workspace.changed(await workspace.tree_of(start), changes)
            commits.append(await workspace.commit(tree, [start], f"{number}", 2))
        joined = await workspace.join([commits[number] for number in order], start)
        assert joined.conflicts == ()
        stays = [file for index, file in enumerate(base) if index not in drop]
        assert {*await workspace.files(joined.tree)} == {*stays}.union(*works)
        assert (await workspace.join([start, commits[0]], start)).tree == await workspace.tree_of(commits[0])

    _run(law())


RULES = st.lists(
    st.sampled_from(
        [
            "*.log",
            "/dist",
            "dist/",
            "!keep.log",
            "a/",
            "a",
            "!a",
            "**/b",
            "a/**",
            "a/*",
            "!a/b",
            "*",
            "!*/",
            "\\!x",
            "# no",
            "",
            "x?",
            "[ab]",
            "/a/b",
            "keep.log ",
            "b/**/a",
        ]
    ),
    max_size=5,
).map(lambda lines: "\n".join(lines).encode())
SIMPLE = st.lists(
    st.sampled_from(["a", "b", "dist", "keep.log", "x1", "!x", "c.log"]), min_size=1, max_size=4
).map("/".join)


@LAWFUL
@given(files=entries(SIMPLE), rules=RULES, inner=RULES, tracked=st.data())
def test_ignoring_agrees_with_a_real_work_tree(workspace, files, rules, inner, tracked):
    """A work tree in which some files are tracked, then all of them `git add`ed, is the judge."""
    files = [FileEntry(file.path, 0o100644, file.content) for file in files]
    known = [file for file in files if tracked.draw(st.booleans())]
    ignoring = [FileEntry(".gitignore", 0o100644, rules)]
    if not any(file.path == "a" for file in files):
        ignoring.append(FileEntry("a/.gitignore", 0o100644, inner))

    async def ours():
        empty = await workspace.tree_of(None)
        base = await workspace.changed(empty, [Change(file.path, file) for file in known])
        return await workspace.snapshot(base, [*files, *ignoring])

    assert _run(workspace.paths(_run(ours()))) == _as_git_adds(known, files, ignoring)


def _as_git_adds(known, files, ignoring):
    top = Path(tempfile.mkdtemp())
    try:
        _git(top, "init", "-q")
        _write(top, known)
        _git(top, "add", "-A", "-f")
        _write(top, [*files, *ignoring])
        _git(top, "add", "-A")
        return tuple(sorted(_git(top, "ls-files", "-z").split("\0")[:-1]))
    finally:
        shutil.rmtree(top)


def _git(top, *arguments):
    environment = {"HOME": "/dev/null", "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(
        ["git", *arguments], cwd=top, env=environment, capture_output=True, check=True, text=True
    ).stdout


def _write(top, files):
    for file in files:
        at = top / file.path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(file.content)
