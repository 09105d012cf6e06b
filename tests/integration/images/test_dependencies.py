"""Dependencies from a real npm and a registry on this machine, installed by a sandbox that does as it is told."""

import asyncio
import hashlib
import json
import os
from pathlib import Path

import pytest

from astrolabe.errors import FetchError, InputError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import MountKind, Setup
from tests.integration.images.conftest import Machine, Registry, archive_of

LEFT = archive_of(
    {"package.json": b'{"name": "left", "version": "1.2.3"}', "index.js": b"module.exports = 7"}
)
RIGHT = archive_of({"package.json": b'{"name": "@ours/right", "version": "2.0.0"}'})


def project(integrities: dict[str, str], **entries: object) -> dict[str, bytes]:
    packages = {
        "": {"name": "shop", "workspaces": ["api"], "dependencies": {"left": "1.2.3"}},
        "api": {"name": "api", "version": "1.0.0", "dependencies": {"@ours/right": "2.0.0"}},
        "node_modules/api": {"resolved": "api", "link": True},
        "node_modules/left": {"version": "1.2.3", "integrity": integrities["left"]},
        "node_modules/@ours/right": {"version": "2.0.0", "integrity": integrities["@ours/right"]},
        **entries,
    }
    root = {"name": "shop", "workspaces": ["api"], "dependencies": {"left": "1.2.3"}}
    api = {"name": "api", "version": "1.0.0", "dependencies": {"@ours/right": "2.0.0"}}
    return {
        "package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}).encode(),
        "package.json": json.dumps(root).encode(),
        "api/package.json": json.dumps(api).encode(),
    }


def install(setup: Setup, files: dict[str, bytes]) -> int:
    """Do what npm would: lay packages into two folders, and leave other things about."""
    assert setup.output is not None
    for place in ("node_modules/left", "api/node_modules/deep"):
        (setup.output / place).mkdir(parents=True)
        (setup.output / place / "package.json").write_text("{}")
    (setup.output / "node_modules/api").symlink_to("../api")
    (setup.output / "elsewhere").mkdir()
    return 0


def archives_shown(setup: Setup) -> set[str]:
    (shown,) = [mount for mount in setup.mounts if mount.target == "/npm-archives"]
    found = [path for path in shown.source.rglob("*") if path.is_file()]
    for path in found:
        named = "".join(path.relative_to(shown.source / "sha512").parts)
        assert hashlib.sha512(path.read_bytes()).hexdigest() == named
    return {hashlib.sha512(path.read_bytes()).hexdigest() for path in found}


def ask(machine: Machine, files: dict[str, bytes], lockfile: str = "package-lock.json") -> Image:
    return asyncio.run(machine.images().dependencies(lockfile, files, machine.report))


@pytest.fixture
def integrities(registry: Registry, machine: Machine) -> dict[str, str]:
    machine.sandbox.install = install
    return {
        "left": registry.add_npm("left", "1.2.3", LEFT),
        "@ours/right": registry.add_npm("@ours/right", "2.0.0", RIGHT),
    }


