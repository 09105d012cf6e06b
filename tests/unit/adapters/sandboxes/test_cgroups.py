"""Finding where groups can be made, from what the kernel says; and removing what the dead left."""

import os
from pathlib import Path

import pytest

from astrolabe.adapters.sandboxes import cgroups, owners
from astrolabe.adapters.sandboxes.cgroups import Place
from astrolabe.domain.policy import MIB, Policy
from astrolabe.errors import SandboxUnavailableError

_POLICY = Policy(memory_bytes=64 * MIB, processes=20)


def _line(point: Path, kind: str, options: str, root: str = "/") -> str:
    return f"30 20 0:26 {root} {point} rw,nosuid shared:9 - {kind} {kind} rw,{options}\n"


def _folder(path: Path, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "cgroup.procs": "",
        **{key.replace("__", "."): value for key, value in files.items()},
    }.items():
        (path / name).write_text(text)
    return path


def test_version_1_has_a_place_in_each_hierarchy(tmp_path: Path) -> None:
    memory, pids = _folder(tmp_path / "memory" / "job"), _folder(tmp_path / "pids")
    mounts = _line(tmp_path / "memory", "cgroup", "memory") + _line(tmp_path / "pids", "cgroup", "pids")
    found = cgroups.places(mounts, "4:memory:/job\n8:pids:/\n0::/\n")
    assert found == (Place(memory, 1, frozenset({"memory"})), Place(pids, 1, frozenset({"pids"})))


def test_version_1_mounted_together_is_one_place(tmp_path: Path) -> None:
    both = _folder(tmp_path / "both")
    found = cgroups.places(_line(both, "cgroup", "memory,pids"), "4:memory,pids:/\n")
    assert found == (Place(both, 1, frozenset({"memory", "pids"})),)


def test_half_of_version_1_is_nothing(tmp_path: Path) -> None:
    memory = _folder(tmp_path / "memory")
    assert cgroups.places(_line(memory, "cgroup", "memory"), "4:memory:/\n") == ()


def test_version_2_takes_the_nearest_folder_that_hands_the_controllers_on(tmp_path: Path) -> None:
    top = _folder(tmp_path, cgroup__subtree_control="cpu memory pids")
    app = _folder(tmp_path / "user" / "app.slice", cgroup__subtree_control="memory pids\n")
    _folder(app / "shell.scope", cgroup__subtree_control="")
    found = cgroups.places(_line(top, "cgroup2", "nsdelegate"), "0::/user/app.slice/shell.scope\n")
    assert found == (Place(app, 2, frozenset({"memory", "pids"})),)


def test_version_2_without_delegation_is_nothing(tmp_path: Path) -> None:
    top = _folder(tmp_path, cgroup__subtree_control="cpu")
    assert cgroups.places(_line(top, "cgroup2", "nsdelegate"), "0::/\n") == ()


def test_a_mount_of_a_part_of_the_tree_is_understood(tmp_path: Path) -> None:
    here = _folder(tmp_path / "inner", cgroup__subtree_control="memory pids")
    found = cgroups.places(_line(tmp_path, "cgroup2", "", root="/docker/abc"), "0::/docker/abc/inner\n")
    assert [place.folder for place in found] == [here]


def test_version_2_gets_its_limits_without_swap(tmp_path: Path) -> None:
    place = Place(_folder(tmp_path), 2, frozenset({"memory", "pids"}))
    with pytest.raises(StopIteration):  # the kernel would have made the files of the new folder
        cgroups.make([place], _POLICY)
    (made,) = tmp_path.glob("astrolabe-*")
    assert (made / "memory.max").read_text() == str(64 * MIB)
    assert int((made / "pids.max").read_text()) == 20 + cgroups.OWN_PROCESSES


def test_a_group_that_cannot_be_made_is_no_sandbox(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError):
        cgroups.make([Place(tmp_path / "missing", 2, frozenset({"memory"}))], _POLICY)


def test_groups_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    living = tmp_path / f"{owners.prefix()}1"
    dead = tmp_path / f"astrolabe-{namespace}-{os.getpid()}-1-7"
    elsewhere = tmp_path / "astrolabe-1-4194304-1-1"
    for folder in (living, dead, elsewhere):
        folder.mkdir()
    cgroups._sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([living, elsewhere])
