import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.adapters.images import archives
from astrolabe.adapters.images.archives import unpack
from astrolabe.errors import FetchError


def tar_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    return info


def zip_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16 if name.endswith("run") else 0o100644 << 16
            wheel.writestr(info, content)
    return path


def everything_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.parametrize(
    "name", ["../out", "/out", "a/../../out", "./../out", "a//out", ".git/config", "a\nb"]
)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, name, kind):
    if kind == "tar":
        archive = tar_of(tmp_path / "a.tgz", (member(name), b"x"))
    else:
        archive = zip_of(tmp_path / "a.whl", **{name: b"x"})
    target = tmp_path / "in" / "deep"
    target.mkdir(parents=True)
    with pytest.raises(FetchError):
        unpack(archive, target, {".": "."})
    assert everything_below(tmp_path) == {archive.name}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    archive = tar_of(tmp_path / "a.tgz", (member("link", kind, "/etc/passwd"), b""))
    (tmp_path / "in").mkdir()
    with pytest.raises(FetchError):
        unpack(archive, tmp_path / "in", {".": "."})
    assert everything_below(tmp_path / "in") == set()


def test_a_link_in_a_wheel_becomes_a_file_that_points_nowhere(tmp_path):
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        wheel.writestr(info, "/etc/passwd")
    (tmp_path / "in").mkdir()
    unpack(path, tmp_path / "in", {".": "."})
    assert not (tmp_path / "in/link").is_symlink()


def test_an_archive_that_holds_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 10_000)
    bomb = tar_of(tmp_path / "a.tgz", (member("a"), bytes(9_000)), (member("b"), bytes(9_000)))
    (tmp_path / "in").mkdir()
    with pytest.raises(FetchError, match="more than"):
        unpack(bomb, tmp_path / "in", {".": "."})


def test_only_the_chosen_parts_are_laid_where_they_belong(tmp_path):
    wheel = zip_of(
        tmp_path / "a.whl", **{"pkg/bin/run": b"1", "pkg/lib/x.js": b"2", "pkg/lib2/y": b"3", "other": b"4"}
    )
    (tmp_path / "in").mkdir()
    unpack(wheel, tmp_path / "in", {"pkg/bin/run": "bin/run", "pkg/lib": "library"})
    assert everything_below(tmp_path / "in") == {"bin/run", "library/x.js"}
    assert (tmp_path / "in/bin/run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "in/library/x.js").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("twice", [("a", "a"), ("a", "a/b")])
def test_a_path_that_is_there_twice_is_refused(tmp_path, twice):
    archive = tar_of(tmp_path / "a.tgz", *((member(name), b"x") for name in twice))
    (tmp_path / "in").mkdir()
    with pytest.raises(FetchError):
        unpack(archive, tmp_path / "in", {".": "."})


@given(content=st.binary(max_size=400))
def test_what_is_no_archive_is_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("broken")
    (folder / "a.tgz").write_bytes(content)
    (folder / "in").mkdir()
    with pytest.raises(FetchError):
        unpack(folder / "a.tgz", folder / "in", {".": "."})


def test_an_archive_that_is_cut_off_is_refused(tmp_path):
    whole = tar_of(tmp_path / "a.tgz", (member("a"), bytes(range(256)) * 400)).read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in").mkdir()
    with pytest.raises(FetchError):
        unpack(tmp_path / "cut.tgz", tmp_path / "in", {".": "."})
