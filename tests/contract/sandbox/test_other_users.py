"""The same suite and the same escapes for the users and machines this one can play, each in a mount namespace of its own.

As root: root without control groups, a plain user without them, a plain user with groups delegated. A plain user
already is what it tests.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from astrolabe.adapters.sandboxes import cgroups

_ROOT = Path(__file__).parents[3]
_UID = 54321
_SUITE = ("tests/contract/sandbox/test_commands.py", "tests/contract/sandbox/test_sessions.py")
_FILES = ("tests/contract/sandbox/test_files.py", "tests/escape")
_HIDE_GROUPS = "mount -t tmpfs -o ro none /sys/fs/cgroup"
_DROP = f"setpriv --reuid {_UID} --regid {_UID} --clear-groups --inh-caps=-all --bounding-set=-all"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Person:
    """Who runs the suite, and in which control groups; `memory` is what its self-test must say."""

    plain: bool
    groups: tuple[Path, ...]
    memory: str


def _people() -> list[str]:
    if os.geteuid() != 0:
        return ["as they are"]
    return ["root without groups", "plain without groups", "plain with groups"]


@pytest.fixture(params=_people())
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    if request.param != "plain with groups":
        memory = "watched" if os.geteuid() == 0 else "cgroup|watched|systemd scope"
        yield Person(request.param.startswith("plain"), (), memory)
        return
    made = tuple(place.folder / f"delegated-{uuid.uuid4().hex}" for place in cgroups.here())
    for folder in made:
        folder.mkdir()
        for path in (folder, *folder.iterdir()):
            os.chown(path, _UID, _UID)
    yield Person(plain=True, groups=made, memory="cgroup")
    for folder in made:
        folder.rmdir()


def _script(person: Person, place: Path, tests: tuple[str, ...]) -> str:
    """A shell script for a new mount namespace: what a plain user could not reach is bound where it can."""
    interpreter = Path(sys.base_prefix).resolve()
    packages = Path(pytest.__file__).parents[1]
    binds = {interpreter: place / "python", _ROOT: place / "project", packages: place / "packages"}
    lines = [
        "set -e",
        *(f"mkdir {target}; mount --bind {source} {target}" for source, target in binds.items()),
    ]
    if os.geteuid() == 0 and not person.groups:
        lines.append(_HIDE_GROUPS)
    lines += [f"echo $$ > {group}/cgroup.procs" for group in person.groups]
    lines.append(f"cd {place}/project")
    python = place / "python" / Path(sys.executable).resolve().relative_to(interpreter)
    lines.append(
        f"exec {_DROP if person.plain else ''} env -i PATH=/usr/bin:/bin HOME={place}/home PYTHONDONTWRITEBYTECODE=1 "
        f"LD_LIBRARY_PATH={place}/python/lib "
        f"PYTHONPATH={place}/project/src:{place}/packages {python} -m pytest -q --tb=short -p no:randomly -p no:cacheprovider "
        f"--basetemp {place}/home/tmp {' '.join(tests)}"
    )
    return "\n".join(lines)


def _result(person: Person, place: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    (place / "home").mkdir()
    place.chmod(0o755)
    if os.geteuid() != 0:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if person.plain:
        os.chown(place / "home", _UID, _UID)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _script(person, place, tests)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=_ROOT)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder everyone may enter, unlike those of pytest."""
    folder = Path("/tmp", f"other-user-{uuid.uuid4().hex}")
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=True)


@pytest.mark.parametrize("tests", [_SUITE, _FILES], ids=["commands and sessions", "files and escapes"])
@pytest.mark.timeout(600)
def test_the_whole_suite_holds_for(person: Person, place: Path, tests: tuple[str, ...]) -> None:
    done = _result(person, place, tests)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_what_holds_the_memory_is_said(person: Person, place: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path; from tests.contract.sandbox.conftest import namespaces; "
        "print(asyncio.run(namespaces(Path(sys.argv[-1])).self_test()).limits['memory'])"
    )
    wrapper = place / "limits.py"
    wrapper.write_text(
        f"def test_limits(tmp_path):\n    import sys; sys.argv.append(str(tmp_path))\n    {script}\n"
    )
    done = _result(person, place, ("-s", str(wrapper)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(memory in done.stdout for memory in person.memory.split("|"))