def test_what_a_lock_pins_is_fetched_outside_and_installed_in_a_sandbox(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    seen: dict[str, set[str]] = {}

    def installing(setup: Setup, files: dict[str, bytes]) -> int:
        seen["archives"] = archives_shown(setup)
        seen["files"] = set(files)
        return install(setup, files)

    machine.sandbox.install = installing
    image = ask(machine, project(integrities))
    assert seen["archives"] == {hashlib.sha512(archive).hexdigest() for archive in (LEFT, RIGHT)}
    assert seen["files"] == {"package-lock.json", "package.json", "api/package.json"}
    assert {mount.target: mount.kind for mount in image.mounts} == {
        "/workspace/node_modules": MountKind.OVERLAY,
        "/workspace/api/node_modules": MountKind.OVERLAY,
    }
    modules = {mount.target: mount.source for mount in image.mounts}["/workspace/node_modules"]
    assert (modules / "left/package.json").read_text() == "{}"
    assert (modules / "api").readlink() == Path("../api")
    assert not list(machine.cache.rglob("elsewhere"))
    assert any("fetched 2 of 2" in line for line in machine.reports)


def test_an_installation_looks_writable_to_any_sandbox_and_is_closed_to_everyone_else(
    machine: Machine, integrities: dict[str, str]
):
    def hostile(setup: Setup, files: dict[str, bytes]) -> int:
        install(setup, files)
        assert setup.output is not None
        (setup.output / "node_modules/left/package.json").chmod(0o400)
        (setup.output / "node_modules/left/secret").symlink_to(machine.home)
        (setup.output / "node_modules/left").chmod(0o500)
        return 0

    machine.sandbox.install = hostile
    machine.home.chmod(0o700)
    content = ask(machine, project(integrities)).mounts[0].source
    entries = [content, *(path for path in content.rglob("*") if not path.is_symlink())]
    assert {path.stat().st_mode & 0o666 for path in entries} == {0o666}
    assert {path.lstat().st_uid for path in content.rglob("*")} == {os.geteuid()}
    assert content.parents[1].stat().st_mode & 0o077 == 0
    assert machine.home.stat().st_mode & 0o777 == 0o700


def test_the_same_lock_is_neither_fetched_nor_installed_again(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    first = ask(machine, project(integrities))
    asked = len(registry.asked)
    assert ask(machine, project(integrities)) == first
    assert (len(registry.asked), len(machine.sandbox.setups)) == (asked, 1)


def test_another_lock_fetches_only_what_is_new(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    ask(machine, project(integrities))
    registry.asked.clear()
    more = registry.add_npm(
        "more", "1.0.0", archive_of({"package.json": b'{"name": "more", "version": "1.0.0"}'})
    )
    ask(machine, project(integrities, **{"node_modules/more": {"version": "1.0.0", "integrity": more}}))
    assert registry.times_asked("more") > 0
    assert registry.times_asked("left") == registry.times_asked("right") == 0
    assert len(machine.kept()) == 2


def test_a_package_that_is_not_the_locked_one_never_reaches_the_sandbox(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    registry.add_npm("left", "1.2.3", archive_of({"package.json": b'{"name": "evil"}'}))
    with pytest.raises(FetchError, match=r"not what the lock pins.*left@1\.2\.3"):
        ask(machine, project(integrities))
    assert machine.sandbox.setups == machine.kept() == machine.left_over() == []


def test_a_package_the_registry_does_not_have_is_named(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    lost = {"node_modules/lost": {"version": "9.9.9", "integrity": integrities["left"].replace("A", "B")}}
    with pytest.raises(FetchError, match=r"^lost@9\.9\.9 could not be fetched.*404"):
        ask(machine, project(integrities, **lost))


def test_a_registry_that_keeps_archives_elsewhere_is_asked_where(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    del registry.pages["/npm/left/-/left-1.2.3.tgz"]
    registry.add_npm("left", "1.2.3", LEFT, elsewhere="/npm/download/left/1.2.3/0123")
    ask(machine, project(integrities))
    assert len(machine.kept()) == 1


def test_an_unreachable_registry_is_named_with_what_to_do(machine: Machine, integrities: dict[str, str]):
    machine.environment["npm_config_registry"] = "http://127.0.0.1:9/"
    with pytest.raises(FetchError, match="ECONNREFUSED") as raised:
        ask(machine, project(integrities))
    assert "npm config list" in raised.value.hint
    assert machine.kept() == machine.left_over() == []


def test_a_registry_that_stops_sending_is_given_up(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    registry.stuck.add("/npm/left/-/left-1.2.3.tgz")
    with pytest.raises(FetchError, match="received nothing"):
        asyncio.run(machine.images(stall_seconds=2).dependencies("package-lock.json", project(integrities)))
    assert machine.kept() == machine.left_over() == []


def test_the_keys_of_this_machine_open_its_registry(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    registry.token = "s3cret"
    with pytest.raises(FetchError, match="E401"):
        ask(machine, project(integrities))
    host = registry.url.removeprefix("http:")
    (machine.home / ".npmrc").write_text(f"{host}/npm/:_authToken=${{REGISTRY_KEY}}\n")
    machine.environment["REGISTRY_KEY"] = "s3cret"
    ask(machine, project(integrities))
    assert len(machine.kept()) == 1


def test_a_scope_comes_from_its_own_registry(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    registry.pages["/ours/@ours/right/-/right-2.0.0.tgz"] = registry.pages.pop(
        "/npm/@ours/right/-/right-2.0.0.tgz"
    )
    (machine.home / ".npmrc").write_text(f"@ours:registry={registry.url}/ours/\n")
    ask(machine, project(integrities))
    assert registry.times_asked("/npm/@ours") == 0


def test_an_address_on_no_registry_of_this_machine_is_never_asked(
    machine: Machine, registry: Registry, integrities: dict[str, str]
):
    entry = {
        "version": "1.0.0",
        "integrity": integrities["left"],
        "resolved": "https://127.0.0.1:1/x/-/x-1.0.0.tgz",
    }
    with pytest.raises(InputError, match="not on a registry set up here"):
        ask(machine, project(integrities, **{"node_modules/x": entry}))
    assert registry.asked == []


def test_what_npm_says_in_the_sandbox_is_passed_on(machine: Machine, integrities: dict[str, str]):
    def failing(setup: Setup, files: dict[str, bytes]) -> int:
        return 1

    machine.sandbox.install = failing
    with pytest.raises(FetchError, match="what npm said"):
        ask(machine, project(integrities))
    assert machine.kept() == machine.left_over() == []


def test_a_link_in_place_of_a_folder_is_not_taken(machine: Machine, integrities: dict[str, str]):
    def linking(setup: Setup, files: dict[str, bytes]) -> int:
        assert setup.output is not None
        (setup.output / "node_modules").symlink_to("/etc")
        (setup.output / "api").symlink_to("/usr")
        return 0

    machine.sandbox.install = linking
    assert ask(machine, project(integrities)).mounts == ()


def test_a_lock_below_the_workspace_is_mounted_there(machine: Machine, integrities: dict[str, str]):
    files = {f"apps/shop/{path}": content for path, content in project(integrities).items()}
    image = ask(machine, files, "apps/shop/package-lock.json")
    assert "/workspace/apps/shop/node_modules" in {mount.target for mount in image.mounts}


@pytest.mark.parametrize("lockfile", ["poetry.lock", "yarn.lock", "package.json"])
def test_another_kind_of_lock_is_refused_with_what_to_do(machine: Machine, lockfile: str):
    with pytest.raises(InputError) as raised:
        ask(machine, {lockfile: b""}, lockfile)
    assert "package-lock.json" in raised.value.hint
