"""Programs planted wherever git looks for some: none may run, whatever is done with the repository."""

import os
import stat

import pytest

from astrolabe.errors import TargetError

HOOKS = [
    "applypatch-msg",
    "pre-applypatch",
    "post-applypatch",
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "pre-rebase",
    "post-checkout",
    "post-merge",
    "pre-push",
    "pre-receive",
    "update",
    "post-receive",
    "post-update",
    "reference-transaction",
    "push-to-checkout",
    "pre-auto-gc",
    "post-rewrite",
    "sendemail-validate",
    "fsmonitor-watchman",
    "post-index-change",
    "proc-receive",
]


@pytest.fixture
def planted(place):
    """Give a function that makes a program; running it leaves a mark that fails the test."""
    mark = place.root / "ran"
    programs = place.root / "programs"
    programs.mkdir()

    def program(name: str, where=programs) -> str:
        where.mkdir(parents=True, exist_ok=True)
        file = where / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {mark}\ncat\n')
        file.chmod(stat.S_IRWXU)
        return str(file)

    yield program
    assert not mark.exists(), mark.read_text()


def _plant_in_configuration(place, planted, *scope: str) -> None:
    settings = {
        "core.fsmonitor": planted("fsmonitor"),
        "core.hooksPath": str(place.root / "programs" / "hooks"),
        "core.sshCommand": planted("ssh"),
        "core.gitProxy": planted("proxy"),
        "core.editor": planted("editor"),
        "core.pager": planted("pager"),
        "core.askPass": planted("askpass"),
        "core.alternateRefsCommand": planted("alternates"),
        "credential.helper": planted("credential"),
        "diff.external": planted("diff"),
        "diff.planted.textconv": planted("textconv"),
        "diff.planted.command": planted("driver"),
        "merge.planted.driver": planted("merge"),
        "merge.default": "planted",
        "filter.planted.clean": planted("clean"),
        "filter.planted.smudge": planted("smudge"),
        "filter.planted.process": planted("process"),
        "filter.planted.required": "true",
        "filter.a=b.Dots.clean": planted("clean2"),
        "filter.a=b.Dots.required": "true",
        "gpg.program": planted("gpg"),
        "commit.gpgSign": "true",
        "uploadpack.packObjectsHook": planted("packobjects"),
        "remote.origin.url": str(place.root / "elsewhere"),
        "remote.origin.uploadpack": planted("uploadpack"),
        "remote.origin.promisor": "true",
        "trailer.x.command": planted("trailer"),
        "alias.status": f"!{planted('alias')}",
        "gc.auto": "1",
        "submodule.recurse": "true",
        "init.templateDir": str(place.root / "programs" / "template"),
        "core.autocrlf": "false",
    }
    for key, value in settings.items():
        place.git("config", *scope, key, value)
    for folder in ("hooks", "template/hooks"):
        for hook in HOOKS:
            planted(hook, place.root / "programs" / folder)


def _everything(place, run) -> None:
    """Go through all that touches the person's repository: look, start, publish forward, refuse, publish parts."""
    workspace = place.workspace()
    run(workspace.inspect())
    head = run(workspace.start())
    one = place.commit(workspace, head, {"b": "2"})
    two = place.commit(workspace, head, {"b": "3", "c": "3"})
    joined = run(workspace.join([one, two], head))
    assert joined.conflicts == ("b",)
    run(workspace.publish("R1", {"one": one, "two": two}, None))
    run(workspace.publish("R2", {"one": one}, one))
    run(workspace.publish("R3", {"two": two}, two))
    run(workspace.inspect())


def test_nothing_of_the_repository_runs(place, run, planted):
    place.repository({"a": "1", ".gitattributes": "* merge=planted diff=planted\n"})
    for hook in HOOKS:
        planted(hook, place.target / ".git" / "hooks")
    _plant_in_configuration(place, planted, "--local")
    (place.target / "a").touch()
    _everything(place, run)
    assert place.content()["b"] == b"2"


def test_nothing_of_the_machine_or_the_person_runs(place, run, planted):
    place.repository({"a": "1"})
    _plant_in_configuration(place, planted, "--global")
    _everything(place, run)
    place.target = place.root / "work" / "new"
    workspace = place.started()
    assert run(workspace.publish("R1", {}, place.commit(workspace, None, {"a": "1"}))).moved
    assert not (place.target / ".git" / "hooks").exists()


