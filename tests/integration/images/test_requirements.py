"""Locked Python packages from a real pip and an index on this machine, laid out by a sandbox that does as it is told."""

import asyncio
import hashlib
import shutil
from pathlib import Path

import pytest

from astrolabe.errors import FetchError, InputError
from astrolabe.ports.images import Image
from astrolabe.ports.sandbox import Setup
from tests.integration.images.conftest import Machine, Registry, wheel_of

WHEEL = wheel_of({"toy/__init__.py": b"VALUE = 7\n", "toy-1.0.data/purelib/aside.py": b"VALUE = 8\n"})
FILE = "toy-1.0-py3-none-any.whl"
LOCK = "tests/api/requirements.txt"


def line(wheel: bytes, name: str = "toy") -> str:
    return f"{name}==1.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"


def copied(setup: Setup, files: dict[str, bytes]) -> int:
    """Do what the script would, without compiling."""
    (unpacked,) = [mount.source for mount in setup.mounts if mount.target == "/unpacked"]
    assert setup.output is not None
    shutil.copytree(unpacked, setup.output, dirs_exist_ok=True)
    return 0


def ask(machine: Machine, lock: str, stall_seconds: float = 60) -> Image:
    asked = machine.images(stall_seconds=stall_seconds).dependencies(
        LOCK, {LOCK: lock.encode()}, machine.report
    )
    return asyncio.run(asked)


def content(image: Image) -> Path:
    (mount,) = image.mounts
    assert image.environment == {"PYTHONPATH": mount.target}
    return mount.source


@pytest.fixture(autouse=True)
def offered(registry: Registry, machine: Machine) -> None:
    registry.add_wheel("toy", FILE, WHEEL)
    machine.sandbox.install = copied


def test_what_a_lock_pins_is_fetched_once_and_laid_side_by_side(machine: Machine, registry: Registry):
    image = ask(machine, f"# made by hand\n{line(WHEEL)}    # via nobody\n")
    assert (content(image) / "toy/__init__.py").read_bytes() == b"VALUE = 7\n"
    assert (content(image) / "aside.py").is_file()
    assert machine.sandbox.setups[0].environment["ASTROLABE_PYTHON"].startswith("/")
    # Comments and order on a line's way are no part of what is locked.
    assert ask(machine, line(WHEEL)) == image
    assert (registry.times_asked(FILE), len(machine.sandbox.setups)) == (1, 1)


def test_a_marker_leaves_out_what_is_for_another_machine(machine: Machine):
    foreign = f"windows-only==1.0 ; sys_platform == 'win32' --hash=sha256:{'0' * 64}\n"
    assert (content(ask(machine, foreign + line(WHEEL))) / "toy").is_dir()


def test_a_wheel_that_is_not_the_locked_one_is_never_unpacked(machine: Machine, registry: Registry):
    registry.add_wheel("toy", FILE, wheel_of({"toy/__init__.py": b"import evil"}))
    with pytest.raises(FetchError, match="toy is not the file that is pinned"):
        ask(machine, line(WHEEL))
    assert machine.sandbox.setups == machine.kept() == machine.left_over() == []


@pytest.mark.parametrize(
    "loose",
    [
        "toy",
        "toy==1.0",
        "toy>=1.0 --hash=sha256:" + "0" * 64,
        "toy==1.0 --hash=md5:" + "0" * 32,
        "toy @ https://example.org/toy.whl --hash=sha256:" + "0" * 64,
        "--index-url https://example.org/simple",
        "--extra-index-url=https://example.org/simple",
        "-r other.txt",
        "-e .",
        "toy==1.0 --global-option=x --hash=sha256:" + "0" * 64,
        "toy==1.0 ; python_version > '3' --index-url=https://example.org --hash=sha256:" + "0" * 64,
    ],
)
def test_a_line_that_is_not_locked_is_named_before_anything_is_fetched(
    machine: Machine, registry: Registry, loose: str
):
    with pytest.raises(InputError, match=r"requirements\.txt is not locked") as raised:
        ask(machine, line(WHEEL) + loose + "\n")
    assert loose[:40] in str(raised.value)
    assert "--generate-hashes" in raised.value.hint
    assert registry.asked == []


@pytest.mark.parametrize("files", [{}, {LOCK: b""}, {LOCK: b"# nothing\n"}])
def test_a_lock_that_names_nothing_is_refused(machine: Machine, files: dict[str, bytes]):
    with pytest.raises(InputError, match=r"requirements\.txt is missing or names no package"):
        asyncio.run(machine.images().dependencies(LOCK, files))


def test_a_package_only_as_source_is_not_built_here(machine: Machine, registry: Registry):
    registry.pages["/simple/toy/"] = b'<a href="/files/toy-1.0.tar.gz">toy-1.0.tar.gz</a>'
    registry.pages["/files/toy-1.0.tar.gz"] = b"whatever"
    with pytest.raises(FetchError, match="toy could not be fetched"):
        ask(machine, line(b"whatever"))
    assert registry.times_asked("tar.gz") == 0


def test_an_unreachable_index_is_named_with_what_to_do(machine: Machine):
    machine.environment["PIP_INDEX_URL"] = "http://127.0.0.1:9/simple"
    with pytest.raises(FetchError, match="toy could not be fetched") as raised:
        ask(machine, line(WHEEL))
    assert "pip config list" in raised.value.hint
    assert machine.kept() == machine.left_over() == []


def test_an_index_that_stops_sending_is_given_up(machine: Machine, registry: Registry):
    registry.stuck.add(f"/files/{FILE}")
    with pytest.raises(FetchError, match="received nothing"):
        ask(machine, line(WHEEL), stall_seconds=2)
    assert machine.kept() == machine.left_over() == []


@pytest.mark.parametrize(
    "path", ["toy/../../../escaped", "/escaped", "toy-1.0.data/purelib/../../../escaped"]
)
def test_a_wheel_that_reaches_out_of_its_folder_is_never_laid_out(
    machine: Machine, registry: Registry, path: str
):
    evil = wheel_of({"toy/__init__.py": b"", path: b"x"})
    registry.add_wheel("toy", FILE, evil)
    with pytest.raises(FetchError, match="not safe"):
        ask(machine, line(evil))
    assert machine.sandbox.setups == machine.kept() == machine.left_over() == []
    assert not list(machine.cache.rglob("escaped"))


def test_a_wheel_is_not_laid_over_another(machine: Machine, registry: Registry):
    other = wheel_of({"toy/__init__.py": b"import evil"}, "other")
    registry.add_wheel("other", "other-1.0-py3-none-any.whl", other)
    with pytest.raises(FetchError, match="cannot be unpacked"):
        ask(machine, line(WHEEL) + line(other, "other"))
    assert machine.kept() == machine.left_over() == []


def test_what_the_sandbox_says_is_passed_on(machine: Machine):
    def failing(setup: Setup, files: dict[str, bytes]) -> int:
        return 1

    machine.sandbox.install = failing
    with pytest.raises(FetchError, match="could not be laid out"):
        ask(machine, line(WHEEL))
    assert machine.kept() == machine.left_over() == []
