"""Every attempt to get out, made once in one sandbox, judged one by one: by the kernel's answer, and on the host."""

import asyncio
import ctypes
import json
import re
import resource
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from astrolabe.adapters.sandboxes import probes, self_test
from astrolabe.domain.policy import Policy
from astrolabe.ports.sandbox import FileEntry, Outcome, Setup
from tests.contract.sandbox.conftest import namespaces
from tests.contract.sandbox.outside import processes

_FILE = 0o100644
_ATTEMPTS = Path(__file__).with_name("attempts.py")
_OWN = re.findall(r"^def ([a-z]\w+)\(\w+: Facts\) -> str \| None:", _ATTEMPTS.read_text(), re.MULTILINE)
_SHIPPED = [attempt.__name__ for attempt in probes.attempts()]
_LIMITS = list(self_test._FROM_OUTSIDE)


@dataclass(frozen=True)
class Aftermath:
    """What the attempts said, and what the host looked like afterwards."""

    judged: dict[str, dict[str, Any]]
    outcomes: list[Outcome]
    visits: list[str]
    files: dict[str, str]
    survivors: list[int]
    settings: list[tuple[str, str]]


_SETTINGS = (
    "kernel/core_pattern",
    "kernel/hostname",
    "user/max_user_namespaces",
    "kernel/sysrq",
    "vm/overcommit_memory",
)


def _settings() -> list[tuple[str, str]]:
    found = [Path("/proc/sys", name) for name in _SETTINGS]
    return [(path.name, path.read_text()) for path in found if path.exists()]


@pytest.fixture(scope="module")
def key() -> Iterator[int]:
    """System V shared memory of the host's."""
    number = uuid.uuid4().int % 2**30 + 1
    libc = ctypes.CDLL(None, use_errno=True)
    made = libc.shmget(ctypes.c_int(number), ctypes.c_size_t(4096), ctypes.c_int(0o1666))
    assert made >= 0
    yield number
    libc.shmctl(made, 0, None)


@pytest.fixture(scope="module")
def shared() -> Iterator[Path]:
    file = Path("/dev/shm", f"shared-{uuid.uuid4().hex}")
    file.write_text("shared")
    file.chmod(0o666)
    yield file
    file.unlink()


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory, key: int, shared: Path) -> Aftermath:
    marker = f"marked-{uuid.uuid4().hex}"
    sandbox = namespaces(tmp_path_factory.mktemp("cache"))
    scripts = [Path(probes.__file__).read_bytes(), _ATTEMPTS.read_bytes()]

    async def scenario() -> Aftermath:
        async with self_test.host() as bait:
            facts = bait.facts() | {"key": key, "shared": shared.name, "marker": marker, "most_processes": 12}
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            facts["core_limit"] = 1 if hard == resource.RLIM_INFINITY else hard
            setup = Setup(policy=Policy(wall_seconds=60), mounts=bait.mounts())
            async with sandbox.open(setup) as box:
                names = ("astrolabe/adapters/sandboxes/probes.py", "attempts.py")
                await box.put([FileEntry(n, _FILE, s) for n, s in zip(names, scripts, strict=True)])
                outcomes = [await box.run(_command(name, facts)) for name in names]
                survivors = await asyncio.to_thread(processes, marker)
            files = {path.name: path.read_text() for path in bait.folder.iterdir()}
            files["secret"] = bait.secret.read_text()
            lines = b"".join(outcome.stdout for outcome in outcomes).splitlines()
            judged = {found["name"]: found for found in map(json.loads, lines)}
            return Aftermath(judged, outcomes, bait.visits, files, survivors, _settings())

    return asyncio.run(scenario())


def _command(name: str, facts: dict[str, object]) -> list[str]:
    run = f"import sys; sys.path.insert(0, '/workspace'); import runpy; runpy.run_path('{name}', run_name='__main__')"
    return [self_test.PYTHON, "-I", "-S", "-c", run, json.dumps(facts)]


def test_there_are_at_least_fifty_attempts() -> None:
    assert len({*_SHIPPED, *_OWN, *_LIMITS}) >= 50


@pytest.mark.parametrize("name", [*_SHIPPED, *_OWN])
def test_it_does_not_get_out(aftermath: Aftermath, name: str) -> None:
    assert name in aftermath.judged, aftermath.outcomes
    assert aftermath.judged[name]["held"], aftermath.judged[name]["detail"]


def test_all_attempts_were_made_to_their_end(aftermath: Aftermath) -> None:
    assert [outcome.exit_code for outcome in aftermath.outcomes] == [0, 0], aftermath.outcomes


def test_nobody_came_to_the_hosts_sockets(aftermath: Aftermath) -> None:
    assert aftermath.visits == []


def test_no_file_of_the_host_changed(aftermath: Aftermath) -> None:
    assert aftermath.files == {"original": "original", "secret": "secret"}


def test_no_process_stayed(aftermath: Aftermath) -> None:
    assert aftermath.survivors == []


def test_no_setting_of_the_kernel_changed(aftermath: Aftermath) -> None:
    assert aftermath.settings == _settings()


@pytest.mark.parametrize("name", _LIMITS)
def test_it_does_not_take_more_than_its_share(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    sandbox = namespaces(_CACHE.setdefault("cache", tmp_path_factory.mktemp("limits")))

    async def scenario() -> str:
        async with self_test.host() as bait, sandbox.open(_limited(bait)) as box:
            return await self_test._FROM_OUTSIDE[name](box)

    assert asyncio.run(scenario()) == ""


def _limited(bait: self_test.Host) -> Setup:
    return Setup(policy=self_test.POLICY, mounts=bait.mounts())


_CACHE: dict[str, Path] = {}