def test_variables_of_git_are_not_inherited(place, run, planted, monkeypatch):
    head = place.repository({"a": "1"})
    other = place.root / "other"
    place.repository({"x": "1"}, where=other)
    for name, value in {
        "GIT_DIR": other / ".git",
        "GIT_WORK_TREE": other,
        "GIT_INDEX_FILE": other / "index",
        "GIT_OBJECT_DIRECTORY": other,
        "GIT_EXTERNAL_DIFF": planted("external"),
        "GIT_SSH": planted("ssh2"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": planted("monitor"),
        "GIT_AUTHOR_NAME": "Mallory",
        "GIT_TRACE2": planted("trace"),
        "GIT_CEILING_DIRECTORIES": "/",
    }.items():
        monkeypatch.setenv(name, str(value))
    workspace = place.workspace()
    assert run(workspace.start()) == head
    final = place.commit(workspace, head, {"b": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert not (other / "b").exists()


@pytest.mark.parametrize("where", ["old", "new", "info", "person"])
def test_a_filtered_path_is_not_touched(place, run, planted, where):
    rule = "*.bin filter=planted\n"
    head = place.repository({"a.bin": "1", "b": "1", **({".gitattributes": rule} if where == "old" else {})})
    if where == "info":
        place.write({".git/info/attributes": rule})
    if where == "person":
        place.write({".config/git/attributes": rule}, where=place.home)
    for verb in ("clean", "smudge", "process"):
        place.git("config", f"filter.planted.{verb}", planted(verb))
    (place.target / "a.bin").touch()
    workspace = place.workspace()
    assert run(workspace.start()) == head
    change = {"a.bin": "2", **({".gitattributes": rule} if where == "new" else {})}
    final = place.commit(workspace, head, change)
    published = run(workspace.publish("R1", {}, final))
    assert not published.moved
    assert "'a.bin'" in published.reason
    elsewhere = place.commit(workspace, head, {"b": "2"})
    assert run(workspace.publish("R2", {}, elsewhere)).moved


def test_a_submodules_programs_do_not_run(place, run, planted):
    inner = place.root / "inner"
    place.repository({"x": "1"}, where=inner)
    place.repository({"a": "1"})
    place.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "lib")
    place.git("commit", "-qm", "with a submodule")
    lib = place.target / "lib"
    place.git("config", "core.fsmonitor", planted("submonitor"), where=lib)
    place.git("config", "submodule.lib.ignore", "none")
    place.git("config", "diff.ignoreSubmodules", "none")
    place.git("config", "filter.planted.clean", planted("subclean"), where=lib)
    place.write({"modules/lib/info/attributes": "* filter=planted\n"}, where=place.target / ".git")
    (lib / "x").write_text("2")
    _everything(place, run)


def test_a_partial_clone_fetches_nothing(place, run, planted):
    """Objects that are missing would be fetched by whatever program the repository names."""
    source = place.root / "source"
    place.repository({"a": "1", "big": "1"}, where=source)
    place.write({"big": "2"}, where=source)
    place.git("commit", "-qam", "2", where=source)
    place.git("config", "uploadpack.allowFilter", "true", where=source)
    place.git("clone", "-q", "--filter=blob:none", f"file://{source}", str(place.target), where=place.root)
    place.git("config", "remote.origin.uploadpack", planted("fetching"))
    place.git("config", "remote.origin.url", str(source))
    workspace = place.workspace()
    head = run(workspace.start())
    final = place.commit(workspace, head, {"b": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert place.content() == {"a": b"1", "big": b"2", "b": b"2"}


def test_files_of_ours_are_not_written_through_planted_links(place, run):
    """A repository out of an archive can hold any link in its git folder, and notes in our name."""
    head = place.repository({"a": "1"})
    precious = place.home / "precious.lock"
    precious.write_text("precious")
    folder = place.target / ".git"
    for name in ("lock", "refs", "index", "attributes", "before", "after", "index.lock"):
        (folder / f"astrolabe-{name}").symlink_to(precious)
    workspace = place.started()
    assert precious.read_text() == "precious"
    (folder / "astrolabe-refs").unlink(missing_ok=True)
    (folder / "astrolabe-refs").write_text(
        "../../../home/precious\0refs/heads/../../../../../home/precious\0whole"
    )
    final = place.commit(workspace, head, {"a": "2"})
    assert run(workspace.publish("R1", {}, final)).moved
    assert precious.read_text() == "precious"


def test_root_leaves_nothing_of_its_own_in_the_repository_of_somebody_else(open_place, run):
    """Held by whoever runs the tests; as root the repository is given to another user first."""
    place = open_place
    head = place.repository({"a": "1", "folder/b": "1"})
    owner = os.geteuid() or 65534
    for path in (place.target, *place.target.rglob("*")):
        os.chown(path, owner, -1, follow_symlinks=False)
    workspace = place.workspace()
    assert run(workspace.start()) == head
    final = place.commit(workspace, head, {"a": "2", "new/c": "2", "folder/b": None})
    assert run(workspace.publish("R1", {"t": final}, final)).moved
    assert {path.lstat().st_uid for path in (place.target, *place.target.rglob("*"))} == {owner}
    assert place.content() == {"a": b"2", "new/c": b"2"}


def test_objects_that_are_not_there_are_not_fetched(place, run, planted):
    source = place.root / "source"
    place.repository({"a": "1"}, where=source)
    place.git("config", "uploadpack.allowFilter", "true", where=source)
    place.git(
        "clone",
        "-q",
        "--no-checkout",
        "--filter=blob:none",
        f"file://{source}",
        str(place.target),
        where=place.root,
    )
    place.git("config", "remote.origin.uploadpack", planted("fetching"))
    place.git("config", "remote.origin.url", str(source))
    run(place.workspace().inspect())
    workspace = place.workspace()
    with pytest.raises(TargetError, match="not whole"):
        run(workspace.start())
    commit = place.commit(workspace, None, {"still": "works"})
    assert run(workspace.heads([commit])) == (commit,)
