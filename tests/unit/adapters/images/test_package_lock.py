import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astrolabe.adapters.images.package_lock import (
    NodeMachine,
    PackageLock,
    Registries,
    read_package_lock,
    refuse_other_sources,
)
from astrolabe.errors import InputError

LINUX = NodeMachine("x64", "glibc")


def integrity(text: str) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(text.encode()).digest()).decode()


def project(**changes) -> dict[str, bytes]:
    """A workspace of two folders; `changes` replace or add entries of the lock, None removes one."""
    packages = {
        "": {"name": "shop", "version": "1.0.0", "workspaces": ["api"], "devDependencies": {"tsc": "^1.0.0"}},
        "api": {"name": "api", "version": "1.0.0", "dependencies": {"left": "1.2.3"}},
        "node_modules/api": {"resolved": "api", "link": True},
        "node_modules/tsc": {"version": "1.0.1", "integrity": integrity("tsc"), "dev": True},
        "node_modules/left": {"version": "1.2.3", "integrity": integrity("left")},
    } | changes
    lock = {"lockfileVersion": 3, "packages": {k: v for k, v in packages.items() if v is not None}}
    root = {"name": "shop", "version": "1.0.0", "workspaces": ["api"], "devDependencies": {"tsc": "^1.0.0"}}
    api = {"name": "api", "version": "1.0.0", "dependencies": {"left": "1.2.3"}}
    return {
        "package-lock.json": json.dumps(lock).encode(),
        "package.json": json.dumps(root).encode(),
        "api/package.json": json.dumps(api).encode(),
    }


def read(files: dict[str, bytes]) -> PackageLock:
    return read_package_lock("package-lock.json", files)


def faults(files: dict[str, bytes]) -> dict[str, str]:
    with pytest.raises(InputError) as raised:
        refuse_other_sources(read(files), Registries())
    return {problem.place: problem.text for problem in raised.value.problems}


def test_a_lock_without_faults_tells_what_to_fetch_and_where_it_goes():
    lock = read(project())
    assert [package.spec for package in lock.archives(LINUX)] == ["left@1.2.3", "tsc@1.0.1"]
    assert lock.node_modules == ("node_modules", "api/node_modules")
    assert lock.archives(LINUX)[0].url(Registries()) == "https://registry.npmjs.org/left/-/left-1.2.3.tgz"


@pytest.mark.parametrize(
    "source",
    [
        "git+ssh://git@github.com/someone/thing.git#0123",
        "git://host/thing",
        "file:../thing",
        "../thing",
        "https://user:secret@registry.npmjs.org/x/-/x-1.0.0.tgz",
        "https://example.org/x/-/x-1.0.0.tgz",
        "https://169.254.169.254/x/-/x-1.0.0.tgz",
        "http://registry.npmjs.org/x/-/x-1.0.0.tgz",
        "https://registry.npmjs.org@evil.example/x.tgz",
        "https://[",
        17,
    ],
)
def test_a_source_that_is_no_registry_is_refused_with_its_place(source):
    entry = {"version": "1.0.0", "integrity": integrity("x"), "resolved": source}
    found = faults(project(**{"node_modules/x": entry}))
    assert list(found) == ['package-lock.json: packages["node_modules/x"].resolved']


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"version": "1.0.0"}, ".integrity"),
        ({"version": "1.0.0", "integrity": "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="}, ".integrity"),
        ({"version": "1.0.0", "integrity": "sha512-short"}, ".integrity"),
        ({"version": "^1", "integrity": integrity("x")}, ".version"),
        ({"integrity": integrity("x")}, ".version"),
        ({"version": "1.0.0", "inBundle": True}, ".inBundle"),
        ({"version": "1.0.0", "integrity": integrity("x"), "name": "--registry=x"}, ""),
        ({"resolved": "../../etc", "link": True}, ".resolved"),
        ({"link": True}, ".resolved"),
    ],
)
def test_an_entry_that_cannot_be_checked_is_refused(entry, field):
    found = faults(project(**{"node_modules/x": entry}))
    assert list(found) == [f'package-lock.json: packages["node_modules/x"]{field}']


@pytest.mark.parametrize("key", ["../x/node_modules/y", "/etc/node_modules/y", "node_modules/../../y"])
def test_a_folder_outside_the_workspace_is_refused(key):
    assert any(
        "leaves" in text or "absolute" in text
        for text in faults(project(**{key: {"version": "1.0.0", "integrity": integrity("y")}})).values()
    )


