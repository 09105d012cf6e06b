"""What was fetched is compared with the lock by Astrolabe itself, whatever its client has checked."""

import hashlib
from pathlib import Path

import pytest

from astrolabe.adapters.images.npm import _accept
from astrolabe.adapters.images.package_lock import LockedPackage
from astrolabe.adapters.images.pypi import check_hashes
from astrolabe.adapters.images.toolchain_lock import Package, PinnedFile
from astrolabe.errors import FetchError

PACKAGE = Package(registry="pypi", name="toy", version="1", take={}, files=())


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_file_of_a_toolchain_must_hash_to_what_is_pinned(tmp_path: Path, algorithm: str):
    (tmp_path / "toy").write_bytes(b"good")
    digest = hashlib.new(algorithm, b"good").hexdigest()
    file = PinnedFile(machine="any", name="toy", hash=f"{algorithm}:{digest}", size_bytes=4)
    check_hashes([tmp_path / "toy"], [(PACKAGE, file)])
    (tmp_path / "toy").write_bytes(b"evil")
    with pytest.raises(FetchError, match="toy"):
        check_hashes([tmp_path / "toy"], [(PACKAGE, file)])


def test_an_archive_is_taken_over_only_when_it_hashes_to_what_is_locked(tmp_path: Path):
    package = LockedPackage("left", "1.0.0", hashlib.sha512(b"good").hexdigest(), None)
    for folder in ("store", "work"):
        (tmp_path / folder).mkdir()
    (tmp_path / "fetched").write_bytes(b"evil")
    with pytest.raises(FetchError, match="left"):
        _accept(tmp_path / "fetched", package, tmp_path / "store", tmp_path / "work")
    assert list((tmp_path / "store").iterdir()) == []
    (tmp_path / "fetched").write_bytes(b"good")
    _accept(tmp_path / "fetched", package, tmp_path / "store", tmp_path / "work")
    assert (tmp_path / "store" / package.sha512).read_bytes() == b"good"
