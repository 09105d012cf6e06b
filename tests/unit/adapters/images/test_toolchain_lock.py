import pytest
from pydantic import ValidationError

from astrolabe.adapters.images.system_tools import has_overlay, node_is_new_enough
from astrolabe.adapters.images.toolchain_lock import Toolchain, parse_lock, shipped_lock
from astrolabe.errors import MissingError

HASH = "sha256:" + "0" * 64


def toolchain(**changes) -> Toolchain:
    file = {"machine": "x86_64-glibc", "name": "a.whl", "hash": HASH, "size_bytes": 1}
    package = {"registry": "pypi", "name": "a", "version": "1", "take": {".": "."}, "files": [file]}
    whole = {"name": "a", "summary": "s", "licence": "MIT", "packages": [package], **changes}
    return Toolchain.model_validate(whole)


@pytest.mark.parametrize("machine", ["x86_64-glibc", "aarch64-glibc"])
@pytest.mark.parametrize("name", ["node", "bubblewrap"])
def test_what_every_build_needs_is_pinned_for_both_processors(name, machine):
    assert all(file.size_bytes > 0 for _, file in shipped_lock()[name].files_for(machine))


def test_a_toolchain_without_a_package_for_this_machine_says_so():
    with pytest.raises(MissingError, match="riscv64"):
        shipped_lock()["chromium"].digest("riscv64-glibc")


def test_the_digest_follows_what_is_laid_out_and_nothing_else():
    mine = toolchain().digest("x86_64-glibc")
    assert toolchain(summary="other", licence="other").digest("x86_64-glibc") == mine
    for change in ({"links": {"a": "b"}}, {"executables": ["x"]}, {"texts": {"a": "b"}}, {"path": ["bin"]}):
        assert toolchain(**change).digest("x86_64-glibc") != mine


@pytest.mark.parametrize("hash_", ["", "sha256:00", "md5:" + "0" * 32, "sha512:" + "0" * 64, "0" * 64])
def test_a_lock_with_a_weak_or_broken_hash_is_refused(hash_):
    text = f"""
[a]
summary = "s"
licence = "MIT"
[[a.packages]]
registry = "pypi"
name = "a"
version = "1"
take = {{ "." = "." }}
files = [{{ machine = "any", name = "a.whl", hash = "{hash_}", size_bytes = 1 }}]
"""
    with pytest.raises(ValidationError):
        parse_lock(text)


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v20.19.0", True),
        ("20.18.3", False),
        ("18.20.4", False),
        ("21.7.0", False),
        ("22.11.0", False),
        ("22.12.0", True),
        ("24.0.0", True),
        ("23.0.0", True),
        ("", False),
        ("not a version", False),
    ],
)
def test_which_node_is_new_enough(version, fits):
    assert node_is_new_enough(version) is fits


def test_only_a_bubblewrap_from_0_11_on_has_overlay():
    assert [has_overlay(version) for version in ("0.8.0", "0.10.0", "0.11.0", "1.0", "")] == [False] * 2 + [
        True
    ] * 2 + [False]