def test_every_fault_is_named_at_once():
    found = faults(project(**{f"node_modules/x{n}": {"version": "1.0.0"} for n in range(3)}))
    assert len(found) == 3


def test_what_a_package_brings_along_needs_no_digest_of_its_own():
    lock = read(project(**{"node_modules/left/node_modules/inner": {"version": "1.0.0", "inBundle": True}}))
    assert [package.name for package in lock.archives(LINUX)] == ["left", "tsc"]


def test_a_manifest_that_asks_for_something_else_is_refused():
    files = project()
    files["api/package.json"] = json.dumps({"dependencies": {"left": "^2.0.0", "right": "1"}}).encode()
    found = faults(files)
    assert set(found) == {"api/package.json: dependencies.left", "api/package.json: dependencies.right"}


def test_a_missing_manifest_is_named():
    files = project()
    del files["api/package.json"]
    assert list(faults(files)) == ["api/package.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"lockfileVersion": 1, "packages": {"": {}}}',
        b'{"lockfileVersion": 3}',
        b'{"lockfileVersion": 3, "packages": {}}',
        b'{"lockfileVersion": 3, "packages": {"": 1}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_broken_lock_is_refused(content):
    with pytest.raises(InputError):
        read({**project(), "package-lock.json": content})


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_any_value_in_any_field_of_an_entry_is_judged_and_never_crashes(value):
    for field in ("version", "resolved", "integrity", "name", "link", "inBundle", "os", "cpu", "libc"):
        entry = {"version": "1.0.0", "integrity": integrity("x"), field: value}
        try:
            lock = read(project(**{"node_modules/x": entry}))
            refuse_other_sources(lock, Registries())
        except InputError:
            continue
        lock.archives(LINUX)
        lock.for_installation()


def test_projects_that_differ_in_name_version_and_addresses_share_one_installation():
    mine, other = project(), project()
    root = {"name": "inn", "version": "7.0.0", "workspaces": ["api"], "devDependencies": {"tsc": "^1.0.0"}}
    left = {
        "version": "1.2.3",
        "integrity": integrity("left"),
        "resolved": "https://registry.npmjs.org/left/-/left-1.2.3.tgz",
    }
    other = project(**{"": root, "node_modules/left": left})
    assert read(mine).content_digest() == read(other).content_digest()
    assert read(mine).for_installation().count(b"registry.npmjs.org") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"node_modules/left": {"version": "1.2.3", "integrity": integrity("other")}},
        {"node_modules/new": {"version": "1.2.3", "integrity": integrity("new")}},
        {"node_modules/api": None},
    ],
)
def test_projects_that_lock_something_else_do_not(change):
    assert read(project()).content_digest() != read(project(**change)).content_digest()


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ({}, True),
        ({"os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]}, True),
        ({"os": ["darwin"]}, False),
        ({"os": ["!win32"]}, True),
        ({"os": ["!linux"]}, False),
        ({"cpu": ["any"]}, True),
        ({"libc": ["musl"]}, False),
        ({"cpu": "x64"}, True),
    ],
)
def test_a_package_for_another_machine_is_not_fetched(entry, fits):
    assert LINUX.fits(entry) is fits


def test_the_public_registry_stands_for_the_one_that_is_set_up():
    registries = Registries("https://mirror.example/npm", (("@ours", "https://ours.example/"),))
    entries = {
        "node_modules/@ours/a": {"version": "1.0.0", "integrity": integrity("a")},
        "node_modules/b": {
            "version": "1.0.0",
            "integrity": integrity("b"),
            "resolved": "https://registry.npmjs.org/b/-/b-1.0.0.tgz",
        },
    }
    found = {p.name: p.url(registries) for p in read(project(**entries)).archives(LINUX)}
    assert found["@ours/a"] == "https://ours.example/@ours/a/-/a-1.0.0.tgz"
    assert found["b"] == "https://mirror.example/npm/b/-/b-1.0.0.tgz"


def test_a_lock_below_the_workspace_keeps_to_its_folder():
    files = {f"apps/{path}": content for path, content in project().items()}
    lock = read_package_lock("apps/package-lock.json", files)
    assert lock.folder == "apps"
    assert set(lock.manifests) == {"apps/package.json", "apps/api/package.json"}
