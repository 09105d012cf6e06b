"""What may pass between workspace and host, decided from names and sizes; and where the backend refuses to be."""

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.adapters.sandboxes import command_line, machine
from astrolabe.adapters.sandboxes.enforcement import Enforcement
from astrolabe.adapters.sandboxes.holder.root import RootRefusedError, refuse_root
from astrolabe.adapters.sandboxes.holder.spec import Spec
from astrolabe.adapters.sandboxes.way_out import Listed, Selection, chosen, way_in
from astrolabe.domain.policy import Policy
from astrolabe.errors import PolicyViolationError, SandboxUnavailableError
from astrolabe.ports.sandbox import FileEntry, Mount, MountKind, Setup

_EVERYTHING = Selection((), (), ())
_segments = st.sampled_from(["a", "b", "..", ".", "", "c d", "..."])


def _link(path: str, target: str) -> Listed:
    return Listed(0, path, "link", executable=False, size=len(target), target=target)


@given(st.lists(st.sampled_from(["a", "b"]), max_size=3), st.lists(_segments, max_size=7), st.booleans())
def test_a_link_that_passes_stays_inside_whatever_else_is_a_link(
    folder: list[str], target: list[str], absolute: bool
) -> None:
    """Every folder on its way down is tried as a link to the top: the worst that other links may do."""
    text = ("/" if absolute else "") + "/".join(target)
    path = "/".join([*folder, "link"])
    try:
        chosen([_link(path, text)], _EVERYTHING, Policy())
    except PolicyViolationError:
        return
    depth = len(folder)
    for step in target:
        depth = {"..": depth - 1, ".": depth, "": depth}.get(step, 0)
        assert depth >= 0
    assert not absolute


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", "x"),
        ("l", "."),
        ("l", "a/b/./c"),
        ("a/l", "../x"),
        ("a/b/l", "../../x//y"),
        ("a/l", ".."),
        ("l", "..."),
    ],
)
def test_links_that_stay_inside_pass(path: str, target: str) -> None:
    link = _link(path, target)
    assert chosen([link], _EVERYTHING, Policy()) == [link]


@pytest.mark.parametrize("kind", ["named pipe", "socket", "device", "special file", "anything new"])
def test_only_files_folders_and_links_pass(kind: str) -> None:
    with pytest.raises(PolicyViolationError, match=kind):
        chosen([Listed(0, "x", kind, executable=False, size=0)], _EVERYTHING, Policy())


def test_amounts_are_bounded() -> None:
    one = Listed(0, "x", "file", executable=False, size=600)
    two = Listed(1, "y", "file", executable=False, size=600)
    for policy in (Policy(file_bytes=500), Policy(workspace_bytes=1000), Policy(files=1)):
        with pytest.raises(PolicyViolationError):
            chosen([one, two], _EVERYTHING, policy)
    assert chosen([two, one], _EVERYTHING, Policy(file_bytes=600, workspace_bytes=1200, files=2)) == [
        one,
        two,
    ]


def test_what_lies_where_something_is_mounted_is_no_part_of_the_workspace() -> None:
    selection = Selection((), (), ("node_modules",))
    evil = _link("node_modules/evil", "/etc/passwd")
    beside = Listed(1, "node_modules.txt", "file", executable=False, size=1)
    assert chosen([evil, beside], selection, Policy()) == [beside]


@pytest.mark.parametrize("mode", [0, 0o644, 0o100666, 0o104755, 0o060000, 0o160000])
def test_only_modes_of_git_go_in(mode: int) -> None:
    with pytest.raises(PolicyViolationError):
        way_in([FileEntry("x", mode, b"")])


def _spec(tmp_path: Path, setup: Setup) -> Spec:
    backend = tmp_path / "wheel" / "_bin" / "bwrap"
    backend.parent.mkdir(parents=True)
    backend.touch()
    return command_line.specification(setup, backend, Enforcement())


def test_a_specification_survives_its_way_to_the_holder(tmp_path: Path) -> None:
    setup = Setup(mounts=(Mount(tmp_path, "/workspace/a", MountKind.OVERLAY), Mount(tmp_path, "/opt/b")))
    spec = _spec(tmp_path, setup)
    assert Spec.from_json(spec.to_json()) == spec
    assert hash(spec.backend)


def test_every_command_gets_every_namespace_and_no_privilege(tmp_path: Path) -> None:
    words = _spec(tmp_path, Setup()).backend
    for name in ("user", "pid", "ipc", "uts", "cgroup"):  # the holder makes the network
        assert f"--unshare-{name}" in words
    assert {"--disable-userns", "--die-with-parent", "--new-session", "--clearenv", "--seccomp"} <= set(words)
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert "--share-net" not in words
    assert [words[place + 2] for place, word in enumerate(words) if word == "--dev-bind"] == ["/dev/pts"]


def test_only_named_files_of_etc_are_shown(tmp_path: Path) -> None:
    shown = {target for source, target in _spec(tmp_path, Setup()).binds if source.startswith("/etc")}
    allowed = [f"/box/etc/{name}" for name in command_line._ETC]
    assert shown
    assert all(any(PurePosixPath(place).match(name) for name in allowed) for place in shown)
    secret = (
        "shadow",
        "ssl",
        "",
        "java-17-openjdk/management/jmxremote.password",
        "maven/settings.xml",
        "maven",
    )
    for place in secret:
        assert not any(PurePosixPath("/box/etc", place).match(name) for name in allowed)


def test_nothing_runs_as_root() -> None:
    assert refuse_root(1000) == 1000
    with pytest.raises(RootRefusedError):
        refuse_root(0)


@pytest.mark.parametrize(
    ("system", "architecture"), [("darwin", "arm64"), ("win32", "AMD64"), ("linux", "riscv64")]
)
def test_elsewhere_it_refuses_and_says_how_to_go_on(system: str, architecture: str) -> None:
    with pytest.raises(SandboxUnavailableError) as refused:
        machine.refuse_unsuitable(system, architecture)
    assert refused.value.hint


def test_here_it_does_not_refuse() -> None:
    machine.refuse_unsuitable("linux", "aarch64")
